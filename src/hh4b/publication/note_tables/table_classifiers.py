"""Table classifiers: every classifier on the same events, and the interval that it reaches.

Inputs: ``<selection>=….json`` with classifier metrics, and ``<selection>.limits=limits/….json``
where there are limits. Selections are e.g. ``min_dr_dnn``, ``min_dr_cuts``, ``min_dr_svm``,
``min_dr_random_forest``, ``mixing_spanet``.
"""

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_tables import BOUNDS, bound_of
from hh4b.publication.methods import SELECTIONS, selection_parts, variant_of
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Cell, Column, Row, Table, Text, plain

TITLE = plain("Classifiers on the same events")
METRICS = {
    "accuracy": plain("ACC"),
    "auc": plain("AUC"),
    "precision": plain("Precision"),
    "recall": plain("Recall"),
    "specificity": plain("Specificity"),
    "f1": Text("F₁", "$F_1$"),
    "f_beta": Text("F_β", r"$F_\beta$"),
    "matthews": plain("Matthews"),
    "log_loss": plain("Log loss"),
}
INTERVAL = {
    f"profile_{bound}": Text(f"κλ {bound}", rf"$\kappa_\lambda$ {bound}") for bound in BOUNDS
}
REMARK = plain(
    "Both classes count the same. Statistical errors where the metrics have them. Interval:"
    " profile likelihood, 95 %."
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table; the note has no such comparison, so ``reference`` is not read."""
    del reference
    rows = []
    keys = [key for key in inputs.keys(SELECTIONS) if not key.endswith(".limits")]
    for key in keys:
        metrics = RunFile.read(inputs.one(key))
        cells = {}
        for name in METRICS:
            if metrics.optional(name) is not None:
                error = metrics.optional(f"{name}_error")
                cells[name] = Cell(metrics.measured(metrics.number(name), error))
        if f"{key}.limits" in inputs.files:
            limits = RunFile.read(inputs.one(f"{key}.limits"))
            for index, name in enumerate(INTERVAL):
                cells[name] = Cell(bound_of(limits, "profile", index))
        parts = selection_parts(key)
        classifier, variant = parts.classifier, variant_of(key)
        label = Text(classifier.plain + variant, classifier.latex + variant)
        rows.append(Row((parts.pairing, label), cells))
    columns = (
        *(Column(name, label, 3) for name, label in METRICS.items()),
        *(Column(name, label, 2) for name, label in INTERVAL.items()),
    )
    return Table(TITLE, (plain("Pairing"), plain("Classifier")), columns, tuple(rows), (REMARK,))

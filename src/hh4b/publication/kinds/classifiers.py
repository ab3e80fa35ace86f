"""Table of classifiers on the same events: all metrics, and the interval that each reaches."""

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_cells import BOUNDS, bound_of
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

_METRICS = {
    "accuracy": "ACC",
    "auc": "AUC",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "f1": "F₁",
    "f_beta": "F_β",
    "matthews": "Matthews",
    "log_loss": "Log loss",
}
_INTERVAL = {f"profile_{bound}": f"κλ {bound}" for bound in BOUNDS}


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from metrics by classifier, and ``<classifier>.limits`` where there are any.

    The note has no such comparison, so ``reference`` is not read.
    """
    del reference
    rows = []
    for key in (key for key in inputs.files if not key.endswith(".limits")):
        metrics = RunFile.read(inputs.one(key))
        cells = {}
        for name in _METRICS:
            if metrics.optional(name) is not None:
                error = metrics.optional(f"{name}_error")
                cells[name] = Cell(metrics.measured(metrics.number(name), error))
        if f"{key}.limits" in inputs.files:
            limits = RunFile.read(inputs.one(f"{key}.limits"))
            for index, name in enumerate(_INTERVAL):
                cells[name] = Cell(bound_of(limits, "profile", index))
        rows.append(Row(key, settings.pair(key), cells))
    columns = (
        *(TableColumn(name, label, 3) for name, label in _METRICS.items()),
        *(TableColumn(name, label, 2) for name, label in _INTERVAL.items()),
    )
    return Table(
        settings.title,
        ("Pairing", "Classifier"),
        columns,
        tuple(rows),
        tuple(settings.remarks),
    )

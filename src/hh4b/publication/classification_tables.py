"""Tables of classifier performance (Tables 8, 10, 13, 15, 18, 20, 22, 25 of the note)."""

from hh4b.publication.inputs import Inputs, Measured, RunFile, mean_of_repeats
from hh4b.publication.methods import SELECTIONS, selection_parts
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Cell, Column, Row, Table, Text, plain

_QUANTITIES = {"accuracy": "ACC", "auc": "AUC"}


def build(
    inputs: Inputs,
    reference: Reference,
    *,
    number: int,
    title: Text,
    remarks: tuple[Text, ...] = (),
) -> Table:
    """Build a table of accuracy and area under the ROC curve.

    A key given several times stands for repeated trainings: mean and standard deviation.

    Args:
        inputs: classifier metrics by selection.
        reference: the note.
        number: of the table in the note.
        title: caption.
        remarks: further caption lines.
    """
    rows, repeats = [], set()
    for key in inputs.keys(SELECTIONS):
        files = [RunFile.read(path) for path in inputs.many(key)]
        repeats.add(len(files))
        cells = {
            name: Cell(
                mean_of_repeats([_metric(file, name) for file in files]),
                reference.find("classification", f"table_{number}", key, index),
            )
            for index, name in enumerate(_QUANTITIES)
        }
        parts = selection_parts(key)
        rows.append(Row((parts.pairing, parts.classifier), cells))
    return Table(
        title,
        (plain("Pairing"), plain("Classifier")),
        tuple(Column(name, plain(label), 3) for name, label in _QUANTITIES.items()),
        tuple(rows),
        (_error_remark(repeats), *remarks),
    )


def _metric(file: RunFile, name: str) -> Measured:
    """Read a metric from `hh4b evaluate-classifier` or from `hh4b spanet evaluate`."""
    place = () if file.has(name) else ("classification", "EVENT/signal")
    return file.measured(file.number(*place, name), file.number(*place, f"{name}_error"))


def _error_remark(repeats: set[int]) -> Text:
    if repeats == {1}:
        return plain(
            "Errors of this run: statistical, of the testing events of one training;"
            " of the note: standard deviation of its repeated trainings."
        )
    numbers = ", ".join(map(str, sorted(repeats)))
    return plain(
        f"Errors: standard deviation of repeated trainings ({numbers} in this run, 10 in the note)."
    )

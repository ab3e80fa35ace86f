"""Table of accuracy and area under the ROC curve, one row per classifier."""

from pydantic import Field

from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, Measured, RunFile, mean_of_repeats
from hh4b.publication.reference import Reference
from hh4b.publication.settings import NoteValues, OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

_QUANTITIES = {"accuracy": "ACC", "auc": "AUC"}


class ClassificationOptions(Settings):
    """Options of the kind."""

    note: NoteValues = Field(NoteValues(), description="values to compare with")


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table; several files of a key are repeated trainings: mean, standard deviation."""
    note = settings.read(ClassificationOptions).note
    rows, repeats = [], set()
    for key in inputs.files:
        files = [RunFile.read(path) for path in inputs.many(key)]
        repeats.add(len(files))
        cells = {
            name: Cell(
                mean_of_repeats([_metric(file, name) for file in files]),
                reference.find("classification", note.table, note.row(key), index)
                if note.table
                else None,
            )
            for index, name in enumerate(_QUANTITIES)
        }
        rows.append(Row(key, settings.pair(key), cells))
    return Table(
        settings.title,
        ("Pairing", "Classifier"),
        tuple(TableColumn(name, label, 3) for name, label in _QUANTITIES.items()),
        tuple(rows),
        (_error_remark(repeats), *settings.remarks),
    )


def _metric(file: RunFile, name: str) -> Measured:
    """Read a metric from `hh4b evaluate-classifier` or from `hh4b spanet evaluate`."""
    place = () if file.has(name) else ("classification", "EVENT/signal")
    return file.measured(file.number(*place, name), file.number(*place, f"{name}_error"))


def _error_remark(repeats: set[int]) -> str:
    if repeats == {1}:
        return (
            "Errors of this run: statistical, of the testing events of one training;"
            " of the note: standard deviation of its repeated trainings."
        )
    numbers = ", ".join(map(str, sorted(repeats)))
    return (
        f"Errors: standard deviation of repeated trainings ({numbers} in this run, 10 in the note)."
    )

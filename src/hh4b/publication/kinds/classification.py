"""Table of accuracy and area under the ROC curve, one row per classifier."""

from pydantic import Field

from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, Measured, RunFile, mean_of_repeats
from hh4b.publication.reference import Reference
from hh4b.publication.settings import NoteValues, OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn
from hh4b.training.error_parts import MINIMUM_TRAININGS

_QUANTITIES = {"accuracy": "ACC", "auc": "AUC"}


class ClassificationOptions(Settings):
    """Options of the kind."""

    note: NoteValues = Field(NoteValues(), description="values to compare with")


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table; several files of a key are repeated trainings: their mean."""
    note = settings.read(ClassificationOptions).note
    rows, repeats, folds = [], set(), set()
    for key in inputs.files:
        files = [RunFile.read(path) for path in inputs.many(key)]
        repeats.add(len(files))
        folds |= {int(n) for file in files if (n := file.optional("trainings", "number"))}
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
        (_error_remark(repeats, folds), *settings.remarks),
    )


def _metric(file: RunFile, name: str) -> Measured:
    """Read a metric from `hh4b evaluate-classifier` or from `hh4b spanet evaluate`."""
    place = () if file.has(name) else ("classification", "EVENT/signal")
    return file.measured(file.number(*place, name), file.optional(*place, f"{name}_error"))


def _error_remark(repeats: set[int], folds: set[int]) -> str:
    """Say what errors are made of: events, and the training where enough trainings tell."""
    note = "Errors of the note: standard deviation of its 10 repeated trainings."
    if folds:
        made = _training(folds, "networks, one without each fold of the events")
    elif repeats == {1}:
        made = "of the events measured, by one training."
    else:
        made = _training(repeats, "repeated trainings, whose mean is shown")
    return f"Errors of this run: statistical, {made} {note}"


def _training(numbers: set[int], what: str) -> str:
    texts = ", ".join(map(str, sorted(numbers)))
    if min(numbers) >= MINIMUM_TRAININGS:
        return f"of the events measured and of the training, from {texts} {what}."
    return (
        f"of the events measured; {texts} {what}: at least {MINIMUM_TRAININGS} would add the part"
        " of the training."
    )

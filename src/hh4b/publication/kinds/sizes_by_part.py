"""Table of event numbers of the training and the testing part, a column per class or process."""

from pydantic import Field

from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.sample_sizes import PARTS, Division, count_by_part
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

CLASSES = ("signal", "background")


class SizesByPartOptions(Division):
    """Options of the kind."""

    sample: str | None = Field(None, description="entry of the note's sample sizes")
    total: bool = Field(False, description="whether a last column adds the backgrounds")


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from datasets by class (``signal``, ``background``) or process."""
    options = settings.read(SizesByPartOptions)
    named = {key: settings.label(key) for key in inputs.files}
    # The two classes are words; processes have labels of their own.
    columns = {k: v.capitalize() if k in CLASSES else v for k, v in named.items()}
    files = {key: inputs.many(key) for key in inputs.files}
    if options.total:
        columns["background"] = "All background"
        files["background"] = tuple(p for key in files if key != "signal" for p in files[key])
    rows = []
    for part in PARTS:
        cells = {}
        for name, paths in files.items():
            note = reference.find("samples", options.sample, part, name) if options.sample else None
            cells[name] = Cell(count_by_part(paths, part, options), note)
        rows.append(Row(part, (part,), cells))
    return Table(
        settings.title,
        ("Part",),
        tuple(TableColumn(name, label, 0) for name, label in columns.items()),
        tuple(rows),
        (*settings.remarks, *options.remarks()),
    )

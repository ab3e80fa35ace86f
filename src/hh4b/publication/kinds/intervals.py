"""Table of expected kappa_lambda intervals, one row per selection."""

from pydantic import Field

from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_cells import (
    COLUMNS,
    ERROR_REMARK,
    NoteLimits,
    conditions_remark,
    gap_remarks,
    interval_cells,
    merged_remarks,
)
from hh4b.publication.reference import Reference
from hh4b.publication.settings import NoteValues, OutputSettings
from hh4b.publication.tables import Row, Table


class IntervalsOptions(Settings):
    """Options of the kind."""

    note: NoteValues = Field(NoteValues(), description="values to compare with")


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from one limits file per selection."""
    options = settings.read(IntervalsOptions)
    note = NoteLimits(reference, options.note)
    rows, gaps = [], []
    for key in inputs.files:
        limits = RunFile.read(inputs.one(key))
        cells = interval_cells(limits, reference, note.place(limits, options.note.row(key)))
        gaps += gap_remarks(limits, settings.label(key))
        gaps += merged_remarks(limits, settings.label(key))
        rows.append(Row(key, settings.pair(key), cells))
    paths = [inputs.one(key) for key in inputs.files]
    return Table(
        settings.title,
        ("Pairing", "Selection"),
        COLUMNS,
        tuple(rows),
        (conditions_remark(paths), ERROR_REMARK, *note.remarks(), *gaps, *settings.remarks),
    )

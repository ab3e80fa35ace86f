"""Table of intervals and their widths, one row per selection, energy and luminosity."""

from pydantic import Field

from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_cells import (
    COLUMNS_WITH_WIDTH,
    ERROR_REMARK,
    LUMINOSITY,
    NoteLimits,
    by_luminosity,
    conditions_remark,
    gap_remarks,
    interval_cells,
    luminosity_key,
    merged_remarks,
)
from hh4b.publication.reference import Reference
from hh4b.publication.settings import NoteValues, OutputSettings
from hh4b.publication.tables import Row, Table


class IntervalsByLuminosityOptions(Settings):
    """Options of the kind."""

    note: NoteValues = Field(NoteValues(), description="values to compare with")
    energies: bool = Field(False, description="whether there is a column of energies")


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from one or more limits files per selection."""
    options = settings.read(IntervalsByLuminosityOptions)
    note = NoteLimits(reference, options.note)
    rows, gaps = [], []
    for key in inputs.files:
        files = by_luminosity(inputs, key)
        # The templates, and so the bins, are the same at every luminosity.
        gaps += merged_remarks(files[0], settings.label(key))
        for limits in files:
            place = note.place(limits, options.note.row(key), luminosity_key(limits))
            cells = interval_cells(limits, reference, place, width=True)
            labels = _labels(settings.label(key), limits, energies=options.energies)
            gaps += gap_remarks(limits, ", ".join(labels))
            rows.append(Row(_key(key, limits), labels, cells))
    paths = [path for key in inputs.files for path in inputs.many(key)]
    energy = ("√s [TeV]",) if options.energies else ()
    return Table(
        settings.title,
        ("Selection", *energy, LUMINOSITY),
        COLUMNS_WITH_WIDTH,
        tuple(rows),
        (conditions_remark(paths), ERROR_REMARK, *note.remarks(), *gaps, *settings.remarks),
    )


def _labels(name: str, limits: RunFile, *, energies: bool) -> tuple[str, ...]:
    energy = (f"{limits.number('sqrt_s_tev'):g}",) if energies else ()
    return (name, *energy, f"{luminosity_key(limits):g}")


def _key(key: str, limits: RunFile) -> str:
    return f"{key}_{limits.number('sqrt_s_tev'):g}tev_{limits.number('luminosity_ifb'):g}ifb"

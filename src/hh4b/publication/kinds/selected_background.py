"""Table of the background events behind intervals, and of the parts of their errors."""

from dataclasses import replace

from hh4b.publication.effective_events import selected_background
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_cells import (
    METHODS,
    WIDTHS,
    conditions_remark,
    gap_remarks,
    width_of,
    withheld,
)
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

PARTS = ("events", "training")
_COUNTS = (
    TableColumn("effective_events", "Effective background events", 1),
    TableColumn("smallest_bin", "Bin with fewest", 1),
    TableColumn("merged_bins", "Bins joined", 0),
)


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from ``<selection>`` (limits) and ``<selection>.templates``.

    The note has no such numbers, so ``reference`` is not read.
    """
    del reference
    rows, remarks = [], []
    keys = [key for key in inputs.files if not key.endswith(".templates")]
    for key in keys:
        limits = RunFile.read(inputs.one(key))
        templates = RunFile.read(inputs.one(f"{key}.templates"))
        rows.append(Row(key, settings.pair(key), _cells(limits, templates)))
        remarks += gap_remarks(limits, settings.label(key))
    return Table(
        settings.title,
        ("Pairing", "Selection"),
        (*_COUNTS, *(column for method in METHODS for column in _widths(method))),
        tuple(rows),
        (conditions_remark([inputs.one(key) for key in keys]), *settings.remarks, *remarks),
    )


def _widths(method: str) -> tuple[TableColumn, ...]:
    width = WIDTHS[method]
    parts = (TableColumn(f"{width.name}_{part}", f"error by {part}", 2) for part in PARTS)
    return (width, *parts)


def _cells(limits: RunFile, templates: RunFile) -> dict[str, Cell]:
    counted = selected_background(limits, templates)
    merged = limits.get("merged_bins") if limits.has("merged_bins") else []
    cells = {
        "effective_events": Cell(templates.measured(counted.total)),
        "smallest_bin": Cell(templates.measured(counted.smallest)),
        "merged_bins": Cell(limits.measured(len(merged))),
    }
    for method in METHODS:
        width = width_of(limits, method)
        if width.value is None:
            # The reason stands among the remarks.
            width = replace(width, text="withheld" if withheld(limits) else "unbounded")
        cells[f"{method}_width"] = Cell(width)
        for part in PARTS:
            error = limits.optional(method, "width_error_parts", part)
            cells[f"{method}_width_{part}"] = Cell(
                limits.measured(None if width.value is None else error)
            )
    return cells

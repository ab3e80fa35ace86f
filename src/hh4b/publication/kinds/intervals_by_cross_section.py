"""Table of intervals under other cross sections, beside the nominal ones."""

from collections.abc import Iterator

from hh4b.core.errors import ConfigError
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_cells import (
    BOUNDS,
    COLUMNS_WITH_WIDTH,
    METHODS,
    bound_of,
    conditions_remark,
    gap_remarks,
    width_of,
)
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table
from hh4b.publication.text import spelled

BANDS = "bands_by_cross_section"


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from one limits file per selection; the note has no such numbers.

    Raises:
        ConfigError: if no limits file has intervals under other cross sections.
    """
    del reference
    rows, remarks = [], []
    for key in inputs.files:
        limits = RunFile.read(inputs.one(key))
        remarks += gap_remarks(limits, settings.label(key))
        rows.append(Row(key, (settings.label(key), "nominal"), _cells(limits)))
        for name, band in _bands(limits):
            labels = settings.label(key), _factors(limits, name)
            rows.append(Row(f"{key}.{name}", labels, _cells(band)))
    if len(rows) == len(inputs.files):
        raise ConfigError(
            f"{inputs.what}: no limits file has {BANDS}; set statistics.cross_section_bands and"
            " find the limits again"
        )
    return Table(
        settings.title,
        ("Selection", "Cross sections"),
        COLUMNS_WITH_WIDTH,
        tuple(rows),
        (
            conditions_remark([inputs.one(key) for key in inputs.files]),
            "Errors: statistical, of the nominal cross sections only; the rows of a selection are"
            " of the same events.",
            *settings.remarks,
            *remarks,
        ),
    )


def _bands(limits: RunFile) -> Iterator[tuple[str, RunFile]]:
    """Yield each band as a limits file of its own."""
    if not limits.has(METHODS[0], BANDS):
        return
    shared = {name: limits.get(name) for name in ("kappa_lambda", "provenance")}
    for name in limits.get(METHODS[0], BANDS):
        entries = {method: limits.get(method, BANDS, name) for method in METHODS}
        if any(entry is None for entry in entries.values()):
            none = {"interval": [None, None], "width": None}
            reason = {"status": "none", "reason": "no interval"}
            yield name, RunFile(limits.path, {**shared, **dict.fromkeys(METHODS, none), **reason})
        else:
            yield name, RunFile(limits.path, {**shared, **entries})


def _factors(limits: RunFile, name: str) -> str:
    """Return a band's name with its factors, e.g. ``scale up (four_b × 1.62)``."""
    if not limits.has("cross_section_bands", name):
        return spelled(name)
    factors = limits.get("cross_section_bands", name).items()
    return f"{spelled(name)} ({', '.join(f'{process} × {x:g}' for process, x in factors)})"


def _cells(limits: RunFile) -> dict[str, Cell]:
    cells = {}
    for method in METHODS:
        for index, bound in enumerate(BOUNDS):
            cells[f"{method}_{bound}"] = Cell(bound_of(limits, method, index))
        cells[f"{method}_width"] = Cell(width_of(limits, method))
    return cells

"""Table of intervals by luminosity, and the luminosity at which another selection equals them."""

from typing import Any, Literal

from pydantic import Field

from hh4b.core.errors import ContractError
from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, Measured, RunFile
from hh4b.publication.limit_cells import (
    BOUNDS,
    COLUMNS,
    COLUMNS_WITH_WIDTH,
    ERROR_REMARK,
    LUMINOSITY,
    METHODS,
    NoteLimits,
    by_luminosity,
    conditions_remark,
    interval_cells,
    luminosity_key,
)
from hh4b.publication.reference import Published, Reference
from hh4b.publication.settings import NoteValues, OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

_NAMES = {"profile": "profile", "cls": "CLs"}


class EquivalentLuminosityOptions(Settings):
    """Options of the kind."""

    note: NoteValues = Field(NoteValues(), description="values to compare with")
    equal: Literal["bounds", "width"] = Field("width", description="what is made equal")


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from ``limits``, one or more files, and the ``scan`` that reaches for them.

    Raises:
        ContractError: if the scan was not made with `--reach` of these limits.
    """
    inputs.only(["limits", "scan"])
    options = settings.read(EquivalentLuminosityOptions)
    note = NoteLimits(reference, options.note)
    scan = RunFile.read(inputs.one("scan"))
    width = options.equal == "width"
    rows = []
    for limits in by_luminosity(inputs, "limits"):
        luminosity = luminosity_key(limits)
        place = note.place(limits, luminosity)
        cells = interval_cells(limits, reference, place, width=width)
        for column, method, index in _quantities(width=width):
            quantity = "width" if index is None else BOUNDS[index]
            published = _note(reference, place, method, index)
            cells[column.name] = Cell(equivalent_of(scan, limits, method, quantity), published)
        rows.append(Row(f"{luminosity:g}", (f"{luminosity:g}",), cells))
    return Table(
        settings.title,
        (LUMINOSITY,),
        (
            *(COLUMNS_WITH_WIDTH if width else COLUMNS),
            *(column for column, _, _ in _quantities(width=width)),
        ),
        tuple(rows),
        (
            conditions_remark(inputs.many("limits")),
            scan_range(scan, settings.label("scan")),
            ERROR_REMARK,
            *note.remarks(),
            *settings.remarks,
        ),
    )


def _quantities(*, width: bool) -> list[tuple[TableColumn, str, int | None]]:
    """Return column, method and index of the bound (None: width) of what is made equal."""
    if width:
        return [
            (TableColumn(f"equivalent_{m}", f"Equivalent L, {_NAMES[m]}", 0), m, None)
            for m in METHODS
        ]
    return [
        (TableColumn(f"equivalent_{m}_{b}", f"Equivalent L, {_NAMES[m]}, {b}", 0), m, index)
        for m in METHODS
        for index, b in enumerate(BOUNDS)
    ]


def _note(
    reference: Reference, place: tuple[str | float, ...] | None, method: str, index: int | None
) -> Published | None:
    if place is None:
        return None
    keys = (method,) if index is None else (method, index)
    return reference.find(*place, "equivalent_luminosity", *keys)


def equivalent_entry(scan: RunFile, limits: RunFile) -> RunFile:
    """Find in a luminosity scan what it says about the bounds of a limits file.

    Raises:
        ContractError: if the scan was made without that file.
    """
    wanted = limits.configuration_hash
    entries: list[dict[str, Any]] = scan.get("equivalent")
    for entry in entries:
        if entry.get("limits") == wanted:
            content = {**entry, "provenance": scan.content.get("provenance", {})}
            return RunFile(scan.path, content)
    raise ContractError(
        f"{scan.path}: no equivalent luminosity for {limits.path};"
        " make the scan with --reach of that file"
    )


def equivalent_of(scan: RunFile, limits: RunFile, method: str, quantity: str) -> Measured:
    """Return the luminosity at which the scanned selection reaches a bound or width.

    Args:
        scan: luminosity scan with ``--reach``.
        limits: the limits reached for.
        method: ``"profile"`` or ``"cls"``.
        quantity: ``"lower"``, ``"upper"`` or ``"width"``.
    """
    entry = equivalent_entry(scan, limits)
    value = entry.optional(method, quantity, "luminosity_ifb")
    if value is None:
        return scan.measured(None, text="not in the scan")
    return scan.measured(value, entry.optional(method, quantity, "error"))


def scan_range(scan: RunFile, name: str) -> str:
    """Say which luminosities a scan covers."""
    values = [float(point["luminosity_ifb"]) for point in scan.get("points")]
    return f"The scan of {name} covers {min(values):g} to {max(values):g} fb⁻¹."

"""Tables of intervals by luminosity and equivalent luminosities (Tables 17, 27, 28 of the note)."""

from typing import Any

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import Inputs, Measured, RunFile
from hh4b.publication.limit_tables import (
    BOUNDS,
    COLUMNS,
    ERROR_REMARK,
    METHODS,
    bound_of,
    conditions_text,
    gap_remarks,
    width_of,
)
from hh4b.publication.methods import SELECTIONS, selection_name
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Cell, Column, Row, Table, Text, plain

LUMINOSITY = Text("L [fb⁻¹]", r"$\mathcal{L}$ [fb$^{-1}$]")
_NAMES = {"profile": "Profile likelihood", "cls": "CLs"}
WIDTH_COLUMNS = {
    method: Column(
        f"{method}_width",
        Text(f"{name}, Δκλ", rf"{name}, $\Delta\kappa_\lambda$"),
        2,
    )
    for method, name in _NAMES.items()
}


def interval_cells(
    limits: RunFile, reference: Reference, place: tuple[str | float, ...], *, width: bool
) -> dict[str, Cell]:
    """Return the cells of both bounds by both methods, and of their distance if asked."""
    cells = {}
    for method in METHODS:
        for index, bound in enumerate(BOUNDS):
            cells[f"{method}_{bound}"] = Cell(
                bound_of(limits, method, index), reference.find(*place, method, index)
            )
        if width:
            cells[f"{method}_width"] = Cell(
                width_of(limits, method), reference.width(*place, method)
            )
    return cells


def columns_with_width() -> tuple[Column, ...]:
    """Return lower, upper and distance for each method."""
    return (*COLUMNS[:2], WIDTH_COLUMNS["profile"], *COLUMNS[2:], WIDTH_COLUMNS["cls"])


def luminosity_key(limits: RunFile) -> float:
    """Return the luminosity as the note's tables name it."""
    value = limits.number("luminosity_ifb")
    return int(value) if value == int(value) else value


def by_luminosity(inputs: Inputs, key: str) -> list[RunFile]:
    """Return the limit files of a key in rising luminosity."""
    files = [RunFile.read(path) for path in inputs.many(key)]
    return sorted(files, key=lambda file: file.number("luminosity_ifb"))


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


def scan_range(scan: RunFile) -> Text:
    """Say which luminosities a scan covers."""
    values = [float(point["luminosity_ifb"]) for point in scan.get("points")]
    sentence = f"The scan of min-ΔR + DNN covers {min(values):g} to {max(values):g} fb⁻¹."
    latex = sentence.replace("ΔR", r"$\Delta R$").replace("fb⁻¹", "fb$^{-1}$")
    return Text(sentence, latex)


def build_by_selection(inputs: Inputs, reference: Reference, *, number: int, title: Text) -> Table:
    """Build intervals and widths, one row per selection and luminosity."""
    rows, gaps = [], []
    keys = inputs.keys(SELECTIONS)
    for key in keys:
        for limits in by_luminosity(inputs, key):
            luminosity = luminosity_key(limits)
            place = ("limits", f"table_{number}", key, luminosity)
            cells = interval_cells(limits, reference, place, width=True)
            rows.append(Row((selection_name(key), plain(f"{luminosity:g}")), cells))
            gaps += gap_remarks(limits, f"{selection_name(key).plain}, {luminosity:g} /fb")
    paths = [path for key in keys for path in inputs.many(key)]
    return Table(
        title,
        (plain("Selection"), LUMINOSITY),
        columns_with_width(),
        tuple(rows),
        (conditions_text(paths), ERROR_REMARK, *gaps),
    )

"""Cells of tables of expected kappa_lambda intervals, this run beside the note."""

from collections.abc import Sequence
from pathlib import Path

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import Inputs, Measured, RunFile
from hh4b.publication.reference import Published, Reference
from hh4b.publication.settings import NoteValues
from hh4b.publication.tables import Cell, TableColumn

METHODS = ("profile", "cls")
BOUNDS = ("lower", "upper")
_SAME = 1e-6
_METHOD_NAMES = {"profile": "Profile likelihood", "cls": "CLs"}
COLUMNS = tuple(
    TableColumn(f"{method}_{bound}", f"{_METHOD_NAMES[method]}, {bound}", 2)
    for method in METHODS
    for bound in BOUNDS
)
WIDTHS = {
    method: TableColumn(f"{method}_width", f"{name}, Δκλ", 2)
    for method, name in _METHOD_NAMES.items()
}
COLUMNS_WITH_WIDTH = (*COLUMNS[:2], WIDTHS["profile"], *COLUMNS[2:], WIDTHS["cls"])
LUMINOSITY = "L [fb⁻¹]"


def bound_of(limits: RunFile, method: str, index: int) -> Measured:
    """Read one bound of the 95 % interval and its statistical error, where the file has one.

    Args:
        limits: a limits file of the run.
        method: ``"profile"`` or ``"cls"``.
        index: 0 = lower, 1 = upper.

    Raises:
        ContractError: if the file has no such interval.
    """
    bound = _pair(limits, method, "interval")[index]
    if bound is None:
        return limits.measured(None, text=_why_none(limits, method, index))
    error = None
    if limits.has(method, "interval_error"):
        error = _pair(limits, method, "interval_error")[index]
    return limits.measured(bound, error)


def width_of(limits: RunFile, method: str) -> Measured:
    """Read the distance of the bounds and its error; no number where a bound is missing."""
    width = limits.optional(method, "width")
    if width is None:
        return limits.measured(None, text=withheld(limits) or "unbounded")
    return limits.measured(width, limits.optional(method, "width_error"))


def _pair(limits: RunFile, *keys: str) -> tuple[float | None, float | None]:
    entry = limits.get(*keys)
    if not isinstance(entry, list) or len(entry) != 2:
        raise ContractError(f"{limits.path}: entry {'/'.join(keys)!r} is no pair of bounds")
    lower, upper = (None if value is None else float(value) for value in entry)
    return lower, upper


def withheld(limits: RunFile) -> str:
    """Say why a limits file or a point of a scan gives no interval at all; nothing if it does."""
    if not limits.has("status") or limits.get("status") == "ok":
        return ""
    return str(limits.get("reason"))


def merged_remarks(limits: RunFile, name: str) -> list[str]:
    """Say which bins of m_HH were joined to a neighbour for want of background."""
    merged = limits.get("merged_bins") if limits.has("merged_bins") else []
    if not merged:
        return []
    bins = ", ".join(
        f"[{one['low_gev']:g}, {one['high_gev']:g}] ({one['effective_events']:.2g})"
        for one in merged
    )
    return [
        f"{name}: m_HH bins in GeV joined to their neighbour, with the effective background events"
        f" that they had: {bins}."
    ]


def _why_none(limits: RunFile, method: str, index: int) -> str:
    if reason := withheld(limits):
        return reason
    if limits.has(method, "segments") and not limits.get(method, "segments"):
        return "all excluded"
    if not limits.has("kappa_lambda"):
        return "beyond the scan"
    scan = limits.numbers("kappa_lambda")
    return f"< {min(scan):g}" if index == 0 else f"> {max(scan):g}"


def gap_remarks(limits: RunFile, name: str) -> list[str]:
    """Say where an allowed region falls apart: the bounds of a table are the outermost ones.

    An interval that is withheld is said too.
    """
    reason = withheld(limits)
    if reason:
        return [f"{name}: no interval, {reason}."]
    remarks = []
    for method in METHODS:
        segments = limits.get(method, "segments") if limits.has(method, "segments") else []
        if len(segments) > 1:
            text = " and ".join(f"[{_end(low)}, {_end(high)}]" for low, high in segments)
            remarks.append(
                f"{name}, {_METHOD_NAMES[method]}: allowed are {text}; outermost bounds shown."
            )
    return remarks


def _end(value: float | None) -> str:
    return "…" if value is None else f"{value:.2f}"


def conditions_remark(paths: Sequence[Path]) -> str:
    """Say for which energies, luminosity and statistical model limits are, file by file once."""
    seen = []
    for path in paths:
        limits = RunFile.read(path)
        text = (
            f"√s = {limits.number('sqrt_s_tev'):g} TeV, {limits.number('luminosity_ifb'):g} fb⁻¹,"
            f" statistical model “{limits.get('model')}”{_templates_of(limits)}"
        )
        if text not in seen:
            seen.append(text)
    return f"This run: {'; '.join(seen)}."


def _templates_of(limits: RunFile) -> str:
    """Say of which energy the templates are, where the file knows."""
    energy = limits.optional("template_energy_tev")
    return "" if energy is None else f", templates of {energy:g} TeV"


ERROR_REMARK = (
    "Errors: statistical, from the simulated samples, and from the training where five or more"
    " tell; a dash where the limits file gives none."
)


class NoteLimits:
    """Published limits, given out only for the conditions that they were made for."""

    def __init__(self, reference: Reference, values: NoteValues) -> None:
        """Keep where the values stand and for which conditions they hold."""
        self.reference = reference
        self.values = values
        self.refused = False

    def place(self, limits: RunFile, *keys: str | float) -> tuple[str | float, ...] | None:
        """Return where the values to compare a limits file with stand, or None.

        Args:
            limits: of this run.
            keys: of the row below the table's entry.
        """
        if self.values.table is None:
            return None
        place = ("limits", self.values.table, *keys)
        found = self.reference.has(*place)
        if found and not self._same(limits):
            self.refused = True
            return None
        return place if found else None

    def _same(self, limits: RunFile) -> bool:
        wanted = self.values.luminosity_ifb
        return abs(limits.number("sqrt_s_tev") - self.values.sqrt_s_tev) < _SAME and (
            wanted is None or abs(limits.number("luminosity_ifb") - wanted) < _SAME
        )

    def remarks(self) -> list[str]:
        """Say so if values of the note were left out."""
        if not self.refused:
            return []
        luminosity = self.values.luminosity_ifb
        at = "" if luminosity is None else f" and {luminosity:g} fb⁻¹"
        return [
            f"The note's values hold at √s = {self.values.sqrt_s_tev:g} TeV{at};"
            " other rows of this run are not compared with them."
        ]


def interval_cells(
    limits: RunFile,
    reference: Reference,
    place: tuple[str | float, ...] | None,
    *,
    width: bool = False,
) -> dict[str, Cell]:
    """Return the cells of both bounds by both methods, and of their distance if asked.

    Args:
        limits: of this run.
        reference: the note.
        place: where its intervals stand; None where it has none.
        width: whether the distance of the bounds is shown too.
    """

    def note(*keys: str | int) -> Published | None:
        return None if place is None else reference.find(*place, *keys)

    cells = {}
    for method in METHODS:
        for index, bound in enumerate(BOUNDS):
            cells[f"{method}_{bound}"] = Cell(bound_of(limits, method, index), note(method, index))
        if width:
            published = None if place is None else reference.width(*place, method)
            cells[f"{method}_width"] = Cell(width_of(limits, method), published)
    return cells


def luminosity_key(limits: RunFile) -> float:
    """Return the luminosity as the note's tables name it."""
    value = limits.number("luminosity_ifb")
    return int(value) if value == int(value) else value


def by_luminosity(inputs: Inputs, key: str) -> list[RunFile]:
    """Return the limit files of a key in rising energy and luminosity."""
    files = [RunFile.read(path) for path in inputs.many(key)]
    return sorted(files, key=lambda f: (f.number("sqrt_s_tev"), f.number("luminosity_ifb")))

"""Tables of expected kappa_lambda intervals (Tables 9, 11, 14, 16, 19, 21, 23, 26 of the note)."""

from collections.abc import Sequence
from pathlib import Path

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import Inputs, Measured, RunFile
from hh4b.publication.methods import SELECTIONS, selection_name, selection_parts
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Cell, Column, Row, Table, Text, plain

METHODS = ("profile", "cls")
BOUNDS = ("lower", "upper")
_METHOD_NAMES = {"profile": "Profile likelihood", "cls": "CLs"}
COLUMNS = tuple(
    Column(f"{method}_{bound}", plain(f"{_METHOD_NAMES[method]}, {bound}"), 2)
    for method in METHODS
    for bound in BOUNDS
)
KAPPA = Text("κλ", r"$\kappa_\lambda$")


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
        return limits.measured(None, text="unbounded")
    return limits.measured(width, limits.optional(method, "width_error"))


def _pair(limits: RunFile, *keys: str) -> tuple[float | None, float | None]:
    entry = limits.get(*keys)
    if not isinstance(entry, list) or len(entry) != 2:
        raise ContractError(f"{limits.path}: entry {'/'.join(keys)!r} is no pair of bounds")
    lower, upper = (None if value is None else float(value) for value in entry)
    return lower, upper


def _why_none(limits: RunFile, method: str, index: int) -> str:
    if limits.has(method, "segments") and not limits.get(method, "segments"):
        return "all excluded"
    if not limits.has("kappa_lambda"):
        return "beyond the scan"
    scan = limits.numbers("kappa_lambda")
    return f"< {min(scan):g}" if index == 0 else f"> {max(scan):g}"


def gap_remarks(limits: RunFile, name: str) -> list[Text]:
    """Say where an allowed region falls apart: the bounds of a table are the outermost ones."""
    remarks = []
    for method in METHODS:
        segments = limits.get(method, "segments") if limits.has(method, "segments") else []
        if len(segments) > 1:
            text = " and ".join(f"[{_end(low)}, {_end(high)}]" for low, high in segments)
            remarks.append(
                plain(
                    f"{name}, {_METHOD_NAMES[method]}: allowed are {text}; outermost bounds shown."
                )
            )
    return remarks


def _end(value: float | None) -> str:
    return "…" if value is None else f"{value:.2f}"


def conditions(paths: Sequence[Path]) -> str:
    """Say for which energy, luminosity and statistical model the limits are, file by file once."""
    seen = []
    for path in paths:
        limits = RunFile.read(path)
        text = (
            f"√s = {limits.number('sqrt_s_tev'):g} TeV, {limits.number('luminosity_ifb'):g} fb⁻¹,"
            f" statistical model “{limits.get('model')}”"
        )
        if text not in seen:
            seen.append(text)
    return "; ".join(seen)


def conditions_text(paths: Sequence[Path]) -> Text:
    """Return `conditions` as a caption line in both languages."""
    sentence = f"This run: {conditions(paths)}."
    latex = (
        sentence.replace("√s", r"$\sqrt{s}$").replace("fb⁻¹", r"fb$^{-1}$")
        .replace("“", "``").replace("”", "''").replace("_", r"\_")
    )  # fmt: skip
    return Text(sentence, latex)


ERROR_REMARK = plain(
    "Errors: statistical, from the simulated samples; a dash where the limits file gives none."
)


def build(
    inputs: Inputs,
    reference: Reference,
    *,
    number: int,
    title: Text,
    remarks: tuple[Text, ...] = (),
) -> Table:
    """Build an intervals table: one row per selection given.

    Args:
        inputs: limits files by selection key.
        reference: the note.
        number: of the table in the note.
        title: caption.
        remarks: further caption lines.
    """
    keys = inputs.keys(SELECTIONS)
    rows, gaps = [], []
    for key in keys:
        limits = RunFile.read(inputs.one(key))
        cells = {
            f"{method}_{bound}": Cell(
                bound_of(limits, method, index),
                reference.find("limits", f"table_{number}", key, method, index),
            )
            for method in METHODS
            for index, bound in enumerate(BOUNDS)
        }
        parts = selection_parts(key)
        gaps += gap_remarks(limits, selection_name(key).plain)
        rows.append(Row((parts.pairing, parts.classifier), cells))
    paths = [inputs.one(key) for key in keys]
    return Table(
        title,
        (plain("Pairing"), plain("Selection")),
        COLUMNS,
        tuple(rows),
        (conditions_text(paths), ERROR_REMARK, *gaps, *remarks),
    )

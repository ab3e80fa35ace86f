"""Tables of expected kappa_lambda intervals (Tables 9, 11, 14, 16, 19, 21, 23, 26 of the note)."""

from pathlib import Path

from hh4b.publication.inputs import Inputs, Measured, RunFile
from hh4b.publication.methods import SELECTIONS, selection_parts
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
    """Read one bound of the 95 % interval.

    The error is read from ``<method>/interval_error``, the statistical error that the simulated
    samples give the bound, where the file has it. A bound outside the scan is stored as null.

    Args:
        limits: a limits file of the run.
        method: ``"profile"`` or ``"cls"``.
        index: 0 = lower, 1 = upper.

    Raises:
        ContractError: if the file has no such interval.
    """
    interval = limits.get(method, "interval")
    if interval is None or interval[index] is None:
        scan = limits.numbers("kappa_lambda")
        text = f"< {min(scan):g}" if index == 0 else f"> {max(scan):g}"
        return limits.measured(None, text=text if interval is not None else "none")
    errors = limits.get(method, "interval_error") if limits.has(method, "interval_error") else None
    error = None if errors is None or errors[index] is None else float(errors[index])
    return limits.measured(float(interval[index]), error)


def conditions(paths: list[Path]) -> str:
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


def conditions_text(paths: list[Path]) -> Text:
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
    rows = []
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
        rows.append(Row((parts.pairing, parts.classifier), cells))
    paths = [inputs.one(key) for key in keys]
    return Table(
        title,
        (plain("Pairing"), plain("Selection")),
        COLUMNS,
        tuple(rows),
        (conditions_text(paths), ERROR_REMARK, *remarks),
    )

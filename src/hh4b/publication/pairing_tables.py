"""Tables of pairing performance (Tables 1-7 and 24 of the note)."""

from hh4b.publication.inputs import Inputs, Measured, RunFile
from hh4b.publication.methods import PAIRINGS, pairing_name
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Cell, Column, Row, Table, Text, plain

_GROUPS = {
    "4": Text("= 4", "$= 4$"),
    "5": Text("= 5", "$= 5$"),
    ">=6": Text("≥ 6", r"$\geq 6$"),
    "total": plain("Total"),
}
_QUANTITIES = {
    "event_fraction": plain("Event fraction"),
    "event_efficiency": plain("Event efficiency"),
    "higgs_efficiency": plain("Higgs efficiency"),
}
ERROR_REMARK = plain("Errors: statistical, of the testing events of this run.")


def build_multiplicity(
    inputs: Inputs,
    reference: Reference,
    *,
    note_table: str | None,
    title: Text,
    remarks: tuple[Text, ...] = (),
) -> Table:
    """Build a table of pairing metrics by jet multiplicity.

    Args:
        inputs: pairing metrics under the key ``pairing``.
        reference: the note.
        note_table: its table with the values to compare with; None where the note has none.
        title: caption.
        remarks: further caption lines.
    """
    inputs.only(["pairing"])
    metrics = RunFile.read(inputs.one("pairing"))
    rows = []
    for group, label in _GROUPS.items():
        cells = {}
        for index, quantity in enumerate(_QUANTITIES):
            note = reference.find("pairing", note_table, group, index) if note_table else None
            cells[quantity] = Cell(_metric(metrics, group, quantity), note)
        rows.append(Row((label,), cells))
    return Table(
        title,
        (Text("Jets", r"$N_\mathrm{jet}$"),),
        tuple(Column(name, label, 3) for name, label in _QUANTITIES.items()),
        tuple(rows),
        (ERROR_REMARK, *remarks),
    )


def _metric(metrics: RunFile, group: str, quantity: str) -> Measured:
    """Read a metric; null stands where no event of the group can be paired right."""
    if metrics.get("groups", group, quantity) is None:
        return metrics.measured(None, text="no events")
    return total_metric(metrics, quantity, group=group)


def total_metric(metrics: RunFile, quantity: str, *, group: str = "total") -> Measured:
    """Read one pairing metric with its error."""
    return metrics.measured(
        metrics.number("groups", group, quantity),
        metrics.number("groups", group, f"{quantity}_error"),
    )


def curve_point(curve: RunFile, kappa_lambda: float) -> Measured | None:
    """Read a pairing efficiency at one kappa_lambda, or None where the curve lacks the point.

    Raises:
        ContractError: if the lists of the file differ in length.
    """
    kappas = curve.numbers("kappa_lambda")
    efficiencies, errors = curve.numbers("event_efficiency"), curve.numbers("error")
    for kappa, efficiency, error in zip(kappas, efficiencies, errors, strict=True):
        if abs(kappa - kappa_lambda) < 1e-9:
            return curve.measured(efficiency, error)
    return None


def build_curve_points(
    inputs: Inputs, reference: Reference, *, note_table: str, title: Text, kappas: tuple[int, ...]
) -> Table:
    """Build a table of pairing efficiencies at some kappa_lambda, one row per method."""
    columns = tuple(Column(f"kappa_lambda_{kappa}", _kappa_text(kappa), 3) for kappa in kappas)
    rows = []
    for key in inputs.keys(PAIRINGS[::-1]):
        curve = RunFile.read(inputs.one(key))
        cells = {}
        for index, kappa in enumerate(kappas):
            point = curve_point(curve, kappa)
            if point is None:
                point = curve.measured(None, text="not in this run")
            note = reference.find("pairing", note_table, key, index)
            cells[f"kappa_lambda_{kappa}"] = Cell(point, note)
        rows.append(Row((pairing_name(key),), cells))
    return Table(title, (plain("Pairing method"),), columns, tuple(rows), (ERROR_REMARK,))


def _kappa_text(kappa: int) -> Text:
    return Text(f"κλ = {kappa}".replace("-", "−"), rf"$\kappa_\lambda = {kappa}$")

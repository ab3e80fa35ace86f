"""Cells of tables of pairing performance."""

from hh4b.publication.inputs import Measured, RunFile

ERROR_REMARK = (
    "Errors: statistical, of the events measured; with networks of five or more folds also of the"
    " training."
)


def group_metric(metrics: RunFile, group: str, quantity: str) -> Measured:
    """Read a pairing metric; null stands where no event of the group can be paired right."""
    if metrics.get("groups", group, quantity) is None:
        return metrics.measured(None, text="no events")
    return metrics.measured(
        metrics.number("groups", group, quantity),
        metrics.optional("groups", group, f"{quantity}_error"),
    )


def curve_point(curve: RunFile, kappa_lambda: float) -> Measured | None:
    """Read a pairing efficiency at one kappa_lambda, or None where the curve lacks the point.

    Raises:
        ContractError: if an entry is missing or no list of numbers.
    """
    kappas = curve.numbers("kappa_lambda")
    efficiencies, errors = curve.numbers("event_efficiency"), curve.errors("error")
    for kappa, efficiency, error in zip(kappas, efficiencies, errors, strict=True):
        if abs(kappa - kappa_lambda) < 1e-9:
            return curve.measured(efficiency, error)
    return None

"""What the data say about the parameters, and what the interval is made of.

Pulls and constraints are those at the best kappa_lambda. The *impact* of a parameter on an end of
the interval is by how much the end moves when the parameter is kept one of its errors, after the
fit, above or below its best value. In the *breakdown* a group of parameters is kept at its best
values: what the interval shrinks by, in squares, is the group's part (groups are correlated, so
that the parts need not add up).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.likelihood.fits import CompiledModel, FixedFits, fit_fixed, require_converged
from hh4b.likelihood.scans import KappaScan, scan_kappa
from hh4b.statistics.intervals import Interval

Floats = NDArray[np.float64]
Ends = tuple[float | None, float | None]


def best_fit(
    compiled: CompiledModel, scan: KappaScan, data: Floats, auxiliary: ArrayLike = 0.0
) -> FixedFits:
    """Fit the parameters at the best kappa_lambda of a scan, with their covariance.

    Raises:
        FitFailed: if the fit does not converge.
    """
    fits = fit_fixed(compiled, scan.best, 1.0, data, auxiliary, covariance=True)
    require_converged(fits, "the best fit")
    return fits


def errors_of(fits: FixedFits) -> Floats:
    """Return the errors of the parameters of one fit, (P,)."""
    if fits.covariance is None:
        raise ValueError("the fit was made without covariance")
    return np.sqrt(np.maximum(np.diag(fits.covariance[0]), 0.0))


def pulls(
    compiled: CompiledModel, best: FixedFits, auxiliary: ArrayLike = 0.0
) -> dict[str, dict[str, Any]]:
    """Return by parameter ``value``, ``error``, ``group``, ``pull`` and ``constraint``.

    The pull is value minus auxiliary value in errors before the fit, the constraint the error after
    it in the same unit; both None for a free parameter.
    """
    errors = errors_of(best)
    centres = np.broadcast_to(np.asarray(auxiliary, np.float64), errors.shape)
    return {
        name: {
            "value": float(best.alpha[0, p]),
            "error": float(errors[p]),
            "group": compiled.groups[p],
            "pull": float(best.alpha[0, p] - centres[p]) if compiled.constrained[p] else None,
            "constraint": float(errors[p]) if compiled.constrained[p] else None,
        }
        for p, name in enumerate(compiled.parameter_names)
    }


def impacts(
    compiled: CompiledModel,
    scan: KappaScan,
    best: FixedFits,
    data: Floats,
    auxiliary: ArrayLike = 0.0,
    *,
    level: float = 0.95,
    threads: int = 1,
) -> dict[str, dict[str, Ends]]:
    """Return by parameter how both ends of the interval move.

    Args:
        compiled: the model.
        scan: of kappa_lambda, with the level among its intervals.
        best: of `best_fit`.
        data: counts, (B,).
        auxiliary: centres of the Gaussians, (P,).
        level: confidence level of the interval.
        threads: how many share the fits.

    Returns:
        ``up`` and ``down``, each (shift of the lower, of the upper end); None where one is missing.

    Raises:
        FitFailed: if a fit does not converge.
    """
    errors = errors_of(best)
    nominal = scan.intervals[level]
    found: dict[str, dict[str, Ends]] = {}
    for p, name in enumerate(compiled.parameter_names):
        fixed = np.arange(compiled.n_parameters) == p
        ends = {}
        for direction, sign in (("up", 1.0), ("down", -1.0)):
            start = best.alpha[0].copy()
            start[p] = np.clip(start[p] + sign * errors[p], compiled.lower[p], compiled.upper[p])
            moved = scan_kappa(
                compiled, scan.kappa_lambda, data, auxiliary, levels=[level], start=start,
                fixed=fixed, threads=threads,
            ).intervals[level]  # fmt: skip
            ends[direction] = (
                _difference(moved.lower, nominal.lower),
                _difference(moved.upper, nominal.upper),
            )
        found[name] = ends
    return found


def breakdown(
    compiled: CompiledModel,
    scan: KappaScan,
    best: FixedFits,
    data: Floats,
    auxiliary: ArrayLike = 0.0,
    *,
    level: float = 0.95,
    threads: int = 1,
) -> dict[str, dict[str, Any]]:
    """Return what each group of parameters, and the statistics of the data, add to the interval.

    Args:
        compiled: the model.
        scan: of kappa_lambda, with the level among its intervals.
        best: of `best_fit`.
        data: counts, (B,).
        auxiliary: centres of the Gaussians, (P,).
        level: confidence level of the interval.
        threads: how many share the fits.

    Returns:
        By group, ``total`` and ``statistics`` (all parameters kept): ``interval`` without the
        group, and ``parts``, distances (below, above) the best kappa_lambda, by difference in
        squares for a group; None where an end is missing.

    Raises:
        FitFailed: if a fit does not converge.
    """
    groups = np.array(compiled.groups, dtype=object)
    total = _distances(scan.intervals[level], scan.best)
    result = {"total": {"interval": _ends(scan.intervals[level]), "parts": list(total)}}
    choices = {name: groups == name for name in dict.fromkeys(compiled.groups)}
    choices["statistics"] = np.ones(compiled.n_parameters, dtype=bool)
    for name, fixed in choices.items():
        without = scan_kappa(
            compiled, scan.kappa_lambda, data, auxiliary, levels=[level], start=best.alpha[0],
            fixed=fixed, threads=threads,
        ).intervals[level]  # fmt: skip
        left = _distances(without, scan.best)
        parts = list(left) if name == "statistics" else [*map(_quadrature, total, left)]
        result[name] = {"interval": _ends(without), "parts": parts}
    return result


def _difference(moved: float | None, nominal: float | None) -> float | None:
    return None if moved is None or nominal is None else moved - nominal


def _ends(interval: Interval) -> list[float | None]:
    return [interval.lower, interval.upper]


def _distances(interval: Interval, best: float) -> Ends:
    lower, upper = interval.lower, interval.upper
    return (None if lower is None else best - lower, None if upper is None else upper - best)


def _quadrature(total: float | None, left: float | None) -> float | None:
    if total is None or left is None:
        return None
    return float(np.sqrt(max(total**2 - left**2, 0.0)))

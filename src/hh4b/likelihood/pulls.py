"""What the data say about the parameters, and what the interval is made of.

Pulls and constraints are those at the best kappa_lambda. The *impact* of a parameter on an end of
the interval is by how much the end moves when the parameter is kept one of its errors, after the
fit, above or below its best value. In the *breakdown* a group of parameters is kept at its best
values: what the interval shrinks by, in squares, is the group's part (groups are correlated, so
that the parts need not add up).
"""

from dataclasses import dataclass
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


def correlation(compiled: CompiledModel, best: FixedFits) -> dict[str, Any]:
    """Return ``names`` of the parameters and the ``matrix`` of their correlations.

    From the exact Hessian at the best kappa_lambda, which is kept there. A parameter at a bound
    has no error: it is uncorrelated.
    """
    errors = errors_of(best)
    scale = np.where(errors > 0, errors, 1.0)
    covariance = np.zeros((len(errors),) * 2) if best.covariance is None else best.covariance[0]
    matrix = np.where(np.outer(errors, errors) > 0, covariance / np.outer(scale, scale), 0.0)
    matrix = np.clip((matrix + matrix.T) / 2, -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return {"names": list(compiled.parameter_names), "matrix": matrix.tolist()}


@dataclass(frozen=True)
class IntervalParts:
    """What moves the ends of the intervals of a scan, at all of its confidence levels.

    Attributes:
        compiled: the model.
        scan: of kappa_lambda.
        best: of `best_fit`.
        data: counts, (B,).
        auxiliary: centres of the Gaussians, (P,).
        threads: how many share the fits; no result depends on it.
    """

    compiled: CompiledModel
    scan: KappaScan
    best: FixedFits
    data: Floats
    auxiliary: ArrayLike = 0.0
    threads: int = 1

    def impacts(self) -> dict[float, dict[str, dict[str, Ends]]]:
        """Return by confidence level and parameter how both ends of the interval move.

        Returns:
            ``up`` and ``down``, each (shift of the lower, of the upper end); None where one is
            missing.

        Raises:
            FitFailed: if a fit does not converge.
        """
        errors, compiled = errors_of(self.best), self.compiled
        found: dict[float, dict[str, dict[str, Ends]]] = {one: {} for one in self.scan.intervals}
        for p, name in enumerate(compiled.parameter_names):
            fixed = np.arange(compiled.n_parameters) == p
            for direction, sign in (("up", 1.0), ("down", -1.0)):
                start = self.best.alpha[0].copy()
                moved = start[p] + sign * errors[p]
                start[p] = np.clip(moved, compiled.lower[p], compiled.upper[p])
                for level, interval in self._intervals(start, fixed).items():
                    nominal = self.scan.intervals[level]
                    found[level].setdefault(name, {})[direction] = (
                        _difference(interval.lower, nominal.lower),
                        _difference(interval.upper, nominal.upper),
                    )
        return found

    def breakdown(self) -> dict[float, dict[str, dict[str, Any]]]:
        """Return by level what each group of parameters, and the statistics of the data, add.

        Returns:
            By group, ``total`` and ``statistics`` (all parameters kept): ``interval`` without the
            group, and ``parts``, distances (below, above) the best kappa_lambda, by difference in
            squares for a group; None where an end is missing.

        Raises:
            FitFailed: if a fit does not converge.
        """
        groups = np.array(self.compiled.groups, dtype=object)
        choices = {name: groups == name for name in dict.fromkeys(self.compiled.groups)}
        choices["statistics"] = np.ones(self.compiled.n_parameters, dtype=bool)
        result: dict[float, dict[str, dict[str, Any]]] = {}
        for level, interval in self.scan.intervals.items():
            parts = list(_distances(interval, self.scan.best))
            result[level] = {"total": {"interval": _ends(interval), "parts": parts}}
        for name, fixed in choices.items():
            for level, without in self._intervals(self.best.alpha[0], fixed).items():
                left = _distances(without, self.scan.best)
                total = result[level]["total"]["parts"]
                parts = list(left) if name == "statistics" else [*map(_quadrature, total, left)]
                result[level][name] = {"interval": _ends(without), "parts": parts}
        return result

    def _intervals(self, start: Floats, fixed: NDArray[np.bool_]) -> dict[float, Interval]:
        """Return the intervals with some parameters kept where they start."""
        return scan_kappa(
            self.compiled, self.scan.kappa_lambda, self.data, self.auxiliary,
            levels=list(self.scan.intervals), start=start, fixed=fixed, threads=self.threads,
        ).intervals  # fmt: skip


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

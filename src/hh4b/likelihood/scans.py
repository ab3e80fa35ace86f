"""Scans of kappa_lambda, every parameter profiled: minima, intervals, contours, goodness of fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.stats import chi2

from hh4b.core.errors import FitFailed
from hh4b.likelihood.fits import (
    CompiledModel,
    FixedFits,
    fit_fixed,
    fit_free_mu,
    require_converged,
)
from hh4b.statistics.intervals import Interval, check_scan, find_interval, spline_minimum

Floats = NDArray[np.float64]
#: Confidence levels of the intervals.
LEVELS = (0.68, 0.95)


@dataclass(frozen=True)
class Minimum:
    """A local minimum of the curve.

    Attributes:
        kappa_lambda: where it lies.
        minus_2_delta_log_l: how far above the deepest one.
    """

    kappa_lambda: float
    minus_2_delta_log_l: float


@dataclass(frozen=True)
class KappaScan:
    """The profiled likelihood over kappa_lambda at one mu.

    Attributes:
        kappa_lambda: rising, (K,).
        minus_2_log_l: zero for a perfect fit, (K,).
        curve: the same minus its minimum along the cubic spline, (K,).
        alpha: parameters at each point, (K, P).
        minima: all of them inside the scan, the deepest first.
        intervals: by confidence level, with all their stretches.
    """

    kappa_lambda: Floats
    minus_2_log_l: Floats
    curve: Floats
    alpha: Floats
    minima: tuple[Minimum, ...]
    intervals: dict[float, Interval]

    @property
    def best(self) -> float:
        """Kappa_lambda of the deepest point, the end of the scan if the curve falls to there."""
        place = int(np.argmin(self.curve))
        inside = [one for one in self.minima if one.minus_2_delta_log_l <= self.curve[place]]
        return inside[0].kappa_lambda if inside else float(self.kappa_lambda[place])


def threshold_of(level: float, parameters: int = 1) -> float:
    """Return the bound on -2 Delta ln L of a confidence level, by Wilks' theorem."""
    return float(chi2.ppf(level, parameters))


def scan_kappa(  # noqa: PLR0913
    compiled: CompiledModel,
    kappa_lambda: ArrayLike,
    data: Floats,
    auxiliary: ArrayLike = 0.0,
    *,
    mu: float = 1.0,
    levels: Sequence[float] = LEVELS,
    start: ArrayLike | None = None,
    fixed: NDArray[np.bool_] | None = None,
    threads: int = 1,
) -> KappaScan:
    """Scan kappa_lambda.

    Args:
        compiled: the model.
        kappa_lambda: rising, shape (K,).
        data: counts, (B,).
        auxiliary: centres of the Gaussians, (P,).
        mu: signal strength.
        levels: confidence levels of the intervals, or by name thresholds of your own.
        start: parameters at the start, (P,).
        fixed: parameters that stay there, (P,).
        threads: how many share the fits.

    Raises:
        FitFailed: if a fit does not converge.
        ConfigError: if the scan has fewer than four points.
    """
    points = np.asarray(kappa_lambda, np.float64)
    check_scan(points)
    fits = fit_fixed(
        compiled, points, mu, data, auxiliary, start=start, fixed=fixed, threads=threads
    )
    _require_scan(fits, points)
    curve = np.asarray(fits.minus_2_log_l - spline_minimum(points, fits.minus_2_log_l))
    intervals = {level: find_interval(points, curve, threshold_of(level)) for level in levels}
    return KappaScan(
        points, fits.minus_2_log_l, curve, fits.alpha, find_minima(points, curve), intervals
    )


def _require_scan(fits: FixedFits, kappa: Floats) -> None:
    bad = np.isinf(fits.minus_2_log_l)
    if bad.any():
        raise FitFailed(
            f"a bin expects less than nothing at kappa_lambda = {kappa[np.argmax(bad)]:g} for any"
            " value of the parameters: interference makes the signal negative; merge bins"
        )
    require_converged(fits, "the scan of kappa_lambda")


def find_minima(kappa_lambda: Floats, curve: Floats) -> tuple[Minimum, ...]:
    """Return the local minima of the cubic spline inside the scan, the deepest first."""
    spline = CubicSpline(kappa_lambda, curve)
    slope = spline.derivative()
    bend = slope.derivative()
    places = np.unique(slope.roots(extrapolate=False))
    found = [
        Minimum(float(place), float(spline(place)))
        for place in places
        if kappa_lambda[0] < place < kappa_lambda[-1] and bend(place) > 0
    ]
    return tuple(sorted(found, key=lambda one: one.minus_2_delta_log_l))


@dataclass(frozen=True)
class Contour:
    """-2 Delta ln L in the plane of kappa_lambda and mu.

    Attributes:
        kappa_lambda: (K,).
        mu: (M,).
        minus_2_delta_log_l: above the smallest value at any mu >= 0, (K, M).
    """

    kappa_lambda: Floats
    mu: Floats
    minus_2_delta_log_l: Floats

    def as_dict(self, levels: Sequence[float] = LEVELS) -> dict[str, Any]:
        """Return plain data for JSON, with the thresholds of two parameters."""
        return {
            "kappa_lambda": self.kappa_lambda.tolist(),
            "mu": self.mu.tolist(),
            "minus_2_delta_log_l": self.minus_2_delta_log_l.tolist(),
            "thresholds": {f"{level:g}": threshold_of(level, 2) for level in levels},
        }


def kappa_mu_contour(
    compiled: CompiledModel,
    kappa_lambda: ArrayLike,
    mu: ArrayLike,
    data: Floats,
    auxiliary: ArrayLike = 0.0,
    *,
    threads: int = 1,
) -> Contour:
    """Profile -2 ln L on a grid of kappa_lambda, (K,), and mu, (M,).

    Raises:
        FitFailed: if a fit does not converge.
    """
    kappas, strengths = np.asarray(kappa_lambda, np.float64), np.asarray(mu, np.float64)
    grid_kappa, grid_mu = np.meshgrid(kappas, strengths, indexing="ij")
    fits = fit_fixed(compiled, grid_kappa.ravel(), grid_mu.ravel(), data, auxiliary,
                     threads=threads)  # fmt: skip
    require_converged(fits, "the contour of kappa_lambda and mu")
    best = fit_free_mu(compiled, kappas, data, auxiliary, threads=threads)
    require_converged(best, "mu along kappa_lambda")
    lowest = min(best.minus_2_log_l.min(), fits.minus_2_log_l.min())
    return Contour(kappas, strengths, (fits.minus_2_log_l - lowest).reshape(grid_mu.shape))


def goodness_of_fit(compiled: CompiledModel, scan: KappaScan) -> dict[str, float | int | None]:
    """Return the test of the best fit against a saturated model.

    -2 ln L at its minimum is compared with a chi-squared of as many degrees of freedom as there
    are bins, less kappa_lambda and the free parameters. Of Asimov data of the model it is 0.

    Returns:
        ``minus_2_log_l``, ``degrees_of_freedom`` and ``p_value`` (None without degrees of freedom).
    """
    value = float(spline_minimum(scan.kappa_lambda, scan.minus_2_log_l))
    freedom = compiled.n_bins - 1 - int((~compiled.constrained).sum())
    return {
        "minus_2_log_l": value,
        "degrees_of_freedom": freedom,
        "p_value": float(chi2.sf(max(value, 0.0), freedom)) if freedom > 0 else None,
    }

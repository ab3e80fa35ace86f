"""Statistical error of an interval: the spread over replicas of the templates.

The templates come from finite samples. A replica redraws every bin with its Monte Carlo variance,
and its interval is found like the nominal one, all replicas in one array.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from hh4b.statistics.limits import METHODS, cls_curve, curves_of, profile_curve
from hh4b.statistics.note_model import Yields
from hh4b.statistics.replica_yields import ReplicatedYields
from hh4b.statistics.scaling import ScaledTemplates, relative_variance

Floats = NDArray[np.float64]
#: An error is given if at least this share of the replicas has the bound.
MINIMUM_SHARE = 0.5


def replicate(scaled: ScaledTemplates, replicas: int, rng: np.random.Generator) -> Yields:
    """Draw replicas of the templates.

    A bin with n effective events follows a gamma distribution of shape n, the continuous form of
    the Poisson bootstrap, which keeps an occupied bin occupied. Signal templates of different
    kappa_lambda are weighted copies of the same events, so one number per bin moves all of them,
    by the relative error of each; so does one for the backgrounds of all hypotheses.

    Args:
        scaled: expected events and Monte Carlo variances.
        replicas: how many, R.
        rng: random stream.

    Returns:
        Yields of shape (R, K, B) and (R, 1 or K, B).
    """
    signal = scaled.signal * _factors(scaled.signal, scaled.signal_variance, replicas, rng)
    background = scaled.background * _gamma_factors(
        scaled.background, scaled.background_variance, replicas, rng
    )
    return Yields(scaled.kappa_lambda, signal, background)


def drawn_yields(
    scaled: ScaledTemplates, replicas: int, rng: np.random.Generator
) -> ReplicatedYields:
    """Return the replicas of `replicate` with the nominal Monte Carlo errors."""
    drawn = replicate(scaled, replicas, rng)
    return ReplicatedYields(drawn, None, np.ones(replicas, np.bool_))


def _factors(mean: Floats, variance: Floats, replicas: int, rng: np.random.Generator) -> Floats:
    """Log-normal factors of mean 1, common to all rows but for their size, (R, K, B)."""
    width = np.log1p(relative_variance(mean, variance))
    normal = rng.standard_normal((replicas, 1, mean.shape[1]))
    return np.asarray(np.exp(np.sqrt(width) * normal - width / 2))


def _gamma_factors(
    mean: Floats, variance: Floats, replicas: int, rng: np.random.Generator
) -> Floats:
    relative = relative_variance(mean, variance)
    if len(mean) > 1:
        return _factors(mean, variance, replicas, rng)
    shape = np.where(relative > 0, 1 / np.where(relative > 0, relative, 1.0), 1.0)
    drawn = rng.gamma(shape, size=(replicas, *mean.shape)) / shape
    # A bin of one or two events may come out as good as empty; floating point must not make it 0.
    return np.where(relative > 0, np.maximum(drawn, 1e-12), 1.0)


def interval_errors(
    scaled: ScaledTemplates,
    background_uncertainty: float | None,
    *,
    threshold: float,
    replicas: int,
    rng: np.random.Generator,
    asimov: str = "background",
) -> dict[str, dict[str, Any]]:
    """Return the standard deviation of both bounds and of the width, by method.

    Args:
        scaled: expected events and Monte Carlo variances.
        background_uncertainty: of the complete model, None for the note's.
        threshold: bound on -2 Delta ln L.
        replicas: how many.
        rng: random stream.
        asimov: data of the likelihood, ``"background"`` or ``"sm"``.

    Returns:
        For ``"profile"`` and ``"cls"`` the result of `spread`.
    """
    drawn = drawn_yields(scaled, replicas, rng)
    bounds = replica_bounds(
        scaled, drawn, background_uncertainty, threshold=threshold, asimov=asimov
    )
    return {method: spread(bounds[method]) for method in METHODS}


def replica_bounds(
    scaled: ScaledTemplates,
    replicated: ReplicatedYields,
    background_uncertainty: float | None,
    *,
    threshold: float,
    asimov: str = "background",
) -> dict[str, Floats]:
    """Return both bounds in every replica, by method, shape (A, 2); not a number where none.

    Args:
        scaled: nominal expected events.
        replicated: those of the replicas.
        background_uncertainty: of the complete model, None for the note's.
        threshold: bound on -2 Delta ln L.
        asimov: data of the likelihood, ``"background"`` or ``"sm"``.
    """
    if not replicated.usable.any():
        return {method: np.full((len(replicated.usable), 2), np.nan) for method in METHODS}
    kappa = scaled.kappa_lambda
    likelihood, limits = curves_of(
        scaled,
        replicated.yields,
        background_uncertainty,
        asimov=asimov,
        bands=(0,),
        errors=replicated.errors,
    )
    curves = {
        "profile": profile_curve(kappa, likelihood.T) - threshold,
        "cls": cls_curve(limits[..., 0].T),
    }
    return {
        method: replicated.of_all(outermost_bounds(kappa, curves[method])) for method in METHODS
    }


def spread(bounds: Floats) -> dict[str, Any]:
    """Return the standard deviations of bounds, shape (A, 2), and of their distance.

    Returns:
        The keys ``interval_error`` (two numbers, None where the bound is missing in most replicas)
        and ``width_error``.
    """
    lower, upper = (_deviation(bounds[:, side]) for side in range(2))
    return {
        "interval_error": [lower, upper],
        "width_error": _deviation(bounds[:, 1] - bounds[:, 0]),
    }


def plain_bounds(bounds: Floats) -> dict[str, list[float | None]]:
    """Return bounds in replicas, shape (A, 2), as lists; None where there is none."""
    return {
        side: [None if np.isnan(value) else float(value) for value in column]
        for side, column in zip(("lower", "upper"), bounds.T, strict=True)
    }


def outermost_bounds(kappa_lambda: Floats, curves: Floats) -> Floats:
    """Return lowest and highest crossing of each curve with zero, not a number where none.

    Args:
        kappa_lambda: rising, shape (K,).
        curves: shape (K, R).

    Returns:
        Shape (R, 2).
    """
    bounds = np.full((curves.shape[1], 2), np.nan)
    all_roots = CubicSpline(kappa_lambda, curves).roots(extrapolate=False)
    for row, roots in enumerate(all_roots):
        inside = roots[np.isfinite(roots)]
        if len(inside) and curves[0, row] > 0:
            bounds[row, 0] = inside.min()
        if len(inside) and curves[-1, row] > 0:
            bounds[row, 1] = inside.max()
    return bounds


def _deviation(values: Floats) -> float | None:
    found = values[np.isfinite(values)]
    if len(found) < max(2, MINIMUM_SHARE * len(values)):
        return None
    return float(found.std(ddof=1))

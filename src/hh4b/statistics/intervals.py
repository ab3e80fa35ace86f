"""Intervals from curves over kappa_lambda: where a cubic spline lies below a threshold."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from hh4b.core.errors import ConfigError

Floats = NDArray[np.float64]


#: Allowed stretches closer than this are one: the curve only touches the threshold.
TOUCH = 1e-5


@dataclass(frozen=True)
class Interval:
    """The allowed values of kappa_lambda.

    Attributes:
        segments: allowed stretches in rising order; an end is None where the curve is still below
            the threshold at the end of the scan.
        reasons: for ``"lower"`` and ``"upper"``, why there is no such bound; empty if there is.
    """

    segments: tuple[tuple[float | None, float | None], ...]
    reasons: dict[str, str]

    @property
    def lower(self) -> float | None:
        """Lowest bound, or None."""
        return self.segments[0][0] if self.segments else None

    @property
    def upper(self) -> float | None:
        """Highest bound, or None."""
        return self.segments[-1][1] if self.segments else None

    @property
    def width(self) -> float | None:
        """Distance of the outermost bounds, or None if one is missing."""
        if self.lower is None or self.upper is None:
            return None
        return self.upper - self.lower

    def as_dict(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return {
            "interval": [self.lower, self.upper],
            "segments": [list(segment) for segment in self.segments],
            "reasons": dict(self.reasons),
        }


def check_scan(kappa_lambda: Floats) -> None:
    """Refuse scans that no spline can go through.

    Raises:
        ConfigError: for fewer than four points, or points that do not rise.
    """
    if len(kappa_lambda) < 4 or not (np.diff(kappa_lambda) > 0).all():
        raise ConfigError(
            "a scan needs at least four different values of kappa_lambda in rising order, got"
            f" {kappa_lambda.tolist()}"
        )


def spline_minimum(kappa_lambda: Floats, curve: Floats) -> Floats:
    """Return the minimum inside the scan of the cubic spline through each curve.

    Args:
        kappa_lambda: rising, shape (K,).
        curve: shape (K,) or (K, R).

    Returns:
        Shape () or (R,).
    """
    spline = CubicSpline(kappa_lambda, curve)
    c3, c2, c1, c0 = (np.asarray(spline.c[i]) for i in range(4))  # (K - 1,) or (K - 1, R)
    step = np.diff(kappa_lambda).reshape(-1, *([1] * (curve.ndim - 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(c2 * c2 - 3 * c3 * c1, 0.0))
        # The minimum of c3 x^3 + c2 x^2 + c1 x + c0 where the second derivative is positive,
        # in the form that does not cancel for small c3.
        x = np.where(c2 >= 0, -c1 / (c2 + root), (root - c2) / (3 * c3))
    x = np.clip(np.nan_to_num(x, nan=0.0), 0.0, step)
    inside = ((c3 * x + c2) * x + c1) * x + c0
    return np.asarray(np.minimum(inside.min(axis=0), curve.min(axis=0)))


def find_interval(kappa_lambda: Floats, curve: Floats, threshold: float) -> Interval:
    """Return where the cubic spline through the curve lies below the threshold.

    Args:
        kappa_lambda: rising, shape (K,).
        curve: shape (K,).
        threshold: bound on the curve.

    Raises:
        ConfigError: if the scan is too short.
    """
    check_scan(kappa_lambda)
    spline = CubicSpline(kappa_lambda, curve - threshold)
    first, last = float(kappa_lambda[0]), float(kappa_lambda[-1])
    roots = [root for root in spline.roots(extrapolate=False) if first <= root <= last]
    edges = [first, *np.unique(roots).tolist(), last]
    segments: list[tuple[float | None, float | None]] = []
    for left, right in pairwise(edges):
        if right <= left or spline(0.5 * (left + right)) >= 0:
            continue
        low = None if left == first else left
        high = None if right == last else right
        end = segments[-1][1] if segments else None
        if low is not None and end is not None and low - end < TOUCH:
            segments[-1] = (segments[-1][0], high)
        else:
            segments.append((low, high))
    return Interval(tuple(segments), _reasons(segments, first, last))


def _reasons(
    segments: list[tuple[float | None, float | None]], first: float, last: float
) -> dict[str, str]:
    if not segments:
        text = f"every kappa_lambda of the scan [{first:g}, {last:g}] is excluded"
        return {"lower": text, "upper": text}
    reasons = {}
    if segments[0][0] is None:
        reasons["lower"] = f"the scan ends at kappa_lambda = {first:g} before the threshold"
    if segments[-1][1] is None:
        reasons["upper"] = f"the scan ends at kappa_lambda = {last:g} before the threshold"
    return reasons

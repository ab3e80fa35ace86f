"""Roots of many functions of one variable at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import FitFailed

Floats = NDArray[np.float64]


def find_roots(
    function: Callable[[Floats], Floats],
    low: Floats,
    high: Floats,
    *,
    tolerance: float = 1e-10,
    what: str = "root",
) -> Floats:
    """Find a sign change of each function between its ends, by Chandrupatla's method.

    The method takes inverse quadratic interpolation where that is safe and bisection elsewhere
    (Adv. Eng. Software 28 (1997) 145).

    Args:
        function: maps an array of arguments to values of the same shape, element by element.
        low: one end by element.
        high: the other end; the function has the other sign there, or vanishes.
        tolerance: on the argument, relative to the larger of 1 and its size.
        what: the name of what is looked for, for messages.

    Returns:
        The roots, shape of ``low`` and ``high`` broadcast.

    Raises:
        FitFailed: if a function has the same sign at both ends, or is not finite.
    """
    a, b = (np.array(end, dtype=np.float64) for end in np.broadcast_arrays(low, high))
    value_a, value_b = function(a), function(b)
    if not (value_a * value_b <= 0).all():
        raise FitFailed(f"the {what} is not between {a.min():g} and {b.max():g}; check the yields")
    share = np.full(a.shape, 0.5)
    for _ in range(200):
        x = a + share * (b - a)
        value = function(x)
        same = np.sign(value) == np.sign(value_a)
        c, value_c = np.where(same, a, b), np.where(same, value_a, value_b)
        b, value_b = np.where(same, b, a), np.where(same, value_b, value_a)
        a, value_a = x, value
        best = np.where(np.abs(value_a) < np.abs(value_b), a, b)
        limit = tolerance * np.maximum(1.0, np.abs(best))
        size = np.abs(b - a)
        if ((size <= limit) | (value_a == 0)).all():
            return np.asarray(best)
        share = _next_share((a, b, c), (value_a, value_b, value_c))
        least = np.minimum(0.5, 0.5 * limit / np.maximum(size, 1e-300))
        share = np.clip(share, least, 1 - least)
    raise FitFailed(f"the {what} did not converge in 200 steps; check the yields")


def _next_share(
    points: tuple[Floats, Floats, Floats], values: tuple[Floats, Floats, Floats]
) -> Floats:
    """Return where to look next, as a share of the way from a to b."""
    (a, b, c), (value_a, value_b, value_c) = points, values
    with np.errstate(divide="ignore", invalid="ignore"):
        xi = (a - b) / (c - b)
        phi = (value_a - value_b) / (value_c - value_b)
        quadratic = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
        share = value_a / (value_b - value_a) * value_c / (value_b - value_c) + (c - a) / (
            b - a
        ) * value_a / (value_c - value_a) * value_b / (value_c - value_b)
    return np.where(quadratic & np.isfinite(share), share, 0.5)

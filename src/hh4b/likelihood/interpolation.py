"""How a parameter moves expected events between its values at -1, 0 and +1, as pyhf does it.

Code 4 of HistFactory (factors): a polynomial of sixth order within one standard deviation whose
value and first two derivatives meet the exponentials outside. Code 4p (shifts of bins): linear
outside, and within a polynomial in which value and two derivatives meet the lines
(CERN-OPEN-2012-016; pyhf 0.7, ``pyhf.interpolators``). The kernels give value and two derivatives.
"""

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import njit

Floats = NDArray[np.float64]
#: Solves for a_1 ... a_6 of 1 + sum a_n x^n from value - 1, first and second derivative at 1, -1.
_INVERSE = (
    np.array(
        [
            [15, -15, -7, -7, 1, -1],
            [24, 24, -9, 9, 1, 1],
            [-10, 10, 10, 10, -2, 2],
            [-24, -24, 14, -14, -2, -2],
            [3, -3, -3, -3, 1, -1],
            [8, 8, -5, 5, 1, 1],
        ],
        dtype=np.float64,
    )
    / 16.0
)


def factor_coefficients(up: Floats, down: Floats) -> Floats:
    """Return a_1 ... a_6 of code 4.

    Args:
        up: factors at +1, positive, shape (...).
        down: factors at -1, positive, the same shape.

    Returns:
        Shape (..., 6).
    """
    log_up, log_down = np.log(up), np.log(down)
    ends = np.stack(
        [up - 1, down - 1, log_up * up, -log_down * down, log_up**2 * up, log_down**2 * down],
        axis=-1,
    )
    return np.asarray(ends @ _INVERSE.T)


def shift_parts(nominal: Floats, up: Floats, down: Floats) -> tuple[Floats, Floats]:
    """Return S and A of code 4p, in which the shift is x S + t(x) A (`bend`).

    Args:
        nominal: expected events, shape (...).
        up: at +1, the same shape.
        down: at -1, the same shape.
    """
    return np.asarray(0.5 * (up - down)), np.asarray(0.0625 * (up + down - 2 * nominal))


# The compiled functions return (value, first derivative, second derivative).
def _factor(x, coefficients, log_up, log_down):  # type: ignore[no-untyped-def]
    if x >= 1.0 or x <= -1.0:
        rate = log_up if x > 0 else -log_down
        value = exp(rate * x)
        return value, rate * value, rate * rate * value
    value, first, second = 0.0, 0.0, 0.0
    for power in range(5, -1, -1):
        second = second * x + first
        first = first * x + value
        value = value * x + coefficients[power]
    # value is that of sum a_n x^(n - 1): one more factor of x.
    second = second * x + first
    first = first * x + value
    return 1.0 + value * x, first, 2.0 * second


def _bend(x):  # type: ignore[no-untyped-def]
    if x > 1.0:
        return 8.0 * x, 8.0, 0.0
    if x < -1.0:
        return -8.0 * x, -8.0, 0.0
    square = x * x
    value = square * (square * (3.0 * square - 10.0) + 15.0)
    first = x * (square * (18.0 * square - 40.0) + 30.0)
    return value, first, square * (90.0 * square - 120.0) + 30.0


factor: Any = njit(cache=True, nogil=True)(_factor)
bend: Any = njit(cache=True, nogil=True)(_bend)

"""The complex dilogarithm, compiled."""

import math
from typing import Any

import numpy as np

from hh4b.core.compiled import numba

_PI2_6 = math.pi**2 / 6.0
# Bernoulli numbers B_2, B_4, ... over (2n + 1)!: Li2 = u - u^2/4 + sum B_2n u^(2n+1) / (2n+1)!
# with u = -ln(1 - z) (Lewin, Polylogarithms and Associated Functions). With |u| < 1.1 ten terms
# are exact to rounding.
_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip
_SERIES = np.array([b / math.factorial(2 * n + 3) for n, b in enumerate(_BERNOULLI)])


def _dilogarithm_of_one_minus(v: complex) -> complex:
    if v == 0:
        return complex(_PI2_6)
    log_v = np.log(v)
    sign, offset = 1.0, 0j
    if abs(v) > 1.0:
        # Li2(1 - v) = -Li2(1 - 1/v) - ln^2(v) / 2.
        sign, offset = -1.0, -0.5 * log_v * log_v
        v, log_v = 1.0 / v, -log_v
    if v.real < 0.5:
        # Li2(1 - v) = pi^2/6 - ln(v) ln(1 - v) - Li2(v).
        u = -np.log(1.0 - v)
        offset += sign * (_PI2_6 + log_v * u)
        sign = -sign
    else:
        u = -log_v
    u2 = u * u
    tail = 0j
    for n in range(len(_SERIES) - 1, -1, -1):
        tail = (tail + _SERIES[n]) * u2
    return complex(offset + sign * (u - 0.25 * u2 + u * tail))


_vectorize: Any = numba.vectorize
#: Universal function v -> Li2(1 - v). The argument is 1 - z, so that a tiny imaginary part is not
#: lost beside the 1: on the cut v < 0 its sign decides the side.
dilogarithm_of_one_minus = _vectorize(["complex128(complex128)"], cache=True)(
    _dilogarithm_of_one_minus
)

"""One profiled fit, compiled: Newton's method within bounds.

Far from the minimum the Hessian is the expected one (Fisher scoring), near it the exact one. A
parameter at a bound whose gradient points out of the range is left out of the step (projected
Newton, Bertsekas, SIAM J. Control Optim. 20 (1982) 221); each step is shortened until -2 ln L falls
as its slope says.
"""

from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.likelihood.kernel import (
    compiled,
    factor_free,
    minus_2_log_l,
    prepare,
    set_derivatives,
    solve_free,
)

Floats = NDArray[np.float64]
#: What is left to gain in -2 ln L, by the quadratic form at hand, at which a fit has converged.
TOLERANCE = 1e-11
#: The same where rounding keeps -2 ln L from falling.
ROUNDING = 1e-6
#: Below this what is left to gain is looked for with the exact Hessian.
NEAR = 1.0
MAX_STEPS = 100
CONVERGED, NO_START, STUCK, TOO_LONG = 0, 1, 2, 3


class Limits(NamedTuple):
    """What parameters may do.

    Attributes:
        lower: (P,).
        upper: (P,).
        movable: 1 where a parameter may leave its start, (P,).
    """

    lower: Floats
    upper: Floats
    movable: NDArray[np.int64]


class Rows(NamedTuple):
    """The fits to do; N of them.

    Attributes:
        kappa: (N,).
        mu: (N,).
        data: (N, B) or (1, B).
        auxiliary: (N, P) or (1, P).
    """

    kappa: Floats
    mu: Floats
    data: Floats
    auxiliary: Floats


class Results(NamedTuple):
    """What the fits give.

    Attributes:
        alpha: parameters; in, where to start; out, where -2 ln L is smallest, (N, P).
        value: -2 ln L there, (N,).
        slope: its derivative in mu, (N,).
        status: how it went, 0 = converged, (N,).
        covariance: (N, P, P), or empty if it is not wanted.
    """

    alpha: Floats
    value: Floats
    slope: Floats
    status: NDArray[np.int64]
    covariance: Floats


@compiled
def _choose_free(w, limits, alpha):  # type: ignore[no-untyped-def]
    count = 0
    for p in range(alpha.shape[0]):
        if limits.movable[p] == 0:
            continue
        if alpha[p] <= limits.lower[p] and w.gradient[p] > 0.0:
            continue
        if alpha[p] >= limits.upper[p] and w.gradient[p] < 0.0:
            continue
        w.free[count] = p
        count += 1
    return count


@compiled
def _set_step(m, w, data, auxiliary, mu, alpha, count, exact):  # type: ignore[no-untyped-def]
    """Set the step; return what it would gain twice over, or -1, and whether it may be short.

    Where the exact Hessian is not positive the expected one stands in, whose steps along what is
    flat or bends down are far too short.
    """
    short = False
    if not factor_free(w, count, 0.0):
        if exact:
            short = True
            # A variable, not a constant: numba would compile both once more.
            set_derivatives(m, w, data, auxiliary, mu, alpha, not exact)
        if not exact or not factor_free(w, count, 0.0):
            largest = 1e-6
            for n in range(count):
                largest = max(largest, w.hessian[w.free[n], w.free[n]])
            if not factor_free(w, count, 1e-8 * largest):
                return -1.0, short
    for n in range(count):
        w.step[n] = w.gradient[w.free[n]]
    solve_free(w, count)
    decrement = 0.0
    for n in range(count):
        decrement += w.step[n] * w.gradient[w.free[n]]
    return decrement, short


@compiled
def _set_trial(w, limits, alpha, count, share):  # type: ignore[no-untyped-def]
    """Set the trial at a share of the step and return the slope of -2 ln L times the way there."""
    w.trial[:] = alpha
    slope = 0.0
    for n in range(count):
        p = w.free[n]
        w.trial[p] = min(max(alpha[p] - share * w.step[n], limits.lower[p]), limits.upper[p])
        slope += w.gradient[p] * (w.trial[p] - alpha[p])
    return slope


@compiled
def _search_line(m, w, limits, point, alpha, count, value, short):  # type: ignore[no-untyped-def]
    """Move alpha along the step and return the new -2 ln L, or inf if it does not fall."""
    data, auxiliary, mu = point
    share = 1.0
    for _ in range(45):
        slope = _set_trial(w, limits, alpha, count, share)
        found = minus_2_log_l(m, w, data, auxiliary, mu, w.trial)
        if slope < 0.0 and found <= value + 1e-4 * slope:
            # A short step is doubled as long as -2 ln L falls by a tenth more than before.
            while short and share >= 1.0 and share < 1e6:
                _set_trial(w, limits, alpha, count, 2.0 * share)
                further = minus_2_log_l(m, w, data, auxiliary, mu, w.trial)
                if not value - further > 1.1 * (value - found):
                    _set_trial(w, limits, alpha, count, share)
                    found = minus_2_log_l(m, w, data, auxiliary, mu, w.trial)
                    break
                share *= 2.0
                found = further
            alpha[:] = w.trial
            return found
        share *= 0.5
    return inf


@compiled
def fit_one(m, w, limits, data, auxiliary, mu, alpha):  # type: ignore[no-untyped-def]
    """Minimise -2 ln L in place of ``alpha``; return it and how it went."""
    value = minus_2_log_l(m, w, data, auxiliary, mu, alpha)
    if value == inf:
        return inf, NO_START
    exact = False
    for _ in range(MAX_STEPS):
        set_derivatives(m, w, data, auxiliary, mu, alpha, exact)
        count = _choose_free(w, limits, alpha)
        decrement, short = _set_step(m, w, data, auxiliary, mu, alpha, count, exact)
        if decrement < 0.0:
            return value, STUCK
        if decrement <= TOLERANCE:
            return value, CONVERGED
        point = (data, auxiliary, mu)
        found = _search_line(m, w, limits, point, alpha, count, value, short)
        if found == inf:
            # The trials have left their yields behind.
            minus_2_log_l(m, w, data, auxiliary, mu, alpha)
            return value, CONVERGED if decrement < ROUNDING else STUCK
        value = found
        exact = decrement < NEAR
    return value, TOO_LONG


@compiled
def _set_covariance(m, w, limits, point, alpha, exact, out):  # type: ignore[no-untyped-def]
    data, auxiliary, mu = point
    set_derivatives(m, w, data, auxiliary, mu, alpha, exact)
    count = _choose_free(w, limits, alpha)
    out[:] = 0.0
    if not factor_free(w, count, 0.0):
        out[:] = np.nan
        return
    for column in range(count):
        w.step[:] = 0.0
        w.step[column] = 2.0
        solve_free(w, count)
        for row in range(count):
            out[w.free[row], w.free[column]] = w.step[row]


@compiled
def fit_rows(m, w, limits, rows, results, first, last):  # type: ignore[no-untyped-def]
    """Do the fits from ``first`` to before ``last``."""
    for row in range(first, last):
        mu, alpha = rows.mu[row], results.alpha[row]
        data = rows.data[row % rows.data.shape[0]]
        auxiliary = rows.auxiliary[row % rows.auxiliary.shape[0]]
        prepare(m, w, rows.kappa[row])
        value, status = fit_one(m, w, limits, data, auxiliary, mu, alpha)
        results.value[row] = value
        results.status[row] = status
        results.slope[row] = np.nan
        if value == inf:
            continue
        slope = 0.0
        for i in range(data.shape[0]):
            part = 1.0 - data[i] / w.expected[i] if data[i] > 0.0 else 1.0
            slope += 2.0 * part * w.signal[i]
        results.slope[row] = slope
        wanted = results.covariance.shape[0] > 0
        if wanted:
            point = (data, auxiliary, mu)
            _set_covariance(m, w, limits, point, alpha, wanted, results.covariance[row])

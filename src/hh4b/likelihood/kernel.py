"""The compiled heart of the fits: expected events, -2 ln L, its gradient and its Hessian.

One row at a time and without Python objects, so that threads share the work and no result depends
on which thread did it. Process 0 is the signal, which mu multiplies. Notation: a *factor* is one
parameter's effect on one process in one channel, a *shift* one parameter's effect on the bins of
one process; the Jacobian is kept by channel over the parameters that move it.
"""

from math import inf, log1p
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import njit
from hh4b.likelihood.interpolation import bend, factor

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class ModelArrays(NamedTuple):
    """A likelihood as arrays; B bins, C channels, Q processes, P parameters, N factors, E shifts.

    Attributes:
        signal: components of kappa_lambda^0, ^1, ^2, (3, B).
        background: (Q - 1, B).
        channel_start: first bin of each channel, and B, (C + 1,).
        factor_start: first factor of process q in channel c at q C + c, and N, (Q C + 1,).
        factor_parameter: (N,).
        factor_free: 1 where the parameter is the factor itself, (N,).
        factor_coefficients: of code 4, (N, 6).
        factor_logs: logarithms of the factors at +1 and -1, (N, 2).
        shift_start: first shift of each process, and E, (Q + 1,).
        shift_parameter: (E,).
        shift_moves: 1 where a shift moves a channel, (E, C).
        shift_middle: S of code 4p by power of kappa_lambda, (E, 3, B); backgrounds have the first.
        shift_bend: A of code 4p, (E, 3, B).
        local: place of a parameter in its channel's Jacobian, -1 where it moves nothing, (C, P).
        n_local: parameters that move a channel, (C,).
        constrained: 1 for unit Gaussians, 0 for free parameters, (P,).
    """

    signal: Floats
    background: Floats
    channel_start: Integers
    factor_start: Integers
    factor_parameter: Integers
    factor_free: Integers
    factor_coefficients: Floats
    factor_logs: Floats
    shift_start: Integers
    shift_parameter: Integers
    shift_moves: Integers
    shift_middle: Floats
    shift_bend: Floats
    local: Integers
    n_local: Integers
    constrained: Floats


class Work(NamedTuple):
    """Memory of one thread.

    Attributes:
        nominal: expected events at this kappa_lambda, (Q, B).
        middle: S of the shifts at this kappa_lambda, (E, B).
        bend: A of the shifts, (E, B).
        factors: value and two derivatives of each factor, (N, 3).
        rates: derivative of the product of factors by each factor's parameter, (N,).
        bends: t(x) of each shift and its two derivatives, (E, 3).
        product: of the factors of a process in a channel, (Q, C).
        shifted: expected events before the factors, (Q, B).
        expected: expected events, (B,).
        signal: expected events of the signal at mu = 1, (B,).
        residual: 1 - data / expected, (B,).
        jacobian: derivatives of the expected events, (B, largest n_local).
        small: Hessian of a channel, (largest n_local, largest n_local).
        gradient: (P,).
        hessian: (P, P).
        factored: Cholesky factor of the free part, (P, P).
        step: (P,).
        trial: (P,).
        free: places of the parameters that may move, (P,).
    """

    nominal: Floats
    middle: Floats
    bend: Floats
    factors: Floats
    rates: Floats
    bends: Floats
    product: Floats
    shifted: Floats
    expected: Floats
    signal: Floats
    residual: Floats
    jacobian: Floats
    small: Floats
    gradient: Floats
    hessian: Floats
    factored: Floats
    step: Floats
    trial: Floats
    free: Integers


def compiled(function: Any) -> Any:
    """Compile a function of rows, to run without the interpreter's lock."""
    return njit(cache=True, nogil=True)(function)


def make_work(arrays: ModelArrays) -> Work:
    """Return memory for one thread."""
    bins = arrays.signal.shape[1]
    processes = len(arrays.background) + 1
    channels, parameters = arrays.local.shape
    factors, shifts = len(arrays.factor_parameter), len(arrays.shift_parameter)
    widest = max(int(arrays.n_local.max(initial=0)), 1)
    return Work(
        nominal=np.zeros((processes, bins)),
        middle=np.zeros((shifts, bins)),
        bend=np.zeros((shifts, bins)),
        factors=np.zeros((factors, 3)),
        rates=np.zeros(factors),
        bends=np.zeros((shifts, 3)),
        product=np.ones((processes, channels)),
        shifted=np.zeros((processes, bins)),
        expected=np.zeros(bins),
        signal=np.zeros(bins),
        residual=np.zeros(bins),
        jacobian=np.zeros((bins, widest)),
        small=np.zeros((widest, widest)),
        gradient=np.zeros(parameters),
        hessian=np.zeros((parameters, parameters)),
        factored=np.zeros((parameters, parameters)),
        step=np.zeros(parameters),
        trial=np.zeros(parameters),
        free=np.zeros(parameters, np.int64),
    )


@compiled
def prepare(m, w, kappa):  # type: ignore[no-untyped-def]
    """Set nominal events and shifts at one kappa_lambda."""
    for i in range(m.signal.shape[1]):
        w.nominal[0, i] = m.signal[0, i] + kappa * (m.signal[1, i] + kappa * m.signal[2, i])
    for q in range(m.background.shape[0]):
        w.nominal[q + 1] = m.background[q]
    for e in range(m.shift_parameter.shape[0]):
        if e >= m.shift_start[1]:
            w.middle[e] = m.shift_middle[e, 0]
            w.bend[e] = m.shift_bend[e, 0]
            continue
        s, a = m.shift_middle[e], m.shift_bend[e]
        for i in range(m.signal.shape[1]):
            w.middle[e, i] = s[0, i] + kappa * (s[1, i] + kappa * s[2, i])
            w.bend[e, i] = a[0, i] + kappa * (a[1, i] + kappa * a[2, i])


@compiled
def _set_factors(m, w, alpha):  # type: ignore[no-untyped-def]
    for n in range(m.factor_parameter.shape[0]):
        x = alpha[m.factor_parameter[n]]
        if m.factor_free[n] == 1:
            w.factors[n, 0], w.factors[n, 1], w.factors[n, 2] = x, 1.0, 0.0
        else:
            value, first, second = factor(
                x, m.factor_coefficients[n], m.factor_logs[n, 0], m.factor_logs[n, 1]
            )
            w.factors[n, 0], w.factors[n, 1], w.factors[n, 2] = value, first, second
    channels = m.n_local.shape[0]
    for place in range(m.factor_start.shape[0] - 1):
        product = 1.0
        for n in range(m.factor_start[place], m.factor_start[place + 1]):
            product *= w.factors[n, 0]
        w.product[place // channels, place % channels] = product


@compiled
def _set_shifts(m, w, alpha):  # type: ignore[no-untyped-def]
    w.shifted[:] = w.nominal
    channels = m.n_local.shape[0]
    for q in range(w.nominal.shape[0]):
        for e in range(m.shift_start[q], m.shift_start[q + 1]):
            x = alpha[m.shift_parameter[e]]
            value, first, second = bend(x)
            w.bends[e, 0], w.bends[e, 1], w.bends[e, 2] = value, first, second
            if x == 0.0:
                continue
            for c in range(channels):
                if m.shift_moves[e, c] == 1:
                    for i in range(m.channel_start[c], m.channel_start[c + 1]):
                        w.shifted[q, i] += x * w.middle[e, i] + value * w.bend[e, i]


@compiled
def set_expected(m, w, mu, alpha):  # type: ignore[no-untyped-def]
    """Set the expected events; `prepare` came before."""
    _set_factors(m, w, alpha)
    _set_shifts(m, w, alpha)
    for c in range(m.n_local.shape[0]):
        first, last = m.channel_start[c], m.channel_start[c + 1]
        product = w.product[0, c]
        for i in range(first, last):
            w.signal[i] = product * w.shifted[0, i]
            w.expected[i] = mu * w.signal[i]
        for q in range(1, w.nominal.shape[0]):
            product = w.product[q, c]
            for i in range(first, last):
                w.expected[i] += product * w.shifted[q, i]


@compiled
def minus_2_log_l(m, w, data, auxiliary, mu, alpha):  # type: ignore[no-untyped-def]
    """Return -2 ln L, zero for a perfect fit; inf where a bin expects what cannot be."""
    set_expected(m, w, mu, alpha)
    total = 0.0
    for i in range(data.shape[0]):
        expected, observed = w.expected[i], data[i]
        if not (expected > 0.0 or (expected == 0.0 and observed == 0.0)):
            return inf
        if observed > 0.0:
            excess = (expected - observed) / observed
            total += observed * (excess - log1p(excess))
        else:
            total += expected
    total *= 2.0
    for p in range(alpha.shape[0]):
        total += m.constrained[p] * (alpha[p] - auxiliary[p]) ** 2
    return total


@compiled
def _others(factors, first, last, product, n, k):  # type: ignore[no-untyped-def]
    """Return the product of the factors of a process in a channel without n and k.

    It takes no model and no memory: handing those over costs more than the product does.
    """
    divisor = factors[n, 0] if n == k else factors[n, 0] * factors[k, 0]
    # A quotient of numbers near zero would be off.
    if abs(divisor) > 1e-100:
        return product / divisor
    product = 1.0
    for other in range(first, last):
        if other not in (n, k):
            product *= factors[other, 0]
    return product


@compiled
def _set_rates(m, w):  # type: ignore[no-untyped-def]
    channels = m.n_local.shape[0]
    for place in range(m.factor_start.shape[0] - 1):
        first, last = m.factor_start[place], m.factor_start[place + 1]
        product = w.product[place // channels, place % channels]
        for n in range(first, last):
            w.rates[n] = _others(w.factors, first, last, product, n, n) * w.factors[n, 1]


@compiled
def _fill_jacobian(m, w, mu):  # type: ignore[no-untyped-def]
    channels = m.n_local.shape[0]
    w.jacobian[:] = 0.0
    for q in range(w.nominal.shape[0]):
        strength = mu if q == 0 else 1.0
        for c in range(channels):
            place = q * channels + c
            first, last = m.channel_start[c], m.channel_start[c + 1]
            for n in range(m.factor_start[place], m.factor_start[place + 1]):
                p = m.local[c, m.factor_parameter[n]]
                rate = strength * w.rates[n]
                for i in range(first, last):
                    w.jacobian[i, p] += rate * w.shifted[q, i]
            product = strength * w.product[q, c]
            for e in range(m.shift_start[q], m.shift_start[q + 1]):
                if m.shift_moves[e, c] == 1:
                    p = m.local[c, m.shift_parameter[e]]
                    slope = w.bends[e, 1]
                    for i in range(first, last):
                        w.jacobian[i, p] += product * (w.middle[e, i] + slope * w.bend[e, i])


@compiled
def _add_squares(m, w, data, exact):  # type: ignore[no-untyped-def]
    """Add to the gradient, and to the Hessian the products of first derivatives."""
    parameters = m.local.shape[1]
    for c in range(m.n_local.shape[0]):
        size = m.n_local[c]
        w.small[:] = 0.0
        for i in range(m.channel_start[c], m.channel_start[c + 1]):
            expected = w.expected[i]
            # Where nothing is expected and seen, the bin is linear in the parameters.
            weight = 0.0 if expected == 0.0 else 2.0 / expected
            if exact and expected != 0.0:
                weight *= data[i] / expected
            row = w.jacobian[i]
            for p in range(size):
                scaled = weight * row[p]
                for k in range(p + 1):
                    w.small[p, k] += scaled * row[k]
        for p in range(parameters):
            place = m.local[c, p]
            if place < 0:
                continue
            for i in range(m.channel_start[c], m.channel_start[c + 1]):
                w.gradient[p] += 2.0 * w.residual[i] * w.jacobian[i, place]
            for k in range(p + 1):
                other = m.local[c, k]
                if other >= 0:
                    value = w.small[max(place, other), min(place, other)]
                    w.hessian[p, k] += value
                    if p != k:
                        w.hessian[k, p] += value


@compiled
def _add_factor_curvature(m, w, mu):  # type: ignore[no-untyped-def]
    channels = m.n_local.shape[0]
    for place in range(m.factor_start.shape[0] - 1):
        q, c = place // channels, place % channels
        weight = 0.0
        for i in range(m.channel_start[c], m.channel_start[c + 1]):
            weight += 2.0 * w.residual[i] * w.shifted[q, i]
        weight *= mu if q == 0 else 1.0
        first, last, product = m.factor_start[place], m.factor_start[place + 1], w.product[q, c]
        for n in range(first, last):
            p = m.factor_parameter[n]
            if w.factors[n, 2] != 0.0:
                rest = _others(w.factors, first, last, product, n, n)
                w.hessian[p, p] += weight * rest * w.factors[n, 2]
            for k in range(first, n):
                value = w.factors[k, 0]
                # A quotient of numbers near zero would be off.
                if abs(value) > 1e-100:
                    both = weight * w.rates[n] * w.factors[k, 1] / value
                else:
                    rest = _others(w.factors, first, last, product, n, k)
                    both = weight * rest * w.factors[n, 1] * w.factors[k, 1]
                w.hessian[p, m.factor_parameter[k]] += both
                w.hessian[m.factor_parameter[k], p] += both


@compiled
def _add_shift_curvature(m, w, mu):  # type: ignore[no-untyped-def]
    channels = m.n_local.shape[0]
    for q in range(w.nominal.shape[0]):
        strength = 2.0 * mu if q == 0 else 2.0
        for e in range(m.shift_start[q], m.shift_start[q + 1]):
            p = m.shift_parameter[e]
            slope, curvature = w.bends[e, 1], w.bends[e, 2]
            for c in range(channels):
                if m.shift_moves[e, c] == 0:
                    continue
                moved, bent = 0.0, 0.0
                for i in range(m.channel_start[c], m.channel_start[c + 1]):
                    moved += w.residual[i] * (w.middle[e, i] + slope * w.bend[e, i])
                    bent += w.residual[i] * w.bend[e, i]
                moved *= strength
                w.hessian[p, p] += strength * curvature * bent * w.product[q, c]
                place = q * channels + c
                for n in range(m.factor_start[place], m.factor_start[place + 1]):
                    both = moved * w.rates[n]
                    w.hessian[p, m.factor_parameter[n]] += both
                    w.hessian[m.factor_parameter[n], p] += both


@compiled
def set_derivatives(m, w, data, auxiliary, mu, alpha, exact):  # type: ignore[no-untyped-def]
    """Set gradient and Hessian of -2 ln L; `minus_2_log_l` at the same point came before.

    Without ``exact`` the Hessian is the expected one (Fisher), which is never negative.
    """
    for i in range(data.shape[0]):
        w.residual[i] = 1.0 - data[i] / w.expected[i] if data[i] > 0.0 else 1.0
    _set_rates(m, w)
    _fill_jacobian(m, w, mu)
    w.gradient[:] = 0.0
    w.hessian[:] = 0.0
    for p in range(alpha.shape[0]):
        w.gradient[p] = 2.0 * m.constrained[p] * (alpha[p] - auxiliary[p])
        w.hessian[p, p] = 2.0 * m.constrained[p]
    _add_squares(m, w, data, exact)
    if exact:
        _add_factor_curvature(m, w, mu)
        _add_shift_curvature(m, w, mu)


@compiled
def factor_free(w, count, ridge):  # type: ignore[no-untyped-def]
    """Factor the Hessian of the free parameters; False if it is not positive."""
    for row in range(count):
        for column in range(row + 1):
            value = w.hessian[w.free[row], w.free[column]]
            if row == column:
                value += ridge
            for k in range(column):
                value -= w.factored[row, k] * w.factored[column, k]
            if row != column:
                w.factored[row, column] = value / w.factored[column, column]
            elif value > 1e-13 * (w.hessian[w.free[row], w.free[row]] + ridge):
                w.factored[row, row] = value**0.5
            else:
                return False
    return True


@compiled
def solve_free(w, count):  # type: ignore[no-untyped-def]
    """Solve, in place, for the right side in the first ``count`` places of ``w.step``."""
    for row in range(count):
        for k in range(row):
            w.step[row] -= w.factored[row, k] * w.step[k]
        w.step[row] /= w.factored[row, row]
    for row in range(count - 1, -1, -1):
        for k in range(row + 1, count):
            w.step[row] -= w.factored[k, row] * w.step[k]
        w.step[row] /= w.factored[row, row]


@compiled
def expected_rows(m, w, kappa, mu, alpha, out):  # type: ignore[no-untyped-def]
    """Write expected events, (N, B), of rows of kappa_lambda, mu and alpha."""
    for row in range(kappa.shape[0]):
        prepare(m, w, kappa[row])
        set_expected(m, w, mu[row], alpha[row])
        out[row] = w.expected

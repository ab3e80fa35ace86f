"""Scalar one-loop three- and four-point functions with one mass in the loop.

Everything is dimensionless: momenta squared in units of the loop mass squared, C0 in units of
1/m^2 and D0 in units of 1/m^4, with the measure d^4q / (i pi^2). A positive invariant above the
threshold, 4, has the imaginary part of s + i0. Arrays of any shapes that broadcast.

Only what gg -> HH needs is here: external legs are massless gluons or Higgs bosons below the
threshold (M^2 < 2 in these units, i.e. M < 1.41 m), and the invariants t and u are negative.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.generation.dilogarithm import dilogarithm_of_one_minus

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]

# Where two roots fall together the closed form is 0/0. They are held apart by this relative
# distance: the symmetric difference is then wrong by its square, and rounding by 1e-16 over it.
_ROOT_DISTANCE = 1e-5


class _Sides(NamedTuple):
    """k_ij = 2 - p_ij^2/m^2 of the four legs of a box."""

    k12: Floats | float
    k23: Floats | float
    k34: Floats | float
    k14: Floats | float


def dilogarithm(z: ArrayLike) -> Complex:
    """Return Li2(z), with the cut z > 1 taken on the side of the sign of Im z."""
    return np.asarray(dilogarithm_of_one_minus(1.0 - np.asarray(z, dtype=np.complex128)))


def threshold_variable(invariant: ArrayLike) -> Complex:
    """Return r with r + 1/r = 2 - p^2, |r| <= 1, for p^2 + i0.

    r is in (0, 1) for p^2 < 0, on the upper unit circle below the threshold, and in (-1, 0) with
    the argument +pi above it.
    """
    s = np.asarray(invariant, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        beta = np.sqrt(1.0 - 4.0 / s + 0j)
        r = -4.0 / (s * (1.0 + beta) ** 2)
    return np.asarray(np.where(s == 0.0, 1.0, r))


def c0_two_massless(s: ArrayLike) -> Complex:
    """Return C0(0, 0, s) = ln^2(r) / (2 s)."""
    s = np.asarray(s, dtype=np.float64)
    return np.asarray(0.5 * np.log(threshold_variable(s)) ** 2 / s)


def c0_one_massless(a: ArrayLike, b: ArrayLike) -> Complex:
    """Return C0(0, a, b) = (ln^2 r_a - ln^2 r_b) / (2 (a - b)) for a != b."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    difference = np.log(threshold_variable(a)) ** 2 - np.log(threshold_variable(b)) ** 2
    return np.asarray(0.5 * difference / (a - b))


def c0_higgs_pair(s: ArrayLike, m2: ArrayLike) -> Complex:
    """Return C0(m2, m2, s) for s > 4 m2.

    After the shift of 't Hooft and Veltman (Nucl. Phys. B153 (1979) 365, section 5) the triangle
    is a sum over its sides of int_0^1 dx ln(1 - p^2 x (1 - x)) / (x - y); for s > 4 m2 every y
    is real and outside [0, 1], and the constant terms cancel between the sides.
    """
    s, m2 = np.asarray(s, dtype=np.float64), np.asarray(m2, dtype=np.float64)
    beta = np.sqrt(1.0 - 4.0 * m2 / s)
    side_s = _log_integral(s, 0.5 * (1.0 + (s - 2.0 * m2) / (s * beta)))
    side_m = _log_integral(m2, 0.5 * (1.0 - 1.0 / beta))
    return np.asarray(-(side_s + 2.0 * side_m) / (s * beta))


def _log_integral(invariant: Floats, y: Floats) -> Complex:
    """Return int_0^1 dx ln(1 - p^2 x (1 - x) - i0) / (x - y), y real and outside [0, 1]."""
    # The zeros of the quadratic lie on both sides of the real axis; a tiny imaginary part keeps
    # the side above the threshold, where rounding would leave none.
    root = np.sqrt(1.0 - 4.0 / invariant + 0j)
    total = np.zeros(np.broadcast_shapes(np.shape(invariant), np.shape(y)), np.complex128)
    for zero in (0.5 * (1.0 + root) + 1e-100j, 0.5 * (1.0 - root) - 1e-100j):
        total += np.log(1.0 - y / zero) * np.log((1.0 - y) / -y)
        total -= dilogarithm((1.0 - y) / (zero - y)) - dilogarithm(-y / (zero - y))
    return total


def d0_adjacent(s: ArrayLike, t: ArrayLike, m2: ArrayLike) -> Complex:
    """Return D0(0, 0, m2, m2; s, t): the massless legs are neighbours; t < 0.

    s is the invariant of the two massless legs, t that of a massless leg and its Higgs.
    """
    s, t, m2 = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (s, t, m2)))
    r, r_t, r_m = threshold_variable(s), threshold_variable(t), threshold_variable(m2)
    k = 2.0 - m2
    sides = _Sides(2.0, 2.0, k, k)
    return _box(
        r, r_t, sides,
        ((1.0, 2.0), (r * r_m / r_t, 1.0), (r / r_m / r_t, 1.0),
         (r_m / r_t, -1.0), (1.0 / (r_m * r_t), -1.0), (r, -2.0)),
    )  # fmt: skip


def d0_opposite(t: ArrayLike, u: ArrayLike, m2: ArrayLike) -> Complex:
    """Return D0(0, m2, 0, m2; t, u): the massless legs are opposite; t < 0 and u < 0."""
    t, u, m2 = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (t, u, m2)))
    r, r_u, r_m = threshold_variable(t), threshold_variable(u), threshold_variable(m2)
    k = 2.0 - m2
    sides = _Sides(2.0, k, 2.0, k)
    return _box(
        r, r_u, sides,
        ((1.0, 2.0), (r / r_u, 2.0), (r_m / r_u, -1.0), (1.0 / (r_m * r_u), -1.0),
         (r * r_m, -1.0), (r / r_m, -1.0)),
    )  # fmt: skip


def _box(
    r: Complex, q: Complex, sides: _Sides, zeros: tuple[tuple[Complex | float, float], ...]
) -> Complex:
    """Return D0 from the variables r, q of its two channels (as in Denner, Nierste, Scharf).

    With Feynman parameters the denominator is the quadratic form F = sum x_i^2 + sum k_ij x_i x_j.
    The variables X = x1 + x3/r and Y = x2 + x4/q make it bilinear in x3 and x4, which integrates
    to (ln F12 + ln F34 - ln F14 - ln F23) / P(Y), F_ij being F where only x_i and x_j differ from
    zero, and P the quadratic below. The last integral, over Y from 0 to infinity, gives two
    dilogarithms for every zero -z of the four F_ij. Its path is the ray along sqrt(r): as the
    s channel goes through its threshold, no zero crosses that ray if M^2 < 2 m^2.

    Args:
        r: variable of the channel (1, 3), which may be above its threshold.
        q: variable of the channel (2, 4), in (0, 1).
        sides: the four legs.
        zeros: (z, number of times it occurs with its sign) of the four F_ij.
    """
    k12, k23, k34, k14 = sides
    e = k12 / (r * q) - k14 / r - k23 / q + k34
    b1, c1 = k23 - k12 / r, k14 - k12 / q
    step_r, step_q = r - 1.0 / r, q - 1.0 / q
    # P(Y) = p2 Y^2 + p1 Y + p0.
    p2, p1, p0 = e - b1 * step_q, e * k12 - step_r * step_q - b1 * c1, e - step_r * c1
    root = np.sqrt(p1 * p1 - 4.0 * p2 * p0)
    root = np.where(np.abs(root) < _ROOT_DISTANCE * np.abs(p1), _ROOT_DISTANCE * p1, root)
    turn = np.exp(-0.5j * np.angle(r))
    turned = [(np.asarray(turn * z), times) for z, times in zeros]
    logs = [np.log(z) for z, _ in turned]
    total = np.zeros(np.shape(root), np.complex128)
    for sign in (1.0, -1.0):
        # On the path itself the integrand has no pole; either side will do, but one for all.
        x = _off_axis(turn * (-p1 + sign * root) / (2.0 * p2))
        log_x = np.log(-x)
        for (z, times), log_z in zip(turned, logs, strict=True):
            total += sign * times * _ray_integral(-x / z, log_x - log_z)
    return np.asarray(total / root)


def _ray_integral(ratio: Complex, log_ratio: Complex) -> Complex:
    """Return int_0^inf dY ln(1 + Y/z) / (Y - x) up to a term that does not depend on x.

    Args:
        ratio: -x/z.
        log_ratio: its logarithm on the sheet of the integral, ln(-x) - ln(z); the principal one
            may differ by a multiple of 2 pi i.
    """
    v = _off_axis(ratio)
    result = np.asarray(dilogarithm_of_one_minus(v))
    turns = np.rint((np.angle(v) - log_ratio.imag) / (2.0 * np.pi))
    other = turns != 0.0
    if other.any():
        result[other] += 2j * np.pi * turns[other] * np.log(1.0 - v[other])
    return result


def _off_axis(value: Complex) -> Complex:
    """Give real values a tiny imaginary part, so that all functions of them take one side."""
    return np.asarray(np.where(value.imag == 0.0, value.real + 1e-100j, value))

"""Coordinates of the phase space of four b quarks inside the cuts, compiled.

Two quark-antiquark pairs (1, 2) and (3, 4) balance in transverse momentum. With the beam fractions
fixed by energy and longitudinal momentum,

    dx1 dx2 dPhi_4 = (2 pi)^-8 (2 / s) prod_i (|p_i| / 2 E_i) · d mu,
    d mu = d eta_1 … d eta_4 d²pT_1 d²pT_2 d²pT_3,

and nine coordinates u in [0, 1] (the tenth is the overall azimuth) cover all of d mu inside
pT > pT_min, |eta| < eta_max: S = pT_1 + pT_2 (power law), z = pT_1 / S, eta_1, the distance of 1
and 2 in (eta, phi) as radius (logarithmic, for the gluon splitting peak) and direction, the same
for 3 and 4, w = pT_3 / (pT_3 + pT_4) and eta_3 (logistic about the first pair).
"""

from math import atan2, cos, exp, hypot, log, log1p, pi, sin, sqrt

import numpy as np

from hh4b.core.compiled_angles import wrap_phi
from hh4b.generation.four_b.spinors import Real, compiled

N_COORDINATES = 9
_POWER = 2.0
_DELTA_SQUARED = 0.3**2
_RAPIDITY_WIDTH = 1.0


@compiled
def _log_range(eta_max: float) -> float:
    return log1p((4.0 * eta_max * eta_max + pi * pi) / _DELTA_SQUARED)


@compiled
def _logistic(x: float) -> float:
    return 1.0 / (1.0 + exp(-x))


@compiled
def _least_share(k: float, xi: float, pt_min: float) -> float:
    """Return the least w at which both pT exceed the cut, above 0.5 if there is none.

    For vectors with sum of size k and angle xi, S = k / sqrt(1 - 2 w (1 - w) (1 - cos xi)).
    """
    if k < 2.0 * pt_min * cos(0.5 * xi):
        return 1.0
    b = 2.0 * pt_min * pt_min * (1.0 - cos(xi))
    root = b * b + 4.0 * (k * k - b) * pt_min * pt_min
    return 2.0 * pt_min * pt_min / (b + sqrt(max(root, 0.0)))


@compiled
def place(u: Real, pt_min: float, eta_max: float, pt: Real, eta: Real, phi: Real) -> float:
    """Turn coordinates into pT, eta and phi of the four quarks (phi of the first is 0).

    Returns:
        d mu / du (without the 2 pi of the overall azimuth); 0 where u falls outside the cuts.
    """
    rest = max(1.0 - u[0], 1e-12)
    s12 = 2.0 * pt_min * rest ** (-1.0 / _POWER)
    z_min = pt_min / s12
    pt[0] = s12 * (z_min + u[1] * (1.0 - 2.0 * z_min))
    pt[1] = s12 - pt[0]
    jacobian = s12 * (s12 / (_POWER * rest)) * (1.0 - 2.0 * z_min) * pt[0] * pt[1]
    eta[0] = eta_max * (2.0 * u[2] - 1.0)
    jacobian *= 2.0 * eta_max
    span = _log_range(eta_max)
    grow = exp(u[3] * span)
    rho = sqrt(_DELTA_SQUARED * (grow - 1.0))
    eta[1] = eta[0] + rho * cos(2.0 * pi * u[4])
    phi[0], phi[1] = 0.0, rho * sin(2.0 * pi * u[4])
    jacobian *= _DELTA_SQUARED * grow * span * pi
    if abs(eta[1]) > eta_max or abs(phi[1]) > pi:
        return 0.0
    kx, ky = -pt[0] - pt[1] * cos(phi[1]), -pt[1] * sin(phi[1])
    k = hypot(kx, ky)
    grow = exp(u[5] * span)
    rho = sqrt(_DELTA_SQUARED * (grow - 1.0))
    xi = rho * sin(2.0 * pi * u[6])
    jacobian *= _DELTA_SQUARED * grow * span * pi
    centre = 0.5 * (eta[0] + eta[1])
    low = _logistic((-eta_max - centre) / _RAPIDITY_WIDTH)
    reach = _logistic((eta_max - centre) / _RAPIDITY_WIDTH) - low
    f = low + u[8] * reach
    eta[2] = centre + _RAPIDITY_WIDTH * log(f / (1.0 - f))
    eta[3] = eta[2] + rho * cos(2.0 * pi * u[6])
    jacobian *= _RAPIDITY_WIDTH * reach / (f * (1.0 - f))
    if abs(eta[3]) > eta_max or abs(eta[2]) > eta_max or abs(xi) > pi:
        return 0.0
    w_min = _least_share(k, xi, pt_min)
    if w_min >= 0.5:
        return 0.0
    w = w_min + u[7] * (1.0 - 2.0 * w_min)
    d = 1.0 - 2.0 * w * (1.0 - w) * (1.0 - cos(xi))
    s34 = k / sqrt(d)
    jacobian *= (1.0 - 2.0 * w_min) * s34 * s34 * w * (1.0 - w) / d
    pt[2], pt[3] = w * s34, (1.0 - w) * s34
    phi[2] = atan2(ky, kx) - atan2(pt[3] * sin(xi), pt[2] + pt[3] * cos(xi))
    phi[3] = phi[2] + xi
    return float(jacobian)


@compiled
def locate(
    pt: Real, eta: Real, phi: Real, order: Real, pt_min: float, eta_max: float, u: Real
) -> float:
    """Invert `place` for quarks taken in the given order; the point must lie inside the cuts.

    Returns:
        d mu / du; 0 if no coordinates belong to the point (a rounding effect at the cuts).
    """
    a, b, c, d = order[0], order[1], order[2], order[3]
    s12 = pt[a] + pt[b]
    z_min = pt_min / s12
    rest = (2.0 * pt_min / s12) ** _POWER
    u[0] = 1.0 - rest
    u[1] = (pt[a] / s12 - z_min) / (1.0 - 2.0 * z_min)
    jacobian = s12 * (s12 / (_POWER * rest)) * (1.0 - 2.0 * z_min) * pt[a] * pt[b]
    u[2] = 0.5 * (eta[a] / eta_max + 1.0)
    jacobian *= 2.0 * eta_max
    span = _log_range(eta_max)
    delta_eta, delta_phi = eta[b] - eta[a], wrap_phi(phi[b] - phi[a])
    grow = 1.0 + (delta_eta * delta_eta + delta_phi * delta_phi) / _DELTA_SQUARED
    u[3] = log(grow) / span
    u[4] = _turn(delta_phi, delta_eta)
    jacobian *= _DELTA_SQUARED * grow * span * pi
    k = sqrt(pt[a] ** 2 + pt[b] ** 2 + 2.0 * pt[a] * pt[b] * cos(delta_phi))
    delta_eta, xi = eta[d] - eta[c], wrap_phi(phi[d] - phi[c])
    grow = 1.0 + (delta_eta * delta_eta + xi * xi) / _DELTA_SQUARED
    u[5] = log(grow) / span
    u[6] = _turn(xi, delta_eta)
    jacobian *= _DELTA_SQUARED * grow * span * pi
    centre = 0.5 * (eta[a] + eta[b])
    low = _logistic((-eta_max - centre) / _RAPIDITY_WIDTH)
    reach = _logistic((eta_max - centre) / _RAPIDITY_WIDTH) - low
    f = _logistic((eta[c] - centre) / _RAPIDITY_WIDTH)
    u[8] = (f - low) / reach
    jacobian *= _RAPIDITY_WIDTH * reach / (f * (1.0 - f))
    w_min = _least_share(k, xi, pt_min)
    if w_min >= 0.5:
        return 0.0
    s34 = pt[c] + pt[d]
    w = pt[c] / s34
    u[7] = (w - w_min) / (1.0 - 2.0 * w_min)
    shape = 1.0 - 2.0 * w * (1.0 - w) * (1.0 - cos(xi))
    jacobian *= (1.0 - 2.0 * w_min) * s34 * s34 * w * (1.0 - w) / shape
    return float(jacobian)


@compiled
def _turn(y: float, x: float) -> float:
    angle = atan2(y, x) / (2.0 * pi)
    return angle + 1.0 if angle < 0.0 else angle


@compiled
def set_momenta(pt: Real, eta: Real, phi: Real, mass: float, p: Real) -> float:
    """Fill rows [E, px, py, pz]; return the product of the four |p| / E."""
    beta = 1.0
    for i in range(4):
        p[i, 1] = pt[i] * cos(phi[i])
        p[i, 2] = pt[i] * sin(phi[i])
        p[i, 3] = pt[i] * np.sinh(eta[i])
        squared = pt[i] * pt[i] + p[i, 3] * p[i, 3]
        p[i, 0] = sqrt(squared + mass * mass)
        beta *= sqrt(squared) / p[i, 0]
    return beta

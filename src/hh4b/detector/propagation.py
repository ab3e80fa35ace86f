"""Straight lines and helices from the production vertex to the face of the calorimeters."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.detector.particles import Floats, Particles, charge_of
from hh4b.detector.settings import FieldSettings

#: GeV per tesla and metre: p_T = 0.2998 B R.
_GEV_PER_TESLA_METRE = 0.299792458
_PT2_MIN_GEV2 = 1e-9


@dataclass(frozen=True)
class Impacts:
    """Where particles meet the cylinder; all of shape (particle,).

    Attributes:
        reached: False for particles born outside the cylinder or along the beam.
        charge: electric charge.
        eta: pseudorapidity of the impact point, seen from the origin.
        phi: azimuth of the impact point.
        track_phi: azimuth of the momentum at the closest approach to the beam line.
    """

    reached: NDArray[np.bool_]
    charge: NDArray[np.int8]
    eta: Floats
    phi: Floats
    track_phi: Floats


def propagate(particles: Particles, field: FieldSettings) -> Impacts:
    """Carry every particle to the surface of the field's cylinder.

    A charged particle moves on a helix of radius p_T / (0.2998 q B); the path ends at the barrel or
    at the end cap, whichever comes first; loopers end at the end cap. As in Delphes, particles
    born outside the cylinder are lost.
    """
    n = len(particles.pid)
    out = Impacts(
        np.zeros(n, np.bool_), np.zeros(n, np.int8), np.zeros(n), np.zeros(n), np.zeros(n)
    )
    _propagate(
        (particles.pid, particles.px, particles.py, particles.pz),
        (particles.x, particles.y, particles.z),
        (field.radius_m, field.half_length_m, field.strength_t),
        (out.reached, out.charge, out.eta, out.phi, out.track_phi),
    )
    return out


@numba.njit(cache=True)
def _helix(momentum, vertex, cylinder, charge):  # type: ignore[no-untyped-def]
    """Return end point (x, y, z) and azimuth at closest approach; lengths in m."""
    px, py, pz = momentum
    x, y, z = vertex
    radius, half_length, strength = cylinder
    pt = math.hypot(px, py)
    # Signed radius of the circle: azimuth falls by s / r along the transverse path s.
    r = pt / (_GEV_PER_TESLA_METRE * charge * strength)
    phi_0 = math.atan2(py, px)
    x_c = x + r * math.sin(phi_0)
    y_c = y - r * math.cos(phi_0)
    r_c = math.hypot(x_c, y_c)
    # Transverse path to the closest approach, taken modulo half a turn.
    half_turn = math.pi * abs(r)
    s_closest = r * (phi_0 + math.atan2(x_c, y_c))
    while abs(s_closest) > 0.5 * half_turn:
        s_closest -= math.copysign(half_turn, s_closest)
    s_end = np.inf if pz == 0.0 else (math.copysign(half_length, pz) - z) * pt / pz
    if r_c + abs(r) >= radius:
        cosine = (r * r + r_c * r_c - radius * radius) / (2.0 * abs(r) * r_c)
        s_end = min(s_end, s_closest + abs(r) * math.acos(min(max(cosine, -1.0), 1.0)))
    phi_end = phi_0 - s_end / r
    return (
        x_c - r * math.sin(phi_end),
        y_c + r * math.cos(phi_end),
        z + s_end * pz / pt,
        phi_0 - s_closest / r,
    )


@numba.njit(cache=True)
def _line(momentum, vertex, cylinder):  # type: ignore[no-untyped-def]
    """Return the end point (x, y, z) of a straight path; lengths in m."""
    px, py, pz = momentum
    x, y, z = vertex
    radius, half_length, _ = cylinder
    pt2 = px * px + py * py
    cross = px * y - py * x
    t = (math.sqrt(max(pt2 * radius * radius - cross * cross, 0.0)) - px * x - py * y) / pt2
    if pz != 0.0:
        t = min(t, (math.copysign(half_length, pz) - z) / pz)
    return x + px * t, y + py * t, z + pz * t


@numba.njit(cache=True)
def _propagate(momenta, vertices, cylinder, out):  # type: ignore[no-untyped-def]
    pids, pxs, pys, pzs = momenta
    xs, ys, zs = vertices
    radius, half_length, strength = cylinder
    reached, charges, etas, phis, track_phis = out
    for i in range(len(pids)):
        x, y, z = xs[i] * 1e-3, ys[i] * 1e-3, zs[i] * 1e-3
        momentum = (pxs[i], pys[i], pzs[i])
        pt2 = momentum[0] ** 2 + momentum[1] ** 2
        if math.hypot(x, y) > radius or abs(z) > half_length or pt2 < _PT2_MIN_GEV2:
            continue
        charge = charge_of(pids[i])
        track_phis[i] = math.atan2(momentum[1], momentum[0])
        if charge == 0 or strength == 0.0:
            x_end, y_end, z_end = _line(momentum, (x, y, z), cylinder)
        else:
            x_end, y_end, z_end, track_phis[i] = _helix(momentum, (x, y, z), cylinder, charge)
        distance = math.hypot(x_end, y_end)
        if distance == 0.0:
            continue
        reached[i] = True
        charges[i] = charge
        etas[i] = math.asinh(z_end / distance)
        phis[i] = math.atan2(y_end, x_end)

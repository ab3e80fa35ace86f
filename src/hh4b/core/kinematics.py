"""Angles and four-vectors on arrays, in GeV and radian.

Phi is wrapped here and in `hh4b.core.compiled_angles` only, which is for compiled code.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class FourVector(NamedTuple):
    """Four-momenta in GeV; every field has the same shape."""

    px: Array
    py: Array
    pz: Array
    energy: Array


def delta_phi(phi_1: Array, phi_2: Array) -> Array:
    """Return phi_1 - phi_2 wrapped into [-pi, pi)."""
    return (phi_1 - phi_2 + np.pi) % (2 * np.pi) - np.pi


def delta_r(eta_1: Array, phi_1: Array, eta_2: Array, phi_2: Array) -> Array:
    """Return the distance in the (eta, phi) plane."""
    return np.hypot(eta_1 - eta_2, delta_phi(phi_1, phi_2))


def from_pt_eta_phi_mass(pt: Array, eta: Array, phi: Array, mass: Array) -> FourVector:
    """Return Cartesian four-momenta; ``pt`` and ``mass`` in GeV."""
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return FourVector(px, py, pz, np.sqrt(px * px + py * py + pz * pz + mass * mass))


def add(*vectors: FourVector) -> FourVector:
    """Return the sum of four-momenta, component by component."""
    return FourVector(
        *(sum(component[1:], component[0]) for component in zip(*vectors, strict=True))
    )


def transverse_momentum(vector: FourVector) -> Array:
    """Return pT in GeV."""
    return np.hypot(vector.px, vector.py)


def pseudorapidity(vector: FourVector) -> Array:
    """Return eta; infinite along the beam."""
    with np.errstate(divide="ignore"):
        return np.arcsinh(vector.pz / transverse_momentum(vector))


def azimuth(vector: FourVector) -> Array:
    """Return phi in [-pi, pi]."""
    return np.arctan2(vector.py, vector.px)


def invariant_mass(vector: FourVector) -> Array:
    """Return the invariant mass in GeV; rounding below zero counts as zero."""
    squared = vector.energy**2 - vector.px**2 - vector.py**2 - vector.pz**2
    return np.sqrt(np.maximum(squared, 0.0))

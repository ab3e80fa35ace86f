"""Central renormalisation and factorisation scales of pp -> b b~ b b~."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hh4b.generation.four_b.clustering import clustered_scales
from hh4b.generation.four_b.spinors import Real


class Scales(NamedTuple):
    """Scales of each event in GeV, shape (N,).

    Attributes:
        renormalisation: for alpha_s.
        factorisation: for the parton densities; also the SCALUP of the event.
    """

    renormalisation: Real
    factorisation: Real


def ht(momenta: Real, mass: float) -> Scales:
    """Return the scalar sum of transverse masses."""
    return _one(_transverse_masses(momenta, mass).sum(axis=1))


def ht_half(momenta: Real, mass: float) -> Scales:
    """Return half of the scalar sum of transverse masses."""
    return _one(0.5 * _transverse_masses(momenta, mass).sum(axis=1))


def mean_mt(momenta: Real, mass: float) -> Scales:
    """Return the geometric mean of the transverse masses."""
    return _one(np.exp(np.log(_transverse_masses(momenta, mass)).mean(axis=1)))


def m4b_half(momenta: Real, mass: float) -> Scales:
    """Return half of the invariant mass of the four quarks."""
    total = momenta.sum(axis=1)
    squared = total[:, 0] ** 2 - (total[:, 1:] ** 2).sum(axis=1)
    return _one(0.5 * np.sqrt(squared))


def kt_clustered(momenta: Real, mass: float) -> Scales:
    """Return the default scales of MG5_aMC@NLO (`clustering`)."""
    return Scales(*clustered_scales(momenta, mass))


#: By name: functions of momenta [E, px, py, pz], GeV, shape (N, 4, 4), and the b mass.
SCALES: dict[str, Callable[[Real, float], Scales]] = {
    "ht_half": ht_half,
    "ht": ht,
    "mean_mt": mean_mt,
    "m4b_half": m4b_half,
    "kt_clustered": kt_clustered,
}


def _one(scale: Real) -> Scales:
    return Scales(scale, scale)


def _transverse_masses(momenta: Real, mass: float) -> Real:
    return np.sqrt(momenta[:, :, 1] ** 2 + momenta[:, :, 2] ** 2 + mass**2)

"""Flavour of jets: the heaviest quark of the event record within a cone."""

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.core.compiled_angles import abs_delta_phi
from hh4b.detector.jets import Jets
from hh4b.detector.particles import Partons
from hh4b.detector.settings import FlavorSettings

_GLUON = 21


def jet_flavors(jets: Jets, partons: Partons, settings: FlavorSettings) -> NDArray[np.int32]:
    """Return for each jet the largest quark number in the cone, 21 for gluons only, 0 for none."""
    flavors = np.zeros(len(jets.px), np.int32)
    usable = (partons.pt > settings.parton_pt_min_gev) & (
        np.abs(partons.eta) <= settings.parton_abs_eta_max
    )
    _associate(
        (jets.offsets, jets.eta, jets.phi),
        (partons.offsets, np.abs(partons.pid), partons.eta, partons.phi, usable),
        settings.delta_r_max,
        flavors,
    )
    return flavors


@numba.njit(cache=True)
def _associate(jets, partons, delta_r_max, flavors):  # type: ignore[no-untyped-def]
    jet_offsets, jet_eta, jet_phi = jets
    parton_offsets, code, eta, phi, usable = partons
    for event in range(len(jet_offsets) - 1):
        for i in range(jet_offsets[event], jet_offsets[event + 1]):
            best = -1
            for j in range(parton_offsets[event], parton_offsets[event + 1]):
                flavor = 0 if code[j] == _GLUON else code[j]
                if not usable[j] or flavor <= best:
                    continue
                d_phi = abs_delta_phi(jet_phi[i], phi[j])
                if (jet_eta[i] - eta[j]) ** 2 + d_phi * d_phi <= delta_r_max * delta_r_max:
                    best = flavor
            # Gluons have the lowest priority.
            flavors[i] = 0 if best < 0 else (_GLUON if best == 0 else best)

"""Observables of parton-level events."""

import numpy as np
from numpy.typing import NDArray

from hh4b.core import kinematics
from hh4b.core.errors import InputFileError
from hh4b.core.kinematics import FourVector
from hh4b.generation.lhe import LheEvents

Floats = NDArray[np.floating]

# GeV, except for pseudorapidity; fine enough for a journal column, coarse enough for 20,000 events.
EDGES = {
    "m_hh": np.linspace(250, 1000, 31),
    "h_pt": np.linspace(0, 600, 31),
    "m_4b": np.linspace(50, 1000, 39),
    "b1_pt": np.linspace(0, 300, 31),
    "b2_pt": np.linspace(0, 200, 41),
    "b1_eta": np.linspace(-2.5, 2.5, 26),
    "b2_eta": np.linspace(-2.5, 2.5, 26),
}
HIGGS, BOTTOM = 25, 5


def higgs_observables(events: LheEvents) -> dict[str, Floats]:
    """Return m_hh and pT of the first Higgs boson (at LO both have the same), shape (N,), GeV.

    Raises:
        InputFileError: if an event has not exactly two Higgs bosons.
    """
    bosons = _vectors(events, events.pid == HIGGS, 2, "Higgs bosons")
    pair = kinematics.add(_take(bosons, 0), _take(bosons, 1))
    return {
        "m_hh": kinematics.invariant_mass(pair),
        "h_pt": kinematics.transverse_momentum(_take(bosons, 0)),
    }


def four_b_observables(events: LheEvents) -> dict[str, Floats]:
    """Return m_4b, and pT and eta of the two b (anti)quarks leading in pT, shape (N,), GeV.

    Raises:
        InputFileError: if an event has not exactly four final b quarks.
    """
    final = (np.abs(events.pid) == BOTTOM) & (events.status == 1)
    quarks = _vectors(events, final, 4, "final b quarks")
    pt = kinematics.transverse_momentum(quarks)
    order = np.argsort(-pt, axis=1, kind="stable")
    eta = np.take_along_axis(kinematics.pseudorapidity(quarks), order, axis=1)
    pt = np.take_along_axis(pt, order, axis=1)
    total = kinematics.add(*(_take(quarks, index) for index in range(4)))
    return {
        "m_4b": kinematics.invariant_mass(total),
        "b1_pt": pt[:, 0],
        "b2_pt": pt[:, 1],
        "b1_eta": eta[:, 0],
        "b2_eta": eta[:, 1],
    }


def _vectors(events: LheEvents, chosen: NDArray[np.bool_], count: int, what: str) -> FourVector:
    """Return the chosen particles of every event, components of shape (N, count)."""
    found = chosen.sum(axis=1)
    if (found != count).any():
        event = int(np.argmax(found != count))
        raise InputFileError(f"event {event} has {found[event]} {what}, expected {count}")
    momenta = events.momenta[chosen].reshape(len(events), count, 4)
    return FourVector(momenta[..., 1], momenta[..., 2], momenta[..., 3], momenta[..., 0])


def _take(vectors: FourVector, index: int) -> FourVector:
    return FourVector(*(component[:, index] for component in vectors))

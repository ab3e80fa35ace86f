"""What every vector is together with the leading ones: invariant mass and distance.

A transformer has to find sqrt(2 pt_i pt_j (cosh(eta_i - eta_j) - cos(phi_i - phi_j))) by itself
from pt, eta and phi; with few events it does not get there. Here the pairs are given as features.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core import kinematics
from hh4b.core.errors import ConfigError
from hh4b.spanet.data import Events
from hh4b.spanet.event import EventDescription, Feature, Input

Array = NDArray[Any]
NEEDED = ("pt", "eta", "phi", "mass")


def describe(event: EventDescription, leading: int) -> EventDescription:
    """Return the description with the features that `add` adds to sequential inputs.

    Args:
        event: as the event file says.
        leading: to how many vectors, those of largest pt of the same input; 0 adds nothing.

    Raises:
        ConfigError: if no sequential input has pt, eta, phi and mass.
    """
    if not leading:
        return event
    if not any(_has_momenta(item) for item in event.inputs):
        raise ConfigError(
            f"pair_features = {leading} needs a sequential input with the features"
            f" {', '.join(NEEDED)}; set it to 0"
        )
    return replace(event, inputs=tuple(_extended(item, leading) for item in event.inputs))


def add(events: Events, event: EventDescription, leading: int) -> Events:
    """Return events with log(1 + mass / GeV) and distance of every vector and the leading ones.

    Where an event has fewer vectors the features are 0. A vector together with itself has twice its
    mass and distance 0.

    Args:
        events: as read.
        event: as the event file says.
        leading: see `describe`.
    """
    if not leading:
        return events
    features = tuple(
        np.concatenate([given, _pairs(given, valid, item, leading)], axis=2)
        if _has_momenta(item)
        else given
        for item, given, valid in zip(event.inputs, events.features, events.valid, strict=True)
    )
    return replace(events, features=features)


def _has_momenta(item: Input) -> bool:
    return item.sequential and set(NEEDED) <= {feature.name for feature in item.features}


def _extended(item: Input, leading: int) -> Input:
    if not _has_momenta(item):
        return item
    masses = [Feature(f"pair_mass_{n + 1}", normalize=True, log=True) for n in range(leading)]
    distances = [
        Feature(f"pair_delta_r_{n + 1}", normalize=True, log=False) for n in range(leading)
    ]
    return replace(item, features=(*item.features, *masses, *distances))


def _pairs(features: Array, valid: Array, item: Input, leading: int) -> Array:
    """Return the new features (events, vectors, 2 leading) of one input."""
    pt, eta, phi, mass = (_column(features, item, name) for name in NEEDED)
    result = np.zeros((*valid.shape, 2 * leading), dtype=features.dtype)
    event, place = np.nonzero(valid)
    order = np.argsort(np.where(valid, -pt, np.inf), axis=1, kind="stable")[:, :leading]
    momentum = kinematics.from_pt_eta_phi_mass(pt, eta, phi, mass)
    own = kinematics.FourVector(*(component[event, place] for component in momentum))
    for number in range(order.shape[1]):
        other = order[event, number]
        there = valid[event, other]
        both = kinematics.add(
            own, kinematics.FourVector(*(component[event, other] for component in momentum))
        )
        distance = kinematics.delta_r(
            eta[event, place], phi[event, place], eta[event, other], phi[event, other]
        )
        pair_mass = np.log1p(kinematics.invariant_mass(both))
        result[event, place, number] = np.where(there, pair_mass, 0)
        result[event, place, leading + number] = np.where(there, distance, 0)
    return result


def _column(features: Array, item: Input, name: str) -> Array:
    """Return a feature in float64 with the logarithm undone; 0 in the padding."""
    place = [feature.name for feature in item.features].index(name)
    values = features[..., place].astype(np.float64)
    return np.asarray(np.expm1(values) if item.features[place].log else values)

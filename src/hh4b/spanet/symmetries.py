"""Directions that carry nothing: the angle about the beam, and which side is which.

Nothing in a collision knows a direction across the beam, and mirror images are as likely. A network
that reads phi and eta has to learn that from its events; with few of them it is better told.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b import kinematics
from hh4b.errors import ConfigError
from hh4b.spanet.data import Events
from hh4b.spanet.event import EventDescription

Array = NDArray[Any]


class Symmetry(NamedTuple):
    """phi -> phi_sign phi + angle, eta -> eta_sign eta, for each event or vector.

    Attributes:
        angle: [rad].
        phi_sign: 1 or -1.
        eta_sign: 1 or -1.
    """

    angle: Array
    phi_sign: Array
    eta_sign: Array


def draw(rng: np.random.Generator, events: int, *, mirrors_only: bool) -> Symmetry:
    """Draw a symmetry for each event, all equally likely."""
    angle = rng.uniform(-np.pi, np.pi, events)
    phi_sign, eta_sign = rng.choice([-1.0, 1.0], (2, events))
    return Symmetry(np.zeros(events) if mirrors_only else angle, phi_sign, eta_sign)


def apply(features: Array, names: Sequence[str], symmetry: Symmetry) -> Array:
    """Return features (..., F) with the columns ``phi`` and ``eta`` transformed.

    Raises:
        ConfigError: if a feature depends on the direction in a way that is not known here.
    """
    result = features.copy()
    for column, name in enumerate(names):
        values = features[..., column]
        if name == "eta":
            result[..., column] = values * symmetry.eta_sign
        elif name == "phi":
            result[..., column] = kinematics.delta_phi(values * symmetry.phi_sign, -symmetry.angle)
        elif "phi" in name or "eta" in name:
            raise ConfigError(
                f"the feature {name!r} cannot be turned, only 'eta' and 'phi': set orientation to"
                " 'given' and random_symmetries to false"
            )
    return result


def to_leading_jet(events: Events, event: EventDescription) -> Events:
    """Return events turned so that their sequential vector with the largest pt has phi = 0.

    Raises:
        ConfigError: if no sequential input has both ``pt`` and ``phi``.
    """
    best, phi = np.full(len(events), -np.inf), np.zeros(len(events))
    rows = np.arange(len(events))
    found = False
    for item, features, valid in zip(event.inputs, events.features, events.valid, strict=True):
        names = [feature.name for feature in item.features]
        if not item.sequential or not {"pt", "phi"} <= set(names):
            continue
        found = True
        pt = np.where(valid, features[..., names.index("pt")], -np.inf)
        leading = pt.argmax(axis=1)
        better = pt[rows, leading] > best
        best = np.where(better, pt[rows, leading], best)
        phi = np.where(better, features[rows, leading, names.index("phi")], phi)
    if not found:
        raise ConfigError(
            "orientation = 'leading_jet' needs a sequential input with the features 'pt' and"
            " 'phi'; set it to 'given'"
        )
    ones = np.ones((len(events), 1))
    symmetry = Symmetry(-phi[:, None], ones, ones)
    turned = [
        np.where(
            valid[..., None], apply(features, [f.name for f in item.features], symmetry), 0
        ).astype(features.dtype)
        for item, features, valid in zip(event.inputs, events.features, events.valid, strict=True)
    ]
    return replace(events, features=tuple(turned))


def orient(events: Events, event: EventDescription, orientation: str) -> Events:
    """Return events as a network with this option ``orientation`` is to see them."""
    return to_leading_jet(events, event) if orientation == "leading_jet" else events

"""Directions that carry nothing: the angle about the beam, and which side is which.

Nothing in a collision knows a direction across the beam, and mirror images are as likely. A network
that reads phi and eta has to learn that from its events; with few of them it is better told.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core import kinematics
from hh4b.core.errors import ConfigError

Array = NDArray[Any]
#: Words in the names of what changes when an event is turned or mirrored.
_DIRECTED = {
    "phi", "eta", "theta", "rapidity", "px", "py", "pz", "x", "y", "z", "sin", "cos"
}  # fmt: skip


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


def draw(rng: np.random.Generator, events: int) -> Symmetry:
    """Draw a symmetry for each event, all equally likely."""
    angle = rng.uniform(-np.pi, np.pi, events)
    phi_sign, eta_sign = rng.choice([-1.0, 1.0], (2, events))
    return Symmetry(angle, phi_sign, eta_sign)


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
                f"random_symmetries: the feature {name!r} cannot be turned, only 'eta' and 'phi';"
                " set it to false"
            )
    return result


def require_invariant(names: Iterable[str]) -> None:
    """Check that regressed numbers stay the same when an event is turned or mirrored.

    Only their names tell; masses and transverse momenta do, components and angles do not.

    Args:
        names: like ``EVENT/neutrino_pz``.

    Raises:
        ConfigError: naming the first that does not.
    """
    for name in names:
        if _DIRECTED & set(name.rsplit("/", 1)[-1].lower().split("_")):
            raise ConfigError(
                f"random_symmetries: the regression {name!r} would have to be turned with its"
                " event; set random_symmetries to false"
            )

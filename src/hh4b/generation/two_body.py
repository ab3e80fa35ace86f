"""Two-body decays and boosts on arrays of four-momenta [E, px, py, pz] in GeV."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def isotropic_directions(n_events: int, rng: np.random.Generator) -> Floats:
    """Return unit vectors, uniform on the sphere, shape (N, 3)."""
    cos_theta = rng.uniform(-1.0, 1.0, n_events)
    return directions(cos_theta, rng.uniform(-np.pi, np.pi, n_events))


def directions(cos_theta: Floats, phi: Floats) -> Floats:
    """Return unit vectors of polar angle and azimuth, shape (N, 3)."""
    sin_theta = np.sqrt(np.maximum(1.0 - cos_theta**2, 0.0))
    return np.stack([sin_theta * np.cos(phi), sin_theta * np.sin(phi), cos_theta], axis=-1)


def back_to_back(mass: Floats, daughter_mass: float, direction: Floats) -> Floats:
    """Return the momenta of two equal daughters in the rest frame of the parent.

    Args:
        mass: of the parent, shape (N,), at least twice ``daughter_mass``.
        daughter_mass: of each daughter.
        direction: unit vector of the first daughter, shape (N, 3).

    Returns:
        Shape (N, 2, 4).
    """
    energy = 0.5 * np.broadcast_to(mass, direction.shape[:1])
    momentum = np.sqrt(np.maximum(energy**2 - daughter_mass**2, 0.0))[:, None] * direction
    result = np.empty((len(direction), 2, 4))
    result[:, :, 0] = energy[:, None]
    result[:, 0, 1:] = momentum
    result[:, 1, 1:] = -momentum
    return result


def boost(momenta: Floats, frame: Floats, mass: Floats | float) -> Floats:
    """Take momenta from the rest frame of a particle to the frame in which it has ``frame``.

    Args:
        momenta: in the rest frame, shape (N, K, 4).
        frame: momentum of the particle, shape (N, 4).
        mass: of the particle, shape (N,) or one for all; taken apart from ``frame``, since
            E^2 - p^2 loses digits for fast particles.

    Returns:
        Shape (N, K, 4).
    """
    mass = np.broadcast_to(np.asarray(mass, dtype=np.float64), frame.shape[:1])[:, None]
    energy, three = momenta[..., 0], momenta[..., 1:]
    along = np.einsum("nkj,nj->nk", three, frame[:, 1:])
    new_energy = (energy * frame[:, :1] + along) / mass
    factor = (energy + new_energy) / (frame[:, :1] + mass)
    result = np.empty_like(momenta)
    result[..., 0] = new_energy
    result[..., 1:] = three + factor[..., None] * frame[:, None, 1:]
    return result


def decay(parents: Floats, mass: float, daughter_mass: float, rng: np.random.Generator) -> Floats:
    """Let particles decay into two equal ones, isotropically in their rest frames.

    Args:
        parents: momenta, shape (N, 4).
        mass: of the parents.
        daughter_mass: of the daughters.
        rng: random generator.

    Returns:
        Momenta of the daughters, shape (N, 2, 4).
    """
    n_events = len(parents)
    at_rest = back_to_back(
        np.full(n_events, mass), daughter_mass, isotropic_directions(n_events, rng)
    )
    return boost(at_rest, parents, mass)

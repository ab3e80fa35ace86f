"""Azimuths for compiled code, apart from `hh4b.core.kinematics`: Numba takes longer to import."""

import math

from hh4b.core.compiled import njit


@njit(cache=True, nogil=True)
def wrap_phi(phi: float) -> float:
    """Return an azimuth wrapped into [-pi, pi), for compiled code.

    >>> round(wrap_phi(4.0), 12) == round(4.0 - 2 * math.pi, 12)
    True
    """
    return phi - 2.0 * math.pi * math.floor((phi + math.pi) / (2.0 * math.pi))


@njit(cache=True, nogil=True)
def abs_delta_phi(phi_1: float, phi_2: float) -> float:
    """Return the angle between two azimuths in [0, pi], for compiled code.

    Both azimuths must lie in [-pi, pi], so that one fold is enough.

    >>> round(abs_delta_phi(3.0, -3.0), 12) == round(2 * math.pi - 6.0, 12)
    True
    """
    distance = abs(phi_1 - phi_2)
    return 2.0 * math.pi - distance if distance > math.pi else distance

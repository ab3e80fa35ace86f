"""Squared matrix elements of pp -> b b~ b b~, summed and averaged, and colour-flow weights.

Both channels are summed over helicities and colours of the final state and averaged over those of
the initial state, with the factor 1/(2! 2!) for identical quarks; alpha_s = 1. By parity and time
reversal a tree amplitude with all helicities flipped has the same modulus, so only one helicity of
the first incoming parton is calculated.
"""

from math import pi

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.generation.four_b.colour import gluon_gram, quark_gram
from hh4b.generation.four_b.gluon_fusion import gluon_amplitudes
from hh4b.generation.four_b.quark_annihilation import quark_amplitudes
from hh4b.generation.four_b.spinors import Complex, Real, compiled

N_GLUON_FLOWS = 12
N_QUARK_FLOWS = 6

_GLUON_GRAM = gluon_gram()
_QUARK_GRAM = quark_gram()
_COUPLING = (4.0 * pi) ** 4
# gluons: 2 for the flipped helicities, 1/4 spins, 1/64 colours, 1/4 identical quarks
_GLUON_FACTOR = _COUPLING * 2.0 / (4.0 * 64.0 * 4.0)
_QUARK_FACTOR = _COUPLING * 2.0 / (4.0 * 9.0 * 4.0)


@compiled
def _contract(amplitude: Complex, gram: Real, flows: Real) -> float:
    """Return the sum over helicities of J^dagger G J; add |J_c|² to ``flows``."""
    size = gram.shape[0]
    result = 0.0
    for h in range(amplitude.shape[0]):
        for c in range(size):
            re, im = amplitude[h, c].real, amplitude[h, c].imag
            own = re * re + im * im
            flows[c] += own
            total = 0.5 * gram[c, c] * own
            for d in range(c):
                total += gram[c, d] * (re * amplitude[h, d].real + im * amplitude[h, d].imag)
            result += 2.0 * total
    return result


@compiled
def gluon_squared(p: Real, k: Real, mass: float, flows: Real) -> float:
    """Return the squared matrix element of gg -> b b~ b b~ (GeV^-4) and add up flow weights.

    Args:
        p: outgoing momenta of b, b~, b, b~, rows [E, px, py, pz].
        k: incoming momenta along +z and -z, shape (2, 4).
        mass: b mass.
        flows: output of 12 weights of colour structures, relative to each other.
    """
    amplitude = np.empty((16, 12), np.complex128)
    eps = np.zeros((2, 4), np.complex128)
    eps[0, 1] = np.sqrt(2.0)
    flows[:] = 0.0
    result = 0.0
    for h in range(2):
        eps[1, :] = 0.0
        eps[1, 1 + h] = np.sqrt(2.0)
        gluon_amplitudes(p, k, eps, mass, amplitude)
        result += _contract(amplitude, _GLUON_GRAM, flows)
    return _GLUON_FACTOR * result


@compiled
def quark_squared(p: Real, k: Real, mass: float, flows: Real) -> float:
    """Return the squared matrix element of q q~ -> b b~ b b~; see `gluon_squared`.

    ``k[0]`` is the quark, ``k[1]`` the antiquark; ``flows`` has 6 weights.
    """
    amplitude = np.empty((16, 6), np.complex128)
    quark_amplitudes(p, k, mass, amplitude)
    flows[:] = 0.0
    return _QUARK_FACTOR * _contract(amplitude, _QUARK_GRAM, flows)


@compiled
def _squares(channel: int, incoming: Real, outgoing: Real, mass: float) -> Real:
    result = np.empty(len(outgoing))
    flows = np.empty(12)
    for n in range(len(outgoing)):
        if channel == 0:
            result[n] = gluon_squared(outgoing[n], incoming[n], mass, flows)
        else:
            result[n] = quark_squared(outgoing[n], incoming[n], mass, flows[:6])
    return result


def squared_matrix_elements(
    initial: str, momenta: NDArray[np.floating], *, b_mass_gev: float
) -> NDArray[np.float64]:
    """Return the averaged squared matrix elements in GeV^-4 at alpha_s = 1.

    Args:
        initial: ``"gg"`` or ``"qq~"`` (the first incoming parton is the quark).
        momenta: shape (N, 6, 4), [E, px, py, pz] of the two incoming partons (along the z axis)
            and of b, b~, b, b~.
        b_mass_gev: mass of the b quark.

    Raises:
        ContractError: if the shape or the channel is another one.
    """
    momenta = np.ascontiguousarray(momenta, dtype=np.float64)
    if momenta.ndim != 3 or momenta.shape[1:] != (6, 4) or initial not in ("gg", "qq~"):
        raise ContractError(
            f"matrix element of {initial!r} with momenta of shape {momenta.shape}:"
            " expected 'gg' or 'qq~' and (N, 6, 4)"
        )
    incoming = np.ascontiguousarray(momenta[:, :2])
    outgoing = np.ascontiguousarray(momenta[:, 2:])
    return np.asarray(_squares(int(initial != "gg"), incoming, outgoing, b_mass_gev))

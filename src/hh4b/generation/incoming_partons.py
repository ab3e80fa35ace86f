"""The incoming partons of Les Houches events: momentum fractions and densities."""

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.generation.lhe import LheEvents
from hh4b.generation.pdf import load_pdf

Floats = NDArray[np.float64]
_INCOMING = -1
# Files hold energies with ten digits.
_ROUNDING = 1e-8


def incoming(events: LheEvents) -> tuple[NDArray[np.int64], Floats]:
    """Return PDG numbers and energies in GeV of both incoming partons, each of shape (event, 2).

    Raises:
        ContractError: naming the first event without two incoming partons from opposite sides.
    """
    chosen = events.status == _INCOMING
    require(np.asarray(chosen.sum(axis=1) == 2), "has not two incoming partons")
    pids = np.asarray(events.pid)[chosen].reshape(-1, 2)
    momenta = events.momenta[chosen].reshape(-1, 2, 4)
    opposite = np.asarray(momenta[:, 0, 3] * momenta[:, 1, 3] < 0)
    require(opposite, "has incoming partons from one side only")
    return pids.astype(np.int64), momenta[:, :, 0]


def fractions(events: LheEvents, sqrt_s_tev: float) -> tuple[NDArray[np.int64], Floats]:
    """Return PDG numbers and momentum fractions of both partons, each of shape (event, 2).

    Args:
        events: with incoming partons and the factorisation scale (SCALUP), as `read_lhe` gives.
        sqrt_s_tev: energy of the two beams.

    Raises:
        ContractError: naming the first event without two incoming partons from opposite sides,
            without a scale, or that cannot be of this energy.
    """
    pids, energies = incoming(events)
    has_scale = np.asarray(np.isfinite(events.scales) & (events.scales > 0))
    require(has_scale, "has no scale (SCALUP)")
    x = 2.0 * energies / (1000.0 * sqrt_s_tev)
    inside = np.asarray((x < 1.0 + _ROUNDING).all(axis=1))
    require(inside, f"is not of {sqrt_s_tev:g} TeV: x is above 1")
    return pids, x


def flux(pids: NDArray[np.int64], x: Floats, scale_gev: Floats, pdf_name: str) -> Floats:
    """Return x1 f1(x1) x2 f2(x2), shape (event,).

    Args:
        pids: PDG numbers, shape (event, 2).
        x: momentum fractions, shape (event, 2).
        scale_gev: factorisation scale, shape (event,).
        pdf_name: set of densities.

    Raises:
        InputFileError: if the set is not there, or has no such parton.
    """
    pdf = load_pdf(pdf_name)
    densities = np.empty(x.shape)
    scales = np.broadcast_to(scale_gev[:, None], x.shape)
    for pid in np.unique(pids):
        chosen = pids == pid
        # Interpolated densities may be a little below zero where they vanish.
        densities[chosen] = np.maximum(pdf.xf(int(pid), x[chosen], scales[chosen]), 0.0)
    return np.asarray(densities.prod(axis=1))


def require(good: NDArray[np.bool_], what: str) -> None:
    """Refuse events.

    Raises:
        ContractError: naming the first that is not good.
    """
    if not good.all():
        raise ContractError(f"event {int(np.argmin(good))} {what}; it cannot be reweighted")

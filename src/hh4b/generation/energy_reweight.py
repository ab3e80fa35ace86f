"""Events of one collision energy as events of another, by their parton densities.

The momentum fractions of the partons are x = sqrt(s^ / s) e^(+-y). At fixed partonic energy s^,
rapidity y and scale, the partonic cross section and the measure d s^ dy / s^ do not change with the
energy s of the protons, so that events with

    weight = x1' f1(x1', Q) x2' f2(x2', Q) / (x1 f1(x1, Q) x2 f2(x2, Q)),   x' = x sqrt(s / s'),

are distributed as those at s', and their cross section is the mean of weight times event weight.
Only the hard process is carried over: initial-state shower and multiple interactions stay those of
the energy at which the events were showered.
"""

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.generation.lhe import LheEvents
from hh4b.generation.pdf import DEFAULT_SET, load_pdf

Floats = NDArray[np.float64]
_INCOMING = -1
# Files hold energies with ten digits.
_ROUNDING = 1e-8


def energy_weights(
    events: LheEvents,
    sqrt_s_from_tev: float,
    sqrt_s_to_tev: float,
    *,
    pdf_name: str = DEFAULT_SET,
) -> Floats:
    """Return the factor on each event's weight that takes it to another collision energy.

    Upwards, events of the new energy with x' above sqrt(s / s') have no partner at the old one and
    are missing; from 13 to 14 TeV these have x' above 0.93, where hardly any density is left.

    Args:
        events: with incoming partons and the factorisation scale (SCALUP), as `read_lhe` gives.
        sqrt_s_from_tev: energy of the two beams at which the events were generated.
        sqrt_s_to_tev: energy of the two beams wanted.
        pdf_name: densities that the events were generated with.

    Returns:
        Shape (event,); zero where the new energy is too small for the event.

    Raises:
        ConfigError: if an energy is not positive.
        ContractError: naming the first event without two incoming partons from opposite sides,
            without a scale, or that cannot be of the energy or the densities said.
    """
    for name, value in (("from", sqrt_s_from_tev), ("to", sqrt_s_to_tev)):
        if not (np.isfinite(value) and value > 0):
            raise ConfigError(f"sqrt_s_{name}_tev: value {value!r}: expected a positive number")
    pids, energies = _incoming(events)
    has_scale = np.asarray(np.isfinite(events.scales) & (events.scales > 0))
    _require(has_scale, "has no scale (SCALUP)")
    x = 2.0 * energies / (1000.0 * sqrt_s_from_tev)
    inside = np.asarray((x < 1.0 + _ROUNDING).all(axis=1))
    _require(inside, f"is not of {sqrt_s_from_tev:g} TeV: x is above 1")
    before = _flux(pids, x, events.scales, pdf_name)
    after = _flux(pids, x * (sqrt_s_from_tev / sqrt_s_to_tev), events.scales, pdf_name)
    _require(np.asarray(before > 0), f"has partons that are not in {pdf_name} at its x")
    return np.asarray(after / before)


def partonic_energy_gev(events: LheEvents) -> Floats:
    """Return the mass sqrt(s^) of the two incoming partons in GeV, shape (event,).

    Raises:
        ContractError: naming the first event without two incoming partons from opposite sides.
    """
    energies = _incoming(events)[1]
    return np.asarray(2.0 * np.sqrt(energies.prod(axis=1)))


def _incoming(events: LheEvents) -> tuple[NDArray[np.int64], Floats]:
    """Return PDG numbers and energies in GeV of both incoming partons, each of shape (event, 2)."""
    incoming = events.status == _INCOMING
    _require(np.asarray(incoming.sum(axis=1) == 2), "has not two incoming partons")
    pids = np.asarray(events.pid)[incoming].reshape(-1, 2)
    momenta = events.momenta[incoming].reshape(-1, 2, 4)
    opposite = np.asarray(momenta[:, 0, 3] * momenta[:, 1, 3] < 0)
    _require(opposite, "has incoming partons from one side only")
    return pids.astype(np.int64), momenta[:, :, 0]


def _flux(pids: NDArray[np.int64], x: Floats, scale_gev: Floats, pdf_name: str) -> Floats:
    """Return x1 f1(x1) x2 f2(x2), shape (event,)."""
    pdf = load_pdf(pdf_name)
    densities = np.empty(x.shape)
    scales = np.broadcast_to(scale_gev[:, None], x.shape)
    for pid in np.unique(pids):
        chosen = pids == pid
        # Interpolated densities may be a little below zero where they vanish.
        densities[chosen] = np.maximum(pdf.xf(int(pid), x[chosen], scales[chosen]), 0.0)
    return np.asarray(densities.prod(axis=1))


def _require(good: NDArray[np.bool_], what: str) -> None:
    if not good.all():
        raise ContractError(f"event {int(np.argmin(good))} {what}; it cannot change its energy")

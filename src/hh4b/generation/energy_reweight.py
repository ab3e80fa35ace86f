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

from hh4b.core.errors import ConfigError
from hh4b.generation.incoming_partons import flux, fractions, incoming, require
from hh4b.generation.lhe import LheEvents
from hh4b.generation.pdf import DEFAULT_SET

Floats = NDArray[np.float64]


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
    pids, x = fractions(events, sqrt_s_from_tev)
    before = flux(pids, x, events.scales, pdf_name)
    after = flux(pids, x * (sqrt_s_from_tev / sqrt_s_to_tev), events.scales, pdf_name)
    require(np.asarray(before > 0), f"has partons that are not in {pdf_name} at its x")
    return np.asarray(after / before)


def partonic_energy_gev(events: LheEvents) -> Floats:
    """Return the mass sqrt(s^) of the two incoming partons in GeV, shape (event,).

    Raises:
        ContractError: naming the first event without two incoming partons from opposite sides.
    """
    energies = incoming(events)[1]
    return np.asarray(2.0 * np.sqrt(energies.prod(axis=1)))

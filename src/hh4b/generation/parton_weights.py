"""Events with other scales and other parton densities.

The cross section of a hard process with n powers of the strong coupling is alpha_s(mu_R)^n times
x1 f1(x1, mu_F) x2 f2(x2, mu_F) times what knows neither. Events with

    weight = [alpha_s'(k mu_R) / alpha_s(mu_R)]^n
             x1 f1'(x1, k mu_F) x2 f2'(x2, k mu_F) / (x1 f1(x1, mu_F) x2 f2(x2, mu_F))

are distributed as those with the densities f', their coupling, and both scales times k. At leading
order this is exact. mu_F is SCALUP of the event; mu_R is where alpha_s has the value that stands in
the event (AQCDUP), so that the two may differ, as they do in pp -> 4b with clustered scales. The
shower stays as it was.
"""

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.incoming_partons import flux, fractions, require
from hh4b.generation.lhe import LheEvents
from hh4b.generation.pdf import DEFAULT_SET, load_pdf

Floats = NDArray[np.float64]
#: Power of alpha_s in the cross section by the stage that generated the events.
ALPHA_S_POWERS = {"generate hh": 2, "generate 4b": 4}


def parton_weights(
    events: LheEvents,
    sqrt_s_tev: float,
    *,
    alpha_s_power: int,
    mu_factor: float = 1.0,
    pdf_set: str = DEFAULT_SET,
    pdf_name: str = DEFAULT_SET,
) -> Floats:
    """Return the factor on each event's weight under other scales and densities.

    Args:
        events: with incoming partons, factorisation scale (SCALUP) and alpha_s (AQCDUP).
        sqrt_s_tev: energy of the two beams.
        alpha_s_power: power of alpha_s in the cross section.
        mu_factor: factor on both scales.
        pdf_set: densities wanted, with the alpha_s that its name says.
        pdf_name: densities that the events were generated with.

    Returns:
        Shape (event,); zero where the densities wanted vanish.

    Raises:
        ConfigError: if the factor is not positive, or the set does not say its alpha_s.
        InputFileError: if a set is not there, or lacks a parton.
        ContractError: naming the first event that lacks what is needed, is not of the energy or the
            densities said, or has a scale below those of the set.
    """
    if not (np.isfinite(mu_factor) and mu_factor > 0):
        raise ConfigError(f"mu_factor: value {mu_factor!r}: expected a positive number")
    before, after = AlphaS.of_set(pdf_name), AlphaS.of_set(pdf_set)
    pids, x = fractions(events, sqrt_s_tev)
    scale = mu_factor * events.scales
    lowest = float(load_pdf(pdf_set).q_gev[0])
    require(
        np.asarray(scale >= lowest), f"has a scale below {lowest:g} GeV, the lowest of {pdf_set}"
    )
    old = flux(pids, x, events.scales, pdf_name)
    require(np.asarray(old > 0), f"has partons that are not in {pdf_name} at its x")
    new = flux(pids, x, scale, pdf_set)
    coupling = events.alpha_s
    require(np.asarray((coupling > 0) & (coupling < 1)), "has no alpha_s (AQCDUP)")
    ratio = after(mu_factor * before.scale_gev(coupling)) / coupling
    return np.asarray(ratio**alpha_s_power * new / old)

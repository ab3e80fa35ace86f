"""What the templates need of gg -> HH: every event and the cross section as parabolas in kappa."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.core.errors import ContractError
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions, cross_section
from hh4b.generation.higgs_pair_grid import AmplitudeGrid, load_grid

Floats = NDArray[np.float64]

# Covers the collider; events above it do not occur.
_M_MAX_GEV = 14000.0
# Rounding to float32 and the width of the Higgs boson in events of other programs may put m_HH a
# little below the threshold.
_TOLERANCE = 0.02


def kappa_polynomial(
    m_hh_gev: ArrayLike, cos_theta_star: ArrayLike, *, m_higgs_gev: float, m_top_gev: float
) -> Floats:
    """Return p with |A|^2 proportional to p0 + p1 kappa + p2 kappa^2, shape (N, 3).

    The factor of proportionality depends on (m_HH, cos theta*) but not on kappa, so ratios between
    different kappa of one event are ratios of its probability densities.

    The masses must be those of the generated events. The amplitude is tabulated once for each pair
    of masses and process, which takes about a second.

    Args:
        m_hh_gev: true mass of the Higgs pair in GeV, shape (N,).
        cos_theta_star: true cosine of the angle of a Higgs boson to the beam in the pair's frame.
        m_higgs_gev: Higgs mass of the events.
        m_top_gev: top-quark mass in their loops.

    Raises:
        ConfigError: if the masses are impossible.
        ContractError: if a mass lies below the threshold, or a cosine outside [-1, 1].
    """
    grid, m_hh, cos_theta = grid_of_events(
        m_hh_gev, cos_theta_star, HiggsPairModel(m_top_gev, m_higgs_gev)
    )
    return grid.polynomial(m_hh, cos_theta)


def grid_of_events(
    m_hh_gev: ArrayLike, cos_theta_star: ArrayLike, model: HiggsPairModel
) -> tuple[AmplitudeGrid, Floats, Floats]:
    """Return the amplitude's grid, and masses and cosines of events pulled into its range.

    Raises:
        ContractError: if a mass lies below the threshold, or a cosine outside [-1, 1].
    """
    m_hh = np.asarray(m_hh_gev, dtype=np.float64)
    cos_theta = np.asarray(cos_theta_star, dtype=np.float64)
    low = 2.0 * model.m_higgs_gev
    wrong = ~((m_hh >= (1.0 - _TOLERANCE) * low) & (m_hh <= _M_MAX_GEV))
    if wrong.any():
        event = int(np.argmax(wrong))
        raise ContractError(
            f"true m_HH = {m_hh.flat[event]:g} GeV in event {event}: a Higgs pair has"
            f" {low:g} to {_M_MAX_GEV:g} GeV; was it generated with another Higgs mass?"
        )
    wrong = ~(np.abs(cos_theta) <= 1.0 + 1e-5)
    if wrong.any():
        event = int(np.argmax(wrong))
        raise ContractError(
            f"true cos(theta*) = {cos_theta.flat[event]:g} in event {event} lies outside [-1, 1]"
        )
    grid = load_grid(model, _M_MAX_GEV)
    return grid, np.maximum(m_hh, low), np.clip(cos_theta, -1.0, 1.0)


def cross_section_coefficients_fb(
    sqrt_s_tev: float, *, m_higgs_gev: float, m_top_gev: float, mu_factor: float = 1.0
) -> Floats:
    """Return (c0, c1, c2) of sigma(gg -> HH) = c0 + c1 kappa + c2 kappa^2 in fb.

    Raises:
        ConfigError: if energy, masses or scale are impossible.
    """
    collisions = Collisions(1000.0 * sqrt_s_tev, mu_factor)
    return cross_section(collisions, HiggsPairModel(m_top_gev, m_higgs_gev)).coefficients_fb

"""What templates need from the amplitude of gg -> HH, loaded only when asked for."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def polynomial(
    m_hh_gev: Floats, cos_theta_star: Floats, *, m_higgs_gev: float, m_top_gev: float
) -> Floats:
    """Return the coefficients (p0, p1, p2) in kappa_lambda of the squared amplitude, (N, 3)."""
    from hh4b.generation.reweight import kappa_polynomial

    return np.asarray(
        kappa_polynomial(m_hh_gev, cos_theta_star, m_higgs_gev=m_higgs_gev, m_top_gev=m_top_gev)
    )


def own_cross_section_fb(sqrt_s_tev: float, *, m_higgs_gev: float, m_top_gev: float) -> Floats:
    """Return the coefficients (c0, c1, c2) in kappa_lambda of sigma(gg -> HH) in fb, (3,)."""
    from hh4b.generation.reweight import cross_section_coefficients_fb

    return np.asarray(
        cross_section_coefficients_fb(sqrt_s_tev, m_higgs_gev=m_higgs_gev, m_top_gev=m_top_gev)
    )


def coupling_polynomial(
    m_hh_gev: Floats, cos_theta_star: Floats, *, m_higgs_gev: float, m_top_gev: float
) -> Floats:
    """Return the squared amplitude as a form in the monomials of the couplings, (N, 5, 5)."""
    from hh4b.generation.couplings import coupling_polynomial as own

    return own(m_hh_gev, cos_theta_star, m_higgs_gev=m_higgs_gev, m_top_gev=m_top_gev)


def own_coupling_cross_section_fb(
    sqrt_s_tev: float, *, m_higgs_gev: float, m_top_gev: float, m_hh_max_gev: float | None = None
) -> Floats:
    """Return sigma(gg -> HH) in fb as a form in the monomials of the couplings, (5, 5)."""
    from hh4b.generation.coupling_cross_section import coupling_cross_section
    from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
    from hh4b.generation.higgs_pair_cross_section import Collisions

    found = coupling_cross_section(
        Collisions(1000.0 * sqrt_s_tev),
        HiggsPairModel(m_top_gev, m_higgs_gev),
        m_hh_max_gev=m_hh_max_gev,
    )
    return found.form_fb

"""What templates need from the amplitude of gg -> HH, loaded only when asked for."""

import logging
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core.strict_yaml import parse_yaml

log = logging.getLogger(__name__)
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
    """Return the coefficients (c0, c1, c2) in kappa_lambda of sigma(gg -> HH) in fb, (3,).

    Where the package that brings the parton densities is missing, they are those computed before
    for the default masses at the usual energies.

    Raises:
        DensitiesMissing: if the parton densities are missing and these energy and masses are not
            among those computed before.
        InputFileError: if the densities are there, and broken.
    """
    from hh4b.generation.pdf import DensitiesMissing
    from hh4b.generation.reweight import cross_section_coefficients_fb

    try:
        found = cross_section_coefficients_fb(
            sqrt_s_tev, m_higgs_gev=m_higgs_gev, m_top_gev=m_top_gev
        )
    except DensitiesMissing as error:
        known = computed_before_fb()
        if (m_higgs_gev, m_top_gev) != known.masses or sqrt_s_tev not in known.coefficients_fb:
            raise DensitiesMissing(
                f"{error}; without it sigma(gg -> HH) is known for m_H, m_t = {known.masses} GeV at"
                f" {sorted(known.coefficients_fb)} TeV only"
            ) from error
        log.info("no parton densities here: sigma(gg -> HH) is that of own_cross_sections.yaml")
        found = np.array(known.coefficients_fb[sqrt_s_tev])
    return np.asarray(found)


class ComputedBefore(NamedTuple):
    """Coefficients in fb by energy in TeV, and the masses (m_H, m_t) in GeV that they are for."""

    masses: tuple[float, float]
    coefficients_fb: dict[float, tuple[float, float, float]]


@cache
def computed_before_fb() -> ComputedBefore:
    """Return what is kept in ``own_cross_sections.yaml``."""
    name = "own_cross_sections.yaml"
    content = parse_yaml(resources.files(__package__).joinpath(name).read_text("utf-8"), where=name)
    kept = {float(tev): (c0, c1, c2) for tev, (c0, c1, c2) in content["coefficients_fb"].items()}
    return ComputedBefore((content["m_higgs_gev"], content["m_top_gev"]), kept)


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

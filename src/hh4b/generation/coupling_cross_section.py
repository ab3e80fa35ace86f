"""The cross section of gg -> HH as a quadratic form in the monomials of the couplings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.generation.couplings import Density, HiggsPairCouplings, coupling_density
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions, integrate

Floats = NDArray[np.float64]

#: The pairs of monomials of the published coefficients A1 to A15, in their order.
PAIRS = (
    (0, 0), (2, 2), (1, 1), (3, 3), (4, 4), (0, 2), (0, 1), (1, 2), (2, 3), (2, 4), (0, 3), (0, 4),
    (1, 3), (1, 4), (3, 4),
)  # fmt: skip
#: c_g and c_gg for c_g = 1 and c_2g = 1 of `HiggsPairCouplings.in_units_of_heavy_top`.
_HEAVY_TOP = np.array([1.0, 1.0, 1.0, 2.0 / 3.0, -1.0 / 3.0])


@dataclass(frozen=True)
class CouplingCrossSection:
    """sigma = g S g for the monomials g of the couplings.

    Attributes:
        form_fb: S in fb, symmetric, shape (5, 5).
        errors_fb: change of each element when the integration points are halved.
    """

    form_fb: Floats
    errors_fb: Floats

    def at(self, couplings: HiggsPairCouplings) -> float:
        """Return the cross section in fb."""
        values = couplings.monomials()
        return float(values @ self.form_fb @ values)

    def coefficients(self, *, heavy_top: bool = False) -> tuple[Floats, Floats]:
        """Return A1 to A15 of sigma / sigma_SM and their numerical errors, each of shape (15,).

        The order is that of LHCHXSWG-2016-001 (arXiv:1608.06578) and arXiv:1806.05162.

        Args:
            heavy_top: in the normalisation of the former instead of the latter.
        """
        scale = _HEAVY_TOP if heavy_top else np.ones(5)
        sigma = self.at(HiggsPairCouplings())
        factors = np.array([(1 + (a != b)) * scale[a] * scale[b] for a, b in PAIRS]) / sigma
        rows, columns = np.transpose(PAIRS)
        values = factors * self.form_fb[rows, columns]
        return values, np.abs(factors) * self.errors_fb[rows, columns]


def coupling_cross_section(
    collisions: Collisions,
    model: HiggsPairModel,
    *,
    m_hh_max_gev: float | None = None,
    density: Density = coupling_density,
) -> CouplingCrossSection:
    """Integrate the amplitude over the phase space of pp -> HH.

    Args:
        collisions: of the protons.
        model: masses.
        m_hh_max_gev: cut on the mass of the pair, above which the effective theory has no meaning.
        density: another quadratic form, for comparisons.

    Raises:
        ConfigError: if the collision energy or the cut is below the threshold.
    """
    fine, coarse = integrate(collisions, model, density, m_hh_max_gev)
    return CouplingCrossSection(fine, np.abs(fine - coarse))

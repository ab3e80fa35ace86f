"""The hadronic cross section of gg -> HH as a quadratic function of kappa_lambda."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.core.errors import ConfigError
from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_grid import AmplitudeGrid, load_grid, velocity
from hh4b.generation.pdf import DEFAULT_SET, GLUON, PdfGrid, load_pdf

Floats = NDArray[np.float64]
Density = Callable[[AmplitudeGrid, Floats, Floats], Floats]

#: (hbar c)^2 in pb GeV^2.
GEV2_PB = 0.3893793721e9
_PB_TO_FB = 1000.0
_SQRT_S_MAX_GEV = 2e5
# Gauss-Legendre points in (m_HH, cos theta, rapidity); the error is the change at half as many.
_POINTS = (48, 24, 48)


@dataclass(frozen=True)
class Collisions:
    """Proton collisions: energy, parton densities, coupling and scale.

    Attributes:
        sqrt_s_gev: energy of the two protons.
        mu_factor: renormalisation and factorisation scale in units of m_HH / 2.
        pdf_name: set of parton densities.
        alpha_s: strong coupling.
    """

    sqrt_s_gev: float
    mu_factor: float = 1.0
    pdf_name: str = DEFAULT_SET
    alpha_s: AlphaS = field(default_factory=AlphaS)

    def __post_init__(self) -> None:
        """Check energy and scale.

        Raises:
            ConfigError: if one is not positive, or the energy out of any collider's range.
        """
        if not 0.0 < self.sqrt_s_gev <= _SQRT_S_MAX_GEV:
            raise ConfigError(
                f"sqrt_s = {self.sqrt_s_gev / 1000:g} TeV: expected more than 0 and at most"
                f" {_SQRT_S_MAX_GEV / 1000:g} TeV"
            )
        if not (np.isfinite(self.mu_factor) and self.mu_factor > 0):
            raise ConfigError(f"mu_factor = {self.mu_factor:g}: the scale factor must be positive")

    @cached_property
    def pdf(self) -> PdfGrid:
        """The parton densities."""
        return load_pdf(self.pdf_name)

    def scale_gev(self, mass_gev: Floats) -> Floats:
        """Return the scale for a system of the mass ``mass_gev``."""
        return 0.5 * self.mu_factor * mass_gev

    def gluon_flux(self, mass_gev: Floats, rapidity: Floats) -> Floats:
        """Return x1 g(x1) x2 g(x2) for a system of this mass and rapidity, both shape (N,)."""
        x = mass_gev / self.sqrt_s_gev
        scale = self.scale_gev(mass_gev)
        forward = self.pdf.xf(GLUON, x * np.exp(rapidity), scale)
        return np.asarray(forward * self.pdf.xf(GLUON, x * np.exp(-rapidity), scale))

    def rapidity_max(self, mass_gev: Floats) -> Floats:
        """Return the largest rapidity of a system of this mass."""
        return np.asarray(np.log(self.sqrt_s_gev / mass_gev))


@dataclass(frozen=True)
class HiggsPairCrossSection:
    """sigma(kappa) = c0 + c1 kappa + c2 kappa^2.

    Attributes:
        coefficients_fb: (c0, c1, c2), shape (3,).
        errors_fb: change of each coefficient when the integration points are halved; the errors
            of the three are those of one integral, so they add linearly.
    """

    coefficients_fb: Floats
    errors_fb: Floats

    def at(self, kappa_lambda: ArrayLike) -> Floats:
        """Return the cross section in fb.

        >>> flat = HiggsPairCrossSection(np.array([4.0, -2.0, 1.0]), np.zeros(3))
        >>> flat.at(3.0)
        array(7.)
        """
        return np.asarray(_powers(kappa_lambda) @ self.coefficients_fb)

    def error_at(self, kappa_lambda: ArrayLike) -> Floats:
        """Return the numerical error of the cross section in fb."""
        return np.asarray(np.abs(_powers(kappa_lambda) @ self.errors_fb))

    @property
    def minimum(self) -> float:
        """The kappa_lambda of the smallest cross section."""
        return float(-self.coefficients_fb[1] / (2.0 * self.coefficients_fb[2]))


def _powers(kappa_lambda: ArrayLike) -> Floats:
    kappa = np.asarray(kappa_lambda, dtype=np.float64)
    return np.stack([np.ones_like(kappa), kappa, kappa**2], axis=-1)


def partonic_factor(m_hh_gev: Floats, collisions: Collisions, model: HiggsPairModel) -> Floats:
    """Return d sigma / (d m d y d cos theta) over the gluon flux and squared form factors.

    d sigma^/dt = G_F^2 alpha_s^2 / (256 (2 pi)^3) (|C F_tri + F_box|^2 + |G_box|^2)
    (hep-ph/9603205), times 1/2 for two equal bosons over the full range of t, times
    dt = s beta / 2 d cos theta and dx1 dx2 / (x1 x2) = 2 dm dy / m. In pb / GeV.
    """
    coupling = model.fermi_constant * collisions.alpha_s(collisions.scale_gev(m_hh_gev))
    jacobian = m_hh_gev * velocity(m_hh_gev, model)
    return np.asarray(GEV2_PB * coupling**2 / (512.0 * (2.0 * np.pi) ** 3) * jacobian)


def cross_section(collisions: Collisions, model: HiggsPairModel) -> HiggsPairCrossSection:
    """Integrate the amplitude over the phase space of pp -> HH.

    Raises:
        ConfigError: if the collision energy is below the threshold.
    """
    fine, coarse = integrate(collisions, model, AmplitudeGrid.polynomial)
    return HiggsPairCrossSection(fine, np.abs(fine - coarse))


def integrate(
    collisions: Collisions,
    model: HiggsPairModel,
    density: Density,
    m_hh_max_gev: float | None = None,
) -> tuple[Floats, Floats]:
    """Integrate a density that is even in cos theta over the phase space of pp -> HH.

    Args:
        collisions: of the protons.
        model: masses.
        density: what stands for the squared form factors: of grid, masses (M, 1) and cosines (C,),
            a function that returns the shape (M, C, ...).
        m_hh_max_gev: upper end in the mass of the pair; None is the energy of the protons.

    Returns:
        The integral in fb, shape (...), and the same with half as many points.

    Raises:
        ConfigError: if the upper end is below the threshold.
    """
    end = collisions.sqrt_s_gev if m_hh_max_gev is None else m_hh_max_gev
    if m_hh_max_gev is not None and not 2 * model.m_higgs_gev < end <= collisions.sqrt_s_gev:
        raise ConfigError(
            f"m_HH up to {end:g} GeV: expected more than 2 m_H = {2 * model.m_higgs_gev:g} GeV and"
            f" at most the energy of the protons, {collisions.sqrt_s_gev:g} GeV"
        )
    fine, coarse = (_integrate(collisions, model, density, end, part) for part in (1, 2))
    return _PB_TO_FB * fine, _PB_TO_FB * coarse


def mass_spectrum(m_hh_gev: Floats, collisions: Collisions, model: HiggsPairModel) -> Floats:
    """Return the coefficients of d sigma / d m_HH in pb / GeV, shape (N, 3), integrated exactly."""
    grid = load_grid(model, collisions.sqrt_s_gev)
    return _spectrum(m_hh_gev, collisions, grid, AmplitudeGrid.polynomial, 1)


def _integrate(
    collisions: Collisions, model: HiggsPairModel, density: Density, end: float, part: int
) -> Floats:
    grid = load_grid(model, collisions.sqrt_s_gev)
    parts = []
    edges = [2 * model.m_higgs_gev, 2 * model.m_top_gev, 1000.0, end]
    inside = sorted({min(max(edge, edges[0]), edges[-1]) for edge in edges})
    for low, high in pairwise(inside):
        x, weight = _gauss(_POINTS[0] // part)
        # Square roots at both ends become smooth.
        m = low * (high / low) ** (np.sin(0.5 * np.pi * x) ** 2)
        slope = m * np.log(high / low) * 0.5 * np.pi * np.sin(np.pi * x)
        spectrum = _spectrum(m, collisions, grid, density, part)
        parts.append(np.tensordot(weight * slope, spectrum, axes=1))
    return np.asarray(np.sum(parts, axis=0))


def _spectrum(
    m: Floats, collisions: Collisions, grid: AmplitudeGrid, density: Density, part: int
) -> Floats:
    # Both integrands are even: gluons and bosons are alike.
    cos_theta, cos_weight = _gauss(_POINTS[1] // part)
    amplitude = 2.0 * np.einsum("c,mc...->m...", cos_weight, density(grid, m[:, None], cos_theta))
    x, weight = _gauss(_POINTS[2] // part)
    y_max = collisions.rapidity_max(m)
    flux = 2.0 * y_max * (collisions.gluon_flux(m[:, None], y_max[:, None] * x) @ weight)
    factor = partonic_factor(m, collisions, grid.model) * flux
    return np.asarray((amplitude.T * factor).T)


def _gauss(points: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of Gauss-Legendre on [0, 1]."""
    x, weight = np.polynomial.legendre.leggauss(points)
    return 0.5 * (x + 1.0), 0.5 * weight

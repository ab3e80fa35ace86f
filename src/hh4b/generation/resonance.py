"""A narrow scalar resonance X -> HH, produced by gluon fusion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.generation.higgs_pair_cross_section import Collisions
from hh4b.generation.higgs_pair_sampling import PhaseSpacePoints

Floats = NDArray[np.float64]

_CELLS = 400
_LOOKS = 4
_MARGIN = 1.02


@dataclass(frozen=True)
class ResonanceSampler:
    """Draws X -> HH with the rapidity of the gluon flux at m_X and isotropic H directions.

    Attributes:
        mass_gev: mass of X; its width is neglected.
        collisions: beams, densities and scale.
        bound: upper bounds of the flux in cells of equal size in the rapidity, shape (_CELLS,).
    """

    mass_gev: float
    collisions: Collisions
    bound: Floats

    @classmethod
    def build(
        cls, mass_gev: float, collisions: Collisions, m_higgs_gev: float
    ) -> "ResonanceSampler":
        """Prepare a mass.

        Raises:
            ConfigError: if X is too light to decay to HH or too heavy for the collisions.
        """
        if not mass_gev > 2.0 * m_higgs_gev:
            raise ConfigError(
                f"m_X = {mass_gev:g} GeV cannot decay to a Higgs pair: it must exceed"
                f" 2 m_H = {2 * m_higgs_gev:g} GeV"
            )
        if not mass_gev < 0.99 * collisions.sqrt_s_gev:
            raise ConfigError(
                f"m_X = {mass_gev:g} GeV is out of reach of collisions at"
                f" {collisions.sqrt_s_gev:g} GeV"
            )
        y_max = collisions.rapidity_max(np.asarray(mass_gev))
        y = np.linspace(-y_max, y_max, _CELLS * _LOOKS + 1)
        flux = collisions.gluon_flux(np.full_like(y, mass_gev), y)
        windows = np.lib.stride_tricks.sliding_window_view(flux, _LOOKS + 1)[::_LOOKS]
        return cls(mass_gev, collisions, _MARGIN * windows.max(axis=1))

    def trials(self, n_trials: int, rng: np.random.Generator) -> PhaseSpacePoints:
        """Draw proposals and return those that are accepted."""
        cumulative = np.cumsum(self.bound)
        cell = np.searchsorted(cumulative, rng.random(n_trials) * cumulative[-1], side="right")
        cell = np.minimum(cell, _CELLS - 1)
        y_max = self.collisions.rapidity_max(np.asarray(self.mass_gev))
        y = y_max * (2.0 * (cell + rng.random(n_trials)) / _CELLS - 1.0)
        mass = np.full(n_trials, self.mass_gev)
        kept = rng.random(n_trials) * self.bound[cell] < self.collisions.gluon_flux(mass, y)
        cos_theta = rng.uniform(-1.0, 1.0, n_trials)
        return PhaseSpacePoints(mass[kept], cos_theta[kept], y[kept])

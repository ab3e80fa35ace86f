"""Unweighted phase-space points of gg -> HH.

For a given mass of the pair the density is a product: gluon flux in the rapidity, times amplitude
in the scattering angle. So one table of upper bounds for each, by cells, gives proposals that
follow the density closely, and few of them have to be thrown away.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import GeneratorFailed
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions, partonic_factor
from hh4b.generation.higgs_pair_grid import AmplitudeGrid, load_grid, velocity

Floats = NDArray[np.float64]

# Cells in angle and rapidity; in mass by steps of w as in the amplitude grid.
_CELLS = 24
_STEP_W = 0.03
# Looked at inside a cell, along each side, when its upper bound is set; and the margin on top.
_LOOKS = 4
_MARGIN = 1.05


@dataclass(frozen=True)
class PhaseSpacePoints:
    """N points of gg -> HH.

    Attributes:
        m_hh_gev: mass of the pair.
        cos_theta: cosine of the angle of the first gluon and the first Higgs boson, in the pair's
            frame.
        rapidity: of the pair, along the first beam.
    """

    m_hh_gev: Floats
    cos_theta: Floats
    rapidity: Floats


@dataclass(frozen=True)
class HiggsPairSampler:
    """Draws points with density d sigma / (d m_HH d cos theta d y) at one kappa_lambda.

    Attributes:
        kappa_lambda: trilinear coupling.
        collisions: beams, densities and scales.
        grid: the amplitude.
        m_edges_gev: edges of the cells in mass, shape (M + 1,).
        angle_bound: upper bounds of the amplitude's part by (mass, angle), shape (M, _CELLS).
        flux_bound: upper bounds of the flux's part by (mass, rapidity), shape (M, _CELLS).
    """

    kappa_lambda: float
    collisions: Collisions
    grid: AmplitudeGrid
    m_edges_gev: Floats
    angle_bound: Floats
    flux_bound: Floats

    @classmethod
    def build(
        cls, kappa_lambda: float, collisions: Collisions, model: HiggsPairModel
    ) -> "HiggsPairSampler":
        """Set the upper bounds for a coupling.

        Raises:
            ConfigError: if the collision energy is below the threshold.
        """
        grid = load_grid(model, collisions.sqrt_s_gev)
        edges = _mass_edges(model, collisions.sqrt_s_gev)
        m = _refined(edges)
        unit = _refined(np.linspace(0.0, 1.0, _CELLS + 1))
        empty = cls(kappa_lambda, collisions, grid, edges, np.empty((0, 0)), np.empty((0, 0)))
        angle = empty.angle_part(*np.meshgrid(m, unit, indexing="ij"))[0]
        flux = empty.flux_part(*np.meshgrid(m, unit, indexing="ij"))[0]
        return cls(kappa_lambda, collisions, grid, edges, _cell_maxima(angle), _cell_maxima(flux))

    def angle_part(self, m: Floats, position: Floats) -> tuple[Floats, Floats]:
        """Return amplitude squared times Jacobian, and cos theta, at positions in [0, 1]."""
        rapidity_max = np.arctanh(velocity(m, self.grid.model))
        beta_cos = np.tanh(position * rapidity_max)
        beta = velocity(m, self.grid.model)
        cos_theta = np.minimum(beta_cos / beta, 1.0)
        powers = np.array([1.0, self.kappa_lambda, self.kappa_lambda**2])
        jacobian = (1.0 - beta_cos**2) * rapidity_max / beta
        return self.grid.polynomial(m, cos_theta) @ powers * jacobian, cos_theta

    def flux_part(self, m: Floats, position: Floats) -> tuple[Floats, Floats]:
        """Return gluon flux times the factors that depend on the mass, and the rapidity."""
        y_max = self.collisions.rapidity_max(m)
        rapidity = position * y_max
        factor = partonic_factor(m, self.collisions, self.grid.model) * y_max
        return factor * self.collisions.gluon_flux(m, rapidity), rapidity

    def trials(self, n_trials: int, rng: np.random.Generator) -> PhaseSpacePoints:
        """Draw ``n_trials`` proposals and return those that are accepted.

        Raises:
            GeneratorFailed: if a density exceeds its bound.
        """
        cell_weights = np.diff(self.m_edges_gev)[:, None] * self.angle_bound
        row = _choose(cell_weights.sum(1) * self.flux_bound.sum(1), n_trials, rng)
        column = _choose_in_rows(self.angle_bound, row, rng)
        layer = _choose_in_rows(self.flux_bound, row, rng)
        low, high = self.m_edges_gev[row], self.m_edges_gev[row + 1]
        m = low + (high - low) * rng.random(n_trials)
        angle, cos_theta = self.angle_part(m, (column + rng.random(n_trials)) / _CELLS)
        flux, rapidity = self.flux_part(m, (layer + rng.random(n_trials)) / _CELLS)
        ratio = angle / self.angle_bound[row, column] * flux / self.flux_bound[row, layer]
        if ratio.max() > 1.0:
            worst = int(np.argmax(ratio))
            raise GeneratorFailed(
                f"gg -> HH at kappa_lambda = {self.kappa_lambda:g}: the density at m_HH ="
                f" {m[worst]:.2f} GeV is {ratio[worst]:.4f} of its bound; please report this"
            )
        kept = rng.random(n_trials) < ratio
        # Beams and bosons are alike: both signs are equally likely.
        signs = rng.choice([-1.0, 1.0], size=(2, n_trials))
        return PhaseSpacePoints(m[kept], (signs[0] * cos_theta)[kept], (signs[1] * rapidity)[kept])


def _mass_edges(model: HiggsPairModel, sqrt_s_gev: float) -> Floats:
    low, top = 2.0 * model.m_higgs_gev, 2.0 * model.m_top_gev
    parts = []
    if low < top:
        w = np.arccos(low / top)
        cells = max(2, int(np.ceil(w / _STEP_W)))
        parts.append(np.maximum(top * np.cos(np.linspace(w, 0.0, cells + 1)[:-1]), low))
    start = np.arccosh(max(low / top, 1.0))
    end = np.arccosh(sqrt_s_gev / top)
    above = top * np.cosh(np.linspace(start, end, int(np.ceil((end - start) / _STEP_W)) + 1))
    parts.append(np.minimum(above, sqrt_s_gev))
    return np.concatenate(parts)


def _refined(edges: Floats) -> Floats:
    """Return ``_LOOKS`` points a cell, edges included."""
    steps = np.arange(_LOOKS) / _LOOKS
    inner = edges[:-1, None] + np.diff(edges)[:, None] * steps
    return np.append(inner.ravel(), edges[-1])


def _cell_maxima(values: Floats) -> Floats:
    """Return the bound of every cell from the values at the refined points."""
    windows = np.lib.stride_tricks.sliding_window_view(values, (_LOOKS + 1, _LOOKS + 1))
    return np.asarray(_MARGIN * windows[::_LOOKS, ::_LOOKS].max(axis=(2, 3)))


def _choose(weights: Floats, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw indices with probabilities proportional to ``weights``."""
    cumulative = np.cumsum(weights)
    index = np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")
    return np.asarray(np.minimum(index, len(weights) - 1))


def _choose_in_rows(
    weights: Floats, rows: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw for each of ``rows`` a column of ``weights``, by one search in all rows at once."""
    cumulative = np.cumsum(weights, axis=1)
    cumulative /= cumulative[:, -1:]
    stacked = (cumulative + np.arange(len(weights))[:, None]).ravel()
    found = np.searchsorted(stacked, rows + rng.random(len(rows)), side="right")
    return np.asarray(np.clip(found - rows * weights.shape[1], 0, weights.shape[1] - 1))

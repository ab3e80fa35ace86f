"""The form factors of gg -> HH on a grid, for millions of phase-space points.

The amplitude is not analytic at the top threshold, so there are two patches that meet there. In the
coordinates used it is smooth inside each:

* w: m_HH = 2 m_t cos(w) below and 2 m_t cosh(w) above the threshold;
* v = (artanh(beta cos theta) / artanh(beta))^2, beta being the Higgs velocity in the pair's frame.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from hh4b.core.errors import ConfigError
from hh4b.generation import bicubic
from hh4b.generation.higgs_pair_amplitude import (
    HiggsPairModel,
    form_factors,
    triangle_form_factor,
    trilinear_coefficient,
)

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]

_STEP_W = 0.0175
_CELLS_V = 64
_BETA_MIN = 1e-7


@dataclass(frozen=True)
class _Patch:
    """One side of the top threshold: w from ``w_start`` in cells of ``step``; see the module."""

    above: bool
    w_start: float
    step: float
    cells_w: int
    f_box: Complex
    g_box: Complex

    def evaluate(self, w: Floats, v: Floats) -> tuple[Complex, Complex]:
        row, position_w = _split((w - self.w_start) / self.step, self.cells_w)
        column, position_v = _split(v * _CELLS_V, _CELLS_V)
        cell = row * _CELLS_V + column
        return (
            bicubic.evaluate(self.f_box, cell, position_w, position_v),
            bicubic.evaluate(self.g_box, cell, position_w, position_v),
        )


@dataclass(frozen=True)
class AmplitudeGrid:
    """Interpolated form factors between the threshold and ``m_max_gev``.

    Attributes:
        model: masses.
        m_max_gev: largest mass of the pair.
        patches: the sides of the top threshold that the range touches.
    """

    model: HiggsPairModel
    m_max_gev: float
    patches: tuple[_Patch, ...]

    def box(self, m_hh_gev: ArrayLike, cos_theta: ArrayLike) -> tuple[Complex, Complex]:
        """Return F_box and G_box.

        Args:
            m_hh_gev: mass of the pair in GeV, shape (N,).
            cos_theta: cosine of the scattering angle, shape (N,).

        Raises:
            ConfigError: if a mass lies outside the grid or a cosine outside [-1, 1].
        """
        m_hh, cos_theta = np.broadcast_arrays(
            np.asarray(m_hh_gev, dtype=np.float64), np.asarray(cos_theta, dtype=np.float64)
        )
        self._check(m_hh, cos_theta)
        beta = velocity(m_hh, self.model)
        v = (np.arctanh(beta * cos_theta) / np.arctanh(beta)) ** 2
        ratio = m_hh / (2.0 * self.model.m_top_gev)
        f_box = np.empty(m_hh.shape, dtype=np.complex128)
        g_box = np.empty(m_hh.shape, dtype=np.complex128)
        for patch in self.patches:
            part = (ratio >= 1.0) == patch.above
            w = np.arccosh(ratio[part]) if patch.above else np.arccos(ratio[part])
            f_box[part], g_box[part] = patch.evaluate(w, v[part])
        return f_box, g_box

    def polynomial(self, m_hh_gev: ArrayLike, cos_theta: ArrayLike) -> Floats:
        """Return p of |C F_triangle + F_box|^2 + |G_box|^2 = p0 + p1 kappa + p2 kappa^2.

        Returns:
            Shape (..., 3) for inputs that broadcast to shape (...).

        Raises:
            ConfigError: as `box`.
        """
        f_box, g_box = self.box(m_hh_gev, cos_theta)
        triangle = np.broadcast_to(
            trilinear_coefficient(m_hh_gev, self.model)
            * triangle_form_factor(m_hh_gev, self.model),
            f_box.shape,
        )
        return np.stack(
            [
                np.abs(f_box) ** 2 + np.abs(g_box) ** 2,
                2.0 * (f_box * triangle.conj()).real,
                np.abs(triangle) ** 2,
            ],
            axis=-1,
        )

    def _check(self, m_hh: Floats, cos_theta: Floats) -> None:
        low = 2.0 * self.model.m_higgs_gev
        outside = ~((m_hh >= low) & (m_hh <= self.m_max_gev))
        if outside.any():
            raise ConfigError(
                f"m_HH = {m_hh[outside].flat[0]:g} GeV lies outside the range of the amplitude"
                f" grid, {low:g} to {self.m_max_gev:g} GeV"
            )
        wide = ~(np.abs(cos_theta) <= 1.0)
        if wide.any():
            raise ConfigError(f"cos(theta) = {cos_theta[wide].flat[0]:g} lies outside [-1, 1]")


def velocity(m_hh_gev: Floats, model: HiggsPairModel) -> Floats:
    """Return the velocity of each Higgs boson in the pair's frame, kept just above zero."""
    beta2 = 1.0 - (2.0 * model.m_higgs_gev / m_hh_gev) ** 2
    return np.asarray(np.sqrt(np.maximum(beta2, _BETA_MIN**2)))


@cache
def load_grid(model: HiggsPairModel, m_max_gev: float) -> AmplitudeGrid:
    """Compute the grid for a model; once a process, about a second.

    Raises:
        ConfigError: if ``m_max_gev`` is below the threshold.
    """
    low = model.m_higgs_gev / model.m_top_gev
    high = m_max_gev / (2.0 * model.m_top_gev)
    if high <= low:
        raise ConfigError(
            f"an amplitude grid up to {m_max_gev:g} GeV has no room above the threshold,"
            f" {2 * model.m_higgs_gev:g} GeV"
        )
    patches = []
    if low < 1.0:
        patches.append(_patch(model, False, np.arccos(min(high, 1.0)), np.arccos(low)))
    if high > 1.0:
        patches.append(_patch(model, True, np.arccosh(max(low, 1.0)), np.arccosh(high)))
    return AmplitudeGrid(model, m_max_gev, tuple(patches))


def _patch(model: HiggsPairModel, above: bool, w_low: float, w_high: float) -> _Patch:
    """Evaluate the amplitude on the nodes of one patch."""
    cells_w = max(8, int(np.ceil((w_high - w_low) / _STEP_W)))
    w = np.linspace(w_low, w_high, cells_w + 1)
    v = np.linspace(0.0, 1.0, _CELLS_V + 1)
    m_hh = 2.0 * model.m_top_gev * (np.cosh(w) if above else np.cos(w))
    m_hh = np.maximum(m_hh, 2.0 * model.m_higgs_gev)[:, None]
    beta = velocity(m_hh, model)
    cos_theta = np.minimum(np.tanh(np.sqrt(v) * np.arctanh(beta)) / beta, 1.0)
    exact = form_factors(m_hh, cos_theta, model)
    tables = [_cells(w, v, values) for values in (exact.f_box, exact.g_box)]
    return _Patch(above, w_low, (w_high - w_low) / cells_w, cells_w, *tables)


def _cells(w: Floats, v: Floats, values: Complex) -> Complex:
    slope_w = CubicSpline(w, values, axis=0)(w, 1)
    slope_v = CubicSpline(v, values, axis=1)(v, 1)
    slope_wv = CubicSpline(v, slope_w, axis=1)(v, 1)
    return bicubic.cell_coefficients((np.diff(w), np.diff(v)), values, (slope_w, slope_v, slope_wv))


def _split(position: Floats, cells: int) -> tuple[NDArray[np.intp], Any]:
    """Return cell index and position in the cell."""
    index = np.clip(position.astype(np.intp), 0, cells - 1)
    return index, position - index

"""gg -> HH with the couplings beside kappa_lambda, from the same form factors.

The Lagrangian is that of the electroweak chiral theory (arXiv:1806.05162, Eq. 2.3),

    L = - m_t (kappa_t h/v + c2 h^2/v^2) tbar t - kappa_lambda m_H^2/(2v) h^3
        + alpha_s/(8 pi) (c_g h/v + c_gg h^2/v^2) G G,

and its amplitude at leading order

    F = kappa_t^2 F_box + kappa_lambda C (kappa_t F_triangle + c_g) + 2 c2 F_triangle + 2 c_gg,
    G = kappa_t^2 G_box.

A top quark much heavier than the pair gives c_g = 2/3 and 2 c_gg = -2/3, the limits of F_triangle
and F_box, which fixes both normalisations and both signs. The squared amplitude is a quadratic form
in the five `MONOMIALS` of the couplings.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.generation.higgs_pair_amplitude import (
    HiggsPairModel,
    triangle_form_factor,
    trilinear_coefficient,
)
from hh4b.generation.higgs_pair_grid import AmplitudeGrid
from hh4b.generation.reweight import grid_of_events

Floats = NDArray[np.float64]
Density = Callable[[AmplitudeGrid, Floats, Floats], Floats]

#: Products of couplings that the amplitude is linear in.
MONOMIALS = ("kappa_t^2", "kappa_lambda kappa_t", "c2", "kappa_lambda c_g", "c_gg")


@dataclass(frozen=True)
class HiggsPairCouplings:
    """A point in the space of couplings; the default is the standard model.

    Attributes:
        kappa_lambda: trilinear Higgs coupling over that of the standard model.
        kappa_t: top Yukawa coupling over that of the standard model.
        c2: coupling of two top quarks and two Higgs bosons, see the module.
        c_g: coupling of two gluons and a Higgs boson; 2/3 is what a heavy top quark gives.
        c_gg: coupling of two gluons and two Higgs bosons; -1/3 is what a heavy top quark gives.
    """

    kappa_lambda: float = 1.0
    kappa_t: float = 1.0
    c2: float = 0.0
    c_g: float = 0.0
    c_gg: float = 0.0

    def __post_init__(self) -> None:
        """Check the couplings.

        Raises:
            ConfigError: if one is not a finite number.
        """
        for name, value in vars(self).items():
            if not np.isfinite(value):
                raise ConfigError(f"{name} = {value}: a coupling must be a finite number")

    @classmethod
    def in_units_of_heavy_top(
        cls, *, kappa_lambda: float, kappa_t: float, c2: float, c_g: float, c_2g: float
    ) -> "HiggsPairCouplings":
        """Translate from the convention of arXiv:1507.02245 and LHCHXSWG-2016-001.

        There alpha_s / (12 pi v) (c_g h - c_2g h^2 / (2 v)) G G, so that c_g = c_2g = 1 is what a
        heavy top quark gives.
        """
        return cls(kappa_lambda, kappa_t, c2, 2.0 / 3.0 * c_g, -1.0 / 3.0 * c_2g)

    def monomials(self) -> Floats:
        """Return the values of `MONOMIALS`, shape (5,)."""
        return monomials(**vars(self))


def monomials(
    *,
    kappa_lambda: ArrayLike = 1.0,
    kappa_t: ArrayLike = 1.0,
    c2: ArrayLike = 0.0,
    c_g: ArrayLike = 0.0,
    c_gg: ArrayLike = 0.0,
) -> Floats:
    """Return the values of `MONOMIALS` at couplings that broadcast to shape (...), (..., 5)."""
    kl, kt, tt, g, gg = np.broadcast_arrays(
        *(np.asarray(c, dtype=np.float64) for c in (kappa_lambda, kappa_t, c2, c_g, c_gg))
    )
    return np.stack([kt**2, kl * kt, tt, kl * g, gg], axis=-1)


def coupling_density(grid: AmplitudeGrid, m_hh_gev: Floats, cos_theta: Floats) -> Floats:
    """Return Q with |F|^2 + |G|^2 = g Q g for the monomials g.

    Args:
        grid: the amplitude.
        m_hh_gev: mass of the pair in GeV.
        cos_theta: cosine of the scattering angle, of a shape that broadcasts with the masses.

    Returns:
        Shape (..., 5, 5), symmetric and positive semi-definite.

    Raises:
        ConfigError: if a mass lies outside the grid or a cosine outside [-1, 1].
    """
    f_box, g_box = grid.box(m_hh_gev, cos_theta)
    trilinear = np.broadcast_to(trilinear_coefficient(m_hh_gev, grid.model), f_box.shape)
    triangle = np.broadcast_to(triangle_form_factor(m_hh_gev, grid.model), f_box.shape)
    spin_0 = np.stack(
        [
            f_box,
            trilinear * triangle,
            2.0 * triangle,
            trilinear.astype(np.complex128),
            np.full_like(f_box, 2.0),
        ],
        axis=-1,
    )
    form = np.asarray((spin_0[..., :, None] * spin_0[..., None, :].conj()).real)
    diagonal = np.abs(spin_0) ** 2
    diagonal[..., 0] += np.abs(g_box) ** 2
    form[..., np.arange(len(MONOMIALS)), np.arange(len(MONOMIALS))] = diagonal
    return form


def coupling_polynomial(
    m_hh_gev: ArrayLike, cos_theta_star: ArrayLike, *, m_higgs_gev: float, m_top_gev: float
) -> Floats:
    """Return each event's squared amplitude as a quadratic form in the monomials.

    As `hh4b.generation.reweight.kappa_polynomial`, of which it holds the coefficients:
    p0 = Q[0, 0], p1 = 2 Q[0, 1], p2 = Q[1, 1].

    Args:
        m_hh_gev: true mass of the Higgs pair in GeV, shape (N,).
        cos_theta_star: true cosine of the angle of a Higgs boson to the beam in the pair's frame.
        m_higgs_gev: Higgs mass of the events.
        m_top_gev: top-quark mass in their loops.

    Returns:
        Q of shape (N, 5, 5).

    Raises:
        ConfigError: if the masses are impossible.
        ContractError: if a mass lies below the threshold, or a cosine outside [-1, 1].
    """
    return coupling_density(
        *grid_of_events(m_hh_gev, cos_theta_star, HiggsPairModel(m_top_gev, m_higgs_gev))
    )


def squared_amplitude(polynomial: Floats, couplings: HiggsPairCouplings) -> Floats:
    """Return |F|^2 + |G|^2 of events at a point, shape (N,) for a polynomial (N, 5, 5).

    >>> squared_amplitude(np.eye(5)[None], HiggsPairCouplings(kappa_lambda=2.0))
    array([5.])
    """
    values = couplings.monomials()
    return np.asarray(np.einsum("...ab,a,b->...", polynomial, values, values))


def coupling_weights(
    polynomial: Floats, couplings: HiggsPairCouplings, *, generated: HiggsPairCouplings
) -> Floats:
    """Return the factors that take events of one point to another, shape (N,).

    The factor includes the change of the cross section: the mean weight of the events becomes the
    cross section at the new point, within errors. Where the generated density is small and the
    wanted one is not (the interference dip of kappa_lambda near 2), single events weigh much:
    look at the effective number of events.

    Args:
        polynomial: of `coupling_polynomial`, shape (N, 5, 5).
        couplings: where to take the events.
        generated: of which point they are.

    Raises:
        ContractError: if events have no probability at the point of their generation.
    """
    start = squared_amplitude(polynomial, generated)
    if not (start > 0).all():
        event = int(np.argmin(start))
        raise ContractError(
            f"event {event} has no probability at {generated}; were the events generated there?"
        )
    return squared_amplitude(polynomial, couplings) / start


def within_validity(m_hh_gev: ArrayLike, m_hh_max_gev: float) -> NDArray[np.bool_]:
    """Tell which events lie where the effective theory has a meaning, shape (N,).

    Its operators stand for particles of masses that the pair must not reach. Cut events and cross
    sections alike (`hh4b.generation.coupling_cross_section`).

    Args:
        m_hh_gev: true mass of the Higgs pair in GeV, shape (N,).
        m_hh_max_gev: largest mass kept.

    Raises:
        ConfigError: if the cut is not positive.
    """
    if not m_hh_max_gev > 0:
        raise ConfigError(f"m_hh_max_gev = {m_hh_max_gev}: the cut on m_HH must be positive")
    return np.asarray(np.asarray(m_hh_gev, dtype=np.float64) <= m_hh_max_gev)

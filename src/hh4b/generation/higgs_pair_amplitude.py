"""The amplitude of gg -> HH at leading order with the exact top-quark loop."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hh4b.core.errors import ConfigError
from hh4b.generation import loop_integrals as loops

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]

# G_box is (terms that vanish like pT^4) / pT^2 and would be lost in rounding for pT -> 0. Below
# this pT^2/m_top^2 the value at this pT^2 is scaled with pT^2, which is exact up to a relative
# correction of the same size.
_PT2_MIN = 1e-4
# For a top quark much heavier than the pair all integrals become equal and cancel. Below this
# s/m_top^2 the expansion to first order in 1/m_top^2 is better than what rounding leaves.
_S_HEAVY_TOP = 2e-3


@dataclass(frozen=True)
class HiggsPairModel:
    """Parameters of the amplitude.

    Attributes:
        m_top_gev: mass of the quark in the loop.
        m_higgs_gev: Higgs mass, without width; below 1.41 ``m_top_gev``.
        fermi_constant: G_F in GeV^-2.
    """

    m_top_gev: float
    m_higgs_gev: float
    fermi_constant: float = 1.1663787e-5

    def __post_init__(self) -> None:
        """Check the masses.

        Raises:
            ConfigError: if a mass is not positive or the Higgs boson too heavy for the loop.
        """
        if not (self.m_top_gev > 0 and self.m_higgs_gev > 0):
            raise ConfigError(
                f"masses must be positive, got m_top = {self.m_top_gev} GeV and"
                f" m_higgs = {self.m_higgs_gev} GeV"
            )
        if self.m_higgs_gev >= np.sqrt(2.0) * self.m_top_gev:
            raise ConfigError(
                f"m_higgs = {self.m_higgs_gev} GeV: the loop integrals need m_higgs < 1.41 m_top ="
                f" {np.sqrt(2.0) * self.m_top_gev:.1f} GeV"
            )


@dataclass(frozen=True)
class FormFactors:
    """Form factors of gg -> HH, each of the broadcast shape of m_hh and cos(theta).

    Attributes:
        f_triangle: F_triangle, spin 0, 2/3 for a heavy top quark.
        f_box: F_box, spin 0, -2/3 for a heavy top quark.
        g_box: G_box, spin 2, 0 for a heavy top quark.
    """

    f_triangle: Complex
    f_box: Complex
    g_box: Complex


def trilinear_coefficient(m_hh_gev: ArrayLike, model: HiggsPairModel) -> Floats:
    """Return C_triangle / kappa = 3 m_H^2 / (s - m_H^2); C_box is 1."""
    m2 = model.m_higgs_gev**2
    return np.asarray(3.0 * m2 / (np.asarray(m_hh_gev, dtype=np.float64) ** 2 - m2))


def triangle_form_factor(m_hh_gev: ArrayLike, model: HiggsPairModel) -> Complex:
    """Return F_triangle = (2/S) [2 + (4 - S) C_ab] with S = s/m_top^2 (hep-ph/9603205, A.1)."""
    s = (np.asarray(m_hh_gev, dtype=np.float64) / model.m_top_gev) ** 2
    f_triangle = 2.0 / s * (2.0 + (4.0 - s) * loops.c0_two_massless(s))
    return np.asarray(np.where(s < 4.0, f_triangle.real, f_triangle))


def form_factors(m_hh_gev: ArrayLike, cos_theta: ArrayLike, model: HiggsPairModel) -> FormFactors:
    """Return the form factors of Plehn, Spira, Zerwas (hep-ph/9603205), appendix A.1.

    Args:
        m_hh_gev: invariant mass of the pair in GeV, above 2 m_H.
        cos_theta: cosine of the angle between a gluon and a Higgs boson in the pair's frame.
        model: masses.

    Raises:
        ConfigError: if a mass lies below the threshold or a cosine outside [-1, 1].
    """
    m_hh_gev, cos_theta = np.broadcast_arrays(
        np.asarray(m_hh_gev, dtype=np.float64), np.asarray(cos_theta, dtype=np.float64)
    )
    _check(m_hh_gev, cos_theta, model)
    m2 = (model.m_higgs_gev / model.m_top_gev) ** 2
    s = (m_hh_gev / model.m_top_gev) ** 2
    # tu - m_H^4 = s pT^2, here without cancellation.
    s_pt2 = 0.25 * s * np.maximum(s - 4.0 * m2, 0.0) * (1.0 - cos_theta**2)
    f_box, g_box = _box_form_factors(s, s_pt2, m2)
    small = s_pt2 < _PT2_MIN * s
    if small.any():
        # Just above the threshold no pT is large enough: there the energy is raised as well.
        s_used = np.maximum(s[small], 4.0 * m2 + 5.0 * _PT2_MIN)
        _, g_used = _box_form_factors(s_used, _PT2_MIN * s_used, m2)
        g_box[small] = g_used * s_pt2[small] / (_PT2_MIN * s_used)
    # First terms of the heavy-top expansion (arXiv:1603.00385, in our normalisation).
    heavy = s < _S_HEAVY_TOP
    f_box = np.where(heavy, -2.0 / 3.0 - 7.0 / 30.0 * m2, f_box)
    g_box = np.where(heavy, -11.0 / 90.0 * s_pt2 / s, g_box)
    # Without a cut through two top quarks there is no imaginary part but rounding.
    real = s < 4.0
    return FormFactors(
        triangle_form_factor(m_hh_gev, model),
        np.asarray(np.where(real, f_box.real, f_box)),
        np.asarray(np.where(real, g_box.real, g_box)),
    )


def _check(m_hh_gev: Floats, cos_theta: Floats, model: HiggsPairModel) -> None:
    threshold = 2.0 * model.m_higgs_gev
    low = ~(m_hh_gev >= threshold)
    if low.any():
        raise ConfigError(
            f"sqrt(s_hat) = {m_hh_gev[low].flat[0]:g} GeV is below the threshold of a Higgs pair,"
            f" {threshold:g} GeV"
        )
    outside = ~(np.abs(cos_theta) <= 1.0)
    if outside.any():
        raise ConfigError(f"cos(theta) = {cos_theta[outside].flat[0]:g} lies outside [-1, 1]")


def _box_form_factors(s: Floats, s_pt2: Floats, m2: float) -> tuple[Complex, Complex]:
    """Return F_box and G_box (zero where pT is), all invariants in units of m_top^2."""
    half = 0.5 * s - m2
    u = -half - np.sqrt(np.maximum(half * half - m2 * m2 - s_pt2, 0.0))
    t = (s_pt2 + m2 * m2) / u
    c_ab = loops.c0_two_massless(s)
    c_t, c_u = loops.c0_one_massless(m2, t), loops.c0_one_massless(m2, u)
    d_t, d_u = loops.d0_adjacent(s, t, m2), loops.d0_adjacent(s, u, m2)
    d_tu = loops.d0_opposite(t, u, m2)
    triangles_t, triangles_u = 2.0 * (t - m2) * c_t, 2.0 * (u - m2) * c_u
    f_box = (
        4.0 * s
        + 8.0 * s * c_ab
        - 2.0 * s * (s + 2.0 * m2 - 8.0) * (d_t + d_u + d_tu)
        + (2.0 * m2 - 8.0) * (triangles_t + triangles_u - s_pt2 * d_tu)
    ) / s**2
    nonzero = (s_pt2 > 0.0) & (s > 4.0 * m2)
    g_box = (
        (t * t + m2 * m2 - 8.0 * t) * (s * c_ab + triangles_t - s * t * d_t)
        + (u * u + m2 * m2 - 8.0 * u) * (s * c_ab + triangles_u - s * u * d_u)
        - (t * t + u * u - 2.0 * m2 * m2)
        * (t + u - 8.0)
        * loops.c0_higgs_pair(np.where(nonzero, s, 5.0 * m2), m2)
        - 2.0 * (t + u - 8.0) * s_pt2 * (d_t + d_u + d_tu)
    ) / (s * np.where(nonzero, s_pt2, 1.0))
    return f_box, np.asarray(np.where(nonzero, g_box, 0.0))

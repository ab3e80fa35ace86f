"""Couplings beside kappa_lambda: limits, published coefficients, reweighting to other points."""

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.coupling_cross_section import PAIRS, coupling_cross_section
from hh4b.generation.couplings import (
    MONOMIALS,
    HiggsPairCouplings,
    coupling_density,
    coupling_polynomial,
    coupling_weights,
    monomials,
    squared_amplitude,
    within_validity,
)
from hh4b.generation.higgs_pair_amplitude import (
    HiggsPairModel,
    form_factors,
    trilinear_coefficient,
)
from hh4b.generation.higgs_pair_cross_section import Collisions, cross_section, integrate
from hh4b.generation.higgs_pair_sampling import HiggsPairSampler
from hh4b.generation.published_couplings import (
    coupling_point,
    coupling_points,
    published_coefficients,
)
from hh4b.generation.reweight import kappa_polynomial

MASSES = {"m_higgs_gev": 125.0, "m_top_gev": 173.0}
MODEL = HiggsPairModel(173.0, 125.0)
#: A1, A2, A3, A6, A7, A8: no coupling to gluons but through the top quark.
WITHOUT_GLUON_COUPLINGS = [0, 1, 2, 5, 6, 7]
#: A4, A9, A11, A13, A15.
WITH_C_G = [3, 8, 10, 12, 14]


def beams(sqrt_s_gev):
    """The densities and the coupling of next-to-leading order that published ratios rest on."""
    return Collisions(
        sqrt_s_gev, pdf_name="NNPDF31_nlo_as_0118_luxqed", alpha_s=AlphaS(at_m_z=0.118)
    )


@pytest.fixture(scope="module")
def at_13_tev():
    return coupling_cross_section(beams(13e3), MODEL)


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(3)
    return rng.uniform(251, 1500, 300), rng.uniform(-1, 1, 300)


def test_amplitude_written_out(points):
    """|F|^2 + |G|^2 of the formula, from the direct form factors."""
    m_hh, cos_theta = points
    ff, c = form_factors(m_hh, cos_theta, MODEL), trilinear_coefficient(m_hh, MODEL)
    kl, kt, c2, cg, cgg = -1.3, 0.8, 0.4, 0.3, -0.2
    spin_0 = kt**2 * ff.f_box + kl * c * (kt * ff.f_triangle + cg) + 2 * c2 * ff.f_triangle
    expected = np.abs(spin_0 + 2 * cgg) ** 2 + np.abs(kt**2 * ff.g_box) ** 2
    form = coupling_polynomial(m_hh, cos_theta, **MASSES)
    found = squared_amplitude(form, HiggsPairCouplings(kl, kt, c2, cg, cgg))
    np.testing.assert_allclose(found, expected, rtol=3e-4)


def test_kappa_lambda_alone_is_the_kappa_polynomial(points):
    form = coupling_polynomial(*points, **MASSES)
    kappa = kappa_polynomial(*points, **MASSES)
    found = np.stack([form[:, 0, 0], 2 * form[:, 0, 1], form[:, 1, 1]], axis=-1)
    np.testing.assert_array_equal(found, kappa)


def test_form_is_symmetric_and_never_negative(points):
    form = coupling_polynomial(*points, **MASSES)
    assert form.shape == (300, len(MONOMIALS), len(MONOMIALS))
    np.testing.assert_array_equal(form, np.swapaxes(form, 1, 2))
    assert np.linalg.eigvalsh(form).min() > -1e-12 * form.max()


def test_heavy_top_quark_is_a_coupling_to_gluons():
    """A much heavier second top quark acts as c_g = 2/3, c_gg = -1/3, which fixes the signs."""
    m_hh, cos_theta = np.array([300.0, 500.0, 900.0]), np.array([0.0, 0.5, 0.9])
    heavy = coupling_polynomial(m_hh, cos_theta, m_higgs_gev=125.0, m_top_gev=1e5)
    point = HiggsPairCouplings(kappa_lambda=2.0, kappa_t=0.0, c_g=2 / 3, c_gg=-1 / 3)
    top = squared_amplitude(heavy, HiggsPairCouplings(kappa_lambda=2.0))
    np.testing.assert_allclose(squared_amplitude(heavy, point), top, rtol=1e-4)
    same = HiggsPairCouplings.in_units_of_heavy_top(
        kappa_lambda=2.0, kappa_t=0.0, c2=0.0, c_g=1.0, c_2g=1.0
    )
    assert vars(same) == pytest.approx(vars(point))


def test_cross_section_in_kappa_lambda(at_13_tev):
    expected = cross_section(beams(13e3), MODEL)
    for kappa in (-5.0, 1.0, 2.4, 10.0):
        found = at_13_tev.at(HiggsPairCouplings(kappa))
        assert found == pytest.approx(float(expected.at(kappa)), rel=1e-12)


def test_published_coefficients_at_13_tev(at_13_tev):
    values, errors = at_13_tev.coefficients(heavy_top=True)
    assert ((errors >= 0) & (errors < 1e-4 * np.abs(values))).all()
    published = published_coefficients()["lhchxswg_2016_13tev"]
    some = WITHOUT_GLUON_COUPLINGS
    np.testing.assert_allclose(values[some], published.values[some], rtol=0.003)
    others = [4, 9, 11, 13]
    np.testing.assert_allclose(values[others], published.values[others], rtol=0.005)


def test_c_g_of_2016_has_a_propagator_without_the_mass():
    """Its terms with c_g, off by 14 to 41 %, are met when h* -> hh goes with 1/s behind c_g."""

    def massless(grid, m_hh_gev, cos_theta):
        form = coupling_density(grid, m_hh_gev, cos_theta)
        factor = np.broadcast_to(1.0 - (125.0 / m_hh_gev) ** 2, form.shape[:-2])[..., None]
        form[..., 3, :] *= factor
        form[..., :, 3] *= factor
        return form

    found = coupling_cross_section(beams(13e3), MODEL, density=massless)
    published = published_coefficients()["lhchxswg_2016_13tev"].values
    np.testing.assert_allclose(
        found.coefficients(heavy_top=True)[0][WITH_C_G], published[WITH_C_G], rtol=0.003
    )


@pytest.mark.parametrize("name", ["chiral_2018_14tev", "pdf4lhc15_13tev"])
def test_later_publications_in_every_coefficient(name, at_13_tev):
    published = published_coefficients()[name]
    found = at_13_tev
    if published.sqrt_s_tev == 14:
        found = coupling_cross_section(beams(14e3), MODEL)
    values, _ = found.coefficients(heavy_top=published.heavy_top)
    np.testing.assert_allclose(values, published.values, rtol=0.006)
    without_tail = [i for i in range(15) if i != 4]
    np.testing.assert_allclose(values[without_tail], published.values[without_tail], rtol=0.004)


def test_cut_on_the_mass():
    whole = coupling_cross_section(beams(13e3), MODEL).form_fb
    cut = coupling_cross_section(beams(13e3), MODEL, m_hh_max_gev=1000.0).form_fb
    assert 0.95 < cut[1, 1] / whole[1, 1] < 1
    # The contact terms live in the tail.
    assert cut[4, 4] / whole[4, 4] < 0.9
    with pytest.raises(ConfigError, match="more than 2 m_H"):
        coupling_cross_section(beams(13e3), MODEL, m_hh_max_gev=200.0)
    np.testing.assert_array_equal(within_validity([300.0, 1200.0], 1000.0), [True, False])
    with pytest.raises(ConfigError, match="positive"):
        within_validity([300.0], 0.0)


def draw(couplings, n, seed):
    """Draw masses and cosines at one kappa_lambda."""
    rng = np.random.default_rng(seed)
    collisions = beams(13e3)
    sampler = HiggsPairSampler.build(couplings.kappa_lambda, collisions, MODEL)
    trials = sampler.trials(n, rng)
    return trials.m_hh_gev, trials.cos_theta


@pytest.mark.parametrize("name", ["cluster_3", "shape_2"])
def test_weighted_events_are_those_of_the_point(name):
    """Events of kappa_lambda = 5 as those of a point: m_HH against an integral over the point."""
    couplings = coupling_point(name).couplings
    start = HiggsPairCouplings(kappa_lambda=5.0)
    m_hh, cos_theta = draw(start, 40_000, 4)
    form = coupling_polynomial(m_hh, cos_theta, **MASSES)
    weights = coupling_weights(form, couplings, generated=start)
    edges = np.array([250.0, 350, 420, 500, 800])
    sums, squares = (
        np.histogram(m_hh, edges, weights=weights**power)[0] / len(m_hh) for power in (1, 2)
    )
    below = np.array(
        [integrate(beams(13e3), MODEL, coupling_density, edge)[1] for edge in (*edges[1:], 13e3)]
    )
    values = couplings.monomials(), start.monomials()
    at_point, at_start = (np.einsum("eab,a,b->e", below, g, g) for g in values)
    expected = np.diff(at_point[:-1], prepend=0.0) / at_start[-1]
    error = np.sqrt(squares / len(m_hh))
    assert (np.abs(sums - expected) / error).max() < 4.0
    assert (error / expected).max() < 0.1


def test_weights_back_and_forth(points):
    form = coupling_polynomial(*points, **MASSES)
    there, back = HiggsPairCouplings(kappa_lambda=5.0), coupling_point("cluster_8").couplings
    product = coupling_weights(form, there, generated=back) * coupling_weights(
        form, back, generated=there
    )
    np.testing.assert_allclose(product, 1.0, rtol=1e-12)


def test_refusals(points):
    form = coupling_polynomial(*points, **MASSES)
    nothing = HiggsPairCouplings(kappa_lambda=0.0, kappa_t=0.0)
    with pytest.raises(ContractError, match="no probability"):
        coupling_weights(form, HiggsPairCouplings(), generated=nothing)
    with pytest.raises(ConfigError, match="c2 = nan"):
        HiggsPairCouplings(c2=float("nan"))
    with pytest.raises(ConfigError, match="cluster_12"):
        coupling_point("cluster_13")


def test_monomials_of_many_points():
    many = monomials(kappa_lambda=[1.0, 2.0], kappa_t=0.5, c_g=3.0)
    np.testing.assert_allclose(many, [[0.25, 0.5, 0, 3, 0], [0.25, 1.0, 0, 6, 0]])


def test_points_and_pairs():
    known = coupling_points()
    assert len([name for name in known if name.startswith("cluster_")]) == 13
    assert len([name for name in known if name.startswith("shape_")]) == 7
    assert all("arXiv" in point.source for name, point in known.items() if name != "sm")
    assert vars(known["cluster_2"].couplings) == pytest.approx(
        {"kappa_lambda": 1.0, "kappa_t": 1.0, "c2": 0.5, "c_g": -1.6 / 3, "c_gg": -0.2}
    )
    assert sorted(PAIRS) == [(a, b) for a in range(5) for b in range(a, 5)]

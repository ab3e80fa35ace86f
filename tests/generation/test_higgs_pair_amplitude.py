"""Form factors of gg -> HH: heavy-top expansion, limits, symmetry, grid against direct values."""

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.generation.higgs_pair_amplitude import (
    HiggsPairModel,
    form_factors,
    trilinear_coefficient,
)
from hh4b.generation.higgs_pair_grid import load_grid
from hh4b.generation.reweight import cross_section_coefficients_fb, kappa_polynomial

MODEL = HiggsPairModel(173.0, 125.0)
MASSES = {"m_higgs_gev": 125.0, "m_top_gev": 173.0}
KAPPAS = [-5.0, 0.0, 1.0, 2.0, 2.4, 5.0, 10.0]


def squared(m_hh, cos_theta, kappa):
    exact = form_factors(m_hh, cos_theta, MODEL)
    triangle = kappa * trilinear_coefficient(m_hh, MODEL) * exact.f_triangle
    return np.abs(triangle + exact.f_box) ** 2 + np.abs(exact.g_box) ** 2


@pytest.mark.parametrize("m_top", [4e3, 2e4, 1e6])
def test_heavy_top_limit(m_top):
    result = form_factors([260.0, 400.0, 1000.0], [0.9, 0.0, -0.5], HiggsPairModel(m_top, 125.0))
    np.testing.assert_allclose(result.f_triangle, 2 / 3, atol=0.005 if m_top < 1e4 else 1e-3)
    np.testing.assert_allclose(result.f_box, -2 / 3, atol=0.005 if m_top < 1e4 else 1e-3)
    np.testing.assert_allclose(result.g_box, 0.0, atol=0.005 if m_top < 1e4 else 1e-3)


def second_order_ratios(m_top):
    """Second order in 1/m_t^2 of F_box and G_box over the published one."""
    m_hh, cos_theta = np.array([300.0, 400.0, 500.0]), np.array([0.2, 0.0, 0.7])
    result = form_factors(m_hh, cos_theta, HiggsPairModel(m_top, 125.0))
    s, h = (m_hh / m_top) ** 2, (125.0 / m_top) ** 2
    pt2 = s / 4 * (1 - 4 * h / s) * (1 - cos_theta**2)
    second_f = -(45 * h * h - 14 * h * s + 6 * s * s) / 630 + 13 * pt2 * s / 1260
    second_g = -(62 * h - 5 * s) * pt2 / 1260
    return np.concatenate(
        [
            (result.f_box.real + 2 / 3 + 7 * h / 30) / second_f,
            (result.g_box.real + 11 * pt2 / 90) / second_g,
        ]
    )


def test_first_two_orders_of_the_heavy_top_expansion():
    """Expansion of arXiv:1603.00385 (its F_1 and F_2 are twice F_box and G_box).

    What is left is of third order: it falls by four when m_t doubles, so that the extrapolation
    from two masses gives one.
    """
    extrapolated = (4 * second_order_ratios(2000.0) - second_order_ratios(1000.0)) / 3
    np.testing.assert_allclose(extrapolated, 1.0, atol=0.01)
    s = 0.01
    triangle = form_factors(1730.0 * np.sqrt(s), 0.0, HiggsPairModel(1730.0, 50.0)).f_triangle
    assert triangle.real == pytest.approx(2 / 3 * (1 + 7 * s / 120 + s**2 / 168), rel=1e-8)


def test_expansion_and_closed_form_meet():
    """The switch at s/m_t^2 = 2e-3 changes less than the first order that is left out."""
    below, above = (
        form_factors(400.0, 0.3, HiggsPairModel(400.0 / np.sqrt(s), 125.0))
        for s in (1.999e-3, 2.001e-3)
    )
    assert below.f_box == pytest.approx(above.f_box, abs=2e-7)
    assert below.g_box == pytest.approx(above.g_box, abs=2e-7)


def test_imaginary_parts_only_above_the_top_threshold():
    below = form_factors([260.0, 345.0], 0.4, MODEL)
    above = form_factors([347.0, 500.0, 3000.0], 0.4, MODEL)
    for name in ("f_triangle", "f_box", "g_box"):
        assert (getattr(below, name).imag == 0).all()
        assert (np.abs(getattr(above, name).imag) > 1e-5).all()
    # Unitarity: the cut through two top quarks makes Im F_triangle positive.
    assert (above.f_triangle.imag > 0).all()


def test_even_in_cos_theta():
    one, other = (form_factors([300.0, 800.0], sign * 0.63, MODEL) for sign in (1, -1))
    np.testing.assert_array_equal(one.f_box, other.f_box)
    np.testing.assert_array_equal(one.g_box, other.g_box)


@pytest.mark.parametrize("m_hh", [260.0, 346.0, 400.0, 900.0])
def test_stable_for_vanishing_pt(m_hh):
    """F is flat and G goes like pT^2, without noise, down to pT = 0."""
    angle = np.geomspace(1e-9, 1e-2, 71)
    result = form_factors(m_hh, np.cos(angle), MODEL)
    ratio = result.g_box / np.sin(angle) ** 2
    # 1 - cos^2 itself has few digits at the smallest angles.
    large = angle > 1e-5
    assert np.ptp(ratio[large].real) < 1e-3 * np.abs(ratio[-1])
    assert np.ptp(np.abs(result.f_box)) < 1e-3
    assert form_factors(m_hh, 1.0, MODEL).g_box == 0


def test_stable_at_the_thresholds_and_high_energy():
    near = form_factors(250.0 * (1 + np.array([0, 1e-12, 1e-9, 1e-6])), 0.5, MODEL)
    assert np.ptp(near.f_box.real) < 1e-4
    assert near.g_box[0] == 0
    assert (np.diff(-near.g_box.real) > 0).all()
    top = form_factors(346.0 * (1 + np.array([-1e-9, 0, 1e-9])), 0.5, MODEL)
    assert np.ptp(np.abs(top.f_box)) < 1e-3
    high = form_factors(np.array([5e3, 1e4]), [0.999, 0.2], MODEL)
    assert np.isfinite(high.f_box).all()
    # Helicity amplitudes with a quark loop fall at fixed angle and high energy.
    assert np.abs(high.f_box[1]) < 0.01


@pytest.mark.parametrize(("low", "high"), [(250, 346), (346, 450), (450, 2000), (2000, 13000)])
def test_grid_agrees_with_direct_evaluation(low, high):
    rng = np.random.default_rng(17)
    m_hh, cos_theta = rng.uniform(low, high, 1511), rng.uniform(-1, 1, 1511)
    p = load_grid(MODEL, 14e3).polynomial(m_hh, cos_theta)
    for kappa in KAPPAS:
        np.testing.assert_allclose(
            p @ [1, kappa, kappa**2], squared(m_hh, cos_theta, kappa), rtol=1e-4
        )


def test_kappa_polynomial_tolerates_rounding_but_not_nonsense():
    m_hh = np.array([249.99, 250.0, 400.0, 700.0], dtype=np.float32)
    cos_theta = np.array([0.3, 1.0 + 1e-6, -1.0, 0.2], dtype=np.float32)
    p = kappa_polynomial(m_hh, cos_theta, **MASSES)
    assert p.shape == (4, 3)
    expected = squared(np.maximum(m_hh, 250.0).astype(float), np.clip(cos_theta, -1, 1), 3.0)
    np.testing.assert_allclose(p @ [1, 3, 9], expected, rtol=1e-5)
    with pytest.raises(ContractError, match="true m_HH = 240 GeV in event 1"):
        kappa_polynomial([300.0, 240.0], [0.0, 0.0], **MASSES)
    with pytest.raises(ContractError, match="true m_HH = nan GeV in event 0"):
        kappa_polynomial([np.nan], [0.0], **MASSES)
    with pytest.raises(ContractError, match=r"true cos\(theta\*\) = 1.5 in event 0"):
        kappa_polynomial([300.0], [1.5], **MASSES)


@pytest.mark.parametrize(("m_higgs", "expected"), [(125.0, 9.598), (120.0, 6.574)])
def test_weights_follow_the_higgs_mass(m_higgs, expected):
    """The weight from kappa = 1 to 5 at 300 GeV and 90 degrees; each divided by its sigma."""
    masses = {"m_higgs_gev": m_higgs, "m_top_gev": 173.0}
    p = kappa_polynomial([300.0], [0.0], **masses)[0]
    sigma = cross_section_coefficients_fb(13.0, **masses)
    powers = np.array([[1, 1, 1], [1, 5, 25]])
    (p_1, p_5), (sigma_1, sigma_5) = powers @ p, powers @ sigma
    assert p_5 / p_1 * sigma_1 / sigma_5 == pytest.approx(expected, rel=1e-3)
    # Directly from the loop integrals, without the grid.
    model = HiggsPairModel(173.0, m_higgs)
    f = form_factors(300.0, 0.0, model)
    c = 3 * m_higgs**2 / (300.0**2 - m_higgs**2)
    direct = [abs(k * c * f.f_triangle + f.f_box) ** 2 + abs(f.g_box) ** 2 for k in (1.0, 5.0)]
    assert p_5 / p_1 == pytest.approx(direct[1] / direct[0], rel=1e-4)


def test_masses_have_no_default():
    with pytest.raises(TypeError):
        kappa_polynomial([300.0], [0.0])
    with pytest.raises(ContractError, match="240 to 14000 GeV"):
        kappa_polynomial([230.0], [0.0], m_higgs_gev=120.0, m_top_gev=173.0)


def test_squared_amplitude_is_nowhere_negative():
    rng = np.random.default_rng(3)
    p = kappa_polynomial(250 + 400 * rng.random(5003), rng.uniform(-1, 1, 5003), **MASSES)
    for kappa in np.linspace(-10, 15, 51):
        assert (p @ [1, kappa, kappa**2] >= 0).all()


def test_impossible_input():
    with pytest.raises(ConfigError, match="200 GeV is below the threshold of a Higgs pair, 250"):
        form_factors(200.0, 0.0, MODEL)
    with pytest.raises(ConfigError, match=r"cos\(theta\) = 1.2 lies outside"):
        form_factors(300.0, 1.2, MODEL)
    with pytest.raises(ConfigError, match=r"m_higgs < 1.41 m_top"):
        HiggsPairModel(80.0, 125.0)
    with pytest.raises(ConfigError, match="masses must be positive"):
        HiggsPairModel(float("nan"), 125.0)
    with pytest.raises(ConfigError, match="outside the range of the amplitude grid"):
        load_grid(MODEL, 14e3).polynomial([2e4], [0.0])
    with pytest.raises(ConfigError, match="no room above the threshold"):
        load_grid(MODEL, 240.0)

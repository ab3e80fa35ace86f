from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from toy_models import small_model

from hh4b.core.errors import ConfigError, ContractError
from hh4b.likelihood.kappa_minima import find_minima, least_cross_section, profile
from hh4b.likelihood.toys import BLOCK, PseudoExperiments

RANGE = (-15.0, 20.0)


def experiments(model=None, **options):
    return PseudoExperiments.of(model or small_model(), RANGE, seed=3, **options)


def block(lab, kappa, count=40):
    return next(lab.throw(kappa, count, "test", lab.nominal))


def without_nuisances(model, toys, kappa):
    n = np.stack([np.ones_like(kappa), kappa, kappa**2], -1) @ model.signal
    n = n + model.backgrounds["four_b"]
    d = toys.counts[:, None]
    return 2 * np.sum(n - d + d * np.log(d / n), axis=-1)


@pytest.mark.parametrize("luminosity", [139.0, 3000.0])
@pytest.mark.parametrize("kappa", [-3.0, 1.0, 2.4, 5.0])
def test_the_minimum_is_the_lowest_of_all(kappa, luminosity):
    model = small_model(nuisances=False, luminosity=luminosity)
    lab = experiments(model)
    toys = block(lab, kappa)
    minima = find_minima(lab.compiled, toys, lab.grid)
    fine = without_nuisances(model, toys, np.linspace(*RANGE, 3501))
    lowest = fine.min(axis=1)
    assert minima.value[:, 0] == pytest.approx(lowest, abs=0.05)  # a step of the scan
    assert (minima.value[:, 0] <= lowest + 2e-5).all()


@pytest.mark.parametrize("luminosity", [139.0, 3000.0])
def test_the_second_minimum_is_found(luminosity):
    """Each local minimum of a fine scan that is the second lowest is there."""
    model = small_model(nuisances=False, luminosity=luminosity, same_shape=True)
    lab = experiments(model)
    toys = block(lab, 1.0)
    minima = find_minima(lab.compiled, toys, lab.grid)
    kappa = np.linspace(*RANGE, 7001)
    fine = without_nuisances(model, toys, kappa)
    local = (fine[:, 1:-1] < fine[:, :-2]) & (fine[:, 1:-1] < fine[:, 2:])
    both = local.sum(axis=1) == 2
    assert both.sum() > 20
    assert np.isfinite(minima.value[both]).all()
    # One shape: sigma(kappa) alone counts, and both minima are the same.
    assert minima.value[both, 1] == pytest.approx(minima.value[both, 0], abs=1e-3)
    centre = least_cross_section(model)
    assert minima.kappa[both].sum(axis=1) == pytest.approx(2 * centre, abs=0.02)


def test_profiled_minimum_agrees_with_a_scalar_minimizer():
    lab = experiments()
    toys = block(lab, 5.0, 6)
    minima = find_minima(lab.compiled, toys, lab.grid)
    for i in range(len(toys)):
        one = toys.rows(np.array([i]))

        def value(kappa, one=one):
            return float(profile(lab.compiled, np.array([kappa]), one).value[0])

        best = minima.kappa[i, 0]
        found = minimize_scalar(value, bounds=(best - 1, best + 1), method="bounded")
        assert minima.value[i, 0] == pytest.approx(found.fun, abs=1e-4)


def test_slope_is_the_derivative_of_the_profile():
    lab = experiments()
    toys = block(lab, 1.0, 10)
    kappa = np.linspace(-4, 8, 10)
    up, down = (profile(lab.compiled, kappa + h, toys).value for h in (1e-3, -1e-3))
    slope = profile(lab.compiled, kappa, toys).slope
    assert slope == pytest.approx((up - down) / 2e-3, abs=2e-3, rel=1e-3)


def test_data_and_auxiliary_data_fluctuate_about_the_true_parameters():
    lab = experiments()
    alpha = np.array([1.1, -1.0, 2.0])
    blocks = list(lab.throw(5.0, 4 * BLOCK, "test", alpha))
    counts = np.concatenate([one.counts for one in blocks])
    auxiliary = np.concatenate([one.auxiliary for one in blocks])
    expected = lab.compiled.expected(np.array([5.0]), np.ones(1), alpha[None])[0]
    error = np.sqrt(expected / len(counts))
    assert (abs(counts.mean(axis=0) - expected) < 4 * error).all()
    assert counts.var(axis=0) == pytest.approx(expected, rel=0.25)
    assert (auxiliary[:, 0] == 1.1).all()  # free
    assert auxiliary[:, 1:].mean(axis=0) == pytest.approx([-1, 2], abs=0.15)
    assert auxiliary[:, 1:].std(axis=0) == pytest.approx([1, 1], abs=0.1)


def test_streams_do_not_depend_on_number_or_threads():
    lab = experiments()
    few, many = lab.run(1.0, 30, "a"), lab.run(1.0, BLOCK + 10, "a")
    np.testing.assert_array_equal(few.t, many.t[:30])
    np.testing.assert_array_equal(few.t, experiments(threads=2).run(1.0, 30, "a").t)
    assert not np.isin(many.t[BLOCK:], many.t[:BLOCK]).any()
    assert not np.isin(few.t, lab.run(1.0, 30, "b").t).any()


def test_far_from_the_least_cross_section_t_is_chi_squared():
    lab = experiments(small_model(luminosity=3000.0))
    t = lab.run(10.0, 600, "chi2").t
    assert (t >= 0).all()
    assert np.mean(t < 1.0) == pytest.approx(0.6827, abs=4 * 0.019)
    assert np.mean(t < 3.841) == pytest.approx(0.95, abs=4 * 0.009)


def test_redrawn_templates_widen_t():
    """Data from templates that are not those of the fit, 8 % off in each bin."""
    model = small_model(nuisances=False)
    rng = np.random.default_rng(1)
    background = model.backgrounds["four_b"]
    redrawn = [
        replace(model, backgrounds={"four_b": background * rng.normal(1, 0.08, len(background))})
        for _ in range(20)
    ]
    plain = experiments(model).run(10.0, 200, "c").t
    wide = experiments(model, truths=redrawn).run(10.0, 200, "c").t
    assert np.mean(wide > 3.84) > np.mean(plain > 3.84) + 0.1


def test_bad_input_is_refused():
    lab = experiments()
    with pytest.raises(ConfigError, match="kappa_lambda = 30"):
        lab.run(30.0, 10, "a")
    with pytest.raises(ConfigError, match="no range"):
        PseudoExperiments.of(small_model(), (3.0, 3.0), seed=1)
    with pytest.raises(ContractError, match="redrawn model 0"):
        experiments(truths=[small_model(nuisances=False)])
    flat = small_model(nuisances=False)
    flat = replace(flat, signal=-flat.signal)
    with pytest.raises(ConfigError, match="no least value"):
        experiments(flat)

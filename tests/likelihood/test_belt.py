import numpy as np
import pytest
from scipy.stats import chi2
from toy_models import small_model

from hh4b.core.errors import ConfigError
from hh4b.likelihood.belt import (
    LEVELS,
    Coverage,
    CriticalValues,
    asymptotic_threshold,
    critical_value,
    make_belt,
    measure_coverage,
    smooth_curve,
)
from hh4b.likelihood.toys import PseudoExperiments

RANGE = (-15.0, 20.0)
KAPPA = (-4.0, -3.0, -2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0)


@pytest.fixture(scope="module")
def lab():
    return PseudoExperiments.of(small_model(same_shape=True), RANGE, seed=5)


@pytest.fixture(scope="module")
def belt(lab):
    return make_belt(lab, KAPPA, 300)


def test_critical_value_is_the_quantile_with_its_error():
    rng = np.random.default_rng(1)
    t = rng.chisquare(1, (400, 2000))
    for level in LEVELS:
        values, errors = np.array([critical_value(row, level) for row in t]).T
        exact = chi2.ppf(level, 1)
        assert values.mean() == pytest.approx(exact, abs=4 * values.std() / 20)
        assert errors.mean() == pytest.approx(values.std(), rel=0.15)
        # A further experiment stays below with the probability of the level.
        assert chi2.cdf(values, 1).mean() == pytest.approx(level, abs=0.003)


def test_smoothing_comes_nearer_to_the_truth_and_knows_its_error():
    x = np.array([-6.0, *np.arange(-4, 8, 0.5), 9.0, 12.0])
    truth = 1 - 0.7 * np.exp(-((x - 2.3) ** 2) / 2)
    errors = np.full(len(x), 0.05)
    rng = np.random.default_rng(2)
    off, pulls = [], []
    for _ in range(60):
        y = truth + rng.normal(0, errors)
        smooth, error = smooth_curve(x, y, errors)
        off.append([np.mean((smooth - truth) ** 2), np.mean((y - truth) ** 2)])
        pulls.append((smooth - truth) / error)
    own, raw = np.mean(off, axis=0)
    assert own < 0.7 * raw
    assert np.std(pulls) < 1.6


def test_smoothing_keeps_a_line():
    x = np.array([0.0, 1.0, 1.5, 4.0, 7.0])
    smooth, _ = smooth_curve(x, 2 - 3 * x, np.full(5, 0.1))
    assert smooth == pytest.approx(2 - 3 * x)


def test_smoothing_of_quantiles_takes_noise_away_and_never_follows_it():
    """Quantiles of 250 experiments each, along a threshold that changes by a factor of three."""
    rng = np.random.default_rng(1)
    kappa = np.linspace(-16, 20, 29)
    scale = 1.3 - 0.8 * np.exp(-(((kappa - 2.5) / 3.5) ** 2))
    wrong, raw, pulls = [], [], []
    for _ in range(60):
        one = CriticalValues.of(kappa, [s * rng.chisquare(1, 250) for s in scale], 0.95)
        truth = np.log(3.841 * scale)
        wrong.append(np.mean((np.log(one.smooth) - truth) ** 2))
        raw.append(np.mean((np.log(one.value) - truth) ** 2))
        pulls.append((np.log(one.smooth) - truth) / (one.smooth_error / one.smooth))
    assert np.mean(wrong) < 0.6 * np.mean(raw)
    assert np.max(np.array(wrong) / raw) < 1
    assert np.sqrt(np.mean(np.square(pulls))) == pytest.approx(1.2, abs=0.15)


def test_belt_knows_where_chi_squared_is_wrong(belt):
    one = belt[0.6827]
    # Less signal than the least cannot be fitted: short at kappa = 2.5, chi squared far away.
    assert one.at(np.array([2.5]))[0] < 0.7
    assert one.at(np.array([8.0]))[0] == pytest.approx(1.0, abs=0.25)
    assert (belt[0.95].smooth > one.smooth).all()


def test_coverage_of_other_toys_is_that_of_the_level(lab, belt):
    pulls = []
    for kappa in (-3.0, 1.0, 2.4, 5.0, 7.5):
        t = lab.run(kappa, 400, "coverage").t
        measured = measure_coverage(t, kappa, belt)
        for _, own in measured.values():
            both = np.hypot(own.error, own.threshold_error)
            pulls.append((own.share - own.level) / both)
        if kappa == 2.4:
            asymptotic, own = measured[0.6827]
            assert asymptotic.share > 0.75
            assert abs(own.share - 0.6827) < asymptotic.share - 0.6827
    assert max(np.abs(pulls)) < 3.5
    assert np.std(pulls) < 1.8


def test_interval_has_every_stretch_and_no_end_at_the_edge(lab, belt):
    kappa = np.linspace(-4, 8, 121)
    t = lab.curve(kappa, lab.compiled.asimov(-2.0))
    interval = belt[0.6827].interval(kappa, t)
    assert len(interval.segments) == 2
    assert interval.segments[0][0] < -2 < interval.segments[0][1]
    cut = kappa <= -2
    open_end = belt[0.6827].interval(kappa[cut], t[cut])
    assert open_end.upper is None
    assert "scan ends" in open_end.reasons["upper"]


def test_coverage_counts():
    t = np.linspace(0, 1, 1000)
    one = Coverage.of(1.0, 0.5, t, 0.6, 0.02)
    assert one.share == pytest.approx(0.6)
    assert one.error == pytest.approx(0.5 / np.sqrt(1000))
    assert one.threshold_error == pytest.approx(0.02, abs=0.001)
    assert one.pull == pytest.approx(0.1 / one.error)


def test_experiments_of_one_truth_are_not_independent():
    """The error is what shares of many repetitions scatter; the binomial one is too small."""
    rng = np.random.default_rng(3)
    shares, errors = [], []
    for _ in range(400):
        threshold = np.clip(0.7 + 0.2 * rng.standard_normal(20), 0, 1)
        t = 1 - (rng.random(250) < threshold[np.arange(250) % 20])
        one = Coverage.of(1.0, 0.7, t.astype(float), 0.5, truths=20)
        shares.append(one.share)
        errors.append(one.error)
    assert np.mean(errors) == pytest.approx(np.std(shares), rel=0.15)
    alone = Coverage.of(1.0, 0.7, t.astype(float), 0.5)
    assert alone.error == pytest.approx(np.sqrt(0.7 * 0.3 / 250))
    assert np.mean(errors) > 1.4 * alone.error


def test_bad_input_is_refused(lab, belt):
    with pytest.raises(ConfigError, match="outside of the belt"):
        belt[0.95].at(np.array([9.0]))
    with pytest.raises(ConfigError, match="too few for a quantile"):
        make_belt(lab, KAPPA, 5)
    with pytest.raises(ConfigError, match="rising"):
        CriticalValues.of(np.array([1.0, 0.0, 2.0, 3.0]), [np.arange(99.0)] * 4, 0.95)
    assert asymptotic_threshold(0.6827) == pytest.approx(1.0, abs=1e-3)

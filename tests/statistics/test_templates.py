"""Templates of toy quadratic amplitudes, whose efficiencies are known exactly."""

import dataclasses

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.shower_events import ShowerEvents, event_index
from hh4b.statistics.closure import closure
from hh4b.statistics.histograms import fill
from hh4b.statistics.templates import (
    CutAndBins,
    SampleEvents,
    Scores,
    SignalEvents,
    background_template,
    balance_weights,
    direct_signal_template,
    evaluate,
    signal_template,
)

EDGES = np.linspace(200, 1000, 11)
MIXTURE = [-5.0, 1.0, 2.0, 5.0, 12.0]


def selection(**changes):
    return dataclasses.replace(CutAndBins(0.5, EDGES), **changes)


def pulls(histogram, exact):
    used = histogram.sum_weights_squared > 0
    return (histogram.sum_weights - exact)[used] / np.sqrt(histogram.sum_weights_squared[used])


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("kappa", [-8.0, -1.0, 0.0, 1.0, 2.0, 4.0, 15.0])
def test_any_kappa_from_all_samples_agrees_with_the_exact_efficiency(
    toy, make_samples, kappa, biased
):
    samples = make_samples(MIXTURE, [20_011] * 5, biased=biased)
    histogram = signal_template(samples, kappa, selection(), toy.cross_section)
    pull = pulls(histogram, toy.efficiency(kappa, EDGES))
    assert (pull**2).sum() < 30.0  # 10 bins: probability 0.1 %
    assert abs(pull.mean()) < 1.2


def test_wrong_cross_section_or_missing_density_would_be_seen(toy, make_samples):
    samples = make_samples(MIXTURE, [20_011] * 5)
    wrong = toy.cross_section * np.array([1.0, 1.0, 1.1])
    histogram = signal_template(samples, 4.0, selection(), wrong)
    assert (pulls(histogram, toy.efficiency(4.0, EDGES)) ** 2).sum() > 100.0


def test_samples_of_different_size_are_combined_with_less_variance_than_any_alone(
    toy, make_samples
):
    samples = make_samples([0.0, 1.0, 2.0], [9_001, 3_001, 15_013])
    combined = signal_template(samples, 1.0, selection(), toy.cross_section)
    direct = direct_signal_template(samples, 1.0, selection())
    assert combined.sum_weights_squared.sum() < 0.5 * direct.sum_weights_squared.sum()
    assert (pulls(combined, toy.efficiency(1.0, EDGES)) ** 2).sum() < 30.0


def test_one_sample_at_its_own_kappa_is_the_direct_template(toy, make_samples):
    samples = make_samples([3.0], [5_003])
    reweighted = signal_template(samples, 3.0, selection(), toy.cross_section)
    direct = direct_signal_template(samples, 3.0, selection())
    np.testing.assert_allclose(reweighted.sum_weights, direct.sum_weights, rtol=1e-12)
    np.testing.assert_allclose(
        reweighted.sum_weights_squared, direct.sum_weights_squared, rtol=1e-12
    )


def test_splitting_a_sample_in_two_changes_nothing(toy, make_samples):
    whole = make_samples([0.0, 5.0], [4_000, 6_000])
    first = whole[0]
    halves = [
        dataclasses.replace(
            first,
            efficiency_weight=first.efficiency_weight[part] * 2,
            m_hh_gev=first.m_hh_gev[part],
            scores=Scores(first.scores.kappa_lambda, first.scores.values[part]),
            polynomial=first.polynomial[part],
            n_generated=2_000,
        )
        for part in (slice(0, 2_000), slice(2_000, None))
    ]
    for build in (
        lambda samples: signal_template(samples, 0.0, selection(), toy.cross_section),
        lambda samples: direct_signal_template(samples, 0.0, selection()),
    ):
        np.testing.assert_allclose(
            build([*halves, whole[1]]).sum_weights, build(whole).sum_weights, rtol=1e-12
        )


def test_balance_weights_against_a_loop(toy, make_samples):
    samples = make_samples([1.0, 5.0, -3.0], [7, 11, 13])
    fast = balance_weights(samples, toy.cross_section)

    def at(coefficients, kappa):
        return coefficients[0] + coefficients[1] * kappa + coefficients[2] * kappa**2

    for sample, weights in zip(samples, fast, strict=True):
        for i, weight in enumerate(weights):
            mixture = sum(
                other.n_generated
                * at(sample.polynomial[i], other.kappa_lambda)
                / at(toy.cross_section, other.kappa_lambda)
                for other in samples
            )
            assert weight == pytest.approx(
                sample.efficiency_weight[i] * sample.n_generated / mixture, rel=1e-12
            )


def test_closure_of_each_sample_against_the_others(toy, make_samples):
    samples = make_samples(MIXTURE, [20_011] * 5)
    results = [closure(samples, kappa, selection(), toy.cross_section) for kappa in MIXTURE]
    assert all(result.degrees_of_freedom >= 9 for result in results)
    assert min(result.probability for result in results) > 1e-3
    broken = [
        closure(samples, kappa, selection(), toy.cross_section * np.array([1, 1.05, 1]))
        for kappa in MIXTURE
    ]
    assert min(result.probability for result in broken) < 1e-6


def test_signal_passes_at_the_hypothesis_or_at_its_own_kappa(toy, make_samples):
    # An event passes if m_hh is above 400 + 10 kappa of the kappa input.
    samples = make_samples(
        [-5.0, 5.0], [30_011, 30_013], score=lambda m, kappa: (m > 400 + 10 * kappa) * 1.0
    )
    at_hypothesis = signal_template(samples, 10.0, selection(), toy.cross_section)
    exact = toy.efficiency(10.0, EDGES, lambda m: 1.0 * (m > 500))
    assert (pulls(at_hypothesis, exact) ** 2).sum() < 25
    at_own = signal_template(samples, 10.0, selection(kappa_input="own"), toy.cross_section)
    # Events of both samples in [360, 440] GeV have all passed or not by their own kappa.
    assert at_own.sum_weights[2] > 0  # [360, 440] GeV
    assert at_hypothesis.sum_weights[2] == 0


def background_sample(seed=3, n=4_001):
    rng = np.random.default_rng(seed)
    kappas = np.array([-1.0, 0.0, 2.0])
    return SampleEvents(
        name="toy",
        efficiency_weight=rng.random(n),
        m_hh_gev=rng.uniform(100, 1100, n),
        scores=Scores(kappas, rng.random((n, 3))),
        input_kappa_lambda=rng.choice(kappas, n),
        n_generated=float(n),
    )


def test_average_background_is_the_expectation_of_drawn_inputs():
    sample = background_sample()
    average = background_template([sample], selection(), kappa_values=[-1, 0, 2])
    rng = np.random.default_rng(1)
    drawn = [
        background_template(
            [
                dataclasses.replace(
                    sample, input_kappa_lambda=rng.choice([-1.0, 0.0, 2.0], len(sample.m_hh_gev))
                )
            ],
            selection(),
            kappa_input="drawn",
        ).sum_weights
        for _ in range(300)
    ]
    error = np.std(drawn, axis=0) / np.sqrt(300)
    assert np.all(np.abs(np.mean(drawn, axis=0) - average.sum_weights) < 4 * error)


def test_drawn_background_against_a_loop():
    sample = background_sample(n=211)
    fast = background_template([sample], selection(), kappa_input="drawn")
    slow = np.zeros(10)
    for i in range(211):
        column = list(sample.scores.kappa_lambda).index(sample.input_kappa_lambda[i])
        for b in range(10):
            inside = EDGES[b] <= sample.m_hh_gev[i] < EDGES[b + 1]
            if inside and sample.scores.values[i, column] > 0.5:
                slow[b] += sample.efficiency_weight[i]
    np.testing.assert_allclose(fast.sum_weights, slow, rtol=1e-12)


def test_hypothesis_background_is_one_value_of_the_list():
    sample = background_sample()
    one = background_template([sample], selection(), kappa_values=[2.0])
    passed = sample.scores.values[:, 2] > 0.5
    expected, _ = np.histogram(
        sample.m_hh_gev[passed], EDGES, weights=sample.efficiency_weight[passed]
    )
    np.testing.assert_allclose(one.sum_weights, expected, rtol=1e-12)


def test_bins_are_those_of_numpy_and_overflow_goes_to_the_ends():
    mass = np.array([199.9, 200.0, 279.9, 280.0, 999.9, 1000.0, 1000.1, np.nan])
    assert selection().bins(mass).tolist() == [-1, 0, 0, 1, 9, 9, -1, -1]
    assert selection(overflow="include").bins(mass).tolist() == [0, 0, 0, 1, 9, 9, 9, -1]


def test_fill_counts_and_squares():
    histogram = fill(np.array([0, 0, 2, -1]), np.array([1.0, 3.0, 2.0, 50.0]), 3)
    assert histogram.sum_weights.tolist() == [4.0, 0.0, 2.0]
    assert histogram.sum_weights_squared.tolist() == [10.0, 0.0, 4.0]
    assert histogram.n_events.tolist() == [2, 0, 1]
    assert histogram.effective_events.tolist() == [1.6, 0.0, 1.0]


def test_evaluate_by_hand():
    coefficients = np.array([[1.0, -2.0, 3.0], [0.0, 1.0, 0.0]])
    assert evaluate(coefficients, 2.0).tolist() == [9.0, 2.0]
    assert evaluate(coefficients, np.array([0.0, 2.0])).tolist() == [[1.0, 9.0], [0.0, 2.0]]


def test_a_score_at_an_unknown_kappa_is_named():
    scores = Scores(np.array([1.0, 2.0]), np.zeros((3, 2)))
    with pytest.raises(ConfigError, match=r"kappa_lambda = 1\.5.*\[1\.0, 2\.0\]"):
        scores.at(1.5)
    assert Scores(np.array([1.0]), np.ones((3, 1))).at(7.0).tolist() == [1, 1, 1]


def test_a_direct_template_without_sample_is_named(make_samples):
    with pytest.raises(ConfigError, match=r"no signal sample at kappa_lambda = 4.*\[1\.0, 5\.0\]"):
        direct_signal_template(make_samples([1.0, 5.0], [10, 10]), 4.0, selection())


def test_amplitudes_that_are_not_positive_are_refused(toy, make_samples):
    samples = make_samples([1.0, 5.0], [10, 10])
    with pytest.raises(ContractError, match="not positive with coefficients"):
        balance_weights(samples, np.array([-1.0, 0.0, 0.0]))
    negative = dataclasses.replace(samples[0], polynomial=-samples[0].polynomial)
    with pytest.raises(ContractError, match="toy 1: the squared amplitude of event"):
        balance_weights([negative, samples[1]], toy.cross_section)


def test_closure_of_a_single_sample_is_refused(toy, make_samples):
    with pytest.raises(ContractError, match="more than one kappa_lambda"):
        closure(make_samples([1.0], [10]), 1.0, selection(), toy.cross_section)


def halved_rows(sample):
    """Return a sample with every row twice at half the weight, both of one shower event."""
    rows = np.repeat(np.arange(len(sample.m_hh_gev)), 2)
    changes = {
        "efficiency_weight": sample.efficiency_weight[rows] / 2,
        "m_hh_gev": sample.m_hh_gev[rows],
        "scores": Scores(sample.scores.kappa_lambda, sample.scores.values[rows]),
        "input_kappa_lambda": sample.input_kappa_lambda[rows],
        "shower": ShowerEvents(sample.name, rows + 100),
    }
    if isinstance(sample, SignalEvents):
        changes["polynomial"] = sample.polynomial[rows]
    return dataclasses.replace(sample, **changes)


def test_rows_of_one_event_say_no_more_than_one_row(toy, make_samples):
    once = make_samples([0.0, 2.0], [301, 203], score=lambda m, k: (m % 10 > k % 7) * 1.0)
    twice = [halved_rows(sample) for sample in once]
    mixed = [twice[0], once[1]]
    templates = (
        lambda samples: signal_template(samples, 1.0, selection(), toy.cross_section),
        lambda samples: direct_signal_template(samples[:1], 0.0, selection()),
        lambda samples: background_template(samples, selection(), kappa_values=(1.0, 2.0)),
        lambda samples: background_template(samples, selection(), kappa_input="drawn"),
    )
    for template in templates:
        wanted = template(once).as_dict()
        for copies in (twice, mixed):
            found = template(copies).as_dict()
            assert found["n_events"] == wanted["n_events"]
            for name, values in wanted.items():
                np.testing.assert_allclose(found[name], values, rtol=1e-12)
        distinct = [
            dataclasses.replace(s, shower=ShowerEvents("a", np.arange(len(s.m_hh_gev))))
            for s in once
        ]
        assert template(distinct).as_dict() == wanted


def test_events_that_share_a_number_in_different_files_are_apart():
    shower = ShowerEvents("a", np.array([7, 7, 3]), np.array([0, 1, 2]))
    assert not shower.repeated
    assert shower[np.array([0, 2])].index.tolist() == [0, 1]
    assert event_index([shower]) is None
    repeated = ShowerEvents("b", np.array([4, 4, 2]))
    found = event_index([shower, repeated])
    assert found is not None
    assert found.tolist() == [0, 1, 2, 4, 4, 3]

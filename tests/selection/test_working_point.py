"""The choice of p_th: hand-worked scans, a slow loop, errors, refusals."""

import dataclasses
import math

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.folds import Folds
from hh4b.core.replication import PoissonReplicas
from hh4b.core.shower_events import ShowerEvents
from hh4b.selection import working_point
from hh4b.selection.samples import ScoredSample
from hh4b.selection.settings import WorkingPointSettings
from hh4b.selection.threshold_replicas import ReplicatedScan
from hh4b.selection.threshold_scan import ThresholdScan, tail_sums, thresholds
from hh4b.selection.working_point import find_working_point


def sample(score, weight=None, kappa=1.0, generated=True):
    score = np.asarray(score, dtype=np.float32)
    weight = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=float)
    return ScoredSample(score, np.full(len(score), kappa, np.float32), weight, generated)


def choice(**values):
    """Return settings with the smallest number of background events that these tests are about."""
    return WorkingPointSettings(**{"min_background_events": 10, **values})


@pytest.fixture
def given(monkeypatch):
    """Replace the files by samples: ``given(signal, background)``."""

    def give(signal, background):
        def read(_pairs, *, label, fixed_kappa_input=None, **_rest):
            assert fixed_kappa_input is None
            return signal if label else background

        monkeypatch.setattr(working_point, "signal_kappas", lambda _pairs: ())
        monkeypatch.setattr(working_point, "read_scored", read)

    return give


def test_grid_holds_decimal_thresholds():
    grid = thresholds(0.01)
    assert len(grid) == 101
    assert 0.93 in grid
    for step in (0.3, 0.0, -0.1, 2.0, float("nan")):
        with pytest.raises(ConfigError, match="does not divide"):
            thresholds(step)


def test_tail_sums_agree_with_a_slow_loop():
    rng = np.random.default_rng(3)
    score = np.round(rng.random(313), 2).astype(np.float32)
    weight = rng.uniform(0.1, 2, 313)
    cuts = thresholds(0.05)
    tail = tail_sums(score, weight, cuts)
    for number, cut in enumerate(cuts):
        passed = score > float(cut)  # as templates compare
        assert tail.n_events[number] == passed.sum()
        assert tail.sum_weights[number] == pytest.approx(weight[passed].sum())
        assert tail.sum_weights_squared[number] == pytest.approx((weight[passed] ** 2).sum())
    assert tail.sum_weights[-1] == 0


def test_best_threshold_by_hand(given):
    # Above 0.25: 3/sqrt(4); above 0.5: 2/sqrt(1); above 0.75: 1/sqrt(1).
    given([sample([0.3, 0.6, 0.8])], [sample([0.3, 0.3, 0.3, 0.8])])
    found = find_working_point(["s"], ["b"], choice(step=0.25, min_background_events=0))
    assert found["threshold"] == 0.5
    scan = found["scan"]
    assert scan["s_over_sqrt_b"] == pytest.approx([1.5, 1.5, 2, 1, None])
    assert scan["n_background"] == [4, 4, 1, 1, 0]
    # (2/sqrt 1) sqrt(1/2 + 1/4)
    assert found["at_threshold"]["s_over_sqrt_b_error"] == pytest.approx(2 * math.sqrt(0.75))
    assert scan["allowed"] == [True, True, True, True, False]


def test_thresholds_with_too_little_background_are_not_chosen(given):
    background = [sample(np.linspace(0.001, 0.999, 400))]
    given([sample(np.full(50, 0.995))], background)
    found = find_working_point(["s"], ["b"], choice(min_background_events=10))
    assert found["at_threshold"]["n_background_effective"] >= 10
    assert found["threshold"] == pytest.approx(0.97)
    few = find_working_point(["s"], ["b"], choice(min_background_events=1))
    assert few["threshold"] == pytest.approx(0.99)
    with pytest.raises(ContractError, match="no threshold leaves enough"):
        find_working_point(["s"], ["b"], choice(min_background_events=401))


def test_a_heavy_event_counts_as_one_effective_event(given):
    weight = [1e-3] * 99 + [1.0]
    given([sample([0.9])], [sample(np.full(100, 0.5), weight)])
    found = find_working_point(["s"], ["b"], choice(min_background_events=0))
    assert found["at_threshold"]["n_background"] == 100
    assert found["at_threshold"]["n_background_effective"] == pytest.approx(1.208, abs=1e-3)


def test_overall_factors_move_no_threshold(given):
    rng = np.random.default_rng(5)
    given([sample(rng.beta(5, 2, 900))], [sample(rng.beta(2, 5, 900))])
    one = find_working_point(["s"], ["b"], choice())
    factors = choice(signal_fb=3.0, background_fb=700.0, luminosity_ifb=139.0)
    other = find_working_point(["s"], ["b"], factors)
    assert other["threshold"] == one["threshold"]
    assert other["threshold_error"] == one["threshold_error"]
    ratio = np.array(other["scan"]["signal"][:90]) / one["scan"]["signal"][:90]
    np.testing.assert_allclose(ratio, 3 * 139)
    value = other["at_threshold"]["s_over_sqrt_b"] / one["at_threshold"]["s_over_sqrt_b"]
    assert value == pytest.approx(3 * math.sqrt(139 / 700))


def test_error_of_s_over_sqrt_b_matches_repetitions():
    rng = np.random.default_rng(7)
    values, errors = [], []
    for _ in range(400):
        tails = []
        for mean in (200, 120):
            number = rng.poisson(mean)
            weight = rng.choice([0.5, 2.0], number)
            tails.append(tail_sums(np.full(number, 0.5, np.float32), weight, np.array([0.4])))
        value, error = ThresholdScan(np.array([0.4]), *tails, 0).significance
        values.append(value[0])
        errors.append(error[0])
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.12)


def test_error_of_the_place_matches_repetitions(given):
    places, errors = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        given([sample(rng.beta(4, 2, 600))], [sample(rng.beta(2, 4, 600))])
        found = find_working_point(["s"], ["b"], choice(step=0.02, seed=1))
        places.append(found["threshold"])
        errors.append(found["threshold_error"])
    assert 0.5 < np.mean(errors) / np.std(places) < 2


def test_signal_is_the_one_at_kappa_lambda(given):
    signals = [sample([0.95] * 20, kappa=5.0), sample([0.4] * 20, kappa=1.0)]
    given(signals, [sample(np.linspace(0, 0.99, 200), kappa=5.0)])
    found = find_working_point(["s"], ["b"], choice())
    assert found["threshold"] < 0.4
    assert find_working_point(["s"], ["b"], choice(kappa_lambda=5.0))["threshold"] > 0.8
    with pytest.raises(ContractError, match=r"kappa_lambda = 2.4, only at \[1.0, 5.0\]"):
        find_working_point(["s"], ["b"], choice(kappa_lambda=2.4))


def test_samples_of_one_process_are_averaged(given):
    halves = [sample([0.9] * 30, [0.02] * 30), sample([0.9] * 10, [0.06] * 10)]
    given(halves, [sample(np.linspace(0, 1, 50))])
    found = find_working_point(["s"], ["b"], choice())
    # Both say an efficiency of 0.6; forty events of the same information.
    assert found["at_threshold"]["signal"] == pytest.approx(0.6)
    assert found["at_threshold"]["n_signal_effective"] == pytest.approx(40)


def test_fixed_threshold_is_evaluated_where_it_lies(given):
    given([sample([0.997])], [sample([0.5, 0.996, 0.9955])])
    chosen = choice(threshold=0.995, min_background_events=2)
    found = find_working_point(["s"], ["b"], chosen)
    assert found["threshold"] == 0.995
    assert found["threshold_error"] is None
    assert found["at_threshold"]["n_background"] == 2
    with pytest.raises(ContractError, match=r"threshold 0.998 leaves 0 effective"):
        chosen = choice(threshold=0.998, min_background_events=0)
        find_working_point(["s"], ["b"], chosen)


def test_at_least_twenty_background_events_by_default():
    assert WorkingPointSettings().min_background_events == 20


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"threshold": "best"}, "threshold"),
        ({"threshold": 1.0}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"min_background_events": -1}, "min_background_events: value -1"),
        ({"luminosity_ifb": 0.0}, "luminosity_ifb: value 0.0"),
        ({"part": "validation"}, "part: value 'validation'"),
        ({"background_weights": {"four_b": -1}}, "background_weights.four_b: value -1"),
    ],
)
def test_what_cannot_be_meant_is_refused(values, words):
    with pytest.raises(ConfigError, match=words):
        WorkingPointSettings.checked(values)


def halved_rows(one, name):
    """Return a sample with every row twice at half the weight, both of one shower event."""
    rows = np.repeat(np.arange(len(one.score)), 2)
    shower = (ShowerEvents(name, rows),)
    return ScoredSample(one.score[rows], one.kappa[rows], one.weight[rows] / 2, True, shower)


def test_rows_of_one_event_say_no_more_than_one_row(given):
    rng = np.random.default_rng(8)
    once = [
        [
            dataclasses.replace(
                sample(rng.beta(a, b, n), rng.uniform(0.5, 2, n)),
                shower=(ShowerEvents(f"{a} {n}", np.arange(n)),),
            )
            for a, b, n in sizes
        ]
        for sizes in ([(3, 1, 150), (3, 2, 90)], [(1, 2, 300), (1, 3, 200)])
    ]
    twice = [[halved_rows(one, one.shower[0].sample) for one in samples] for samples in once]
    mixed = [twice[0], [once[1][0], twice[1][1]]]
    settings = choice(bootstrap_replicas=5)
    given(*once)
    wanted = find_working_point([], [], settings)
    for copies in (twice, mixed):
        given(*copies)
        found = find_working_point([], [], settings)
        assert found["threshold"] == wanted["threshold"]
        assert found["threshold_error"] == pytest.approx(wanted["threshold_error"], rel=1e-9)
        assert found["threshold_bootstrap"] == wanted["threshold_bootstrap"]
        for name, values in wanted["scan"].items():
            one, other = (np.array(v, float) for v in (found["scan"][name], values))
            assert one == pytest.approx(other, rel=1e-9, nan_ok=True), name


def test_rows_of_one_event_on_both_sides_of_a_threshold():
    """Rows at 0.9 and 0.5 of one event: alone above 0.7, together above 0.3."""
    score = np.array([0.9, 0.5, 0.5], np.float32)
    tail = tail_sums(score, np.array([1.0, 2.0, 4.0]), np.array([0.3, 0.7]), np.array([0, 0, 1]))
    assert tail.sum_weights.tolist() == [7, 1]
    assert tail.sum_weights_squared.tolist() == [25, 1]
    assert tail.n_events.tolist() == [2, 1]
    alone = tail_sums(score[:2], np.ones(2), np.array([0.3, 0.7]), np.zeros(2, np.int64))
    drawn = alone.replicas(np.random.default_rng(1), 20_000)
    assert drawn.mean(axis=0) == pytest.approx([2, 1], rel=0.05)
    assert drawn.var(axis=0) == pytest.approx([4, 1], rel=0.1)


def test_replicas_take_events_whole():
    rng = np.random.default_rng(4)
    numbers = rng.integers(0, 20, 60)
    score, weight = rng.random(60).astype(np.float32), rng.uniform(0.5, 2, 60)
    shower = ShowerEvents("a", numbers)
    cuts = np.array([0.2, 0.6])
    _, squares = ReplicatedScan(cuts, PoissonReplicas(3, 7)).tails(score, weight, [shower])
    counts = shower.bootstrap(3, 7)
    for place, cut in enumerate(cuts):
        for replica in range(7):
            expected = sum(
                counts[numbers == event][0, replica]
                * weight[(numbers == event) & (score > cut)].sum() ** 2
                for event in np.unique(numbers)
            )
            assert squares[place, replica] == pytest.approx(expected)


def test_a_scan_without_each_fold_stands_in_the_file(given):
    """The signal of high score is in fold 0: without it the best threshold is lower."""
    shower = ShowerEvents("s", np.arange(400))
    first = shower.folds(Folds(folds=4, fold_seed=2)) == 0
    signal = dataclasses.replace(sample(np.where(first, 0.99, 0.55)), shower=(shower,))
    noise = ShowerEvents("b", np.arange(1000))
    background = dataclasses.replace(sample(np.linspace(0, 1, 1000)), shower=(noise,))
    given([signal], [background])
    settings = choice(part="all", folds=4, fold_seed=2, bootstrap_replicas=3)
    found = find_working_point(["s"], ["b"], settings)["threshold_folds"]
    assert (found["folds"], found["fold_seed"]) == (4, 2)
    # S / sqrt(B) is about 100 / sqrt(20) above 0.98, and 400 / sqrt(460) above 0.54.
    assert found["thresholds"] == pytest.approx([0.54, 0.98, 0.98, 0.98])
    one = find_working_point(["s"], ["b"], choice(part="all", bootstrap_replicas=3))
    assert "threshold_folds" not in one

"""Metrics: hand-worked values, the definitions, scikit-learn, and invariances."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as reference

from hh4b.training import metrics
from hh4b.training.metrics import Confusion


@pytest.fixture
def events():
    """Weighted events with many ties."""
    rng = np.random.default_rng(17)
    label = rng.random(499) < 0.4
    score = np.round(np.clip(rng.normal(0.4 + 0.2 * label, 0.2), 0, 1), 1).astype(np.float32)
    return label, score, rng.uniform(0.1, 3.0, 499)


def test_formulas_on_a_table_worked_by_hand():
    # TP = 6, FP = 2, TN = 8, FN = 4: 20 events.
    table = Confusion(tp=6, fp=2, tn=8, fn=4)
    assert table.accuracy == pytest.approx(14 / 20)
    assert table.precision == pytest.approx(6 / 8)
    assert table.recall == pytest.approx(6 / 10)
    assert table.specificity == pytest.approx(8 / 10)
    assert table.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    assert table.f_beta(2.0) == pytest.approx(5 * 0.75 * 0.6 / (4 * 0.75 + 0.6))
    assert table.matthews == pytest.approx((6 * 8 - 2 * 4) / math.sqrt(8 * 10 * 10 * 12))


def test_ratios_of_nothing_are_not_a_number():
    empty = Confusion(tp=0, fp=0, tn=3, fn=2)
    assert math.isnan(empty.precision)
    assert math.isnan(empty.f1)
    assert math.isnan(empty.matthews)
    assert empty.recall == 0


def test_an_event_at_the_threshold_is_not_selected():
    score = np.array([0.3, 0.9, 0.90000004], dtype=np.float32)
    table = metrics.confusion(np.array([True, True, True]), score, np.ones(3), threshold=0.9)
    assert (table.tp, table.fn) == (1, 2)


def test_all_metrics_agree_with_scikit_learn(events):
    label, score, weight = events
    chosen = score > np.float32(0.5)
    table = metrics.confusion(label, score, weight, threshold=0.5)
    given = {"sample_weight": weight}
    assert table.accuracy == pytest.approx(reference.accuracy_score(label, chosen, **given))
    assert table.precision == pytest.approx(reference.precision_score(label, chosen, **given))
    assert table.recall == pytest.approx(reference.recall_score(label, chosen, **given))
    assert table.f1 == pytest.approx(reference.f1_score(label, chosen, **given))
    f_half = reference.fbeta_score(label, chosen, beta=0.5, **given)
    assert table.f_beta(0.5) == pytest.approx(f_half)
    assert table.matthews == pytest.approx(reference.matthews_corrcoef(label, chosen, **given))
    area = metrics.auc(label, score, weight).value
    assert area == pytest.approx(reference.roc_auc_score(label, score, **given))
    inside = np.clip(score, 0.01, 0.99).astype(np.float64)
    expected = reference.log_loss(label, inside, **given)
    assert metrics.log_loss(label, inside, weight) == pytest.approx(expected)
    balanced = reference.balanced_accuracy_score(label, chosen, **given)
    assert metrics.balanced_accuracy(label, score, weight, threshold=0.5).value == pytest.approx(
        balanced
    )


def test_roc_curve_by_hand_and_its_area():
    label = np.array([True, False, True, False])
    curve = metrics.roc_curve(label, np.array([0.9, 0.8, 0.8, 0.1]), np.array([1.0, 1, 3, 1]))
    np.testing.assert_allclose(curve.signal_efficiency, [0, 0.25, 1, 1])
    np.testing.assert_allclose(curve.background_efficiency, [0, 0, 0.5, 1])
    # Trapezium between (0, 1/4) and (1/2, 1), then a rectangle of width 1/2.
    assert metrics.area_under_curve(curve) == pytest.approx(0.5 * 0.5 * 1.25 + 0.5)


def test_area_of_the_curve_is_the_probability_of_the_right_order(events):
    label, score, weight = events
    total = area = 0.0
    for s, w in zip(score[label], weight[label], strict=True):
        beats = (s > score[~label]) + 0.5 * (s == score[~label])
        area += w * (weight[~label] * beats).sum()
        total += w * weight[~label].sum()
    assert metrics.auc(label, score, weight).value == pytest.approx(area / total)
    curve = metrics.roc_curve(label, score, weight)
    assert metrics.area_under_curve(curve) == pytest.approx(area / total)


def test_log_loss_is_the_binary_cross_entropy():
    label, score = np.array([True, False, True]), np.array([0.8, 0.3, 0.5])
    expected = -(math.log(0.8) + math.log(0.7) + 2 * math.log(0.5)) / 4
    assert metrics.log_loss(label, score, np.array([1.0, 1, 2])) == pytest.approx(expected)
    certain = metrics.log_loss(label[:1], np.zeros(1), np.ones(1))
    assert 15 < certain < 17


def test_bernoulli_estimate_is_the_mean_and_maximises_the_likelihood():
    # Twenty tosses of a coin, thirteen heads: the derivative of the log-likelihood,
    # sum (y - p) / (p (1 - p)), vanishes at p = 13/20.
    outcomes = np.arange(20) < 13
    estimate = metrics.efficiency(outcomes, np.ones(20))
    assert estimate.value == pytest.approx(13 / 20)
    assert estimate.error == pytest.approx(math.sqrt(0.65 * 0.35 / 20))

    def minus_log_likelihood(p):
        return metrics.log_loss(outcomes, np.full(20, p), np.ones(20))

    best = minus_log_likelihood(estimate.value)
    assert best < min(minus_log_likelihood(0.64), minus_log_likelihood(0.66))


def test_errors_match_the_spread_of_repetitions():
    rng = np.random.default_rng(23)
    areas, accuracies = [], []
    for _ in range(300):
        label = np.arange(400) < 150
        weight = rng.choice([0.5, 1.0, 4.0], 400)
        score = rng.normal(0.4 + 0.15 * label, 0.15)
        areas.append(metrics.auc(label, score, weight))
        accuracies.append(metrics.balanced_accuracy(label, score, weight, threshold=0.5))
    for found in (areas, accuracies):
        values, errors = np.array(found).T
        # The spread of 300 repetitions is known to 4 %.
        assert np.std(values) == pytest.approx(np.mean(errors), rel=0.13)


def test_delong_error_for_unit_weights(events):
    label, score, _ = events
    positive, negative = score[label], score[~label]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    variance = wins.mean(1).var() / len(positive) + wins.mean(0).var() / len(negative)
    found = metrics.auc(label, score, np.ones(len(score)))
    assert found.error == pytest.approx(math.sqrt(variance))


def test_effective_number():
    assert metrics.effective_number(np.full(7, 0.3)) == pytest.approx(7)
    assert metrics.effective_number(np.array([3.0, 1.0])) == pytest.approx(16 / 10)
    assert metrics.effective_number(np.zeros(2)) == 0


def test_thinning_keeps_ends_and_area():
    rng = np.random.default_rng(3)
    label = rng.random(20000) < 0.5
    score = rng.normal(0.4 + 0.2 * label, 0.2)
    curve = metrics.roc_curve(label, score, np.ones(20000))
    short = metrics.thin(curve, 500)
    assert 400 < len(short.signal_efficiency) <= 500
    assert short.signal_efficiency[[0, -1]].tolist() == [0, 1]
    assert short.background_efficiency[[0, -1]].tolist() == [0, 1]
    area = metrics.area_under_curve(curve)
    assert metrics.area_under_curve(short) == pytest.approx(area, abs=1e-4)
    assert metrics.thin(short, 500) is short


@settings(max_examples=40, deadline=None)
@given(
    label=arrays(bool, 13), score=arrays(np.int8, 13), weight=arrays(np.uint8, 13), data=st.data()
)
def test_invariances_of_the_area(label, score, weight, data):
    label = label.copy()
    label[:2] = True, False
    weight = weight.astype(float) + 1
    area = metrics.auc(label, score.astype(float), weight).value
    order = np.array(data.draw(st.permutations(range(13))))
    moved = metrics.auc(label[order], score[order].astype(float), weight[order]).value
    assert moved == pytest.approx(area)
    assert metrics.auc(label, np.exp(score / 64.0), weight).value == pytest.approx(area)
    swapped = metrics.auc(~label, -score.astype(float), weight).value
    assert swapped == pytest.approx(area)
    twice = np.where(label, 2 * weight, weight)
    assert metrics.auc(label, score.astype(float), twice).value == pytest.approx(area)


def test_rows_of_one_event_say_no_more_than_one_row(events):
    label, score, weight = events
    rows = np.repeat(np.arange(len(label)), 2)
    copies = label[rows], score[rows], weight[rows] / 2
    assert metrics.auc(*copies, rows) == pytest.approx(metrics.auc(*events))
    wanted = metrics.balanced_accuracy(*events, threshold=0.5)
    assert metrics.balanced_accuracy(*copies, threshold=0.5, events=rows) == pytest.approx(wanted)
    passed = score > 0.4
    wanted = metrics.efficiency(passed, weight)
    assert metrics.efficiency(passed[rows], weight[rows] / 2, rows) == pytest.approx(wanted)
    number = metrics.effective_number(weight)
    assert metrics.effective_number(weight[rows] / 2, rows) == pytest.approx(number)
    # As independent rows they would say more.
    assert metrics.auc(*copies).error < 0.8 * metrics.auc(*events).error


def test_error_of_rows_that_differ_within_an_event():
    """Events (1, 0) and (1, 1): of the mean 3/4, -1/2 and +1/2 away, over four rows."""
    found = metrics.efficiency(np.array([1, 0, 1, 1]), np.ones(4), np.array([0, 0, 1, 1]))
    assert found == pytest.approx((0.75, np.sqrt(0.5) / 4))

"""Reliability curves against cases counted by hand."""

import numpy as np
import pytest

from hh4b.training.calibration import calibration


def curve(label, score, weight=None, **options):
    weight = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=float)
    return calibration(
        np.asarray(label, dtype=bool), np.asarray(score, np.float32), weight, **options
    )


def test_shares_and_errors_counted_by_hand():
    # Two bins: three of four are signal in the upper one, one of five in the lower one.
    found = curve([1, 1, 1, 0, 1, 0, 0, 0, 0], [0.6, 0.7, 0.8, 0.9, *[0.2] * 5], bins=2)
    np.testing.assert_allclose(found.edges, [0, 0.5, 1])
    np.testing.assert_allclose(found.mean_score, [0.2, 0.75], rtol=1e-6)
    np.testing.assert_allclose(found.signal_share, [0.2, 0.75])
    np.testing.assert_allclose(found.error, [np.sqrt(0.2 * 0.8 / 5), np.sqrt(0.75 * 0.25 / 4)])
    np.testing.assert_allclose(found.weight, [5 / 9, 4 / 9])
    assert found.distance == pytest.approx(0, abs=1e-7)


def test_weights_count_and_the_distance_is_their_mean():
    # Signal of weight 3 against background of weight 1 at a score of 0.6: 0.15 too low.
    found = curve([1, 0, 0], [0.6, 0.6, 0.1], [3, 1, 4], bins=2)
    assert found.signal_share[1] == pytest.approx(0.75)
    # Variance of a weighted mean: (9 * 0.25^2 + 1 * 0.75^2) / 4^2.
    assert found.error[1] == pytest.approx(np.sqrt(9 * 0.0625 + 0.5625) / 4)
    assert found.distance == pytest.approx((4 * 0.1 + 4 * 0.15) / 8, rel=1e-6)


def test_edges_belong_to_the_bin_above_and_one_to_the_last():
    found = curve([1, 0, 1, 0], [0.3, 0.3, 1.0, 1.0])
    filled = np.flatnonzero(np.isfinite(found.signal_share))
    assert filled.tolist() == [3, 9]


def test_what_nothing_is_known_of_is_none():
    content = curve([1, 1, 0, 1], [0.9, 0.9, 0.1, 0.12], bins=4).as_json()
    # An empty bin has no share; one of a single class has a share without error.
    assert content["signal_share"] == [0.5, None, None, 1.0]
    assert content["error"][1:] == [None, None, None]
    assert content["error"][0] == pytest.approx(np.sqrt(0.25 / 2))
    assert content["weight"] == [0.5, 0, 0, 0.5]


def test_a_bin_without_positive_weight_has_no_share():
    found = curve([1, 0, 1, 0], [0.9, 0.9, 0.1, 0.1], [1, 1, 1, -1], bins=2)
    assert np.isnan(found.signal_share[0])
    assert found.signal_share[1] == pytest.approx(0.5)


def test_rows_of_one_event_say_no_more_than_one_row():
    rng = np.random.default_rng(4)
    label, score = rng.random(60) < 0.5, rng.random(60)
    once = curve(label, score)
    twice = curve(np.repeat(label, 2), np.repeat(score, 2), events=np.repeat(np.arange(60), 2))
    np.testing.assert_allclose(twice.signal_share, once.signal_share)
    np.testing.assert_allclose(twice.error, once.error)


def test_errors_cover_the_truth():
    rng = np.random.default_rng(9)
    pulls = []
    for _ in range(150):
        score = rng.random(2000)
        found = curve(rng.random(2000) < score, score)
        pulls.append((found.signal_share - found.mean_score) / found.error)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.08)

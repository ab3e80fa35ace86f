"""Gains of searches beside their errors."""

import numpy as np
import pytest

from hh4b.training import metrics
from hh4b.training.gains import (
    auc_influence,
    difference_error,
    gain,
    keep_influence,
    kept_best,
    mean_influence,
)

RNG = np.random.default_rng(1)
LABEL = RNG.random(300) < 0.4
SCORE = np.clip(RNG.normal(0.4 + 0.2 * LABEL, 0.2), 0, 1)
WEIGHT = RNG.exponential(size=300)
# No event has rows of both classes.
EVENTS = np.where(LABEL, 0, 200) + RNG.integers(0, 150, 300)


@pytest.mark.parametrize("events", [None, EVENTS])
def test_squares_of_the_influence_are_the_variance(events):
    area = metrics.auc(LABEL, SCORE, WEIGHT, events)
    found = auc_influence(LABEL, SCORE, WEIGHT, events)
    assert np.sqrt((found**2).sum()) == pytest.approx(area.error)
    assert found.sum() == pytest.approx(0, abs=1e-12)
    passed = metrics.efficiency(SCORE > 0.5, WEIGHT, events)
    found = mean_influence((SCORE > 0.5).astype(float), WEIGHT, events)
    assert np.sqrt((found**2).sum()) == pytest.approx(passed.error)


def test_influence_by_hand():
    """Rows 1 and 3 of the mean 2, both of one event: together they move nothing."""
    values, weight = np.array([1.0, 3.0]), np.ones(2)
    assert mean_influence(values, weight).tolist() == [-0.5, 0.5]
    assert mean_influence(values, weight, np.array([4, 4])).tolist() == [0.0]


def test_the_same_events_are_compared_pair_by_pair(tmp_path):
    """Two classifiers that differ little have a difference of small error."""
    first = auc_influence(LABEL, SCORE, WEIGHT)
    second = auc_influence(LABEL, SCORE + 0.02 * RNG.normal(size=300), WEIGHT)
    for name, influence in (("a", first), ("b", second), ("c", first[1:])):
        keep_influence(tmp_path / "new" / f"{name}.npy", influence)
    paths = [tmp_path / "new" / f"{name}.npy" for name in "abc"]
    error = difference_error(*paths[:2])
    assert error == pytest.approx(np.sqrt(((first - second) ** 2).sum()))
    assert 0 < error < 0.5 * np.sqrt((first**2).sum())
    assert difference_error(paths[0], paths[2]) is None
    assert difference_error(paths[0], tmp_path / "none.npy") is None


def test_a_gain_of_less_than_its_error_keeps_the_start():
    found = {"best": {"x": 2}, "value": 0.81}
    for error, improved in ((0.02, False), (0.005, True), (None, True)):
        outcome = kept_best({**found, **gain("maximize", 0.81, 0.80, error, tried=True)}, {"x": 1})
        assert outcome["gain"] == pytest.approx(0.01)
        assert (outcome["gain_error"], outcome["improved"]) == (error, improved)
        assert outcome["best_value"] == 0.81
        assert outcome["best"] == {"x": 2 if improved else 1}
        assert outcome["value"] == (0.81 if improved else 0.80)
    assert gain("minimize", 0.4, 0.5, None, tried=True)["gain"] == pytest.approx(0.1)
    assert gain("minimize", 0.4, None, None, tried=True)["improved"] is True
    assert gain("minimize", 0.4, None, None, tried=False)["improved"] is None

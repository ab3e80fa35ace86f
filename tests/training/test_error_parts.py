"""The training's part of a metric's error, from the networks of folds."""

import numpy as np
import pytest

from hh4b.training.error_parts import with_fold_errors

NAMES = ("auc",)


def test_both_parts_by_hand():
    folds = [{"auc": value} for value in (0.8, 0.9, 0.7, 0.8, 0.8)]
    found = with_fold_errors({"auc": 0.8, "auc_error": 0.01, "n": 3}, folds, NAMES)
    total = 0.005 / 5  # variance over the folds, over their number
    assert found["auc_error"] == pytest.approx(total**0.5)
    assert found["auc_error_parts"]["events"] == 0.01
    assert found["auc_error_parts"]["training"] == pytest.approx((total - 1e-4) ** 0.5)
    same = with_fold_errors({"auc": 0.8, "auc_error": 0.1}, folds, NAMES)
    assert same["auc_error_parts"]["training"] == 0
    assert same["auc_error"] == 0.1


def test_too_few_folds_and_a_fold_without_the_metric():
    folds = [{"auc": 0.8}, {"auc": 0.9}, {}, {"auc": None}, {"auc": 0.7}]
    few = with_fold_errors({"auc": 0.8, "auc_error": 0.01}, folds[:2], NAMES)
    assert few["auc_error"] == 0.01
    assert few["auc_error_parts"] == {"events": 0.01, "training": None}
    found = with_fold_errors({"auc": 0.8, "auc_error": 0.01}, folds, NAMES)
    assert found["auc_error"] is None
    assert found["auc_error_reason"] == "no auc in fold 2 of 5"
    empty = {"auc": None, "auc_error": None}
    assert with_fold_errors(empty, folds, NAMES) == empty


@pytest.mark.parametrize("size", [0.0, 0.05])
def test_networks_that_differ_by_a_known_amount(size):
    """Over many toys the part of the training is that amount over sqrt(K), or none."""
    rng, n_folds, n_events = np.random.default_rng(8), 10, 2000
    squares, totals = [], []
    for _ in range(400):
        network = 0.6 + size * rng.standard_normal(n_folds)
        means = rng.binomial(n_events // n_folds, network) * n_folds / n_events
        mean = means.mean()
        events = (mean * (1 - mean) / n_events) ** 0.5
        folds = [{"accuracy": one} for one in means]
        found = with_fold_errors({"accuracy": mean, "accuracy_error": events}, folds, ("accuracy",))
        squares.append(np.var(means, ddof=1) / n_folds - events**2)
        totals.append(((mean - 0.6) ** 2, found["accuracy_error"] ** 2))
    error = np.std(squares, ddof=1) / 20
    assert np.mean(squares) == pytest.approx(size**2 / n_folds, abs=3 * error)
    # The mean's own fluctuation over the quoted error; as no part is negative, networks that are
    # all the same are quoted up to a fifth too much.
    true, quoted = np.mean(totals, axis=0)
    assert 0.7 < true / quoted < 1.2

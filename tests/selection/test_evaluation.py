"""Evaluation of scores: balance of classes and samples, shape of the result."""

import numpy as np
import pytest

from hh4b.core.shower_events import ShowerEvents
from hh4b.selection.evaluation import compute, evaluate
from hh4b.selection.samples import ScoredSample
from hh4b.selection.settings import EvaluationSettings


def sample(score, weight=None):
    score = np.asarray(score, dtype=np.float32)
    weight = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=float)
    return ScoredSample(score, np.ones(len(score), np.float32), weight, True)


def test_classes_are_balanced_whatever_their_numbers():
    found = compute([sample([0.9, 0.9, 0.9, 0.1])], [sample([0.9, 0.1])])
    assert found["accuracy"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert found["precision"] == pytest.approx(0.75 / 1.25)
    assert found["recall"] == pytest.approx(0.75)
    assert found["specificity"] == pytest.approx(0.5)
    assert found["auc"] == pytest.approx((3 * (0.5 + 1) + (0 + 0.5)) / 8)
    # sqrt(p (1-p) / n) of both, halved.
    assert found["accuracy_error"] == pytest.approx(0.5 * np.hypot((3 / 64) ** 0.5, 8**-0.5))
    assert (found["n_signal"], found["n_background"]) == (4, 2)


def test_samples_of_a_class_count_the_same():
    small, large = sample([0.9]), sample([0.1] * 9)
    found = compute([small, large], [sample([0.2, 0.3])])
    assert found["recall"] == pytest.approx(0.5)
    weighted = compute([sample([0.9, 0.1], [3e-4, 1e-4])], [sample([0.2])])
    assert weighted["recall"] == pytest.approx(0.75)


def test_result_has_the_keys_of_the_contract(scored):
    found = evaluate([scored[1.0], scored[5.0]], [scored["background"]], EvaluationSettings())
    for key in ("accuracy", "accuracy_error", "auc", "auc_error", "n_signal", "n_background"):
        assert np.isfinite(found[key])
    roc = found["roc"]
    assert len(roc["signal_efficiency"]) == len(roc["background_efficiency"]) <= 500
    assert np.trapezoid(roc["signal_efficiency"], roc["background_efficiency"]) == pytest.approx(
        found["auc"], abs=1e-3
    )
    assert found["part"] == "testing"
    everything = evaluate(
        [scored[1.0], scored[5.0]], [scored["background"]], EvaluationSettings(part="all")
    )
    assert everything["n_signal"] == 1200 > found["n_signal"]


def test_order_of_samples_does_not_matter(scored):
    one = evaluate([scored[1.0], scored[5.0]], [scored["background"]], EvaluationSettings())
    two = evaluate([scored[5.0], scored[1.0]], [scored["background"]], EvaluationSettings())
    assert two["auc"] == pytest.approx(one["auc"], rel=1e-12)
    assert two["log_loss"] == pytest.approx(one["log_loss"], rel=1e-12)


def test_what_is_not_defined_is_none():
    found = compute([sample([0.4, 0.3])], [sample([0.2, 0.1])])
    assert found["precision"] is found["matthews"] is None
    assert (found["recall"], found["auc"]) == (0, 1)


def test_rows_of_one_event_say_no_more_than_one_row():
    rng = np.random.default_rng(12)
    once = [sample(rng.random(40), rng.uniform(0.5, 2, 40)) for _ in range(4)]
    rows = np.repeat(np.arange(40), 2)
    twice = [
        ScoredSample(
            one.score[rows], one.kappa[rows], one.weight[rows] / 2, True,
            (ShowerEvents(str(number), rows),),
        )
        for number, one in enumerate(once)
    ]  # fmt: skip
    wanted = compute(once[:2], once[2:])
    for copies in (twice, [twice[0], once[1], once[2], twice[3]]):
        found = compute(copies[:2], copies[2:])
        for name, value in wanted.items():
            if name == "roc":
                assert found[name]["signal_efficiency"] == pytest.approx(value["signal_efficiency"])
            elif name == "calibration":
                for column, numbers in value.items():
                    assert found[name][column] == pytest.approx(numbers), column
            else:
                assert found[name] == (value if isinstance(value, str) else pytest.approx(value))

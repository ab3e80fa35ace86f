"""Background of several processes: weights by cross section times efficiency."""

import h5py
import numpy as np
import pytest

from hh4b.core.contracts import DATASET, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.selection.dnn_stage import train_to_directory
from hh4b.selection.evaluation import evaluate
from hh4b.selection.samples import read_labelled, read_scored
from hh4b.selection.settings import DnnTrainSettings, EvaluationSettings, WorkingPointSettings
from hh4b.selection.working_point import find_working_point

SIGMA = {"four_b": 600.0, "ttbar": 200.0}


def copy(source, target, *, generated, weight_factor=1.0):
    """Copy a dataset with another generated weight; None takes it away."""
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        file["HH4B/weight"][...] *= weight_factor
        del file.attrs["sum_weights_generated"]
        if generated is not None:
            file.attrs["sum_weights_generated"] = generated
    return target


@pytest.fixture
def files(samples, scored, tmp_path):
    """Background datasets: two of four_b, one of ttbar, one of unknown generated weight."""
    source = samples["background"].dataset
    return {
        "four_b": copy(source, tmp_path / "a.h5", generated=60000.0),
        "more_four_b": copy(source, tmp_path / "b.h5", generated=180000.0, weight_factor=3.0),
        "ttbar": copy(source, tmp_path / "c.h5", generated=20000.0),
        "unknown": copy(source, tmp_path / "d.h5", generated=None),
    }


@pytest.fixture
def features(files, samples):
    return {name: f"{path}:{samples['background'].features}" for name, path in files.items()}


@pytest.fixture
def scores(files, scored):
    return {name: f"{path}:{scored['background'].split(':')[1]}" for name, path in files.items()}


def test_training_weighs_processes_by_cross_section_times_efficiency(samples, features):
    background = [f"four_b={features['four_b']}", f"ttbar={features['ttbar']}"]
    events = read_labelled([samples[1.0].pair], background, background_weights=SIGMA)
    weight = events.weight[~events.label].reshape(2, -1).sum(axis=1)
    # The same events: the efficiency of ttbar is three times that of four_b. 600 : 200 * 3.
    np.testing.assert_allclose(weight, [0.5, 0.5])
    assert events.weight[events.label].sum() == pytest.approx(1)
    plain = read_labelled([samples[1.0].pair], background)
    np.testing.assert_allclose(plain.weight[~plain.label].reshape(2, -1).sum(axis=1), [0.5, 0.5])


def test_samples_of_a_process_pool_by_generated_weight(samples, features):
    background = [f"four_b={features[name]}" for name in ("four_b", "more_four_b")]
    background.append(f"ttbar={features['ttbar']}")
    events = read_labelled([samples[1.0].pair], background, background_weights=SIGMA)
    weight = events.weight[~events.label].reshape(3, -1).sum(axis=1)
    # One efficiency from both samples of four_b; the second has three times the events behind it.
    np.testing.assert_allclose(weight, [0.5 / 4, 0.5 * 3 / 4, 0.5])


def test_scores_of_a_mixture_sum_to_its_efficiency(files, scores):
    texts = [f"four_b={scores['four_b']}", f"ttbar={scores['ttbar']}"]
    total = read_table(files["four_b"], DATASET)["HH4B/weight"].sum()
    for part in ("training", "testing", "all"):
        (found,) = read_scored(texts, label=False, part=part, weights=SIGMA)
        expected = (600 * total / 60000 + 200 * total / 20000) / 800
        assert found.weight.sum() == pytest.approx(expected)


def test_working_point_and_metrics_see_the_mixture(scored, scores):
    signal = [scored[1.0]]
    texts = [f"four_b={scores['four_b']}", f"ttbar={scores['ttbar']}"]
    for weights in (SIGMA, {"four_b": 6.0, "ttbar": 2.0}):
        settings = WorkingPointSettings(background_weights=weights, min_background_events=1)
        mixed = find_working_point(signal, texts, settings)
        alone = [
            find_working_point(signal, [text], settings)["scan"]["background"][0] for text in texts
        ]
        assert mixed["scan"]["background"][0] == pytest.approx((3 * alone[0] + alone[1]) / 4)
    found = evaluate(signal, texts, EvaluationSettings(background_weights=SIGMA))
    one = evaluate(signal, [scores["four_b"]], EvaluationSettings())
    assert found["auc"] == pytest.approx(one["auc"])
    assert found["n_background"] == 2 * one["n_background"]


def test_one_process_with_a_cross_section_changes_nothing(samples, scored, features, scores):
    given = {"background_weights": {"four_b": 628600.0}}
    keyed, plain = f"four_b={scores['four_b']}", scores["four_b"]
    for function, settings in (
        (find_working_point, WorkingPointSettings),
        (evaluate, EvaluationSettings),
    ):
        one = function([scored[1.0]], [plain], settings())
        assert function([scored[1.0]], [keyed], settings(**given)) == one
    one = read_labelled([samples[1.0].pair], [features["four_b"]])
    two = read_labelled([samples[1.0].pair], [f"four_b={features['four_b']}"], **given)
    np.testing.assert_array_equal(one.weight, two.weight)


def test_processes_without_cross_sections_are_said_to_weigh_the_same(scores, caplog):
    texts = [f"four_b={scores['four_b']}", f"ttbar={scores['ttbar']}"]
    read_scored(texts, label=False, part="all")
    assert "['four_b', 'ttbar'] weigh the same" in caplog.text


def test_what_cannot_be_weighed_is_refused(samples, features, scores, tmp_path):
    signal = [samples[1.0].pair]
    settings = DnnTrainSettings(background_weights={"four_b": 600.0})
    for process, words in (("ttbar=", "process 'ttbar' has no"), ("", "without PROCESS= has no")):
        texts = [f"four_b={features['four_b']}", f"{process}{features['ttbar']}"]
        with pytest.raises(ConfigError, match=rf"c.h5: background {words} cross section"):
            train_to_directory(signal, texts, tmp_path / "dnn", settings)
    with pytest.raises(ContractError, match=r"d.h5: attribute 'sum_weights_generated' is missing"):
        read_scored(
            [f"four_b={scores['unknown']}"], label=False, part="all", weights={"four_b": 1.0}
        )

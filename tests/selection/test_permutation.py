"""Permutation importance: networks whose answer is known, and files."""

import json

import numpy as np
import pytest
import torch

from hh4b.core import seeds
from hh4b.core.errors import ConfigError, ContractError
from hh4b.selection.dnn import DenseNetwork, NetworkConfig
from hh4b.selection.permutation import importance_of_files, permutation_importance
from hh4b.selection.samples import LabelledFeatures
from hh4b.selection.settings import PermutationSettings


class _First(DenseNetwork):
    """Its answer is its first input."""

    def forward(self, inputs):
        return inputs[:, 0]


@pytest.fixture
def network():
    return _First(NetworkConfig(columns=("a", "b"), hidden_dim=3, n_layers=1), torch.Generator())


def labelled(values, label, columns=("a", "b")):
    values, label = np.asarray(values, np.float32), np.asarray(label, dtype=bool)
    features = np.stack([values, np.linspace(-1, 1, len(values), dtype=np.float32)], axis=1)
    weight = np.where(label, 1 / label.sum(), 1 / (~label).sum())
    return LabelledFeatures(features, np.ones(len(values), np.float32), label, weight, columns)


def test_loss_of_a_case_counted_by_hand(network):
    values, label = np.array([2.0, 1.0, -1.0, -2.0]), np.array([1, 1, 0, 0], dtype=bool)
    found = permutation_importance([network], [labelled(values, label)], repeats=3, seed=7)
    assert found.auc == 1
    wanted = []
    for repeat in range(3):
        order = seeds.stream(7, "permutation_importance", 0, 0, repeat).permutation(4)
        score = values[order]
        pairs = [float(s > b) for s in score[label] for b in score[~label]]
        wanted.append(1 - sum(pairs) / 4)
    np.testing.assert_allclose(found.loss[0, 0], wanted)
    assert found.columns == ("a", "b", "kappa_lambda")
    assert found.value[0] == pytest.approx(np.mean(wanted))
    assert found.repeat_error[0] == pytest.approx(np.std(wanted, ddof=1) / np.sqrt(3))
    # What the network does not look at costs nothing at all.
    np.testing.assert_array_equal(found.loss[0, 1:], 0)
    assert found.fold_error is None


def test_shuffling_takes_all_that_an_input_tells(network):
    rng = np.random.default_rng(3)
    label = np.arange(4000) % 2 == 0
    events = labelled(rng.normal(size=4000) + 2 * label, label)
    found = permutation_importance([network], [events], repeats=4, seed=1)
    # Afterwards the answer is chance: the loss is what the AUC was above 1/2.
    assert found.value[0] == pytest.approx(found.auc - 0.5, abs=4 * found.repeat_error[0])
    assert 0 < found.repeat_error[0] < 0.01


def test_folds_are_measured_one_by_one(network):
    rng = np.random.default_rng(3)
    label = np.arange(200) % 2 == 0
    parts = [labelled(rng.normal(size=200) + shift * label, label) for shift in (1, 2, 3)]
    found = permutation_importance([network] * 3, parts, repeats=2, seed=1)
    assert found.loss.shape == (3, 3, 2)
    by_fold = found.loss.mean(axis=2)[:, 0]
    assert found.value[0] == pytest.approx(by_fold.mean())
    assert found.fold_error[0] == pytest.approx(by_fold.std(ddof=1) / np.sqrt(3))


def test_the_seed_decides(network):
    events = labelled(np.random.default_rng(1).normal(size=50), np.arange(50) % 2 == 0)

    def loss(seed):
        return permutation_importance([network], [events], repeats=2, seed=seed).loss

    np.testing.assert_array_equal(loss(4), loss(4))
    assert (loss(4) != loss(5)).any()


def test_one_repeat_has_no_error_and_other_columns_are_refused(network):
    events = labelled([1.0, -1.0], [True, False])
    content = permutation_importance([network], [events], repeats=1, seed=1).as_json()
    assert content["repeat_error"] is content["fold_error"] is None
    json.dumps(content, allow_nan=False)
    other = labelled([1.0, -1.0], [True, False], columns=("a", "c"))
    with pytest.raises(ContractError, match=r"columns \('a', 'c'\), the network wants"):
        permutation_importance([network], [other], repeats=1, seed=1)


def test_a_trained_network_misses_what_tells_the_classes_apart(samples, trained):
    signal = [sample.pair for key, sample in samples.items() if key != "background"]
    background = [samples["background"].pair]
    found = importance_of_files([trained], signal, background, PermutationSettings())
    assert len(found["columns"]) == len(found["auc_loss"]) == len(found["repeat_error"]) == 21
    assert (found["networks"], found["repeats"]) == (1, 3)
    assert max(found["auc_loss"]) > 0.02
    settings = PermutationSettings(folds=2)
    with pytest.raises(ConfigError, match="1 models for 2 folds"):
        importance_of_files([trained], signal, background, settings)
    folded = importance_of_files([trained] * 2, signal, background, settings)
    assert folded["networks"] == 2
    assert folded["fold_error"] is not None

"""The training loop: formulas of loss and optimiser, seeds, stopping, failure."""

import csv
import json
import math

import numpy as np
import pytest
import torch

from hh4b.core.errors import TrainingFailed
from hh4b.selection import training
from hh4b.selection.dnn import DenseNetwork, NetworkConfig
from hh4b.selection.dnn_stage import train_to_directory
from hh4b.selection.samples import LabelledFeatures
from hh4b.selection.settings import DnnTrainSettings
from hh4b.selection.training import (
    WeightedEvents,
    make_optimiser,
    split_validation,
    train,
    weighted_loss,
)

SMALL = DnnTrainSettings(hidden_dim=8, batch_size=64, max_epochs=3, validation_fraction=0.2)


@pytest.fixture
def events():
    rng = np.random.default_rng(31)
    label = np.arange(500) < 200
    features = (rng.normal(size=(500, 3)) + 0.8 * label[:, None]).astype(np.float32)
    weight = rng.uniform(0.5, 1.5, 500)
    for of_class in (label, ~label):
        weight[of_class] /= weight[of_class].sum()
    kappa = rng.choice([-5, 1, 5], 500).astype(np.float32)
    return LabelledFeatures(features, kappa, label, weight, ("a", "b", "c"))


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_loss_is_the_weighted_cross_entropy():
    logits = torch.tensor([0.3, -2.0, 1.1])
    batch = WeightedEvents(
        torch.zeros(3, 1), torch.tensor([1.0, 0, 1]), torch.tensor([0.5, 2.0, 0.5])
    )
    expected = 0.0
    for z, y, w in zip([0.3, -2.0, 1.1], [1, 0, 1], [0.5, 2.0, 0.5], strict=True):
        p = 1 / (1 + math.exp(-z))
        expected -= w * (y * math.log(p) + (1 - y) * math.log(1 - p)) / 3
    assert weighted_loss(logits, batch).item() == pytest.approx(expected, rel=1e-6)


def test_optimiser_is_adam():
    network = DenseNetwork(NetworkConfig(columns=("a",), hidden_dim=2, n_layers=1))
    optimiser = make_optimiser(network, 0.05)
    theta = network.output.weight.detach().clone().double().numpy()
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    inputs = torch.tensor([[1.0, 2.0], [0.5, -1.0]])
    for step in range(1, 6):
        optimiser.zero_grad()
        network(inputs).pow(2).sum().backward()
        gradient = network.output.weight.grad.double().numpy()
        optimiser.step()
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        corrected = first / (1 - 0.9**step), second / (1 - 0.999**step)
        theta = theta - 0.05 * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)
        np.testing.assert_allclose(network.output.weight.detach().numpy(), theta, atol=2e-6)


def test_validation_takes_its_share_of_each_class(events):
    fit, validation = split_validation(events, 0.2, seed=1)
    assert sorted(torch.cat([fit, validation]).tolist()) == list(range(500))
    assert events.label[validation.numpy()].sum() == 40
    assert len(validation) == 100
    other = split_validation(events, 0.2, seed=2)[1]
    assert not torch.equal(validation, other)


def test_same_seed_same_bits_other_seed_other_network(events):
    one, two, other = (train(events, SMALL, seed=seed) for seed in (7, 7, 8))
    assert one.epochs == two.epochs
    states = [trained.network.state_dict() for trained in (one, two, other)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not torch.equal(states[0]["output.weight"], states[2]["output.weight"])


def test_global_random_state_plays_no_part(events):
    torch.manual_seed(1)
    one = train(events, SMALL, seed=7)
    torch.manual_seed(2)
    assert train(events, SMALL, seed=7).epochs == one.epochs


def test_training_learns_what_can_be_learned(events):
    trained = train(events, SMALL.model_copy(update={"max_epochs": 15}), seed=1)
    # Three unit Gaussians 0.8 apart: the best AUC is Phi(0.8 sqrt(3/2)) = 0.836.
    assert 0.75 < trained.epochs[trained.best_epoch]["validation_auc"] < 0.93
    assert trained.epochs[-1]["train_loss"] < trained.epochs[0]["train_loss"]


def test_best_epoch_is_kept_and_patience_stops(events, monkeypatch):
    losses = iter([0.6, 0.5, 0.7, 0.55, 0.9, 0.4])
    states = []

    def validate(network, _batch):
        states.append({k: v.clone() for k, v in network.state_dict().items()})
        return {"validation_loss": next(losses), "validation_accuracy": 0.5, "validation_auc": 0.5}

    monkeypatch.setattr(training, "validate", validate)
    options = SMALL.model_copy(update={"patience": 3, "max_epochs": 6})
    trained = train(events, options, seed=1)
    assert len(trained.epochs) == 5
    assert trained.best_epoch == 1
    final = trained.network.state_dict()
    assert all(torch.equal(final[name], states[1][name]) for name in final)
    assert not torch.equal(final["output.weight"], states[4]["output.weight"])


def test_weights_of_one_class_do_not_shift_the_other(events):
    # Duplicating an event and doubling its weight are the same to the loss.
    batch = training.to_batch(events, "cpu")
    twice = WeightedEvents(
        *(torch.cat([f, f[:1]]) for f in (batch.inputs, batch.label, batch.weight))
    )
    doubled = WeightedEvents(batch.inputs, batch.label, batch.weight.clone())
    doubled.weight[0] *= 2
    network = DenseNetwork(NetworkConfig(columns=("a", "b", "c"), hidden_dim=4, n_layers=1))
    total = weighted_loss(network(twice.inputs), twice) * len(twice)
    expected = weighted_loss(network(doubled.inputs), doubled) * len(doubled)
    torch.testing.assert_close(total, expected)
    assert batch.weight.mean().item() == pytest.approx(1)


def test_diverging_training_fails_in_words(events):
    broken = events.features.copy()
    broken[:] *= np.float32(1e30)
    options = SMALL.model_copy(update={"learning_rate": 0.9})
    wild = LabelledFeatures(broken, events.kappa, events.label, events.weight, events.columns)

    class Infinite(DenseNetwork):
        def forward(self, inputs):
            return super().forward(inputs) * float("inf")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "DenseNetwork", Infinite)
        with pytest.raises(TrainingFailed, match="learning rate below 0.9"):
            train(wild, options, seed=1)


def test_too_few_events_fail_in_words(events):
    rows = [0, 300, 301]
    few = LabelledFeatures(
        *(f[rows] for f in (events.features, events.kappa, events.label, events.weight)),
        events.columns,
    )
    with pytest.raises(TrainingFailed, match="1 signal events .* give more events"):
        train(few, SMALL, seed=1)


def test_directory_holds_model_curves_and_summary(samples, trained):
    with (trained / "metrics.csv").open() as file:
        curves = list(csv.DictReader(file))
    assert list(curves[0]) == [
        "epoch", "train_loss", "validation_loss", "validation_accuracy", "validation_auc",
    ]  # fmt: skip
    training_json = json.loads((trained / "training.json").read_text())
    assert training_json["summary"]["epochs_run"] == len(curves)
    best = min(curves, key=lambda row: float(row["validation_loss"]))
    assert training_json["summary"]["best_epoch"] == int(best["epoch"])
    assert training_json["provenance"]["seed"] == 3
    # Half of 3 x 600 signal events are for training, less those without a pairing.
    assert 800 < training_json["n_signal"] < 950


def test_directory_is_the_same_each_time(samples, tmp_path):
    signal, background = [samples[1.0].pair], [samples["background"].pair]
    for name in ("one", "two"):
        train_to_directory(signal, background, tmp_path / name, SMALL)
    for file in ("model.pt", "metrics.csv", "training.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_rows_of_one_event_stay_together(events):
    rows = np.repeat(np.arange(len(events.label)), 2)
    fields = (events.features, events.kappa, events.label, events.weight / 2)
    twice = LabelledFeatures(*(field[rows] for field in fields), events.columns, rows + 3)
    for seed in range(3):
        wanted = split_validation(events, 0.2, seed)
        found = split_validation(twice, 0.2, seed)
        for one, other in zip(found, wanted, strict=True):
            assert one.tolist() == [2 * row + step for row in other.tolist() for step in (0, 1)]

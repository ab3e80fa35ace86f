"""The network on a GPU beside the CPU: needs one, and is left out without."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from spanet_toys import OPTIONS as SMALL
from spanet_toys import event_of, stops_in_third_epoch, write_events

from hh4b.spanet import checkpoints, losses
from hh4b.spanet.data import read_events
from hh4b.spanet.devices import choose_devices
from hh4b.spanet.prediction import class_probability, predict
from hh4b.spanet.preparation import prepare
from hh4b.spanet.training import Training, Workers
from hh4b.spanet.training_run import train
from hh4b.spanet.training_stage import run

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")

OPTIONS = SMALL.changed(num_gpu=1, num_encoder_layers=2)
EVENT = event_of("published")


@pytest.fixture
def toys(tmp_path):
    write_events(tmp_path / "t.h5", 400, seed=1)
    return tmp_path / "t.h5"


def on_gpu():
    return Workers(device=choose_devices(1)[0])


def step_of(training, index):
    """Return losses and gradients of one step before the weights change, in float64."""
    network = training.network.double().train()
    batch = training.store.batch(index).to(training.workers.device)
    batch = replace(batch, features=tuple(one.double() for one in batch.features))
    output = network(batch, training.parts)
    targets = training.targets.take(batch)
    found = losses.compute(output, targets, batch, EVENT, training.options, training.data.balance)
    found.total.backward()
    gradients = {n: p.grad.cpu() for n, p in network.named_parameters() if p.grad is not None}
    values = {"total": found.total, **found.parts}
    return {name: float(value.detach()) for name, value in values.items()}, gradients


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pair_features": 3, "random_symmetries": True},
        {"transformer_type": "NormFirst", "normalization": "MaskedBatchNorm"},
        {"balance_jets": True, "balance_classifications": True, "detection_loss_scale": 0.3},
        {"split_symmetric_attention": False, "kl_loss_scale": 0.2, "linear_block_type": "Resnet"},
    ],
)
def test_step_equals_that_of_the_cpu(toys, changes):
    options = OPTIONS.changed(dropout=0.0, **changes)
    data = prepare(options, EVENT, toys)
    index = np.arange(200)
    ours, gradients = step_of(Training(options, EVENT, data, seed=1, workers=on_gpu()), index)
    want, wanted = step_of(Training(options, EVENT, data, seed=1), index)
    assert ours == pytest.approx(want, rel=1e-6, abs=1e-8)
    assert gradients.keys() == wanted.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_trained_on_a_gpu_predicts_the_same_on_the_cpu(toys, tmp_path, precision):
    options = OPTIONS.changed(precision=precision)
    run(options, EVENT, prepare(options, EVENT, toys), tmp_path / "out", seed=2)
    network = checkpoints.load(tmp_path / "out").network
    events = read_events(toys, EVENT)
    cpu = predict(network, events, vectors=True)
    network.to(choose_devices(1)[0])
    gpu = predict(network, events, vectors=True)
    name = "EVENT/signal"
    assert np.array_equal(class_probability(network, events, name), gpu.classes[name])
    np.testing.assert_allclose(gpu.classes[name], cpu.classes[name], atol=1e-4)
    np.testing.assert_allclose(gpu.assignment_probability, cpu.assignment_probability, atol=1e-3)
    for ours, theirs in zip(gpu.jets, cpu.jets, strict=True):
        assert (ours == theirs).mean() > 0.995
    for key, vectors in gpu.vectors.items():
        np.testing.assert_allclose(vectors, cpu.vectors[key], atol=1e-3)


def test_interrupted_training_ends_nearly_the_same(toys, tmp_path):
    """Sums over threads of a GPU come in any order, so that it is not the same to the last bit."""
    options = OPTIONS.changed(dropout=0.0)
    data = prepare(options, EVENT, toys)
    run(options, EVENT, data, tmp_path / "whole", seed=4)
    stops_in_third_epoch(run, options, EVENT, data, tmp_path / "parts", seed=4)
    run(options, EVENT, data, tmp_path / "parts", seed=4)
    whole, parts = (
        checkpoints.load(tmp_path / name / checkpoints.LAST) for name in ("whole", "parts")
    )
    assert parts.epoch == whole.epoch == 3
    have = parts.network.state_dict()
    for name, weight in whole.network.state_dict().items():
        torch.testing.assert_close(have[name], weight, rtol=1e-2, atol=1e-3)


def test_training_goes_on_where_there_is_no_gpu(toys, tmp_path):
    options = OPTIONS.changed(dropout=0.0)
    data = prepare(options, EVENT, toys)
    stops_in_third_epoch(train, options, EVENT, data, tmp_path / "out", seed=4, workers=on_gpu())
    train(options, EVENT, data, tmp_path / "out", seed=4)
    assert checkpoints.load(tmp_path / "out" / checkpoints.LAST).epoch == 3


def test_learns(tmp_path):
    write_events(tmp_path / "t.h5", 2000, seed=1, jets=(4, 5))
    options = OPTIONS.changed(epochs=10, learning_rate=0.01, dropout=0.0)
    data = prepare(options, EVENT, tmp_path / "t.h5")
    run(options, EVENT, data, tmp_path / "out", seed=1)
    found = checkpoints.load(tmp_path / "out")
    assert found.metrics["validation/EVENT/signal/auc"] > 0.95
    assert all(weight.device.type == "cpu" for weight in found.network.state_dict().values())

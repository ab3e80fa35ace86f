import csv

import numpy as np
import pytest
import torch
from spanet_toys import OPTIONS, event_of, stops_in_third_epoch, write_events

from hh4b.core import logs
from hh4b.core.errors import ConfigError, ContractError, TrainingFailed
from hh4b.spanet import checkpoints, native, training_run
from hh4b.spanet.data import read_events
from hh4b.spanet.devices import choose_devices
from hh4b.spanet.preparation import event_weights, prepare
from hh4b.spanet.training import Training, validation_metrics
from hh4b.spanet.training_stage import run

EVENT = event_of("published")


@pytest.fixture
def toys(tmp_path):
    write_events(tmp_path / "t.h5", 400, seed=1)
    return tmp_path / "t.h5"


def weights_of(folder, name=checkpoints.LAST):
    return checkpoints.load(folder / name).network.state_dict()


def read_rows(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
def test_learns_pairs_and_classes(tmp_path):
    write_events(tmp_path / "t.h5", 2000, seed=1, jets=(4, 5))
    options = OPTIONS.changed(epochs=10, learning_rate=0.01, dropout=0.0)
    data = prepare(options, EVENT, tmp_path / "t.h5")
    before = validation_metrics(Training(options, EVENT, data, seed=1).network, data.validation)
    run(options, EVENT, data, tmp_path / "out", seed=1)
    after = checkpoints.load(tmp_path / "out").metrics
    assert after["validation/EVENT/signal/auc"] > 0.95 > before["validation/EVENT/signal/auc"]
    assert after["validation/event_efficiency"] > before["validation/event_efficiency"] + 0.1
    rows = read_rows(tmp_path / "out")
    assert [row["epoch"] for row in rows] == [str(n + 1) for n in range(10)]
    assert float(rows[-1]["loss/total"]) < float(rows[0]["loss/total"])
    assert list((tmp_path / "out").glob("events.out.tfevents*"))


def test_a_training_that_goes_on_tells_the_cpu_time_of_all(toys, tmp_path, monkeypatch, caplog):
    """Its log begins anew with every job."""
    data = prepare(OPTIONS, EVENT, toys)
    seconds = iter([100.0, 103.0, 105.0, 10.0, 14.0])  # first: 3 s and 2 s; second: 4 s
    monkeypatch.setattr(training_run, "used_cpu_time", lambda: next(seconds))
    monkeypatch.setattr(logs, "goes_to_a_file", lambda: True)
    stops_in_third_epoch(run, OPTIONS, EVENT, data, tmp_path / "out", seed=4)
    caplog.set_level("INFO")
    run(OPTIONS, EVENT, data, tmp_path / "out", seed=4)
    assert caplog.messages[-1] == "CPU time before it was interrupted: 5.00 s"
    assert checkpoints.load(tmp_path / "out" / checkpoints.LAST).extra["cpu_s"] == 9.0


@pytest.mark.parametrize(("rotations", "outputs_removed"), [(False, False), (True, True)])
def test_interrupted_training_ends_the_same(toys, tmp_path, rotations, outputs_removed):
    options = OPTIONS.changed(random_symmetries=rotations)
    data = prepare(options, EVENT, toys)
    run(options, EVENT, data, tmp_path / "whole", seed=4)
    stops_in_third_epoch(run, options, EVENT, data, tmp_path / "parts", seed=4)
    if outputs_removed:
        # As a workflow does before and after a job.
        for name in (checkpoints.BEST, "metrics.csv"):
            (tmp_path / "parts" / name).unlink()
    run(options, EVENT, data, tmp_path / "parts", seed=4)
    if outputs_removed:
        for name in (checkpoints.BEST, "metrics.csv"):
            (tmp_path / "parts" / name).unlink()
        run(options, EVENT, data, tmp_path / "parts", seed=4)
    for name in (checkpoints.LAST, checkpoints.BEST):
        assert same(weights_of(tmp_path / "whole", name), weights_of(tmp_path / "parts", name))
    texts = [
        [{k: v for k, v in row.items() if k != "events_per_second"} for row in read_rows(folder)]
        for folder in (tmp_path / "whole", tmp_path / "parts")
    ]
    assert texts[0] == texts[1]


def test_other_seed_is_another_training(toys, tmp_path):
    data = prepare(OPTIONS, EVENT, toys)
    short = OPTIONS.changed(epochs=1)
    run(short, EVENT, data, tmp_path / "a", seed=1)
    run(short, EVENT, data, tmp_path / "b", seed=1)
    run(short, EVENT, data, tmp_path / "c", seed=2)
    first = weights_of(tmp_path / "a")
    assert same(first, weights_of(tmp_path / "b"))
    assert not same(first, weights_of(tmp_path / "c"))
    run(short, EVENT, data, tmp_path / "a", seed=2)  # another seed does not go on, it starts anew
    assert same(weights_of(tmp_path / "a"), weights_of(tmp_path / "c"))


def test_last_epoch_can_be_the_checkpoint(toys, tmp_path):
    options = OPTIONS.changed(best_checkpoint_metric="last")
    run(options, EVENT, prepare(options, EVENT, toys), tmp_path / "out", seed=1)
    assert checkpoints.load(tmp_path / "out").epoch == options.epochs
    assert same(weights_of(tmp_path / "out"), weights_of(tmp_path / "out", checkpoints.BEST))


def test_the_epoch_of_least_validation_loss_can_be_the_checkpoint(toys):
    options = OPTIONS.changed(best_checkpoint_metric="loss")
    training = Training(options, EVENT, prepare(options, EVENT, toys), seed=1)
    assert training.monitored(training.validate()) < 0
    less, more, none = ({"validation/loss": loss} for loss in (0.5, 0.6, float("nan")))
    assert training.monitored(less) > training.monitored(more) > training.monitored(none)


def test_compiled_and_torch_train_alike(toys, monkeypatch):
    if native.library() is None:
        pytest.skip("no C++ compiler here")
    data = prepare(OPTIONS, EVENT, toys)
    losses = []
    for compiled in (True, False):
        if not compiled:
            monkeypatch.setattr(native, "usable", lambda *_: False)
        losses.append(Training(OPTIONS, EVENT, data, seed=1).run_epoch())
    for name, value in losses[0].items():
        if name.startswith("loss"):
            assert value == pytest.approx(losses[1][name], rel=1e-4), name


@pytest.mark.parametrize(
    "change",
    [
        {"linear_block_type": "Basic", "transformer_type": "Standard"},
        {"linear_block_type": "Basic", "linear_activation": "PReLU"},
        {"linear_block_type": "Resnet", "transformer_type": "NormFirst"},
        {"linear_block_type": "Resnet", "normalization": "BatchNorm"},
        {"linear_block_type": "Gated", "normalization": "MaskedBatchNorm", "masking": "None"},
        {"linear_block_type": "GRU", "normalization": "None", "linear_activation": "ELU"},
        {"split_symmetric_attention": False},
        {"detection_loss_scale": 0.5, "kl_loss_scale": 0.1, "focal_gamma": 0.5},
        {"assignment_loss_scale": 0.0},
        {"classification_loss_scale": 0.0, "combine_pair_loss": "softmin"},
        {"num_encoder_layers": 0, "num_jet_encoder_layers": 0, "num_jet_embedding_layers": 1},
        {"balance_jets": True, "balance_classifications": True},
        {"partial_events": False, "classification_loss_scale": 0.0},
        {"precision": "bfloat16"},
        {"global_input_embedding": "linear", "optimizer": "RAdam"},
        {"random_symmetries": True},
        {"random_symmetries": True, "pair_features": 4},
        {"pair_features": 11},
    ],
)  # fmt: skip
def test_every_kind_of_network_and_loss_trains(toys, change):
    options = OPTIONS.changed(**change)
    training = Training(options, EVENT, prepare(options, EVENT, toys), seed=2)
    first = training.run_epoch()
    second = training.run_epoch()
    assert all(np.isfinite(v) for v in second.values())
    assert second["loss/total"] < first["loss/total"] + 0.05
    found = training.validate()
    assert found["validation/loss"] == pytest.approx(second["loss/total"], abs=0.4)


def test_part_that_is_off_gets_no_gradient(toys):
    options = OPTIONS.changed(assignment_loss_scale=0.0)
    training = Training(options, EVENT, prepare(options, EVENT, toys), seed=2)
    training.run_step(np.arange(64), 1)
    assert all(p.grad is None for p in training.network.branches.parameters())
    assert training.network.encoder.summary.grad is not None


@pytest.mark.slow
def test_two_processes_train_as_one_with_the_double_batch(toys, tmp_path):
    one = OPTIONS.changed(epochs=1, dropout=0.0, batch_size=64, partial_events=True,
                          normalization="layernorm")  # fmt: skip
    two = one.changed(batch_size=32)
    data = prepare(one, EVENT, toys)
    cpu = torch.device("cpu")
    run(two, EVENT, data, tmp_path / "two", seed=3, devices=[cpu, cpu])
    saved = checkpoints.load(tmp_path / "two")
    assert saved.step == len(data.training) // 64
    assert not (tmp_path / "two" / ".processes").exists()


def test_event_weights_count(toys, tmp_path):
    rng = np.random.default_rng(0)
    write_events(tmp_path / "w.h5", 400, seed=1, weight=rng.exponential(1e-3, 400))
    events = read_events(tmp_path / "w.h5", EVENT)
    weights = event_weights(events)
    for kind in (0, 1):
        assert weights[events.classes["EVENT/signal"] == kind].mean() == pytest.approx(1)
    means = []
    for options in (OPTIONS, OPTIONS.changed(event_weights="none")):
        data = prepare(options, EVENT, tmp_path / "w.h5")
        means.append(Training(options, EVENT, data, seed=1).run_epoch()["loss/total"])
    plain = Training(OPTIONS, EVENT, prepare(OPTIONS, EVENT, toys), seed=1).run_epoch()
    assert means[1] == pytest.approx(plain["loss/total"], rel=1e-6)
    assert means[0] != pytest.approx(means[1], rel=1e-4)
    write_events(tmp_path / "n.h5", 20, seed=1, weight=-np.ones(20))
    with pytest.raises(ContractError, match="must be positive"):
        event_weights(read_events(tmp_path / "n.h5", EVENT))


def test_what_cannot_train_is_said_before(toys, tmp_path):
    with pytest.raises(TrainingFailed, match="fewer than the 999"):
        prepare(OPTIONS.changed(batch_size=999), EVENT, toys)
    with pytest.raises(TrainingFailed, match="validation"):
        prepare(OPTIONS.changed(train_validation_split=1.0), EVENT, toys)
    nothing = OPTIONS.changed(assignment_loss_scale=0, classification_loss_scale=0)
    with pytest.raises(TrainingFailed, match="nothing to learn"):
        Training(nothing, EVENT, prepare(nothing, EVENT, toys), seed=1)
    odd = OPTIONS.changed(optimizer="apex_adam")
    with pytest.raises(ConfigError, match="apex_adam"):
        Training(odd, EVENT, prepare(odd, EVENT, toys), seed=1)


def test_missing_gpu_is_said():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ConfigError, match="num_gpu = 2.* finds 0 GPUs"):
        choose_devices(2)


def test_divergence_stops(toys):
    options = OPTIONS.changed(learning_rate=1e9, gradient_clip=0.0, learning_rate_warmup_epochs=0)
    training = Training(options, EVENT, prepare(options, EVENT, toys), seed=1)
    with pytest.raises(TrainingFailed, match="diverged"):
        for _ in range(10):
            training.run_epoch()

"""Regressions of event files: read, checked, learned, predicted, taken over from the reference."""

import json
import re
import shutil
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch
from spanet_toys import DATA, event_of, write_events

from hh4b import cli
from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.core.files import Provenance
from hh4b.spanet import checkpoints, losses
from hh4b.spanet.batches import EventStore
from hh4b.spanet.checkpoints import Checkpoint
from hh4b.spanet.data import read_events
from hh4b.spanet.evaluation import report
from hh4b.spanet.event import EventDescription, Regression
from hh4b.spanet.network import Network, Parts
from hh4b.spanet.options import Options
from hh4b.spanet.prediction import class_probability, predict
from hh4b.spanet.predictor import gather, join_events
from hh4b.spanet.preparation import TargetStore, prepare
from hh4b.spanet.regressions import location_and_scale, mean_loss, regression_metrics
from hh4b.spanet.training import Training
from hh4b.spanet.training_stage import run

TESTED = 48
SECTION = {
    "EVENT": ["energy", ["tail", "laplacian"], ["range", "log_gaussian"]],
    "h1": {"PARTICLE": ["mass"]},
    "h2": {"b1": ["pt"]},
}
WIDE = {**event_of("published").as_mapping(), "REGRESSIONS": SECTION}
EVENT = EventDescription.from_mapping(WIDE)
OPTIONS = Options(
    hidden_dim=16, initial_embedding_dim=16, position_embedding_dim=16, num_encoder_layers=1,
    num_branch_embedding_layers=0, num_branch_encoder_layers=0, num_jet_encoder_layers=0,
    batch_size=64, learning_rate=0.01, learning_rate_cycles=1, epochs=2, num_gpu=0,
    partial_events=True, balance_particles=True, classification_loss_scale=1.0,
    regression_loss_scale=1.0, train_validation_split=0.8, learning_rate_warmup_epochs=0.1,
)  # fmt: skip


def write_numbers(path, events=200, *, seed=1):
    """Write events whose numbers follow from their jets; some are unknown."""
    write_events(path, events, seed=seed)
    rng = np.random.default_rng(seed)
    with h5py.File(path, "r+") as file:
        pt = file["INPUTS/Source/pt"][...].sum(axis=1)
        for one in EVENT.regressions:
            values = {"energy": pt, "range": np.sinh(pt / 100)}.get(one.name.split("/")[-1], pt / 2)
            values = np.where(rng.random(events) < 0.2, np.nan, values)
            file[f"REGRESSIONS/{one.name}"] = values.astype(np.float32)


@pytest.fixture
def numbers(tmp_path):
    write_numbers(tmp_path / "t.h5")
    return tmp_path / "t.h5"


@pytest.fixture
def hh4b(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr(sys, "argv", ["hh4b", "spanet", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capsys.readouterr()
        return end.value.code or 0, captured.out, captured.err

    return call


# --- the event file


def test_kinds_and_places_are_read():
    assert EVENT.regressions == (
        Regression("EVENT/energy", "gaussian"),
        Regression("EVENT/tail", "laplacian"),
        Regression("EVENT/range", "log_gaussian"),
        Regression("h1/PARTICLE/mass", "gaussian"),
        Regression("h2/b1/pt", "gaussian"),
    )
    assert EventDescription.from_mapping(EVENT.as_mapping()) == EVENT


def test_description_without_regressions_is_kept_as_before():
    """It stands in checkpoints and decides whether a training goes on."""
    for section in ({}, {"REGRESSIONS": None}, {"REGRESSIONS": {"EVENT": None, "h1": None}}):
        event = EventDescription.from_mapping({**event_of("published").as_mapping(), **section})
        assert "REGRESSIONS" not in event.as_mapping()
        assert event == event_of("published")


# --- the dataset


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f, n: f.__delitem__(n), "'REGRESSIONS/h2/b1/pt' is missing"),
        (lambda f, n: f[n].__setitem__(3, np.inf), "pt' is inf in event 3"),
        (lambda f, n: f[n].__setitem__(4, -3e30), r"pt' is -3e\+30 in event 4"),
        (lambda f, n: f.move(n, "x") or f.__setitem__(n, [b"a"] * 200), "expected numbers"),
        (lambda f, n: f.move(n, "x") or f.__setitem__(n, np.zeros((200, 2))), "has shape"),
        (lambda f, n: f.move(n, "x") or f.__setitem__(n, np.zeros(199)), r"has shape \(199,\)"),
    ],
)
def test_broken_target_is_named(numbers, change, message):
    with h5py.File(numbers, "r+") as file:
        change(file, "REGRESSIONS/h2/b1/pt")
    with pytest.raises(ContractError, match=message):
        read_events(numbers, EVENT)


def test_rows_and_types_of_targets(numbers):
    with h5py.File(numbers, "r+") as file:
        del file["REGRESSIONS/EVENT/energy"]
        file["REGRESSIONS/EVENT/energy"] = np.arange(200)
    events = read_events(numbers, EVENT, rows=slice(10, 20)).select(slice(2, 4))
    assert events.regressions["EVENT/energy"].tolist() == [12, 13]
    assert events.regressions["EVENT/energy"].dtype == np.float32
    assert read_events(numbers, EVENT, targets=False).regressions == {}
    both = join_events([events, events])
    assert both.regressions["EVENT/energy"].tolist() == [12, 13, 12, 13]


@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, r"unknown \(NaN\) in all training"), (7.0, "is 7 in all")]
)
def test_target_without_information_is_refused(numbers, value, message):
    with h5py.File(numbers, "r+") as file:
        file["REGRESSIONS/EVENT/tail"][:160] = value
    with pytest.raises(ContractError, match=f"'REGRESSIONS/EVENT/tail' (is )?{message}"):
        prepare(OPTIONS, EVENT, numbers)
    # Where nothing is learned of it, it may be so.
    off = OPTIONS.changed(regression_loss_scale=0)
    training = Training(off, EVENT, prepare(off, EVENT, numbers), seed=1)
    assert float(training.network.regressors_by_name()["EVENT/tail"].std) == 1


def test_directions_are_not_regressed_from_turned_events(numbers):
    turned = OPTIONS.changed(random_symmetries=True)
    prepare(turned, EVENT, numbers)
    odd = EventDescription.from_mapping({**WIDE, "REGRESSIONS": {"EVENT": ["neutrino_pz"]}})
    with h5py.File(numbers, "r+") as file:
        file["REGRESSIONS/EVENT/neutrino_pz"] = np.arange(200.0)
    with pytest.raises(ConfigError, match="'EVENT/neutrino_pz' would have to be turned"):
        prepare(turned, odd, numbers)
    prepare(OPTIONS, odd, numbers)


# --- agreement with the reference


def test_outputs_of_a_reference_network_agree(regressed, arithmetic):
    ref = regressed
    events = read_events(ref.folder / "events.h5", ref.event).select(slice(0, TESTED))
    prediction = predict(ref.network, events, batch_size=17, vectors=True)
    assert len(prediction.regressions) == 4
    for name, values in prediction.regressions.items():
        wanted = ref.outputs[f"regression/{name}"]
        assert np.ptp(wanted) > 0.01  # a network that gives one number would agree by chance
        np.testing.assert_allclose(values, wanted, rtol=1e-5, atol=1e-5)
    for name, values in prediction.vectors.items():
        np.testing.assert_allclose(values, ref.outputs[f"vector/{name}"], atol=1e-5)


def test_losses_of_a_reference_network_agree(regressed):
    ref = regressed
    events = read_events(ref.folder / "events.h5", ref.event).select(slice(0, TESTED))
    store = EventStore(events, ref.event)
    batch = store.batch(np.arange(TESTED))
    targets = TargetStore(events, store, ref.options, ref.event).take(batch)
    with torch.no_grad():
        output = ref.network(batch)
    found = losses.compute(output, targets, batch, ref.event, ref.options, ref.balance)
    for name, value in found.parts.items():
        key = f"loss/{name}" + ("" if "ion/" in name else "_loss")
        assert float(value) == pytest.approx(float(ref.outputs[key]), rel=1e-5), name
    assert sum(name.startswith("regression/") for name in found.parts) == 4
    assert float(found.total) == pytest.approx(float(ref.outputs["returned"]), rel=1e-5)


def test_statistics_agree(regressed):
    ref = regressed
    data = prepare(ref.options, ref.event, ref.folder / "events.h5")
    fresh = Training(ref.options, ref.event, data, seed=1).network
    assert {one.kind for one in ref.event.regressions} == {"gaussian", "laplacian", "log_gaussian"}
    for name, regressor in fresh.regressors_by_name().items():
        assert float(regressor.mean) == pytest.approx(float(ref.outputs[f"mean/{name}"]), rel=1e-5)
        assert float(regressor.std) == pytest.approx(float(ref.outputs[f"std/{name}"]), rel=1e-5)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({}, "regression_decoder.* have no place"),
        (
            {"EVENT": ["mass", "height"]},
            "no weight 'regression_decoder.networks.EVENT/height.mean'",
        ),
    ],
)
def test_import_of_another_event_is_refused(hh4b, tmp_path, section, message):
    folder = DATA / "regressions"
    content = EventDescription.read(folder / "event.yaml").as_mapping()
    (tmp_path / "e.yaml").write_text(json.dumps({**content, "REGRESSIONS": section}))
    code, _, err = hh4b(
        "import-checkpoint", folder / "reference.ckpt", "--options", folder / "options.json",
        "--event", tmp_path / "e.yaml", "-o", tmp_path / "m.pt",
    )  # fmt: skip
    assert code == 1
    assert re.search(message, " ".join(err.split())), err
    assert not (tmp_path / "m.pt").exists()


def test_imported_checkpoint_predicts_the_reference_layout(hh4b, tmp_path):
    folder = DATA / "regressions"
    code, _, err = hh4b(
        "import-checkpoint", folder / "reference.ckpt", "--options", folder / "options.json",
        "--event", folder / "event.yaml", "-o", tmp_path / "m.pt",
    )  # fmt: skip
    assert code == 0, err
    code, _, err = hh4b("predict", tmp_path / "m.pt", folder / "events.h5", "-o", tmp_path / "p.h5")
    assert code == 0, err
    with np.load(folder / "outputs.npz") as wanted, h5py.File(tmp_path / "p.h5") as file:
        for one in EventDescription.read(folder / "event.yaml").regressions:
            found = file[f"REGRESSIONS/{one.name}"]
            assert found.shape == (80,)
            np.testing.assert_allclose(
                found[:TESTED], wanted[f"regression/{one.name}"], rtol=1e-5, atol=1e-5
            )


# --- losses and metrics by hand


def test_loss_is_its_formula():
    prediction = torch.tensor([1.0, 2.0, 5.0, 9.0], requires_grad=True)
    target = torch.tensor([3.0, np.nan, 5.5, 5.0])
    scale, weight = torch.tensor(2.0), torch.tensor([1.0, 50.0, 2.0, 1.0])
    by_kind = {"gaussian": (1, 0.0625, 4), "laplacian": (1, 0.25, 2), "log_gaussian": (4, 0.25, 16)}
    for kind, (a, b, c) in by_kind.items():
        plain = mean_loss(kind, prediction, target, scale, None)
        assert float(plain.detach()) == pytest.approx((a + b + c) / 3)
        weighted = mean_loss(kind, prediction, target, scale, weight)
        assert float(weighted.detach()) == pytest.approx((a + 2 * b + c) / 4)
    weighted.backward()
    assert torch.isfinite(prediction.grad).all()
    assert prediction.grad[1] == 0


def test_batch_without_any_target_has_no_loss():
    prediction = torch.ones(3, requires_grad=True)
    loss = mean_loss("gaussian", prediction, torch.full((3,), np.nan), torch.tensor(1.0), None)
    loss.backward()
    assert float(loss.detach()) == 0
    assert prediction.grad.tolist() == [0, 0, 0]


def test_location_and_scale():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    assert location_and_scale("gaussian", values) == (4, pytest.approx(np.sqrt(9.5)))
    assert location_and_scale("laplacian", values) == (2, 2.5)
    logs = np.arcsinh(values / 2)
    assert location_and_scale("log_gaussian", values) == (
        pytest.approx(logs.mean()), pytest.approx(logs.std())
    )  # fmt: skip


def test_metrics_by_hand():
    target, weight = np.array([2.0, 4.0, np.nan, 0.0]), np.array([1.0, 1.0, 9.0, 2.0])
    found = regression_metrics(np.array([3.0, 2.0, 7.0, 1.0]), target, weight)
    variance = (0.5**2 + 2.5**2 + 2 * 1.5**2) / 4
    assert found == pytest.approx({
        "absolute_deviation": (1 + 2 + 2) / 4,
        "bias": (1 - 2 + 2) / 4,
        "rms_deviation": np.sqrt((1 + 4 + 2) / 4),
        "relative_deviation": (0.5 + 0.5) / 2,
        "r_squared": 1 - 7 / 4 / variance,
    })  # fmt: skip
    assert regression_metrics(target[2:3], target[2:3], weight[2:3]) == {}
    assert "r_squared" not in regression_metrics(target[:1], target[:1], weight[:1])
    assert "relative_deviation" not in regression_metrics(target[3:], target[3:], weight[3:])


# --- training


def test_learns_and_logs_numbers(numbers, tmp_path):
    data = prepare(OPTIONS, EVENT, numbers)
    run(OPTIONS, EVENT, data, tmp_path / "out", seed=1)
    header, *rows = (tmp_path / "out/metrics.csv").read_text().splitlines()
    names = header.split(",")
    for one in EVENT.regressions:
        assert f"loss/regression/{one.name}" in names
        for key in ("absolute_deviation", "relative_deviation", "r_squared", "bias"):
            assert f"validation/{one.name}/{key}" in names
    assert "validation/average_r_squared" in names
    assert len(rows) == 2
    saved = checkpoints.load(tmp_path / "out", event=EVENT)
    before = saved.network.regressors_by_name()["EVENT/energy"]
    assert float(before.mean) == pytest.approx(
        float(np.nanmean(data.training.regressions["EVENT/energy"])), rel=1e-5
    )
    with pytest.raises(
        ContractError, match="its regressions are .*EVENT/energy.*event file has no"
    ):
        checkpoints.load(tmp_path / "out", event=event_of("published"))


def test_regression_alone_trains_and_chooses_by_its_variance(numbers):
    section = {"EVENT": ["energy"]}
    event = EventDescription.from_mapping({**WIDE, "REGRESSIONS": section, "CLASSIFICATIONS": None})
    options = OPTIONS.changed(
        assignment_loss_scale=0, detection_loss_scale=0, classification_loss_scale=0,
        num_encoder_layers=1, batch_size=16,
    )  # fmt: skip
    training = Training(options, event, prepare(options, event, numbers), seed=1)
    before = training.validate()
    for _ in range(8):
        training.run_epoch()
    after = training.validate()
    assert after["validation/EVENT/energy/r_squared"] > 0.5
    assert after["validation/EVENT/energy/r_squared"] > before["validation/EVENT/energy/r_squared"]
    assert training.monitored(after) == after["validation/average_r_squared"]
    assert all(p.grad is None for p in training.network.branches.parameters())


def test_other_parts_start_as_without_regressions(numbers):
    plain = OPTIONS.changed(regression_loss_scale=0)
    without = Training(plain, event_of("published"), prepare(plain, event_of("published"), numbers),
                       seed=3)  # fmt: skip
    wide = Training(OPTIONS, EVENT, prepare(OPTIONS, EVENT, numbers), seed=3)
    state = wide.network.state_dict()
    for name, value in without.network.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert not any("regress" in name for name in without.network.state_dict())


@pytest.mark.parametrize(
    "change",
    [
        {"precision": "bfloat16"},
        {"kappa_balance": True, "pair_features": 3},
        {"linear_block_type": "Resnet", "normalization": "BatchNorm", "num_regression_layers": 2},
    ],
)
def test_every_way_to_train_takes_numbers(numbers, change):
    options = OPTIONS.changed(**change)
    training = Training(options, EVENT, prepare(options, EVENT, numbers), seed=2)
    first = training.run_epoch()
    second = training.run_epoch()
    for one in EVENT.regressions:
        assert np.isfinite(second[f"loss/regression/{one.name}"])
    assert second["loss/regression/EVENT/energy"] < first["loss/regression/EVENT/energy"] + 0.1
    assert np.isfinite(training.validate()["validation/average_r_squared"])


def test_numbers_that_are_not_learned_are_told_and_not_predicted(numbers, tmp_path, caplog):
    options = OPTIONS.changed(regression_loss_scale=0, epochs=1)
    data = prepare(options, EVENT, numbers)
    run(options, EVENT, data, tmp_path / "out", seed=1)
    assert "REGRESSIONS are not learned: set regression_loss_scale" in caplog.text
    network = checkpoints.load(tmp_path / "out").network
    assert predict(network, data.validation).regressions == {}
    caplog.clear()
    with caplog.at_level("INFO"):
        event = event_of("published")
        run(OPTIONS.changed(epochs=1), event, prepare(OPTIONS, event, numbers), tmp_path / "b",
            seed=1)  # fmt: skip
    assert "regression_loss_scale has no effect: the event file has no REGRESSIONS" in caplog.text


def test_digest_of_a_training_knows_its_numbers(numbers):
    first = prepare(OPTIONS, EVENT, numbers).digest
    with h5py.File(numbers, "r+") as file:
        file["REGRESSIONS/EVENT/energy"][5] = 1.5
    assert prepare(OPTIONS, EVENT, numbers).digest != first


def test_products_without_vectors_are_refused():
    with pytest.raises(ConfigError, match="h2/b1/pt belongs to a product"):
        Network(OPTIONS.changed(split_symmetric_attention=False), EVENT, {"EVENT/signal": 2})
    classes = {**event_of("published").as_mapping(), "CLASSIFICATIONS": {"h1": {"b2": ["charge"]}}}
    event = EventDescription.from_mapping(classes)
    with pytest.raises(ConfigError, match="h1/b2/charge belongs to a product"):
        Network(OPTIONS.changed(split_symmetric_attention=False), event, {"h1/b2/charge": 2})


# --- prediction and evaluation


@pytest.fixture
def network():
    torch.manual_seed(2)
    return Network(OPTIONS, EVENT, {"EVENT/signal": 2}).eval()


def test_only_what_is_asked_for_is_computed(network, numbers):
    events = read_events(numbers, EVENT)
    batch = EventStore(events, EVENT).batch(np.arange(8))
    with torch.no_grad():
        assert network(batch, Parts(regression=False)).regression == {}
        alone = network(batch, Parts(assignment=False, detection=False, classification=False))
        whole = network(batch)
    for name, values in whole.regression.items():
        torch.testing.assert_close(alone.regression[name], values, rtol=1e-5, atol=1e-6)
    assert class_probability(network, events, "EVENT/signal").shape == (200, 2)


def test_folds_report_and_text(network, numbers, hh4b, tmp_path):
    events = read_events(numbers, EVENT)
    whole = predict(network, events)
    rows = [np.arange(0, 200, 2), np.arange(1, 200, 2)]
    parts = [(r, predict(network, events.select(r))) for r in rows]
    joined = gather(parts, 200)
    for name, values in whole.regressions.items():
        np.testing.assert_allclose(joined.regressions[name], values, rtol=1e-5, atol=1e-5)
    found = report(EVENT, events, whole)["regression"]
    known = ~np.isnan(events.regressions["h2/b1/pt"])
    assert found["h2/b1/pt"]["n_events"] == known.sum()
    distance = np.abs(whole.regressions["h2/b1/pt"] - events.regressions["h2/b1/pt"])[known]
    assert found["h2/b1/pt"]["absolute_deviation"] == pytest.approx(distance.mean(), rel=1e-5)
    wanted = distance.std() / np.sqrt(known.sum())
    assert found["h2/b1/pt"]["absolute_deviation_error"] == pytest.approx(wanted, rel=1e-4)
    checkpoints.save(tmp_path / "m.pt", Checkpoint(network), Provenance("test", {}))
    code, text, err = hh4b("evaluate", tmp_path / "m.pt", numbers)
    assert code == 0, err
    assert "h2/b1/pt: absolute_deviation" in text


def test_report_without_regressions_has_none(numbers):
    event = event_of("published")
    network = Network(OPTIONS, event, {"EVENT/signal": 2}).eval()
    events = read_events(numbers, event)
    assert "regression" not in report(event, events, predict(network, events))


def test_network_that_gives_no_number_is_refused(network, numbers, tmp_path, hh4b):
    with torch.no_grad():
        network.regressors_by_name()["EVENT/range"].mean.fill_(1e4)  # sinh of it is infinite
    checkpoints.save(tmp_path / "m.pt", Checkpoint(network), Provenance("test", {}))
    code, _, err = hh4b("predict", tmp_path / "m.pt", numbers, "-o", tmp_path / "p.h5")
    assert code == 1
    assert "no number for REGRESSIONS/EVENT/range in event 0" in " ".join(err.split())
    assert not (tmp_path / "p.h5").exists()


def test_damaged_checkpoint_is_refused(network, tmp_path):
    checkpoints.save(tmp_path / "m.pt", Checkpoint(network), Provenance("test", {}))
    content = torch.load(tmp_path / "m.pt", weights_only=True)
    names = [name for name in content["weights"] if name.startswith("regressors.")]
    assert "regressors.EVENT/energy.std" in names
    del content["weights"]["regressors.EVENT/energy.std"]
    torch.save(content, tmp_path / "bad.pt")
    with pytest.raises(InputFileError, match="regressors.EVENT/energy.std' is missing"):
        checkpoints.load(tmp_path / "bad.pt")


def test_prediction_copies_no_targets(network, numbers, tmp_path, hh4b):
    """Events to predict need no targets, and what is predicted is written, not what was given."""
    shutil.copy(numbers, tmp_path / "bare.h5")
    with h5py.File(tmp_path / "bare.h5", "r+") as file:
        del file["REGRESSIONS"], file["TARGETS"], file["CLASSIFICATIONS"]
    checkpoints.save(tmp_path / "m.pt", Checkpoint(network), Provenance("test", {}))
    code, _, err = hh4b("predict", tmp_path / "m.pt", tmp_path / "bare.h5", "-o", tmp_path / "p.h5")
    assert code == 0, err
    wanted = predict(network, read_events(numbers, EVENT)).regressions
    with h5py.File(tmp_path / "p.h5") as file:
        for name, values in wanted.items():
            np.testing.assert_array_equal(file[f"REGRESSIONS/{name}"], values)


def test_weights_of_events_count_in_the_loss(numbers):
    events = read_events(numbers, EVENT)
    chosen = events.select(slice(0, 64))
    weighted = replace(chosen, weight=np.where(np.arange(64) < 32, 1.0, 1e-9))
    found = []
    for one in (weighted, chosen.select(slice(0, 32))):
        torch.manual_seed(4)
        network = Network(OPTIONS, EVENT, {"EVENT/signal": 2}).eval()
        store = EventStore(one, EVENT)
        batch = store.batch(np.arange(len(one)))
        targets = TargetStore(one, store, OPTIONS, EVENT).take(batch)
        loss = losses.compute(network(batch), targets, batch, EVENT, OPTIONS, losses.Balance())
        found.append(float(loss.parts["regression/EVENT/energy"].detach()))
    assert found[0] == pytest.approx(found[1], rel=1e-4)

"""What a network may learn of the sizes of its samples through the kappa input: nothing."""

import h5py
import numpy as np
import pytest
import torch
from spanet_toys import event_of, write_events

from hh4b.core.errors import ConfigError, ContractError
from hh4b.spanet import losses
from hh4b.spanet.batches import EventStore
from hh4b.spanet.data import read_events
from hh4b.spanet.event import EventDescription
from hh4b.spanet.kappa import kappa_weights, require_trained, told_kappas, trained_kappas
from hh4b.spanet.losses import Balance
from hh4b.spanet.network import Network
from hh4b.spanet.options import Options
from hh4b.spanet.prediction import class_probability
from hh4b.spanet.preparation import TargetStore, loss_weights, prepare
from hh4b.spanet.training import Training

EVENT = event_of("published")
#: The size of `config/spanet/options/smoke.json`.
OPTIONS = Options(
    hidden_dim=16, initial_embedding_dim=16, num_encoder_layers=1, num_branch_embedding_layers=1,
    num_branch_encoder_layers=1, num_jet_encoder_layers=1, batch_size=64, learning_rate=0.005,
    learning_rate_cycles=1, epochs=5, num_gpu=0, partial_events=True, balance_particles=True,
    classification_loss_scale=1.0, gradient_clip=0.4, train_validation_split=0.8,
    dataset_randomization=1,
)  # fmt: skip
#: Signal events by kappa input; each has as many background events.
SIGNAL = {-5: 300, 1: 1200, 5: 150}
BACKGROUND = 400
SHARES = {-5: 0.43, 1: 0.75, 5: 0.27}


def write_toy(path, signal, background=BACKGROUND, *, weight=None):
    """Write events whose class shows in nothing but the size of the samples at each kappa."""
    label = np.concatenate([np.repeat([1, 0], [n, background]) for n in signal.values()])
    kappa = np.concatenate([np.full(n + background, k) for k, n in signal.items()])
    order = np.random.default_rng(3).permutation(len(label))
    label, kappa = label[order], kappa[order]
    write_events(path, len(label), seed=2, jets=(4, 5), weight=weight)
    with h5py.File(path, "a") as file:
        mass = file["INPUTS/Source/mass"]
        mass[...] = np.where(file["INPUTS/Source/MASK"][...], 10 + mass[...] % 7, 0)
        file["INPUTS/Kappa/kappa"][...] = kappa
        file["CLASSIFICATIONS/EVENT/signal"][...] = label
        for name in ("h1/b1", "h1/b2", "h2/b1", "h2/b2"):
            targets = file[f"TARGETS/{name}"]
            targets[...] = np.where(label == 1, targets[...], -1)
        file["HH4B/kappa_lambda"] = np.where(label == 1, kappa, np.nan).astype(np.float32)
    return path


@pytest.fixture
def toy(tmp_path):
    return write_toy(tmp_path / "t.h5", SIGNAL)


def sums(weight, events):
    """Return the sum of weights by kappa input (rows) and class (background, signal)."""
    told, label = told_kappas(events, EVENT), events.classes["EVENT/signal"]
    return np.array(
        [[weight[(told == k) & (label == c)].sum() for c in (0, 1)] for k in np.unique(told)]
    )


def test_every_cell_weighs_the_same_after_the_split(toy):
    options = OPTIONS.changed(kappa_balance=True, balance_classifications=True)
    data = prepare(options, EVENT, toy)
    weight, assigned = loss_weights(data.training, EVENT, options)
    np.testing.assert_allclose(sums(weight, data.training), len(data.training) / 6, rtol=1e-5)
    # Weights of classes over these would undo them.
    assert data.balance.classes == {}
    some = np.stack(data.training.target_valid).any(axis=0)
    assert assigned[some].mean() == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(assigned / weight, (assigned / weight)[0], rtol=1e-5)
    validated = kappa_weights(None, data.validation, EVENT, lenient=True)
    np.testing.assert_allclose(sums(validated, data.validation), len(data.validation) / 6)


def test_without_it_weights_of_a_merge_come_to_nothing(tmp_path):
    rng = np.random.default_rng(1)
    number = sum(SIGNAL.values()) + 3 * BACKGROUND
    toy = write_toy(tmp_path / "t.h5", SIGNAL, weight=rng.exponential(1, number))
    events = read_events(toy, EVENT)
    weight, assigned = loss_weights(events, EVENT, OPTIONS)
    assert assigned is None
    counts = [[BACKGROUND, n] for n in SIGNAL.values()]
    np.testing.assert_allclose(sums(weight, events)[:, 1], np.array(counts)[:, 1], rtol=1e-5)
    # Within a cell the weights of the file keep their ratios.
    balanced, _ = loss_weights(events, EVENT, OPTIONS.changed(kappa_balance=True))
    cell = (told_kappas(events, EVENT) == 1) & (events.classes["EVENT/signal"] == 1)
    ratio = balanced[cell] / events.weight[cell]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)
    unweighted = OPTIONS.changed(kappa_balance=True, event_weights="none")
    assert np.ptp(loss_weights(events, EVENT, unweighted)[0][cell]) == 0


def test_loss_of_equal_outputs_has_half_its_classes_at_every_kappa(toy, arithmetic):
    """With all logits 0 a kappa's part of the gradient of the bias is its excess of signal."""
    del arithmetic  # runs compiled and in torch: the weights are in both
    options = OPTIONS.changed(kappa_balance=True)
    events = read_events(toy, EVENT)
    network = Network(options, EVENT, {"EVENT/signal": 2})
    store = EventStore(events, network.seen)
    batch = store.batch(np.arange(len(events)))
    targets = TargetStore(events, store, options, EVENT).take(batch)
    output = network(batch)
    logits = torch.zeros(len(events), 2, requires_grad=True)
    output.classification["EVENT/signal"] = logits
    found = losses.compute(output, targets, batch, EVENT, options, Balance())
    found.total.backward()
    told = told_kappas(events, EVENT)[batch.events.numpy()]
    total = logits.grad[:, 1].abs().sum()
    for kappa in SIGNAL:
        here = torch.from_numpy(told == kappa)
        assert float(logits.grad[here, 1].sum() / total) == pytest.approx(0, abs=1e-5)
        assert float(logits.grad[here, 1].abs().sum() / total) == pytest.approx(1 / 3, rel=1e-4)


def mean_background_scores(options, toy):
    training = Training(options, EVENT, prepare(options, EVENT, toy), seed=1)
    for _ in range(options.epochs):
        training.run_epoch()
    events = read_events(toy, EVENT)
    background = events.select(events.classes["EVENT/signal"] == 0)
    return [
        class_probability(
            training.network, background.with_feature(EVENT, "Kappa/kappa", kappa), "EVENT/signal"
        )[:, 1].mean()
        for kappa in SIGNAL
    ]


def test_background_score_follows_the_shares_only_without_balance(toy):
    options = OPTIONS.changed(assignment_loss_scale=0.0)
    without = mean_background_scores(options, toy)
    np.testing.assert_allclose(without, list(SHARES.values()), atol=0.08)
    balanced = mean_background_scores(options.changed(kappa_balance=True), toy)
    assert np.abs(np.diff(balanced)).max() < 0.03
    assert np.mean(balanced) == pytest.approx(0.5, abs=0.05)


def test_signals_alone_weigh_the_same(tmp_path):
    events = read_events(write_toy(tmp_path / "t.h5", SIGNAL, background=0), EVENT)
    weight = kappa_weights(None, events, EVENT)
    np.testing.assert_allclose(sums(weight, events)[:, 1], len(events) / 3)


def test_what_cannot_be_balanced_is_refused(tmp_path):
    options = OPTIONS.changed(kappa_balance=True)
    toy = write_toy(tmp_path / "t.h5", SIGNAL)
    with h5py.File(toy, "a") as file:
        kappa, label = file["INPUTS/Kappa/kappa"], file["CLASSIFICATIONS/EVENT/signal"]
        kappa[...] = np.where((label[...] == 0) & (kappa[...] == 5), 7, kappa[...])
    with pytest.raises(ContractError, match=r"kappa input 5 has \[0, \d+\] events of the classes"):
        prepare(options, EVENT, toy)
    with h5py.File(toy, "a") as file:
        file["CLASSIFICATIONS/EVENT/signal"][3] = -1
    with pytest.raises(ContractError, match="1 events of unknown class"):
        prepare(options.changed(train_validation_split=0.99), EVENT, toy)
    blind = EventDescription.from_mapping(
        {
            "INPUTS": {"SEQUENTIAL": {"Source": {"pt": "log_normalize", "eta": "normalize"}}},
            "EVENT": {"h1": ["b1", "b2"], "h2": ["b1", "b2"]},
            "CLASSIFICATIONS": {"EVENT": ["signal"]},
        }
    )
    with pytest.raises(ConfigError, match="no global input Kappa/kappa"):
        prepare(options, blind, toy)


def test_trained_kappas_are_those_of_signal(tmp_path):
    toy = write_toy(tmp_path / "t.h5", {-5: 4, 2.4: 4}, 3)
    with h5py.File(toy, "a") as file:
        label = file["CLASSIFICATIONS/EVENT/signal"][...]
        file["INPUTS/Kappa/kappa"][int(np.flatnonzero(label == 0)[0])] = 9
    trained = trained_kappas(read_events(toy, EVENT), EVENT)
    assert trained == pytest.approx((-5, 2.4))
    require_trained(2.4, trained, where="m")
    with pytest.raises(ConfigError, match=r"m: kappa input 9 was never trained; .* -5, 2\.4$"):
        require_trained(9, trained, where="m")

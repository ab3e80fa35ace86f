import numpy as np
import pytest
import torch

from hh4b.spanet import losses
from hh4b.spanet.batches import EventStore
from hh4b.spanet.data import read_events
from hh4b.spanet.losses import Balance
from hh4b.spanet.network import Parts
from hh4b.spanet.prediction import predict
from hh4b.spanet.preparation import TargetStore, prepare, set_statistics

TOLERANCE = 5e-5
EVENTS = 64


def padded(output, batch, particle, degree, width):
    """Return log-probabilities by padded place, in file order."""
    full = np.full((EVENTS, *[width] * degree), -np.inf, dtype=np.float32)
    start = 0
    for group, values in zip(batch.groups, output.assignment[particle], strict=True):
        rows = batch.events[start : start + group.events].numpy()
        start += group.events
        inside = (rows, *[slice(0, group.sequential)] * degree)
        full[inside] = values.numpy()
    return full


def test_outputs_agree(reference_network, arithmetic):
    ref = reference_network
    events = read_events(ref.folder / "test.h5", ref.event)
    store = EventStore(events, ref.event)
    batch = store.batch(np.arange(EVENTS))
    with torch.no_grad():
        output = ref.network(batch, Parts(vectors=True))
    order = batch.events.numpy()
    for name, value in {**output.vectors}.items():
        np.testing.assert_allclose(value, ref.outputs[f"vector/{name}"][order], atol=TOLERANCE)
    assert set(output.vectors) == {
        n.removeprefix("vector/") for n in ref.outputs if n.startswith("vector/")
    }
    for name, value in output.classification.items():
        wanted = ref.outputs[f"classification_logit/{name}"][order]
        np.testing.assert_allclose(value, wanted, atol=TOLERANCE)
    for number, particle in enumerate(ref.event.particles):
        wanted = ref.outputs[f"detection_logit/{particle.name}"][order]
        np.testing.assert_allclose(output.detection[number], wanted, atol=TOLERANCE)
        got = padded(output, batch, number, particle.degree, store.width)
        wanted = ref.outputs[f"log_probability/{particle.name}"]
        np.testing.assert_array_equal(np.isfinite(got), np.isfinite(wanted))
        finite = np.isfinite(wanted)
        np.testing.assert_allclose(got[finite], wanted[finite], atol=TOLERANCE)


def test_jets_agree(reference_network):
    ref = reference_network
    prediction = predict(ref.network, read_events(ref.folder / "test.h5", ref.event), batch_size=17)
    for number, particle in enumerate(ref.event.particles):
        wanted = ref.outputs[f"predicted_jets/{particle.name}"]
        np.testing.assert_array_equal(prediction.jets[number], wanted)


def test_loss_components_agree(reference_network, arithmetic):
    ref = reference_network
    events = read_events(ref.folder / "train.h5", ref.event).select(slice(0, 256))
    store = EventStore(events, ref.event)
    batch = store.batch(np.arange(256))
    targets = TargetStore(events, store, ref.options, ref.event).take(batch)
    with torch.no_grad():
        output = ref.network(batch)
    found = losses.compute(output, targets, batch, ref.event, ref.options, ref.balance)
    for name, value in found.parts.items():
        key = f"loss/loss/{name}" + ("" if name.startswith("classification") else "_loss")
        assert float(value) == pytest.approx(float(ref.outputs[key]), rel=1e-4, abs=1e-9), name
    assert float(found.total) == pytest.approx(float(ref.outputs["loss/returned"]), rel=1e-4)


def test_statistics_and_balance_agree(reference_network):
    """The reference keeps in its checkpoint what it derived from the first 768 events."""
    ref = reference_network
    data = prepare(ref.options, ref.event, ref.folder / "train.h5")
    assert len(data.training) == 768
    means = [e.mean.clone() for e in ref.network.embeddings]
    deviations = [e.std.clone() for e in ref.network.embeddings]
    set_statistics(ref.network, data.training)
    for embedding, mean, std in zip(ref.network.embeddings, means, deviations, strict=True):
        torch.testing.assert_close(embedding.mean, mean, rtol=2e-5, atol=2e-5)
        torch.testing.assert_close(embedding.std, std, rtol=2e-5, atol=2e-5)
    torch.testing.assert_close(data.balance.particles, ref.balance.particles, rtol=1e-5, atol=0)
    assert set(data.balance.classes) == set(ref.balance.classes)
    # The class weights in the checkpoint were varied with all others, so the formula is the test.
    for name, weights in data.balance.classes.items():
        counts = np.bincount(data.training.classes[name])
        effective = (1 / 768) / (1 - (1 - 1 / 768) ** counts)
        np.testing.assert_allclose(weights, 2 * effective / effective.sum(), rtol=1e-5)


def test_learning_rates_agree(reference_network):
    ref = reference_network
    wanted = ref.outputs["learning_rate_per_step"]
    got = [
        ref.options.learning_rate * losses.learning_rate_factor(s, warmup=3, total=12, cycles=1)
        for s in range(12)
    ]
    np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-12)


def test_checkpoint_weights_differ_from_own_initialisation(published):
    """Guards the tests above against a reader that leaves our random weights in place."""
    fresh = type(published.network).from_configuration(published.network.configuration())
    same = [
        torch.equal(a, b)
        for a, b in zip(published.network.parameters(), fresh.parameters(), strict=True)
        if a.dim() == 3
    ]
    assert not any(same)
    assert isinstance(published.balance, Balance)

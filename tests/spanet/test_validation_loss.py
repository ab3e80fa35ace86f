"""The loss of validation events."""

import numpy as np
import pytest
import torch
from spanet_toys import event_of, write_events

from hh4b.spanet import validation_loss
from hh4b.spanet.options import Options
from hh4b.spanet.preparation import event_weights, prepare
from hh4b.spanet.training import Training

EVENT = event_of("published")
OPTIONS = Options(
    hidden_dim=8, num_attention_heads=2, transformer_dim=8, position_embedding_dim=4,
    initial_embedding_dim=4, num_embedding_layers=2, num_encoder_layers=1,
    num_branch_embedding_layers=1, num_branch_encoder_layers=1, num_jet_embedding_layers=1,
    batch_size=64, learning_rate=0.003, epochs=3, num_gpu=0, dropout=0.3, partial_events=True,
    classification_loss_scale=1.0, train_validation_split=0.8,
)  # fmt: skip


@pytest.fixture
def training(tmp_path):
    write_events(tmp_path / "t.h5", 400, seed=1)
    return Training(OPTIONS, EVENT, prepare(OPTIONS, EVENT, tmp_path / "t.h5"), seed=3)


def test_it_is_the_mean_of_the_terms_without_dropout(training):
    """By hand: cross entropy of the class, and -ln of the probability of the true pairs."""
    network, events = training.network, training.data.validation
    network.train()
    loss = training.validate()["validation/loss"]
    assert network.training
    batch = training._validation.store.batch(np.arange(len(events)))
    rows = batch.events.numpy()
    network.eval()
    with torch.inference_mode():
        output = network(batch, training.parts)
    logits = output.classification["EVENT/signal"].double()
    label = torch.from_numpy(events.classes["EVENT/signal"][rows])
    classes = -logits.log_softmax(dim=1)[torch.arange(len(rows)), label].mean()
    ranks = [training._validation.store.ranks(t)[rows] for t in events.targets]
    valid = [v[rows] for v in events.target_valid]
    terms, present = np.zeros((2, len(rows))), np.zeros((2, len(rows)), dtype=bool)
    start = 0
    for number, group in enumerate(batch.groups):
        for event in range(start, start + group.events):
            tables = [output.assignment[p][number][event - start] for p in (0, 1)]

            def minus_log(particle, target, event=event, tables=tables):
                if not valid[target][event]:
                    return 0.0
                i, j = ranks[target][event]
                # Both orders of a pair are one answer: its probability is the sum of two entries.
                return -float(tables[particle][i, j]) - np.log(2)

            ways = [[minus_log(0, 0), minus_log(1, 1)], [minus_log(0, 1), minus_log(1, 0)]]
            best = int(np.argmin([sum(way) for way in ways]))
            terms[:, event] = ways[best]
            present[:, event] = [valid[p ^ best][event] for p in (0, 1)]
        start += group.events
    pairs = terms.sum(axis=1) / present.sum(axis=1)
    assert loss == pytest.approx((pairs.sum() + float(classes)) / 3, rel=1e-5)


def test_it_changes_nothing_of_the_training(training, tmp_path):
    other = Training(OPTIONS, EVENT, training.data, seed=3)
    training.validate()
    one, two = training.run_epoch(), other.run_epoch()
    assert one["loss/total"] == two["loss/total"]
    assert all(
        torch.equal(a, b)
        for a, b in zip(training.network.parameters(), other.network.parameters(), strict=True)
    )


def test_blocks_count_by_their_number(training, monkeypatch):
    kept = validation_loss.ValidationLoss(
        training.network, training.data.validation, training.data.balance, training.parts
    )
    whole = kept.total(training.network)
    monkeypatch.setattr(validation_loss, "BLOCK", 37)
    assert kept.total(training.network) == pytest.approx(whole, rel=0.05)
    assert kept.total(training.network) != whole


def test_events_without_weight_count_nothing_and_stop_nothing(tmp_path):
    write_events(tmp_path / "n.h5", 20, seed=1, weight=-np.ones(20))
    from hh4b.spanet.data import read_events

    weights = event_weights(read_events(tmp_path / "n.h5", EVENT), lenient=True)
    np.testing.assert_array_equal(np.abs(weights), 0)

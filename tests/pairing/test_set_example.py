"""The set network of docs/examples: it does not see an order, and finds the true pairing."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import hh4b
from hh4b.pairing.metrics import right_higgs

sys.path.insert(0, str(Path(__file__).parents[2] / "docs/examples"))

import set_pairing

N = 60


def jets(columns, seed=5):
    rng = np.random.default_rng(seed)
    shape = (N, columns)
    valid = np.arange(columns) < rng.integers(3, columns + 1, N)[:, None]
    return hh4b.make_jets(
        pt=40 - np.sort(-rng.exponential(50, shape), axis=1), eta=rng.uniform(-2.5, 2.5, shape),
        phi=rng.uniform(-np.pi, np.pi, shape), mass=rng.uniform(3, 15, shape),
        btag=(rng.random(shape) < 0.7).astype(float), valid=valid,
    )  # fmt: skip


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(3)
    state = set_pairing.SetNetwork().state_dict()
    np.savez(tmp_path / "w.npz", **{name: part.numpy() for name, part in state.items()})
    return str(tmp_path / "w.npz")


def unordered(pairs):
    return [{frozenset(pair) for pair in event} for event in pairs.tolist()]


@pytest.mark.parametrize("columns", [5, 7, 10])
def test_the_order_of_jets_does_not_matter(weights, columns):
    kept = jets(columns)
    found = hh4b.pair(kept, set_pairing.pair, weights=weights)
    few = kept.valid.sum(axis=1) < 4
    assert few.any()
    assert (found[few] == -1).all()
    assert (found[~few] >= 0).all()
    order = np.random.default_rng(1).permuted(np.tile(np.arange(columns), (N, 1)), axis=1)
    turned = type(kept)(*(np.take_along_axis(field, order, axis=1) for field in kept))
    other = hh4b.pair(turned, set_pairing.pair, weights=weights)
    back = np.take_along_axis(order, np.maximum(other, 0).reshape(N, 4), axis=1).reshape(N, 2, 2)
    assert unordered(back[~few]) == unordered(found[~few])
    assert len({str(event) for event in found[~few].tolist()}) > 5


def test_the_true_pairing_is_the_one_that_the_metrics_call_right():
    kept = jets(10)
    chosen, _, possible = set_pairing.candidates(kept)
    rng = np.random.default_rng(2)
    targets = np.stack([rng.permutation(10)[:4] for _ in range(N)]).reshape(N, 2, 2)
    targets[0] = -1
    found = set_pairing.true_pairings(chosen, targets)
    assert found[0] == -1
    known = found >= 0
    pairs = set_pairing.PAIRS[set_pairing.PAIRINGS[found[known]]].reshape(-1, 4)
    guess = np.take_along_axis(chosen[known], pairs, axis=1).reshape(-1, 2, 2)
    assert 5 < known.sum() < N
    assert (right_higgs(targets[known], guess) == 2).all()
    # Three pairings of each four of the seven jets.
    assert len(set_pairing.PAIRINGS) == 3 * 35
    assert possible.shape == (N, 21)

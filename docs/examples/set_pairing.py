"""A pairing of the user: a set network that scores every pairing of an event.

    python docs/examples/set_pairing.py TRAINING.h5 -o WEIGHTS.npz
    hh4b pair run DATASET.h5 -o PAIRING.h5 --method docs/examples/set_pairing.py:pair \
        --options '{"weights": "WEIGHTS.npz"}'

Two of the jets are a candidate; its numbers (pT, mass, the distance of its jets, their pT and tags)
go through one network, and the sum over all candidates of an event through another one. Two
candidates without a common jet are a pairing; a third network gives the sum of their vectors, and
that of the event, a score. Sums do not know an order, so neither that of the jets nor that of the
candidates matters. The training makes the score of the true pairing the largest one.
"""

import argparse
from functools import cache
from itertools import combinations

import numpy as np
import torch
from torch import nn

import hh4b
from hh4b.core.files import atomic_path
from hh4b.core.kinematics import delta_r, from_pt_eta_phi_mass, invariant_mass
from hh4b.pairing.metrics import right_higgs

#: Jets that are looked at, tagged ones first, then by pT.
JETS = 7
PAIRS = np.array(list(combinations(range(JETS), 2)))
#: The pairings as two numbers of candidates, shape (pairing, 2).
PAIRINGS = np.array(
    [
        (first, second)
        for first, second in combinations(range(len(PAIRS)), 2)
        if not set(PAIRS[first]) & set(PAIRS[second])
    ]
)


class SetNetwork(nn.Module):
    """Scores of all pairings of events."""

    def __init__(self, width=64):
        """Make the three networks, whose layers have ``width`` numbers."""
        super().__init__()
        self.candidate = _layers(8, width)
        self.event = _layers(width, width)
        self.score = nn.Sequential(*_layers(2 * width, width), nn.Linear(width, 1))

    def forward(self, inputs, possible):
        """Return scores of shape (event, pairing); minus infinity where a jet is missing."""
        vectors = self.candidate(inputs) * possible[..., None]
        event = self.event(vectors.sum(dim=1) / possible.sum(dim=1, keepdim=True).clamp(min=1))
        both = vectors[:, PAIRINGS[:, 0]] + vectors[:, PAIRINGS[:, 1]]
        around = event[:, None].expand(-1, both.shape[1], -1)
        there = possible[:, PAIRINGS].all(dim=2)
        score = self.score(torch.cat([both, around], dim=2))[..., 0]
        return score.masked_fill(~there, -torch.inf)


def _layers(inputs, width):
    return nn.Sequential(nn.Linear(inputs, width), nn.GELU(), nn.Linear(width, width), nn.GELU())


def candidates(jets):
    """Return the chosen jets, the inputs of their candidates, and which candidates there are.

    Shapes: (event, JETS), (event, candidate, 8), (event, candidate).
    """
    rank = np.where(jets.valid, np.where(jets.btag > 0.5, 1e6, 0) + jets.pt, -1.0)
    chosen = np.argsort(-rank, axis=1, kind="stable")[:, :JETS]
    missing = max(JETS - chosen.shape[1], 0)
    there, pt, eta, phi, mass, tag = (
        np.pad(np.take_along_axis(field, chosen, axis=1), ((0, 0), (0, missing)))[:, PAIRS]
        for field in jets
    )
    vector = from_pt_eta_phi_mass(pt, eta, phi, mass)
    summed = type(vector)(*(part.sum(axis=-1) for part in vector))
    far = delta_r(eta[..., 0], phi[..., 0], eta[..., 1], phi[..., 1])
    pt_sum, m = np.hypot(summed.px, summed.py), invariant_mass(summed)
    columns = [
        np.log(pt_sum + 1) - 5, np.log(m + 1) - 4.8, (m - 120) / 30, far - 2,
        np.log(pt.max(axis=-1) + 1) - 4.5, np.log(pt.min(axis=-1) + 1) - 4.2,
        (tag > 0.5).sum(axis=-1) - 1.5, np.abs(eta).max(axis=-1) - 1,
    ]  # fmt: skip
    inputs = np.nan_to_num(np.stack(columns, axis=-1).astype(np.float32))
    possible = there.all(axis=-1)
    return chosen, torch.from_numpy(inputs * possible[..., None]), torch.from_numpy(possible)


def pair(jets, weights):
    """Return jet indices of shape (event, Higgs, product): the pairing of the largest score.

    All are -1 in events with fewer than four jets.
    """
    network = _read(weights)
    chosen, inputs, possible = candidates(jets)
    with torch.no_grad():
        score, best = (part.numpy() for part in network(inputs, possible).max(dim=1))
    there = np.flatnonzero(np.isfinite(score))
    pairs = np.full((len(chosen), 4), -1)
    places = PAIRS[PAIRINGS[best[there]]].reshape(-1, 4)
    pairs[there] = np.take_along_axis(chosen[there], places, axis=1)
    return pairs.reshape(-1, 2, 2)


@cache
def _read(weights):
    network = SetNetwork()
    with np.load(weights) as arrays:
        network.load_state_dict({name: torch.from_numpy(arrays[name]) for name in arrays.files})
    return network.eval()


def true_pairings(chosen, targets):
    """Return the number of the true pairing, -1 where it is not among those that are looked at."""
    found = np.full(len(chosen), -1)
    for number, (first, second) in enumerate(PAIRINGS):
        guess = np.stack([chosen[:, PAIRS[first]], chosen[:, PAIRS[second]]], axis=1)
        found[right_higgs(targets, guess) == 2] = number
    return found


def train(dataset, epochs, seed=1, batch=64, learning_rate=2e-3):
    """Return a network that was trained with all events of a dataset whose pairing is known."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    events = hh4b.read_dataset(dataset)
    chosen, inputs, possible = candidates(events.jets)
    truth = torch.from_numpy(true_pairings(chosen, events.targets))
    rows = torch.nonzero(truth >= 0)[:, 0]
    print(f"{dataset}: {len(events)} events, {len(rows)} with a known pairing")
    network = SetNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), learning_rate, weight_decay=1e-3)
    steps = epochs * -(-len(rows) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, steps)
    for epoch in range(epochs):
        total = 0.0
        for part in rows[torch.randperm(len(rows))].split(batch):
            loss = nn.functional.cross_entropy(network(inputs[part], possible[part]), truth[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(part)
        if epoch in (0, epochs // 2, epochs - 1):
            print(f"epoch {epoch + 1}: loss {total / len(rows):.4f}")
    return network


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", help="training events")
    parser.add_argument("-o", "--output", required=True, help="weights to write (.npz)")
    parser.add_argument("--epochs", type=int, default=40)
    given = parser.parse_args()
    trained = train(given.dataset, given.epochs)
    with atomic_path(given.output) as temporary:
        np.savez(temporary, **{n: p.numpy() for n, p in trained.state_dict().items()})

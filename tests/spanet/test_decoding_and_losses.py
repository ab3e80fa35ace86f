from itertools import permutations, product

import numpy as np
import pytest
import torch
from spanet_toys import event_of, write_events
from torch.nn import functional

from hh4b.spanet import losses
from hh4b.spanet.batches import Group
from hh4b.spanet.data import read_events
from hh4b.spanet.decoding import decode
from hh4b.spanet.evaluation import assignment_metrics, right_particles
from hh4b.spanet.event import EventDescription
from hh4b.spanet.network import distinct, joint_product, log_probability, repeated


def greedy(log_probabilities, particles):
    """Slow decoding of one event by its definition."""
    result = [(-1,) * p.degree for p in particles]
    open_particles = set(range(len(particles)))
    used = set()
    while open_particles:
        candidates = [
            (float(log_probabilities[p][index]), p, index)
            for p in open_particles
            for index in product(range(log_probabilities[p].shape[0]), repeat=particles[p].degree)
            if not used & set(index) and len(set(index)) == len(index)
            and index == min(tuple(index[i] for i in g) for g in particles[p].group)
        ]  # fmt: skip
        if not candidates or max(candidates)[0] == -np.inf:
            break
        _, particle, index = max(candidates)
        result[particle] = index
        used |= set(index)
        open_particles.remove(particle)
    return result


@pytest.mark.parametrize(("name", "n"), [("published", 5), ("published", 3), ("ttbar", 6)])
def test_decoding_is_greedy(name, n):
    event = event_of(name)
    torch.manual_seed(n)
    group = Group(events=7, sequential=n, others=0)
    shape = [n] * event.particles[0].degree
    values = tuple(log_probability(torch.randn(7, *shape), p, group) for p in event.particles)
    found = decode(values, event.particles, group)
    for row in range(7):
        wanted = greedy([v[row] for v in values], event.particles)
        for particle, index in enumerate(wanted):
            assert tuple(found[particle].ranks[row].tolist()) == index
            probability = float(found[particle].probability[row])
            if index[0] >= 0:
                assert probability == pytest.approx(2 * float(values[particle][row][index].exp()))
            else:
                assert probability == 0


def test_log_probability_by_hand():
    """Three jets, two products, symmetric: three unordered pairs share the probability."""
    particle = event_of("published").particles[0]
    logits = torch.tensor([[[9.0, 1.0, 0.0], [3.0, 9.0, 4.0], [2.0, 0.0, 9.0]]])
    pairs = torch.tensor([2.0, 1.0, 2.0])  # averages of (01, 10), (02, 20), (12, 21)
    wanted = functional.log_softmax(torch.cat([pairs, pairs]), dim=0)[:3]
    got = log_probability(logits, particle, Group(1, 3, 0))[0]
    assert torch.allclose(torch.stack([got[0, 1], got[0, 2], got[2, 1]]), wanted)
    assert torch.equal(got, got.T)
    assert torch.isinf(got.diagonal()).all()


def test_joint_product_is_a_loop():
    torch.manual_seed(1)
    y = torch.randn(3, 2, 4, 5)
    got = joint_product(y)
    for e, i, j, k in product(range(2), range(4), range(4), range(4)):
        assert got[e, i, j, k] == pytest.approx(
            float((y[0, e, i] * y[1, e, j] * y[2, e, k]).sum()), abs=1e-5
        )


def test_a_mask_of_a_prediction_serves_a_training():
    repeated.cache_clear()
    with torch.inference_mode():
        repeated(5, 2, torch.device("cpu"))
    x = torch.zeros(1, 5, 5, requires_grad=True)
    x.masked_fill(repeated(5, 2, torch.device("cpu")), 1.0).sum().backward()
    assert torch.equal(x.grad[0], 1 - torch.eye(5))


def test_distinct_counts_ordered_choices():
    for n, degree in ((5, 2), (4, 3), (7, 1)):
        expected = len(list(permutations(range(n), degree)))
        assert int(distinct(n, degree, torch.device("cpu")).sum()) == expected


def test_combination_over_permutations():
    table = torch.tensor([[[[1.0, 5.0]]], [[[2.0, 3.0]]]], dtype=torch.float64)
    combined, best = losses.combine(table, "min")
    assert combined.flatten().tolist() == [1.0, 3.0]
    assert best.tolist() == [0, 1]
    assert losses.combine(table, "mean")[0].flatten().tolist() == [1.5, 4.0]
    weight = np.exp([-1.0, -2.0]) / np.exp([-1.0, -2.0]).sum()
    soft = losses.combine(table, "softmin")[0].flatten()[0]
    assert float(soft) == pytest.approx(weight @ [1.0, 2.0])


def test_particle_balance_by_hand():
    """Ten events: 4 with both, 3 + 2 with one, 1 with none; (h1) and (h2) share a class."""
    valid = np.array([[1, 1, 1, 1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0, 1, 1, 0]], dtype=bool)
    beta = 0.9
    raw = [0.1 / (1 - beta ** (count + 1)) for count in (1, 5, 4)]  # none, one, both
    wanted = 3 * np.array([raw[0], raw[1], raw[1], raw[2]]) / sum(raw)
    got = losses.particle_balance(valid, event_of("published"))
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_learning_rate_without_cycles_falls_linearly():
    rates = [losses.learning_rate_factor(s, warmup=2, total=6, cycles=0) for s in range(7)]
    assert rates == [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]


def test_right_particles_is_brute_force():
    event = event_of("ttbar")
    rng = np.random.default_rng(0)
    targets = tuple(np.array([rng.permutation(5)[:3] for _ in range(300)]) for _ in range(2))
    jets = tuple(np.array([rng.permutation(4)[:3] for _ in range(300)]) for _ in range(2))
    valid = rng.random((2, 300)) < 0.8
    got = right_particles(event, targets, jets, valid)
    for row in range(300):
        best = 0
        for a, b in permutations(range(2)):
            count = 0
            for jet, target in ((0, a), (1, b)):
                j, t = jets[jet][row], targets[target][row]
                count += bool(valid[target, row] and set(j[:2]) == set(t[:2]) and j[2] == t[2])
            best = max(best, count)
        assert got[row] == best


def test_perfect_assignment_scores_one(tmp_path):
    event: EventDescription = event_of("published")
    write_events(tmp_path / "t.h5", 60, seed=4)
    events = read_events(tmp_path / "t.h5", event)
    swapped = (events.targets[1][:, ::-1], events.targets[0])
    metrics = assignment_metrics(event, events, swapped)
    assert set(metrics.values()) == {1.0}

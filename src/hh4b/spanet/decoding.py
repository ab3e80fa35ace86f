"""From assignment probabilities to jets: the best assignment in which no vector serves twice."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import torch
from torch import Tensor

from hh4b.spanet.batches import Group
from hh4b.spanet.event import Particle


@dataclass(frozen=True)
class Assignment:
    """Chosen vectors of one particle.

    Attributes:
        ranks: (events, products), rank among the real vectors of the event; -1 = none was left.
        probability: (events,), summed over the orderings that the symmetry makes equal; 0 if none.
    """

    ranks: Tensor
    probability: Tensor


@lru_cache(maxsize=256)
def _choices(n: int, particle: Particle) -> tuple[Tensor, Tensor, Tensor]:
    """Return one tuple of vectors for each class of symmetric ones.

    Returns:
        Tuples (choices, products), their places in the flat (n, ..., n) array, and the bit pattern
        of the vectors that each uses.
    """
    chosen = [
        element
        for element in permutations(range(n), particle.degree)
        if element == min(tuple(element[i] for i in g) for g in particle.group)
    ]
    tuples = torch.tensor(chosen, dtype=torch.int64).reshape(-1, particle.degree)
    powers = n ** torch.arange(particle.degree - 1, -1, -1)
    return tuples, (tuples * powers).sum(dim=1), (1 << tuples).sum(dim=1)


def decode(
    log_probability: tuple[Tensor, ...], particles: tuple[Particle, ...], group: Group
) -> tuple[Assignment, ...]:
    """Assign vectors greedily.

    The particle with the largest probability of all takes its vectors; they are out of reach for
    the others; and so on. A particle without enough free vectors gets none.

    Args:
        log_probability: by particle (events, n, ..., n).
        particles: what is assigned.
        group: of the events.
    """
    device = log_probability[0].device
    tables = [tuple(t.to(device) for t in _choices(group.sequential, p)) for p in particles]
    impossible = torch.tensor(-torch.inf, device=device)
    scores = [
        torch.where(torch.isnan(values), impossible, values)
        for values in (
            one.flatten(1).index_select(1, places)
            for one, (_, places, _) in zip(log_probability, tables, strict=True)
        )
    ]
    events = torch.arange(group.events, device=device)
    ranks = [
        torch.full((group.events, p.degree), -1, dtype=torch.int64, device=device)
        for p in particles
    ]
    best = [torch.full((group.events,), -torch.inf, device=device) for _ in particles]
    done = torch.zeros((len(particles), group.events), dtype=torch.bool, device=device)
    used = torch.zeros(group.events, dtype=torch.int64, device=device)
    for _ in particles:
        tops = [_maximum(score, events) for score in scores]
        values = torch.stack([value for value, _ in tops]).masked_fill(done, -torch.inf)
        winner = values.argmax(dim=0)
        possible = values.amax(dim=0) > -torch.inf
        for number, (tuples, _, bits) in enumerate(tables):
            mine = (winner == number) & possible
            if len(tuples) == 0:
                continue
            choice = tops[number][1]
            ranks[number] = torch.where(mine[:, None], tuples[choice], ranks[number])
            best[number] = torch.where(mine, tops[number][0], best[number])
            used = torch.where(mine, used | bits[choice], used)
            done[number] |= mine
        for number, (_, _, bits) in enumerate(tables):
            scores[number] = scores[number].masked_fill(
                (bits[None] & used[:, None]) != 0, -torch.inf
            )
    return tuple(
        Assignment(rank, len(particle.group) * torch.exp(value))
        for rank, value, particle in zip(ranks, best, particles, strict=True)
    )


def _maximum(score: Tensor, events: Tensor) -> tuple[Tensor, Tensor]:
    if score.shape[1] == 0:
        return torch.full_like(events, -torch.inf, dtype=score.dtype), torch.zeros_like(events)
    value, place = score.max(dim=1)
    return value, place

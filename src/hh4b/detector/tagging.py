"""b-tags: drawn freely, or drawn on the condition that the event can pass, with its weight."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.detector.expressions import evaluate
from hh4b.detector.isolation import events_of
from hh4b.detector.particles import Floats, Integers
from hh4b.detector.settings import TagEfficiency, TagWeightSettings

BOTTOM, CHARM = 5, 4


class WeightedTags(NamedTuple):
    """Tags with what the events count.

    Attributes:
        tags: shape (jet,).
        factor: shape (event,); the event weight is multiplied by it, 0 = event is dropped.
    """

    tags: NDArray[np.bool_]
    factor: Floats


def tag_probabilities(
    efficiencies: TagEfficiency, pt: Floats, eta: Floats, flavor: NDArray[np.int32]
) -> Floats:
    """Return the tag probability of each jet from its flavour, pT [GeV] and eta."""
    variables = {"pt": pt, "abs_eta": np.abs(eta)}
    b, c, light = (
        np.broadcast_to(evaluate(expression, variables), pt.shape)
        for expression in (efficiencies.b, efficiencies.c, efficiencies.light)
    )
    chosen = np.where(flavor == BOTTOM, b, np.where(flavor == CHARM, c, light))
    return np.clip(chosen, 0.0, 1.0)


def draw_tags(probability: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw every tag on its own."""
    return rng.random(len(probability)) < probability


def at_least(probability: Floats, n_min: int) -> Floats:
    """Return the probability of at least m successes in trials i, i+1, ... for all i and m.

    Args:
        probability: of each trial, shape (event, trial); absent trials have probability 0.
        n_min: the largest m wanted.

    Returns:
        Shape (event, trial + 1, n_min + 1), indexed by (event, i, m).

    >>> at_least(np.array([[0.5, 0.5]]), 1)[0, 0].tolist()
    [1.0, 0.75]
    """
    n_events, n_trials = probability.shape
    table = np.zeros((n_events, n_trials + 1, n_min + 1))
    table[:, :, 0] = 1.0
    for i in range(n_trials - 1, -1, -1):
        p = probability[:, i, None]
        table[:, i, 1:] = p * table[:, i + 1, :-1] + (1 - p) * table[:, i + 1, 1:]
    return table


def weigh_tags(
    offsets: Integers,
    probability: Floats,
    accepted: NDArray[np.bool_],
    settings: TagWeightSettings,
    rng: np.random.Generator,
) -> WeightedTags:
    """Draw tags given at least ``n_tags_min`` of them among the accepted jets.

    Each event counts P = probability of that condition. Events with P below the roulette
    probability w are kept with probability P / w and then count w, so that sums of weights stay
    unbiased. Tags of accepted jets follow the exact conditional distribution, one jet after the
    other: p_i P(rest has m - 1) / P(rest has m); those of other jets are free.

    Args:
        offsets: jets of event i are rows ``offsets[i]:offsets[i+1]``.
        probability: tag probability, shape (jet,).
        accepted: jets inside the acceptance, shape (jet,).
        settings: the condition.
        rng: source of randomness.
    """
    n_events = len(offsets) - 1
    event = events_of(offsets)
    rank = np.arange(len(event)) - offsets[event]
    width = int(np.diff(offsets).max(initial=0))
    padded = np.zeros((n_events, width))
    padded[event, rank] = np.where(accepted, probability, 0.0)
    table = at_least(padded, settings.n_tags_min)
    chance = table[:, 0, settings.n_tags_min]
    kept = rng.random(n_events) * settings.roulette_probability < chance
    factor = np.where(kept, np.maximum(chance, settings.roulette_probability), 0.0)
    drawn = rng.random((n_events, width))
    tagged = np.zeros((n_events, width), dtype=bool)
    missing = np.full(n_events, settings.n_tags_min)
    every = np.arange(n_events)
    for i in range(width):
        now = table[every, i, missing]
        after = np.where(missing > 0, table[every, i + 1, np.maximum(missing - 1, 0)], 1.0)
        tagged[:, i] = drawn[:, i] * now < padded[:, i] * after
        missing = np.maximum(missing - tagged[:, i], 0)
    free = draw_tags(probability, rng)
    return WeightedTags(np.where(accepted, tagged[event, rank], free), factor)

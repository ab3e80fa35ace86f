"""b-tags: drawn freely, drawn on the condition of enough of them, or all combinations by weight."""

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


class TagCombinations(NamedTuple):
    """Combinations of tags, each a row of its own.

    Attributes:
        event: event of each row, ascending, shape (row,).
        tags: of the jets of all rows one behind the other; a row has the jets of its event.
        factor: shape (row,); the event weight is multiplied by it.
    """

    event: Integers
    tags: NDArray[np.bool_]
    factor: Floats


class _States(NamedTuple):
    """Combinations of the first jets of their events, each with the probability to pass by it.

    Attributes:
        event: shape (state,), ascending.
        missing: tags that the jets to come must have, shape (state,).
        chance: probability of this beginning and of a rest that passes, shape (state,).
        tags: shape (state, jet), False for the jets to come.
    """

    event: Integers
    missing: Integers
    chance: Floats
    tags: NDArray[np.bool_]


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
    event, rank, padded = _by_event(offsets, np.where(accepted, probability, 0.0))
    n_events, width = padded.shape
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


def combine_tags(
    offsets: Integers,
    probability: Floats,
    accepted: NDArray[np.bool_],
    settings: TagWeightSettings,
    *,
    probability_min: float,
    rng: np.random.Generator,
) -> TagCombinations:
    """Return every combination of at least ``n_tags_min`` tags among the accepted jets, by weight.

    A row counts the probability of exactly its combination. Combinations less probable than
    ``probability_min`` play Russian roulette: kept with probability p / ``probability_min``, they
    then count ``probability_min``. The expected sum of an event is that of `weigh_tags`, and so is
    that of every combination; an event has at most 1 / ``probability_min`` rows on average.
    Combinations grow jet by jet, and what cannot pass or lost its roulette grows no further: the
    work is bounded by the rows, not by 2^jets. The improbable ones of an event share one random
    number a jet, so that their number varies as little as it can. Tags of jets that are not
    accepted are drawn freely, once an event, as in `weigh_tags`.

    Args:
        offsets: jets of event i are rows ``offsets[i]:offsets[i+1]``.
        probability: tag probability, shape (jet,).
        accepted: jets inside the acceptance, shape (jet,).
        settings: the condition.
        probability_min: below it combinations play roulette, above 0.
        rng: source of randomness.
    """
    event, rank, padded = _by_event(offsets, np.where(accepted, probability, 0.0))
    n_events, width = padded.shape
    table = at_least(padded, settings.n_tags_min)
    every = np.arange(n_events)
    missing = np.full(n_events, settings.n_tags_min)
    chance = table[:, 0, settings.n_tags_min]
    states = _States(every, missing, chance, np.zeros((n_events, width), dtype=bool))
    states = _roulette(states, probability_min, np.asarray(rng.random(n_events)))
    drawn = rng.random((n_events, width))
    for i in range(width):
        states = _roulette(_split(states, padded, table, i), probability_min, drawn[:, i])
    free = np.zeros((n_events, width), dtype=bool)
    free[event, rank] = draw_tags(probability, rng) & ~accepted
    real = np.arange(width) < np.diff(offsets)[states.event, None]
    return TagCombinations(states.event, (states.tags | free[states.event])[real], states.chance)


def _by_event(offsets: Integers, values: Floats) -> tuple[Integers, Integers, Floats]:
    """Return event and rank of every jet, and the values as (event, jet) padded with zeros."""
    event = events_of(offsets)
    rank = np.arange(len(event)) - offsets[event]
    padded = np.zeros((len(offsets) - 1, int(np.diff(offsets).max(initial=0))))
    padded[event, rank] = values
    return event, rank, padded


def _split(states: _States, probability: Floats, table: Floats, i: int) -> _States:
    """Let jet i be tagged or not in every combination; both may follow one another."""
    event = states.event
    now = table[event, i, states.missing]
    after = np.maximum(states.missing - 1, 0)
    p = probability[event, i]
    tagged = states.chance * p * table[event, i + 1, after] / now
    untagged = states.chance * (1 - p) * table[event, i + 1, states.missing] / now
    tags = np.repeat(states.tags, 2, axis=0)
    tags[::2, i] = True
    return _States(
        np.repeat(event, 2),
        np.column_stack([after, states.missing]).ravel(),
        np.column_stack([tagged, untagged]).ravel(),
        tags,
    )


def _roulette(states: _States, probability_min: float, drawn: Floats) -> _States:
    """Drop the impossible; of the improbable keep some, by equal steps through their sum.

    The steps of one event start at its number in ``drawn``, shape (event,): each combination is
    kept with probability chance / ``probability_min``.
    """
    small = states.chance < probability_min
    shares = np.where(small, states.chance / probability_min, 0.0)
    sums = np.concatenate([[0.0], np.cumsum(shares)])
    start = drawn - sums[np.searchsorted(states.event, np.arange(len(drawn)))]
    begin, end = (part + start[states.event] for part in (sums[:-1], sums[1:]))
    keep = np.flatnonzero(~small | (np.floor(end) > np.floor(begin)))
    chance = np.maximum(states.chance[keep], probability_min)
    return _States(states.event[keep], states.missing[keep], chance, states.tags[keep])

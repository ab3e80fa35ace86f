"""A few rows of each shower event, for a training: drawn by weight, so that sums stay unbiased.

Rows of one shower event (draws of the detector, combinations of tags) hold little that is new, and
cost a training as much as events. Rows are drawn without replacement, each with the probability
min(1, n w / W) of systematic sampling (Madow, Ann. Math. Statist. 20 (1949) 333), and weighted by
w over that probability (Horvitz and Thompson, J. Am. Stat. Assoc. 47 (1952) 663): the mean of a sum
over the rows that are kept is the sum over all rows, and the weight of an event stays what it is.
"""

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.event_streams import uniforms
from hh4b.core.rows_per_shower import RowDraw
from hh4b.core.shower_events import ShowerEvents

Floats = NDArray[np.float64]


def draw_rows(
    events: ShowerEvents, weight: Floats, draw: RowDraw, *, where: str
) -> tuple[NDArray[np.int64], Floats]:
    """Return the rows to keep, in their order, and their weights.

    What is drawn of an event depends on the seed, the name of the sample, the event's number and
    the weights of its rows, and on no other event.

    Args:
        events: shower event of each row, shape (N,).
        weight: of each row, shape (N,).
        draw: how many, and the seed.
        where: the dataset, for the error.

    Returns:
        Indices and weights, both of shape (M,).

    Raises:
        ContractError: if a weight is negative where rows are to be drawn by it.
    """
    limit = draw.rows_per_shower
    if limit is None or not events.repeated:
        return np.arange(len(weight)), weight
    if (weight < 0).any():
        raise ContractError(
            f"{where}: row {int(np.argmax(weight < 0))} has a negative weight, and rows are drawn"
            " by weight; leave rows_per_shower out"
        )
    # The rows of an event follow one another, the heaviest first.
    order = np.lexsort((-weight, events.index))
    place, size = _places(events.index[order])
    uniform = uniforms(draw.seed, ("rows", events.sample), events.numbers[order])
    times, kept_weight = _drawn(weight[order], place, size, uniform, limit)
    rows = np.flatnonzero(times > 0)
    back = np.argsort(order[rows])
    return order[rows][back], (times * kept_weight)[rows][back]


def _places(event: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the place of each row in its event, from 0, and the rows of the event."""
    starts = np.flatnonzero(np.r_[True, event[1:] != event[:-1]])
    sizes = np.diff(np.r_[starts, len(event)])
    return np.arange(len(event)) - np.repeat(starts, sizes), np.repeat(sizes, sizes)


def _drawn(
    weight: Floats,
    place: NDArray[np.int64],
    size: NDArray[np.int64],
    uniform: Floats,
    limit: int,
) -> tuple[Floats, Floats]:
    """Return how often each row is drawn, 0 or 1 but for rounding, and its weight if it is."""
    some = _last(_cumulative(weight, place), place, size) > 0
    # Rows of events without any weight are as good as one another.
    share = np.where(some, weight, 1.0)
    until = _cumulative(share, place)
    before = np.where(place > 0, np.r_[0.0, until[:-1]], 0.0)
    total = _last(until, place, size)
    # A row as heavy as all that can still be drawn together is kept, and the lighter ones share
    # the places that remain: the condition holds for the first rows of an event, then no more.
    certain = (size <= limit) | ((place < limit) & (share * (limit - place) >= total - before))
    kept = _last(_cumulative(np.where(certain, share, 0.0), place), place, size)
    remaining = limit - _last(_cumulative(certain.astype(np.float64), place), place, size)
    open_ = ~certain & (remaining > 0)
    step = np.where(open_, total - kept, 1.0) / np.where(open_, remaining, 1.0)
    # Points u, u + 1, ... on a line on which each row has its probability as its length.
    start = (before - kept) / step
    end = np.where(place == size - 1, remaining, (until - kept) / step)
    drawn = np.ceil(end - uniform) - np.ceil(start - uniform)
    times = np.where(certain, 1.0, np.where(open_, drawn, 0.0))
    return times, np.where(certain, weight, np.where(some, step, 0.0))


def _cumulative(values: Floats, place: NDArray[np.int64]) -> Floats:
    """Sum the rows of each event up to each row, whatever other events there are."""
    sums = values.copy()
    for number in range(1, int(place.max(initial=0)) + 1):
        rows = np.flatnonzero(place == number)
        sums[rows] += sums[rows - 1]
    return sums


def _last(values: Floats, place: NDArray[np.int64], size: NDArray[np.int64]) -> Floats:
    """Return for each row the value of the last row of its event."""
    return np.take(values, np.arange(len(values)) - place + size - 1)

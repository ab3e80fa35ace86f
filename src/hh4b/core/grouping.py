"""Rows that are of one shower event: they count together and stay together.

A shower event may be several rows of a dataset (draws of the detector, combinations of tags). Such
rows are not independent: a variance is a sum over events, and an event must not be on both sides of
a division into training and testing or into folds.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError

Integers = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]


def event_ids(
    numbers: Integers | None, *more: NDArray[Any] | None, rows: int | None = None
) -> NDArray[np.int64]:
    """Return an identifier of the shower event of each row, from 0 on without gaps.

    Args:
        numbers: ``HH4B/event_number``, shape (N,); None where a dataset has none, so that every
            row is an event.
        more: what else the rows of one event have in common, each of shape (N,), None where a
            dataset has none: ``HH4B/source_file``, as files of a user may repeat the numbers of
            others, and ``HH4B/kappa_draw``, as one file may repeat its own for unrelated events.
        rows: N, needed only without numbers.

    Returns:
        Shape (N,), in the order of the last of ``more``, then of those before, then of the numbers.
    """
    if numbers is None:
        return np.arange(rows or 0)
    keys = [np.asarray(key) for key in (numbers, *more) if key is not None]
    order = np.lexsort(keys)
    new = np.zeros(len(order), np.bool_)
    for key in keys:
        new[1:] |= key[order][1:] != key[order][:-1]
    ids = np.empty(len(order), np.int64)
    ids[order] = np.cumsum(new)
    return ids


def group_sums(weights: Floats, numbers: Integers) -> NDArray[np.float64]:
    """Return the summed weight of each event.

    Args:
        weights: shape (N,) or (N, R), e.g. of R replicas.
        numbers: what tells events apart, shape (N,): event numbers, or `event_ids`.

    Returns:
        Shape (G,) or (G, R), in ascending order of the numbers.

    >>> group_sums(np.array([1.0, 2.0, 4.0]), np.array([7, 7, 3])).tolist()
    [4.0, 3.0]
    """
    weights = np.asarray(weights, dtype=np.float64)
    order = np.argsort(numbers, kind="stable")
    ordered = np.asarray(numbers)[order]
    new = np.ones(len(ordered), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    return np.asarray(np.add.reduceat(weights[order], np.flatnonzero(new), axis=0))


def group_variance(weights: Floats, numbers: Integers) -> NDArray[np.float64]:
    """Return the variance of the sum of weights: the sum over events of their squared weight.

    Args:
        weights: shape (N,) or (N, R).
        numbers: shape (N,), as in `group_sums`.

    Returns:
        Shape () or (R,); the sum of squared weights where every row is an event.

    >>> float(group_variance(np.array([1.0, 2.0, 4.0]), np.array([7, 7, 3])))
    25.0
    """
    return np.asarray((group_sums(weights, numbers) ** 2).sum(axis=0))


def variance_steps(weights: Floats, numbers: Integers) -> NDArray[np.float64]:
    """Return what each row adds to the variance of the sum of the rows before it, shape (N,).

    Args:
        weights: in the order in which rows come in, shape (N,).
        numbers: shape (N,), as in `group_sums`.
    """
    weights = np.asarray(weights, dtype=np.float64)
    order = np.argsort(numbers, kind="stable")
    ordered = np.asarray(numbers)[order]
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    begin = sums[np.searchsorted(ordered, ordered)]
    added = np.empty(len(weights))
    added[order] = (sums[1:] - begin) ** 2 - (sums[:-1] - begin) ** 2
    return added


def first_rows(numbers: Integers) -> NDArray[np.bool_]:
    """Return which rows are the first of their event, shape (N,).

    >>> first_rows(np.array([7, 3, 7])).tolist()
    [True, True, False]
    """
    first = np.zeros(len(numbers), np.bool_)
    first[np.unique(numbers, return_index=True)[1]] = True
    return first


def running_variance(weights: Floats, numbers: Integers) -> NDArray[np.float64]:
    """Return the variance of the sum of the first 1, 2, ... rows, e.g. of falling score.

    Args:
        weights: in the order in which rows come in, shape (N,).
        numbers: shape (N,), as in `group_sums`.

    Returns:
        Shape (N,).

    >>> running_variance(np.array([1.0, 2.0, 4.0]), np.array([7, 3, 7])).tolist()
    [1.0, 5.0, 29.0]
    """
    return np.asarray(np.cumsum(variance_steps(weights, numbers)))


def group_covariance(
    weights: Floats, numbers: Integers, bins: Integers, n_bins: int
) -> NDArray[np.float64]:
    """Return the covariance of the bins of a histogram: an event may have rows in several.

    Args:
        weights: shape (N,).
        numbers: shape (N,), as in `group_sums`.
        bins: bin of each row, shape (N,); rows outside 0 to ``n_bins`` - 1 do not count.
        n_bins: number of bins, B.

    Returns:
        Shape (B, B); the diagonal are the variances.
    """
    inside = (bins >= 0) & (bins < n_bins)
    _, ids = np.unique(np.asarray(numbers)[inside], return_inverse=True)
    cells, place = np.unique(ids * n_bins + np.asarray(bins)[inside], return_inverse=True)
    sums = np.bincount(place, weights=np.asarray(weights)[inside], minlength=len(cells))
    event, column = cells // n_bins, cells % n_bins
    covariance = np.zeros((n_bins, n_bins))
    first = np.searchsorted(event, event)
    last = np.searchsorted(event, event, side="right")
    # The bins of one event follow one another: pairs at each distance, until no event is as wide.
    for step in range(int((last - first).max(initial=0))):
        one = np.flatnonzero(np.arange(len(cells)) + step < last)
        other = one + step
        products = sums[one] * sums[other]
        np.add.at(covariance, (column[one], column[other]), products)
        if step:
            np.add.at(covariance, (column[other], column[one]), products)
    return covariance


def effective_events(weights: Floats, numbers: Integers | None = None) -> float:
    """Return the number of events of equal weight with the same relative error; 0 without weight.

    Args:
        weights: shape (N,).
        numbers: shape (N,), as in `group_sums`; None = every row is an event.

    >>> effective_events(np.ones(4), np.array([1, 1, 2, 2]))
    2.0
    """
    sums = np.asarray(weights, np.float64) if numbers is None else group_sums(weights, numbers)
    squares = float((sums**2).sum())
    return float(sums.sum()) ** 2 / squares if squares > 0 else 0.0


def count_events(numbers: Integers) -> int:
    """Return the number of different events among rows."""
    return len(np.unique(numbers))


def require_whole_groups(split: Integers, numbers: Integers, *, where: str) -> None:
    """Check that all rows of an event are in one part, fold or split.

    Args:
        split: part, fold or split of each row, shape (N,).
        numbers: shape (N,), as in `group_sums`.
        where: what is checked, for the error.

    Raises:
        ContractError: naming an event that is divided.
    """
    split, numbers = np.asarray(split), np.asarray(numbers)
    order = np.argsort(numbers, kind="stable")
    same = numbers[order][1:] == numbers[order][:-1]
    torn = np.flatnonzero(same & (split[order][1:] != split[order][:-1]))
    if len(torn):
        one, other = order[torn[0]], order[torn[0] + 1]
        raise ContractError(
            f"{where}: rows {one} and {other} are of the same shower event ({numbers[one]}) but in"
            f" {split[one]} and {split[other]}; divide by event, not by row"
        )

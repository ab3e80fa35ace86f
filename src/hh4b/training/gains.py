"""What a search gained over its start, and whether that is more than the validation events allow.

All trials are measured on the same events, so the error of a difference is that of paired values:
what each shower event adds to one value is compared with what it adds to the other.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core.files import atomic_path
from hh4b.core.grouping import group_sums
from hh4b.training.metrics import placement

Floats = NDArray[np.float64]
Events = NDArray[np.int64] | None
Direction = Literal["minimize", "maximize"]


class TrialValue(NamedTuple):
    """The value of a trial, and its influence function.

    Attributes:
        value: a mean, an area, or a mean of such.
        influence: what each shower event moves the value by, shape (event,), summing to 0: the sum
            of squares is the variance of the value.
    """

    value: float
    influence: Floats


def mean_influence(values: Floats, weight: Floats, events: Events = None) -> Floats:
    """Return the influence of the events on a weighted mean.

    Args:
        values: shape (N,).
        weight: shape (N,).
        events: which shower event each row is of, shape (N,); None = each row is one.

    Returns:
        Shape (event,), in the order of ``events``.

    >>> mean_influence(np.array([0.0, 1.0]), np.ones(2)).tolist()
    [-0.25, 0.25]
    """
    mean = (weight * values).sum() / weight.sum()
    return _by_event(weight * (values - mean) / weight.sum(), events)


def auc_influence(
    label: NDArray[np.bool_], score: Floats, weight: Floats, events: Events = None
) -> Floats:
    """Return the influence of the events on the area under the ROC curve: DeLong's placements.

    Args:
        label: True = signal, shape (N,).
        score: shape (N,).
        weight: shape (N,).
        events: as in `mean_influence`.

    Returns:
        Shape (event,), as in `mean_influence`; the root of the sum of squares is the error of
        `hh4b.training.metrics.auc`.
    """
    influence = np.zeros(len(label))
    for of_class, sign in ((label, 1.0), (~label, -1.0)):
        placed = placement(score[of_class], score[~of_class], weight[~of_class])
        influence[of_class] = sign * mean_influence(placed, weight[of_class])
    return _by_event(influence, events)


def _by_event(rows: Floats, events: Events) -> Floats:
    return rows if events is None else group_sums(rows, events)


def keep_influence(path: Path, influence: Floats) -> None:
    """Write the influence of the events on the value of a trial."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, influence, allow_pickle=False)


def difference_error(one: Path, other: Path) -> float | None:
    """Return the error of the difference of two trials' values; None where one is not known.

    Args:
        one: what `keep_influence` wrote.
        other: the same of the other trial.
    """
    if not (one.exists() and other.exists()):
        return None
    first, second = (np.load(path, allow_pickle=False) for path in (one, other))
    if first.shape != second.shape:
        return None
    return float(np.sqrt(((first - second) ** 2).sum()))


def gain(
    direction: Direction, value: float, start: float | None, error: float | None, *, tried: bool
) -> dict[str, Any]:
    """Return what a search gained over the parameters that it started from.

    Args:
        direction: of the objective.
        value: the best.
        start: value of the start; None: it has none.
        error: of the difference between the two; None: not known.
        tried: whether the start was among the trials.

    Returns:
        ``start_value``; ``gain``, positive where the best is better, and ``gain_error``; and
        ``improved``: whether the gain is larger than its error, or the start failed. It is None
        where the start, outside the ranges, was not tried.
    """
    improved: bool | None = None
    gained = None
    if start is not None:
        gained = value - start if direction == "maximize" else start - value
        improved = gained > (error or 0.0)
    elif tried:
        improved = True
    return {"start_value": start, "gain": gained, "gain_error": error, "improved": improved}


def kept_best(outcome: Mapping[str, Any], start: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outcome of a search, which is its start where the gain is no more than noise.

    ``best_value`` is the value of the best trial, ``value`` that of the parameters in ``best``.
    """
    found = {**outcome, "best_value": outcome["value"]}
    if found["improved"] is False:
        found |= {"best": dict(start), "value": found["start_value"]}
    return found

"""The part of an error that comes from the training, beside that of the events."""

from collections.abc import Mapping, Sequence
from math import hypot, sqrt
from statistics import variance
from typing import Any

#: Fewer trainings make no error: a spread of four is known to 40 % only.
MINIMUM_TRAININGS = 5


def training_part(variance_of_all: float, events: float) -> float:
    """Return what a variance of events and training leaves beside the error of the events.

    >>> training_part(25.0, 3.0)
    4.0
    >>> training_part(8.0, 3.0)
    0.0
    """
    return sqrt(max(0.0, variance_of_all - events**2))


def trainings_of_folds(number: int) -> dict[str, Any]:
    """Return what a file says of the trainings behind its errors, with folds."""
    reason = f"{number} folds, at least {MINIMUM_TRAININGS} make an error of the training"
    enough = number >= MINIMUM_TRAININGS
    return {"number": number, "reason": None if enough else reason, "method": "folds"}


def with_fold_errors(
    whole: Mapping[str, Any], folds: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> dict[str, Any]:
    """Return metrics of all events with errors that hold the training.

    Each fold has a network of its own: the variance of its metric over K folds, over K, is that of
    the mean, of events and training together. With fewer than five folds the error of the events
    stands alone. Where a metric is missing in a fold there is no error.

    Args:
        whole: metrics of all events, with ``NAME_error`` of the events.
        folds: metrics of the events of each fold.
        names: of the metrics.

    Returns:
        The metrics with the total in ``NAME_error`` and both parts in ``NAME_error_parts``; why an
        error is missing stands in ``NAME_error_reason``.
    """
    result = dict(whole)
    for name in names:
        events = whole.get(f"{name}_error")
        if events is None:
            continue
        values = [float(fold[name]) for fold in folds if fold.get(name) is not None]
        missing = [number for number, fold in enumerate(folds) if fold.get(name) is None]
        training = None
        if len(folds) < MINIMUM_TRAININGS:
            pass
        elif missing:
            result[f"{name}_error"] = None
            result[f"{name}_error_reason"] = f"no {name} in fold {missing[0]} of {len(folds)}"
        else:
            training = training_part(variance(values) / len(folds), events)
            result[f"{name}_error"] = hypot(events, training)
        result[f"{name}_error_parts"] = {"events": events, "training": training}
    return result

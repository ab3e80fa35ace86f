"""What the error of an interval is made of: the simulated events, and the training."""

from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any

import numpy as np

from hh4b.statistics.limits import METHODS

#: Fewer repeated trainings make no error: a spread of four is known to 40 % only.
MINIMUM_TRAININGS = 5


def add_training_spread(
    content: dict[str, Any], trainings: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return limits with both parts of their errors, and the two added in squares.

    The error of the events stands alone where there are too few repeated trainings, and the file
    says so. Where the trainings are enough, but a bound is missing in one of them, there is no
    error.

    Args:
        content: limits with the errors of the events, or without errors.
        trainings: limits of repeated trainings at the same energy and luminosity, each with a
            threshold of its own.
    """
    enough = len(trainings) >= MINIMUM_TRAININGS
    reason = None
    if not enough:
        reason = (
            f"{len(trainings)} limit files of repeated trainings, at least {MINIMUM_TRAININGS} make"
            " an error"
        )
    result = {**content, "trainings": {"number": len(trainings), "reason": reason}}
    for method in METHODS:
        limits = content[method]
        if "interval_error" not in limits and not trainings:
            continue  # no errors were asked for
        events = [*limits.get("interval_error", [None, None]), limits.get("width_error")]
        training = _spread([one[method] for one in trainings]) if enough else None
        totals = events
        if training is not None:
            totals = [_total(*pair) for pair in zip(events, training, strict=True)]
        result[method] = {
            **limits,
            "interval_error": totals[:2],
            "width_error": totals[2],
            "interval_error_parts": {
                "events": events[:2],
                "training": None if training is None else training[:2],
            },
            "width_error_parts": {
                "events": events[2],
                "training": None if training is None else training[2],
            },
        }
    return result


def _spread(limits: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """Return the standard deviations of lower bound, upper bound and width."""
    rows = [[*one["interval"], one["width"]] for one in limits]
    return [
        None if None in column else float(np.std(column, ddof=1))
        for column in zip(*rows, strict=True)
    ]


def _total(events: float | None, training: float | None) -> float | None:
    return None if events is None or training is None else hypot(events, training)

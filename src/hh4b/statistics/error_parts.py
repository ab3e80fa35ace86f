"""What the error of an interval is made of: the simulated events, and the training.

With folds, an interval is the joint result of K networks, each on the events it did not see. The
jackknife leaves out one fold and with it one network: its variance holds the fluctuation of the
events and of the trainings. That of the events is known from the bootstrap; what is left is the
training. Without folds it is the spread of whole repeated trainings.
"""

from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.statistics.limits import METHODS
from hh4b.training.error_parts import MINIMUM_TRAININGS, training_part, trainings_of_folds

Floats = NDArray[np.float64]
QUANTITIES = ("lower", "upper", "width")


def jackknife_variance(values: Floats) -> float:
    """Return (K - 1)/K sum (value_k - mean)^2 of K values, each without one of K groups.

    For a mean over the groups it is the variance of the groups' own values over K (Efron and Stein,
    Annals of Statistics 9 (1981) 586). Its own relative error is sqrt(2 / (K - 1)). It is not a
    number where a value is not.

    >>> round(jackknife_variance(np.array([1.5, 2.5, 2.0])), 6)  # means of two of 3, 2 and 1
    0.333333
    """
    number = len(values)
    return float((number - 1) / number * ((values - values.mean()) ** 2).sum())


def bounds_by_quantity(bounds: Mapping[str, Sequence[float | None]]) -> dict[str, Floats]:
    """Return lower and upper bounds and widths in replicas; not a number where there is none."""
    lower, upper = (np.array(bounds[side], dtype=np.float64) for side in ("lower", "upper"))
    return {"lower": lower, "upper": upper, "width": upper - lower}


def add_fold_spread(content: dict[str, Any]) -> dict[str, Any]:
    """Return limits with both parts of their errors from ``fold_bounds``, if they have these.

    With too few folds the error of the events stands alone, and ``trainings.reason`` says so. Where
    a bound is missing without one of the folds, there is no error, and ``error_reasons`` says why.

    Args:
        content: limits with the errors of the events.
    """
    if any("fold_bounds" not in content[method] for method in METHODS):
        return content
    number = len(content[METHODS[0]]["fold_bounds"]["lower"])
    parts = {method: with_fold_parts(content[method]) for method in METHODS}
    return {**content, "trainings": trainings_of_folds(number), **parts}


def with_fold_parts(limits: Mapping[str, Any]) -> dict[str, Any]:
    """Return one interval with both parts of its errors.

    Args:
        limits: interval with the errors of the events, and ``fold_bounds``.
    """
    number = len(limits["fold_bounds"]["lower"])
    enough = number >= MINIMUM_TRAININGS
    training, reasons = _by_folds(limits, number)
    result = _with_parts(limits, training if enough else None)
    if enough and reasons:
        result["error_reasons"] = reasons
    return result


def add_training_spread(
    content: dict[str, Any], trainings: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return limits with both parts of their errors, and the two added in squares.

    Whole repeated trainings, if they are enough, say more than the folds of one. The error of the
    events stands alone where there are too few of both, and the file says so. Where the trainings
    are enough, but a bound is missing in one of them, there is no error.

    Args:
        content: limits with the errors of the events, or without errors.
        trainings: limits of repeated trainings at the same energy and luminosity, each with a
            threshold of its own.
    """
    enough = len(trainings) >= MINIMUM_TRAININGS
    if not enough and content.get("trainings", {}).get("method") == "folds":
        return content
    reason = None
    if not enough:
        reason = (
            f"{len(trainings)} limit files of repeated trainings, at least {MINIMUM_TRAININGS} make"
            " an error"
        )
    stated = {"number": len(trainings), "reason": reason, "method": "repeats"}
    result = {**content, "trainings": stated}
    for method in METHODS:
        limits = content[method]
        if "interval_error" not in limits and not trainings:
            continue  # no errors were asked for
        training = _spread([one[method] for one in trainings]) if enough else None
        result[method] = _with_parts(limits, training)
        result[method].pop("error_reasons", None)
    return result


def _by_folds(
    limits: Mapping[str, Any], number: int
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return the part of the training by quantity, and why there is none."""
    training: dict[str, float | None] = {}
    reasons = {}
    for name, values in bounds_by_quantity(limits["fold_bounds"]).items():
        events = _events(limits)[name]
        training[name] = None
        missing = np.flatnonzero(np.isnan(values))
        if len(missing):
            bound = "interval" if name == "width" else f"{name} bound"
            reasons[name] = f"no {bound} without fold {missing[0]} of {number}"
        elif events is None:
            reasons[name] = "no bound in most replicas of the bootstrap"
        else:
            training[name] = training_part(jackknife_variance(values), events)
    return training, reasons


def _events(limits: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the errors of the events, which stand alone until the parts are added."""
    bounds, width = limits.get("interval_error", [None, None]), limits.get("width_error")
    if "width_error_parts" in limits:
        bounds = limits["interval_error_parts"]["events"]
        width = limits["width_error_parts"]["events"]
    return dict(zip(QUANTITIES, [*bounds, width], strict=True))


def _with_parts(
    limits: Mapping[str, Any], training: Mapping[str, float | None] | None
) -> dict[str, Any]:
    """Return limits with both parts of their errors; None = the events alone."""
    events = _events(limits)
    total, known = events, None
    if training is not None:
        total = {name: _total(events[name], training[name]) for name in QUANTITIES}
        known = [training["lower"], training["upper"]]
    return {
        **limits,
        "interval_error": [total["lower"], total["upper"]],
        "width_error": total["width"],
        "interval_error_parts": {"events": [events["lower"], events["upper"]], "training": known},
        "width_error_parts": {
            "events": events["width"],
            "training": None if training is None else training["width"],
        },
    }


def _spread(limits: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Return the standard deviations of lower bound, upper bound and width."""
    rows = [[*one["interval"], one["width"]] for one in limits]
    return {
        name: None if None in column else float(np.std(column, ddof=1))
        for name, column in zip(QUANTITIES, zip(*rows, strict=True), strict=True)
    }


def _total(events: float | None, training: float | None) -> float | None:
    return None if events is None or training is None else hypot(events, training)

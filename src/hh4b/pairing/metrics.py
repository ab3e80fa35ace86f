"""How often a pairing is right, by jet multiplicity: event fraction, event and Higgs efficiency."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.grouping import count_events, group_variance

Pairs = NDArray[np.integer]
Weights = NDArray[np.floating]
EventIds = NDArray[np.int64] | None
GROUPS = ("4", "5", ">=6", "total")
#: Metrics that depend on the pairing, not on the events alone.
TRAINED = ("event_efficiency", "higgs_efficiency")


@dataclass(frozen=True)
class Mean:
    """A weighted mean with its standard error; both None where there is no event."""

    value: float | None
    error: float | None


def is_full(targets: Pairs) -> NDArray[np.bool_]:
    """Return which events have both Higgs bosons matched to jets, shape (event,).

    Args:
        targets: jet indices by (event, Higgs, product), -1 = lost.
    """
    return np.asarray((targets >= 0).all(axis=(1, 2)))


def right_higgs(targets: Pairs, predicted: Pairs) -> NDArray[np.int64]:
    """Count the Higgs bosons whose two jets are found, 0 to 2 an event, shape (event,).

    Neither the order of the jets in a Higgs nor that of the two Higgs bosons matters; a lost jet
    (-1) is never right.

    Args:
        targets: true jet indices, shape (event, Higgs = 2, product = 2).
        predicted: predicted ones, same shape.

    Raises:
        ContractError: if the shapes differ or are no pairs.

    >>> right_higgs(np.array([[[0, 1], [2, 3]]]), np.array([[[3, 2], [0, 4]]])).tolist()
    [1]
    """
    if targets.shape != predicted.shape or targets.shape[1:] != (2, 2):
        raise ContractError(
            f"pairing: targets of shape {targets.shape}, predictions of shape {predicted.shape};"
            " expected (N, 2, 2) for both, from the same dataset"
        )
    true, guess = np.sort(targets, axis=2), np.sort(predicted, axis=2)
    matched = np.asarray((true >= 0).all(axis=2))
    same = np.asarray((true[:, :, None] == guess[:, None, :]).all(axis=3)) & matched[:, :, None]
    straight = same[:, 0, 0].astype(np.int64) + same[:, 1, 1]
    crossed = same[:, 0, 1].astype(np.int64) + same[:, 1, 0]
    return np.asarray(np.maximum(straight, crossed))


def weighted_mean(values: NDArray[Any], weights: Weights, events: EventIds = None) -> Mean:
    """Return the weighted mean and its error sqrt(sum w^2 (x - mean)^2) / sum w.

    With equal weights and x in {0, 1} the error is the binomial sqrt(p (1 - p) / n). Rows of one
    event, told by ``events``, add up before they are squared; None = each row is an event.
    """
    total = float(weights.sum())
    if len(values) == 0 or total == 0:
        return Mean(None, None)
    mean = float((weights * values).sum() / total)
    if events is None:
        variance = (weights**2 * (values - mean) ** 2).sum()
    else:
        variance = group_variance(weights * (values - mean), events)
    error = float(np.sqrt(variance) / abs(total))
    return Mean(mean, error)


def pairing_metrics(
    targets: Pairs,
    predicted: Pairs,
    n_jets: NDArray[np.integer],
    weights: Weights | None = None,
    events: EventIds = None,
) -> dict[str, dict[str, float | int | None]]:
    """Return event fraction, event and Higgs efficiency by jet multiplicity (Tables 1 to 7).

    Event fraction: events of the multiplicity with both H matched, over all events. Event
    efficiency: share of these with both H right. Higgs efficiency: share of their H that are right.

    Args:
        targets: true jet indices, shape (event, 2, 2), -1 = lost.
        predicted: predicted ones, same shape.
        n_jets: number of real jets, shape (event,).
        weights: event weights, shape (event,); default: all equal.
        events: which event each row is of, shape (event,); None = each row is one.

    Returns:
        By group ``"4"``, ``"5"``, ``">=6"``, ``"total"``: the three numbers, each with ``_error``,
        and ``n_events``, the number of events with both H matched. None = no event in the group.
    """
    weights = np.ones(len(targets)) if weights is None else weights.astype(np.float64)
    full = is_full(targets)
    right = right_higgs(targets, predicted)
    members = {"4": n_jets == 4, "5": n_jets == 5, ">=6": n_jets >= 6, "total": n_jets >= 0}
    result: dict[str, dict[str, float | int | None]] = {}
    for group in GROUPS:
        chosen = full & members[group]
        ids = None if events is None else events[chosen]
        means = {
            "event_fraction": weighted_mean(chosen, weights, events),
            "event_efficiency": weighted_mean(right[chosen] == 2, weights[chosen], ids),
            "higgs_efficiency": weighted_mean(right[chosen] / 2, weights[chosen], ids),
        }
        row: dict[str, float | int | None] = {}
        for name, mean in means.items():
            row[name], row[name + "_error"] = mean.value, mean.error
        result[group] = {**row, "n_events": int(chosen.sum()) if ids is None else count_events(ids)}
    return result

"""How good a network is: assignment by multiplicity, classification, regression, any topology."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.grouping import count_events
from hh4b.pairing.metrics import TRAINED, pairing_metrics
from hh4b.spanet.data import Events, vectors_per_event
from hh4b.spanet.event import EventDescription
from hh4b.spanet.prediction import Prediction
from hh4b.spanet.regressions import regression_metrics
from hh4b.training.error_parts import trainings_of_folds, with_fold_errors
from hh4b.training.metrics import auc, efficiency, roc_curve, thin

ROC_POINTS = 200


def right_particles(
    event: EventDescription,
    targets: tuple[NDArray[np.int64], ...],
    jets: tuple[Any, ...],
    valid: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Count the particles of each event that are found, under the event's best permutation.

    Within a particle, interchangeable products are compared as sets (per orbit, as the reference's
    evaluator does).

    Args:
        event: symmetries.
        targets: by particle (N, products).
        jets: by particle (N, products).
        valid: (particles, N), True = to be found.
    """

    def ordered(particle: int, table: NDArray[np.int64]) -> NDArray[np.int64]:
        table = table.copy()
        for orbit in event.particles[particle].orbits:
            table[:, orbit] = np.sort(table[:, orbit], axis=1)
        return table

    wanted = [ordered(n, t) for n, t in enumerate(targets)]
    found = [ordered(n, j) for n, j in enumerate(jets)]
    best = np.zeros(valid.shape[1], dtype=np.int64)
    for element in event.group:
        right = sum(
            ((found[p] == wanted[t]).all(axis=1) & valid[t]).astype(np.int64)
            for p, t in enumerate(element)
        )
        best = np.maximum(best, right)
    return best


def assignment_metrics(
    event: EventDescription, events: Events, jets: tuple[Any, ...]
) -> dict[str, float]:
    """Return event efficiency (all particles present) and the share of present particles found.

    ``average_jet_accuracy`` is the mean over events of found over present particles: what the
    reference calls validation_average_jet_accuracy, but with symmetric products compared as sets.
    """
    valid = np.stack(events.target_valid)
    right = right_particles(event, events.targets, jets, valid)
    present = valid.sum(axis=0)
    full = present == len(event.particles)
    some = present > 0
    return {
        "event_efficiency": _mean(right[full] == len(event.particles)),
        "particle_efficiency": float(right.sum() / max(1, present.sum())),
        "average_jet_accuracy": _mean(right[some] / present[some]),
    }


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def classification_metrics(
    probability: NDArray[np.float32],
    target: NDArray[np.int64],
    weight: NDArray[np.float64],
    shower: NDArray[np.int64] | None = None,
) -> dict[str, float]:
    """Return accuracy, and for two classes the area under the ROC curve, with errors.

    Rows of one shower event, told by ``shower``, fluctuate together.
    """
    known = target >= 0
    probability, target, weight = probability[known], target[known], weight[known]
    if len(target) == 0:
        return {}
    shower = None if shower is None else shower[known]
    accuracy = efficiency(probability.argmax(axis=1) == target, weight, shower)
    result = {"accuracy": accuracy.value, "accuracy_error": accuracy.error}
    signal = target == 1
    if probability.shape[1] == 2 and signal.any() and not signal.all():
        area = auc(signal, probability[:, 1].astype(np.float64), weight, shower)
        result |= {"auc": area.value, "auc_error": area.error}
    return result


def report(event: EventDescription, events: Events, prediction: Prediction) -> dict[str, Any]:
    """Return everything `hh4b spanet evaluate` tells, as in docs/architecture.md."""
    weight = np.ones(len(events)) if events.weight is None else events.weight
    result: dict[str, Any] = {"n_events": _number(events, slice(None))}
    valid = np.stack(events.target_valid)
    if valid.any():
        result["assignment"] = assignment_metrics(event, events, prediction.jets)
        n_jets = vectors_per_event(events, event)
        if [p.degree for p in event.particles] == [2, 2] and len(event.group) == 2:
            result["groups"] = pairing_metrics(
                np.where(valid.T[:, :, None], np.stack(events.targets, axis=1), -1),
                np.stack(prediction.jets, axis=1),
                n_jets,
                weight,
                events.shower,
            )
        else:
            result["groups"] = _groups(event, events, prediction, n_jets)
    result["classification"] = {}
    for name, probability in prediction.classes.items():
        target = events.classes[name]
        metrics: dict[str, Any] = dict(
            classification_metrics(probability, target, weight, events.shower)
        )
        if "auc" in metrics:
            signal = target == 1
            known = target >= 0
            curve = thin(
                roc_curve(signal[known], probability[known, 1].astype(np.float64), weight[known]),
                ROC_POINTS,
            )
            metrics["roc"] = {key: list(map(float, v)) for key, v in curve._asdict().items()}
            metrics["n_signal"], metrics["n_background"] = (
                _number(events, signal),
                _number(events, target == 0),
            )
        result["classification"][name] = metrics
    if prediction.regressions:
        result["regression"] = {
            name: _regression(values, events.regressions[name], weight, events.shower)
            for name, values in prediction.regressions.items()
        }
    return result


def _regression(
    values: NDArray[np.float32],
    target: NDArray[np.float32],
    weight: NDArray[np.float64],
    shower: NDArray[np.int64] | None,
) -> dict[str, Any]:
    """Return the metrics of a regression, with the error of the mean distance."""
    found: dict[str, Any] = dict(regression_metrics(values, target, weight))
    known = ~np.isnan(target)
    if "absolute_deviation" in found:
        distance = np.abs(values[known].astype(np.float64) - target[known])
        ids = None if shower is None else shower[known]
        found["absolute_deviation_error"] = efficiency(distance, weight[known], ids).error
    found["n_events"] = int(known.sum()) if shower is None else count_events(shower[known])
    return found


def add_fold_errors(result: dict[str, Any], folds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a report of all events whose errors hold the training, from those of the folds."""
    found = {**result, "trainings": trainings_of_folds(len(folds))}
    for section, names in (
        ("groups", TRAINED),
        ("classification", ("accuracy", "auc")),
        ("regression", ("absolute_deviation",)),
    ):
        if section not in result:
            continue
        found[section] = {
            key: with_fold_errors(
                row, [fold.get(section, {}).get(key, {}) for fold in folds], names
            )
            for key, row in result[section].items()
        }
    return found


def _number(events: Events, rows: NDArray[np.bool_] | slice) -> int:
    """Return the number of shower events among some rows."""
    if events.shower is None:
        return int(np.ones(len(events), np.bool_)[rows].sum())
    return count_events(events.shower[rows])


def _groups(
    event: EventDescription, events: Events, prediction: Prediction, n_jets: NDArray[np.int64]
) -> dict[str, Any]:
    """Return the metrics of other topologies by multiplicity: fewest jets needed, +1, more."""
    valid = np.stack(events.target_valid)
    full = valid.all(axis=0)
    right = right_particles(event, events.targets, prediction.jets, valid)
    needed = sum(p.degree for p in event.particles)
    members = {
        str(needed): n_jets == needed,
        str(needed + 1): n_jets == needed + 1,
        f">={needed + 2}": n_jets >= needed + 2,
        "total": n_jets >= 0,
    }
    result = {}
    for name, mask in members.items():
        chosen = full & mask
        ids = None if events.shower is None else events.shower[chosen]
        ones = np.ones(int(chosen.sum()))
        row: dict[str, Any] = {
            "event_fraction": float(chosen.mean()),
            "event_efficiency": None,
            "particle_efficiency": None,
            "n_events": _number(events, chosen),
        }
        if chosen.any():
            whole = efficiency(right[chosen] == len(event.particles), ones, ids)
            row |= {"event_efficiency": whole.value, "event_efficiency_error": whole.error}
            row["particle_efficiency"] = float(right[chosen].mean() / len(event.particles))
        result[name] = row
    return result

"""Search for the hyper-parameters of SPANet2."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
import torch
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.spanet import native
from hh4b.spanet.data import Events
from hh4b.spanet.devices import choose_devices
from hh4b.spanet.evaluation import right_particles
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options
from hh4b.spanet.prediction import Prediction, predict
from hh4b.spanet.preparation import Preparation
from hh4b.spanet.training import Training, Workers
from hh4b.training.gains import (
    Floats,
    TrialValue,
    auc_influence,
    keep_influence,
    mean_influence,
)
from hh4b.training.halving import Contender, run_halving
from hh4b.training.metrics import auc
from hh4b.training.saved_tensors import fill, read_saved, taken_from
from hh4b.training.search_ranges import SpanetRanges
from hh4b.training.tensors import save_tensors
from hh4b.training.trials import StudyPlan, run_trials


def search(
    options: Options,
    event: EventDescription,
    data: Preparation,
    plan: StudyPlan,
    ranges: SpanetRanges,
    *,
    worker: int,
    halving: bool = False,
) -> dict[str, Any]:
    """Maximise event efficiency and AUC (their mean, or the one trained) on the validation events.

    Every trial trains with the same seed. A trial is given up when its best value so far is below
    the median of the others, or with ``halving`` as `run_halving` says. All trials have the
    learning rate of a training of `Options.epochs`, so those that go on never notice.

    Returns:
        The outcome of the study; ``options`` holds the parameters that `hh4b spanet train
        --search` changes.
    """
    workers = Workers(device=choose_devices(options.num_gpu)[0])
    native.keep_freed_memory()

    def objective(trial: optuna.Trial) -> float:
        training = Training(
            options.changed(**ranges.suggest(trial)), event, data, seed=plan.seed, workers=workers
        )
        found: list[TrialValue] = []
        for epoch in range(options.epochs):
            training.run_epoch()
            found.append(quality(training))
            trial.report(best_of(found).value, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        keep_influence(plan.influence(trial.number), best_of(found).influence)
        return best_of(found).value

    def go_on(entry: Contender, epochs: int) -> float:
        training = Training(
            options.changed(**entry.parameters), event, data, seed=plan.seed, workers=workers
        )
        return _train_until(training, epochs, entry)

    if halving:
        outcome = run_halving(plan, options.epochs, ranges.suggest, go_on, worker=worker)
    else:
        outcome = run_trials(plan, objective, worker=worker)
    return {"options": outcome.pop("best"), **outcome}


def best_of(found: Sequence[TrialValue]) -> TrialValue:
    """Return the largest value, the first of equal ones."""
    return max(found, key=lambda one: one.value)


def _train_until(training: Training, epochs: int, entry: Contender) -> float:
    """Train until so many epochs, from the entry's state if there is one; keep it there.

    Returns:
        The best quality of these epochs.
    """
    found: list[TrialValue] = []
    if entry.state.exists():
        what = "state of a trial"
        saved = read_saved(entry.state, what=what)
        with taken_from(entry.state, what=what):
            fill(training.network, saved["network"])
            training.optimizer.load_state_dict(saved["optimizer"])
            influences = saved["influences"].numpy()
            found = [TrialValue(*one) for one in zip(saved["values"], influences, strict=True)]
        training.epoch = len(found)
    while len(found) < epochs:
        training.run_epoch()
        found.append(quality(training))
    state = {
        "network": training.network.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "values": [one.value for one in found],
        "influences": torch.from_numpy(np.stack([one.influence for one in found])),
    }
    save_tensors(entry.state, state)
    best = best_of(found[:epochs])
    keep_influence(entry.influence, best.influence)
    return best.value


def quality(training: Training) -> TrialValue:
    """Return the mean of what a training is for: event efficiency and AUC.

    Raises:
        ConfigError: if the validation events allow neither.
    """
    events, found = training.data.validation, []
    result = predict(training.network, events)
    if training.parts.assignment:
        found.append(_event_efficiency(training.event, events, result))
    if training.parts.classification:
        given = training.validation_weight()
        weight = np.ones(len(events)) if given is None else given
        for name, probability in result.classes.items():
            found += _area(events, events.classes[name], probability, weight)
    wanted = training.parts.assignment + training.parts.classification
    if len(found) != wanted or not wanted:
        raise ConfigError(
            "a search needs validation events with both classes of one classification, or with"
            f" something to assign; {len(found)} of {wanted} can be measured"
        )
    value = sum(one.value for one in found) / wanted
    influence = np.sum([one.influence for one in found], axis=0) / wanted
    return TrialValue(value if math.isfinite(value) else -math.inf, influence)


def _event_efficiency(event: EventDescription, events: Events, result: Prediction) -> TrialValue:
    valid = np.stack(events.target_valid)
    full = valid.all(axis=0)
    right = right_particles(event, events.targets, result.jets, valid) == len(event.particles)
    value = float(right[full].mean()) if full.any() else math.nan
    weight = np.asarray(full, dtype=np.float64)
    return TrialValue(value, mean_influence(right.astype(np.float64), weight, events.shower))


def _area(
    events: Events, target: NDArray[np.int64], probability: NDArray[np.float32], weight: Floats
) -> list[TrialValue]:
    """Return the area under the ROC curve of a classification of two known classes."""
    signal, known = target == 1, target >= 0
    if probability.shape[1] != 2 or not signal.any() or signal[known].all():
        return []
    score = probability[:, 1].astype(np.float64)
    value = auc(signal[known], score[known], weight[known]).value
    counted = np.where(known, weight, 0.0)
    return [TrialValue(value, auc_influence(signal, score, counted, events.shower))]

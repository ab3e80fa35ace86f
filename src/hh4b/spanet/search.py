"""Search for the hyper-parameters of SPANet2."""

import math
from typing import Any

import optuna

from hh4b.core.errors import ConfigError
from hh4b.spanet import native
from hh4b.spanet.devices import choose_devices
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options
from hh4b.spanet.preparation import Preparation
from hh4b.spanet.training import Training, Workers
from hh4b.training.search_ranges import SpanetRanges
from hh4b.training.trials import StudyPlan, run_trials


def search(
    options: Options,
    event: EventDescription,
    data: Preparation,
    plan: StudyPlan,
    ranges: SpanetRanges,
    *,
    worker: int,
) -> dict[str, Any]:
    """Maximise event efficiency and AUC (their mean, or the one trained) on the validation events.

    Every trial trains with the same seed. A trial is given up when its best value so far is below
    the median of the others.

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
        best = -float("inf")
        for epoch in range(options.epochs):
            training.run_epoch()
            best = max(best, quality(training))
            trial.report(best, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return best

    outcome = run_trials(plan, objective, worker=worker)
    return {"options": outcome.pop("best"), **outcome}


def quality(training: Training) -> float:
    """Return the mean of what a training is for: event efficiency and AUC.

    Raises:
        ConfigError: if the validation events allow neither.
    """
    found = training.validate()
    wanted = []
    if training.parts.assignment:
        wanted.append("event_efficiency")
    if training.parts.classification:
        wanted.append("auc")
    values = [value for name, value in found.items() if name.rsplit("/", 1)[-1] in wanted]
    if len(values) != len(wanted) or not wanted:
        raise ConfigError(
            f"a search needs {wanted or 'a part to train'}; there are {sorted(found)}"
        )
    mean = sum(values) / len(values)
    return mean if math.isfinite(mean) else -math.inf

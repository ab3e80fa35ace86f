"""Search for the hyper-parameters of SPANet2."""

import math
from pathlib import Path
from typing import Any

import optuna
import torch

from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path
from hh4b.spanet import native
from hh4b.spanet.devices import choose_devices
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options
from hh4b.spanet.preparation import Preparation
from hh4b.spanet.training import Training, Workers
from hh4b.training.halving import Contender, run_halving
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
        best = -float("inf")
        for epoch in range(options.epochs):
            training.run_epoch()
            best = max(best, quality(training))
            trial.report(best, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return best

    def go_on(entry: Contender, epochs: int) -> float:
        training = Training(
            options.changed(**entry.parameters), event, data, seed=plan.seed, workers=workers
        )
        return _train_until(training, epochs, entry.state)

    if halving:
        outcome = run_halving(plan, options.epochs, ranges.suggest, go_on, worker=worker)
    else:
        outcome = run_trials(plan, objective, worker=worker)
    return {"options": outcome.pop("best"), **outcome}


def _train_until(training: Training, epochs: int, path: Path) -> float:
    """Train until so many epochs, from what lies at ``path`` if there is something; keep it there.

    Returns:
        The best quality of these epochs.
    """
    values: list[float] = []
    if path.exists():
        saved = torch.load(path, map_location="cpu", weights_only=True)
        training.network.load_state_dict(saved["network"])
        training.optimizer.load_state_dict(saved["optimizer"])
        values = saved["values"]
        training.epoch = len(values)
    while len(values) < epochs:
        training.run_epoch()
        values.append(quality(training))
    with atomic_path(path) as temporary:
        torch.save(
            {
                "network": training.network.state_dict(),
                "optimizer": training.optimizer.state_dict(),
                "values": values,
            },
            temporary,
        )
    return max(values[:epochs])


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

"""Search for the hyper-parameters of SPANet2."""

import logging
import math
from pathlib import Path
from typing import Any

import optuna

from hh4b.core.errors import ConfigError
from hh4b.core.files import Provenance, write_json
from hh4b.spanet import native
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options
from hh4b.spanet.preparation import Preparation
from hh4b.spanet.training import Training, Workers, choose_devices
from hh4b.training.search_ranges import SpanetRanges
from hh4b.training.trials import StudyPlan, Worker, run_trials

log = logging.getLogger(__name__)


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
    workers = Workers(device=choose_devices(options)[0])
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


def search_to_file(
    options: Options,
    event: EventDescription,
    data: Preparation,
    output: Path,
    worker: Worker,
    ranges: SpanetRanges | None = None,
) -> dict[str, Any]:
    """Search, and write what `hh4b spanet train --search` reads.

    Args:
        options: everything that is not searched, and the first trial; ``epochs`` of a trial.
        event: see `EventDescription`.
        data: events, read and checked.
        output: JSON to write.
        worker: how this job takes part.
        ranges: what is varied; None for the note's.

    Raises:
        ConfigError, InputFileError: if the storage cannot be used.
        TrainingFailed: if no trial was completed.
    """
    ranges = ranges or SpanetRanges()
    settings = {
        "options": options.model_dump(exclude=set(SpanetRanges.model_fields)),
        "ranges": ranges.model_dump(),
    }
    identity = {**settings, "data": data.digest, "seed": worker.seed}
    first = ranges.inside(options.model_dump())
    plan = StudyPlan(
        "spanet search", worker.storage, "maximize", identity, worker.trials, worker.seed, first
    )
    found = search(options, event, data, plan, ranges, worker=worker.number)
    counts = {"n_training": len(data.training), "n_trials": found["n_trials"]}
    made = Provenance("spanet search", settings, seed=worker.seed, counts=counts)
    write_json(output, found, made)
    log.info("best of %d trials: %.5f with %s", found["n_trials"], found["value"], found["options"])
    return found

"""Search for the hyper-parameters of the dense network."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna

from hh4b.core.files import Provenance, canonical_hash, write_json
from hh4b.selection.options import TrainingOptions
from hh4b.selection.samples import Events, read_events
from hh4b.selection.training import Epoch, train
from hh4b.training.search_ranges import DnnRanges
from hh4b.training.trials import StudyPlan, Worker, run_trials

log = logging.getLogger(__name__)


def search(
    events: Events, options: TrainingOptions, plan: StudyPlan, ranges: DnnRanges, *, worker: int
) -> dict[str, Any]:
    """Minimise the validation loss over the ranges; see `run_trials`.

    Every trial trains with the same seed, so that all see the same validation events. A trial is
    given up when its smallest validation loss so far is worse than the median of the others.

    Returns:
        The outcome of the study, with the whole of the best ``options``.
    """

    def objective(trial: optuna.Trial) -> float:
        chosen = options.model_copy(update=ranges.suggest(trial))
        smallest = float("inf")

        def report(number: int, epoch: Epoch) -> None:
            nonlocal smallest
            smallest = min(smallest, epoch["validation_loss"])
            trial.report(smallest, number)
            if trial.should_prune():
                raise optuna.TrialPruned

        train(events, chosen, seed=plan.seed, on_epoch=report)
        return smallest

    outcome = run_trials(plan, objective, worker=worker)
    best = options.model_copy(update=outcome.pop("best"))
    return {"options": best.model_dump(), **outcome}


def search_to_file(
    signal: Sequence[str],
    background: Sequence[str],
    output: Path | str,
    options: TrainingOptions,
    worker: Worker,
    ranges: DnnRanges | None = None,
) -> dict[str, Any]:
    """Search on the training events of samples; write what `hh4b dnn train --options` reads.

    Args:
        signal: pairs ``"DATASET.h5:FEATURES.h5"``.
        background: the same.
        output: JSON to write.
        options: everything that is not searched, and the first trial; ``max_epochs`` bounds a
            trial.
        worker: how this job takes part.
        ranges: what is varied; None for the note's.

    Raises:
        ConfigError, ContractError, InputFileError: if samples or storage cannot be used.
        TrainingFailed: if no trial was completed.
    """
    events = read_events(signal, background, part="training")
    ranges = ranges or DnnRanges()
    settings = {
        "options": options.model_dump(exclude=set(DnnRanges.model_fields)),
        "ranges": ranges.model_dump(),
        "columns": list(events.columns),
    }
    # Numbers of events and their sum tell other samples, whatever their paths.
    data = [len(events.label), float(events.features.sum(dtype=float)), float(events.kappa.sum())]
    identity = {**settings, "data": canonical_hash(data), "seed": worker.seed}
    first = ranges.inside(options.model_dump())
    plan = StudyPlan(
        "dnn search", worker.storage, "minimize", identity, worker.trials, worker.seed, first
    )
    found = search(events, options, plan, ranges, worker=worker.number)
    counts = {"n_events": len(events.label), "n_trials": found["n_trials"]}
    write_json(output, found, Provenance("dnn search", settings, seed=worker.seed, counts=counts))
    log.info("best of %d trials: %.5f with %s", found["n_trials"], found["value"], found["options"])
    return found

"""Search for the hyper-parameters of the dense network."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from pydantic import BaseModel, ConfigDict, Field

from hh4b.files import Provenance, canonical_hash, write_json
from hh4b.selection.options import TrainingOptions
from hh4b.selection.samples import Events, read_events
from hh4b.selection.study import StudyPlan, run_trials
from hh4b.selection.training import Epoch, train

log = logging.getLogger(__name__)


class Ranges(BaseModel):
    """Ranges of the note's search (section 12.3)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: tuple[float, float] = Field(default=(1e-5, 1e-1), description="logarithmic")
    hidden_dim: tuple[int, ...] = Field(default=(16, 32, 64, 128, 256), description="choices")
    n_layers: tuple[int, int] = Field(default=(1, 5), description="smallest and largest")

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """Draw the parameters of a trial."""
        return {
            "learning_rate": trial.suggest_float("learning_rate", *self.learning_rate, log=True),
            "hidden_dim": trial.suggest_categorical("hidden_dim", self.hidden_dim),
            "n_layers": trial.suggest_int("n_layers", *self.n_layers),
        }


def search(
    events: Events, options: TrainingOptions, plan: StudyPlan, ranges: Ranges, *, worker: int
) -> dict[str, Any]:
    """Minimise the validation loss over `Ranges`; see `run_trials`.

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
    *,
    storage: Path | str,
    trials: int,
    worker: int,
    seed: int,
) -> dict[str, Any]:
    """Search on the training events of samples; write what `hh4b dnn train --options` reads.

    Args:
        signal: pairs ``"DATASET.h5:FEATURES.h5"``.
        background: the same.
        output: JSON to write.
        options: everything that is not searched; ``max_epochs`` bounds a trial.
        storage: journal file shared by the workers.
        trials: of all workers together.
        worker: number of this worker.
        seed: of training and sampler.

    Raises:
        ConfigError, ContractError, InputFileError: if samples or storage cannot be used.
        TrainingFailed: if no trial was completed.
    """
    events = read_events(signal, background, part="training")
    ranges = Ranges()
    settings = {
        "options": options.model_dump(exclude=set(Ranges.model_fields)),
        "ranges": ranges.model_dump(),
        "columns": list(events.columns),
    }
    # Numbers of events and their sum tell other samples, whatever their paths.
    data = [len(events.label), float(events.features.sum(dtype=float)), float(events.kappa.sum())]
    identity = {**settings, "data": canonical_hash(data), "seed": seed}
    plan = StudyPlan("dnn search", Path(storage), "minimize", identity, trials, seed)
    found = search(events, options, plan, ranges, worker=worker)
    counts = {"n_events": len(events.label), "n_trials": found["n_trials"]}
    write_json(output, found, Provenance("dnn search", settings, seed=seed, counts=counts))
    log.info("best of %d trials: %.5f with %s", found["n_trials"], found["value"], found["options"])
    return found

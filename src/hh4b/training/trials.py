"""An Optuna study that parallel workers share through a journal file and that can be resumed."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from hh4b.core.errors import InputFileError, TrainingFailed
from hh4b.core.files import canonical_hash
from hh4b.core.logs import duration
from hh4b.core.seeds import derive_seed
from hh4b.training.dead_trials import optimize
from hh4b.training.gains import difference_error, gain, kept_best
from hh4b.training.journal_lock import JournalLock
from hh4b.training.trial_storage import require_own_storage

log = logging.getLogger(__name__)
ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


@dataclass(frozen=True)
class Worker:
    """One of the jobs that work on a study.

    Attributes:
        storage: journal file shared by all.
        trials: of all workers together.
        number: of this worker.
        seed: of sampler and trainings.
    """

    storage: Path
    trials: int
    number: int = 0
    seed: int = 1


@dataclass(frozen=True)
class StudyPlan:
    """What makes workers belong to one study.

    Attributes:
        name: of the search; a storage with studies of another search is refused.
        storage: journal file shared by the workers.
        direction: of the objective.
        identity: everything that the values depend on beside the parameters of a trial; with
            another identity (other samples, say) a new study begins in the same storage.
        trials: number of trials of all workers together, pruned and failed ones included.
        seed: of the sampler, each worker with a stream of its own.
        first: parameters of the first trial, so that the outcome is never worse than they are;
            empty = drawn as all others.
        start: what the search starts from, inside its ranges or not; empty = not known.
    """

    name: str
    storage: Path
    direction: Literal["minimize", "maximize"]
    identity: Mapping[str, Any]
    trials: int
    seed: int
    first: Mapping[str, Any] = field(default_factory=dict)
    start: Mapping[str, Any] = field(default_factory=dict)

    @property
    def study_name(self) -> str:
        """Return the name of the study in its storage."""
        return f"{self.name} {canonical_hash(self.identity)}"

    @property
    def states(self) -> Path:
        """Return the folder of what trials leave for others."""
        return self.storage.with_name(f"{self.storage.name}.states") / self.study_name

    def influence(self, number: int) -> Path:
        """Return the file for the influence of events on a trial's value, see `gains`."""
        return self.states / f"{number}.npy"


def run_trials(
    plan: StudyPlan, objective: Callable[[optuna.Trial], float], *, worker: int
) -> dict[str, Any]:
    """Take part in a study until it has its number of trials.

    Workers that end at the same time can exceed the number by one each. A trial of a killed worker
    is taken up again, see `hh4b.training.dead_trials`.

    Args:
        plan: the study.
        objective: value of a trial; `optuna.TrialPruned` gives it up, `TrainingFailed` fails it.
        worker: number of this worker.

    Returns:
        ``best`` (parameters), ``value`` and ``best_value`` (see `kept_best`), what `gain` returns,
        and ``trials``: a list of number, state, value and parameters of every trial that ended.

    Raises:
        ConfigError: if the storage is of another study.
        InputFileError: if the storage cannot be read.
        TrainingFailed: if no trial was completed.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = open_study(plan, worker)
    work_on(study, plan, objective, worker=worker)
    return _summarise(study, plan)


def work_on(
    study: optuna.Study,
    plan: StudyPlan,
    objective: Callable[[optuna.Trial], float],
    *,
    worker: int,
) -> None:
    """Run trials of an open study until it has its number of them, see `run_trials`."""
    start, begun = time.monotonic(), _count_ended(study)

    def tell(_study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        ended = _count_ended(study)
        rate = (ended - begun) / max(time.monotonic() - start, 1e-9)
        left = duration(max(plan.trials - ended, 0) / rate) if rate else "unknown time"
        log_trial(trial, f"{ended}/{plan.trials} trials, {left} left")

    optimize(
        study,
        objective,
        worker=worker,
        enough=lambda: _count_ended(study) >= plan.trials,
        callbacks=[MaxTrialsCallback(plan.trials, states=ENDED), tell],
    )


def open_study(plan: StudyPlan, worker: int) -> optuna.Study:
    """Open the study of a plan, or begin it with its first trial waiting.

    Raises:
        ConfigError: if the storage is of another study.
        InputFileError: if the storage cannot be read.
    """
    plan.storage.parent.mkdir(parents=True, exist_ok=True)
    require_own_storage(plan.storage, plan.name)
    lock: Any = JournalLock(plan.storage)
    try:
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(plan.storage), lock)),
            study_name=plan.study_name,
            direction=plan.direction,
            load_if_exists=True,
            sampler=TPESampler(seed=derive_seed(plan.seed, plan.name, worker, bits=31)),
            pruner=MedianPruner(n_startup_trials=5, n_warmup_steps=2),
        )
        if plan.first:
            study.enqueue_trial(dict(plan.first), skip_if_exists=True)
    except OSError as error:
        raise InputFileError(f"cannot use {plan.storage}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputFileError(
            f"{plan.storage} is no journal of a study; remove it or give another --storage"
        ) from error
    return study


def _count_ended(study: optuna.Study) -> int:
    return len(study.get_trials(deepcopy=False, states=ENDED))


def log_trial(trial: optuna.trial.FrozenTrial, progress: str) -> None:
    """Log how a trial ended, and how many there are still to come."""
    value = "none" if trial.value is None else f"{trial.value:.5f}"
    log.info(
        "trial %d: %s, value %s, %s; %s",
        trial.number, trial.state.name, value, trial.params, progress,
    )  # fmt: skip


def log_gain(outcome: Mapping[str, Any]) -> None:
    """Say on the terminal whether a search gained anything."""
    if outcome["improved"] is False:
        log.warning(
            "no trial is better than the start (%.5f) by more than the error: tuned is untuned;"
            " allow more trials, or more events to compare them on",
            outcome["start_value"],
        )


def _summarise(study: optuna.Study, plan: StudyPlan) -> dict[str, Any]:
    ended = study.get_trials(deepcopy=False, states=ENDED)
    states = Counter(trial.state.name.lower() for trial in ended)
    if not states["complete"]:
        raise TrainingFailed(
            f"none of the {len(ended)} trials in {plan.storage} was completed ({dict(states)});"
            " allow more trials or narrower ranges"
        )
    first = dict(plan.first)
    start = next((trial for trial in ended if first and trial.params == first), None)
    begun = start is not None and start.state == TrialState.COMPLETE
    error = None
    if start is not None and begun and start.number != study.best_trial.number:
        error = difference_error(*map(plan.influence, (study.best_trial.number, start.number)))
    found = {
        "best": dict(study.best_params),
        "value": study.best_value,
        **gain(
            plan.direction,
            study.best_value,
            start.value if start else None,
            error,
            tried=start is not None,
        ),
        "n_trials": len(ended),
        "n_by_state": dict(states),
        "trials": [
            {
                "number": trial.number,
                "state": trial.state.name.lower(),
                "value": trial.value,
                "parameters": dict(trial.params),
            }
            for trial in ended
        ],
    }
    return kept_best(found, first)

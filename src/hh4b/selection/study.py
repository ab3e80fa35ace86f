"""An Optuna study that parallel workers share through a journal file and that can be resumed."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from hh4b.errors import ConfigError, InputFileError, TrainingFailed
from hh4b.files import canonical_hash
from hh4b.seeds import derive_seed

log = logging.getLogger(__name__)
_ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


@dataclass(frozen=True)
class StudyPlan:
    """What makes workers belong to one study.

    Attributes:
        name: of the study in its storage.
        storage: journal file shared by the workers.
        direction: of the objective.
        identity: everything that the values depend on beside the parameters of a trial; a
            storage made with another identity is refused.
        trials: number of trials of all workers together, pruned and failed ones included.
        seed: of the sampler, each worker with a stream of its own.
    """

    name: str
    storage: Path
    direction: Literal["minimize", "maximize"]
    identity: Mapping[str, Any]
    trials: int
    seed: int


def run_trials(
    plan: StudyPlan, objective: Callable[[optuna.Trial], float], *, worker: int
) -> dict[str, Any]:
    """Take part in a study until it has its number of trials.

    Workers that end at the same time can exceed the number by one each. A trial of a killed worker
    counts as never started.

    Args:
        plan: the study.
        objective: value of a trial; `optuna.TrialPruned` gives it up, `TrainingFailed` fails it.
        worker: number of this worker.

    Returns:
        ``best`` (parameters), ``value``, and ``trials``: a list of number, state, value and
        parameters of every trial that ended.

    Raises:
        ConfigError: if the storage is of another study.
        InputFileError: if the storage cannot be read.
        TrainingFailed: if no trial was completed.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = _open(plan, worker)
    if _count_ended(study) < plan.trials:
        study.optimize(
            objective,
            callbacks=[MaxTrialsCallback(plan.trials, states=_ENDED), _log_trial],
            catch=(TrainingFailed,),
        )
    return _summarise(study, plan)


def _open(plan: StudyPlan, worker: int) -> optuna.Study:
    plan.storage.parent.mkdir(parents=True, exist_ok=True)
    digest = canonical_hash(plan.identity)
    try:
        storage = JournalStorage(JournalFileBackend(str(plan.storage)))
        others = {found.study_name for found in storage.get_all_studies()} - {plan.name}
        if others:
            raise ConfigError(
                f"{plan.storage} holds the study {min(others)!r}, not {plan.name!r}; give another"
                " --storage"
            )
        study = optuna.create_study(
            storage=storage,
            study_name=plan.name,
            direction=plan.direction,
            load_if_exists=True,
            sampler=TPESampler(seed=derive_seed(plan.seed, plan.name, worker, bits=31)),
            pruner=MedianPruner(n_startup_trials=5, n_warmup_steps=2),
        )
        found = study.user_attrs.get("identity", digest)
        if found != digest:
            raise ConfigError(
                f"{plan.storage} holds trials of other samples, ranges or options (identity"
                f" {found}, this is {digest}); remove it or give another --storage"
            )
        study.set_user_attr("identity", digest)
    except OSError as error:
        raise InputFileError(f"cannot use {plan.storage}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputFileError(
            f"{plan.storage} is no journal of a study; remove it or give another --storage"
        ) from error
    return study


def _count_ended(study: optuna.Study) -> int:
    return len(study.get_trials(deepcopy=False, states=_ENDED))


def _log_trial(_study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    value = "none" if trial.value is None else f"{trial.value:.5f}"
    log.info("trial %d: %s, value %s, %s", trial.number, trial.state.name, value, trial.params)


def _summarise(study: optuna.Study, plan: StudyPlan) -> dict[str, Any]:
    ended = study.get_trials(deepcopy=False, states=_ENDED)
    states = Counter(trial.state.name.lower() for trial in ended)
    if not states["complete"]:
        raise TrainingFailed(
            f"none of the {len(ended)} trials in {plan.storage} was completed ({dict(states)});"
            " allow more trials or narrower ranges"
        )
    return {
        "best": dict(study.best_params),
        "value": study.best_value,
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

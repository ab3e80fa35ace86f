"""Trials that killed workers left: taken up again, as if nothing had happened."""

import logging
import os
import warnings
from collections.abc import Callable
from datetime import datetime
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from hh4b.core.errors import TrainingFailed
from hh4b.core.processes import has_ended, machine

log = logging.getLogger(__name__)
Objective = Callable[[optuna.Trial], float]
#: Who works on a trial, as an attribute of the trial.
_OWNER = "worker"
#: Seconds after which a trial has an owner, if its worker lives.
_OWNED_AFTER_S = 60.0


class _Interrupted(BaseException):
    """Leaves a trial as it is: a search counts no trial as failed that was only interrupted."""

    def __init__(self, cause: BaseException) -> None:
        self.cause = cause


def optimize(
    study: optuna.Study,
    objective: Objective,
    *,
    worker: int,
    enough: Callable[[], bool],
    callbacks: list[Callable[[optuna.Study, FrozenTrial], None]],
) -> None:
    """Run the trials of a study: first those of killed workers, then new ones.

    With one worker the trials are those of a search that nobody killed: numbers, parameters and
    values.

    Args:
        study: of which it is.
        objective: value of a trial; `optuna.TrialPruned` gives it up, `TrainingFailed` fails it,
            whatever else it raises leaves it for the next run.
        worker: number of this worker; no two that live have the same.
        enough: tells whether no further trial is wanted.
        callbacks: called after each trial; they stop the study where it has enough.
    """

    def owned(trial: optuna.Trial) -> float:
        trial.set_user_attr(_OWNER, [worker, machine(), os.getpid()])
        try:
            return objective(trial)
        except (optuna.TrialPruned, TrainingFailed):
            raise
        except BaseException as error:
            raise _Interrupted(error) from error

    try:
        if not enough():
            _draw_again(study, worker)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if not enough() and _is_dead(trial, worker):
                log.info("trial %d was interrupted and is taken up again", trial.number)
                _take_up(study, trial, owned)
        if not enough():
            study.optimize(owned, callbacks=callbacks, catch=(TrainingFailed,))
    except _Interrupted as interrupted:
        raise interrupted.cause from None


def _is_dead(trial: FrozenTrial, worker: int) -> bool:
    owner = trial.user_attrs.get(_OWNER)
    if owner is None:
        started = trial.datetime_start
        return started is None or (datetime.now() - started).total_seconds() > _OWNED_AFTER_S
    number, place, process = owner
    if place == machine() and process != os.getpid():
        return has_ended(process)
    return bool(number == worker)


def _take_up(study: optuna.Study, dead: FrozenTrial, objective: Objective) -> None:
    trial = optuna.Trial(study, dead._trial_id)
    with warnings.catch_warnings():
        # What it reported before it was interrupted it reports once more.
        warnings.filterwarnings("ignore", message="The reported value is ignored")
        try:
            value = objective(trial)
        except optuna.TrialPruned:
            study.tell(trial, state=TrialState.PRUNED)
        except TrainingFailed:
            study.tell(trial, state=TrialState.FAIL)
        else:
            study.tell(trial, value)


def _draw_again(study: optuna.Study, worker: int) -> None:
    """Bring the random numbers of the sampler to where they were before the interruption."""
    begun = [t for t in study.get_trials(deepcopy=False) if t.state != TrialState.WAITING]
    if not begun:
        return
    again = optuna.create_study(direction=study.direction, sampler=study.sampler)
    for trial in begun:
        if trial.user_attrs.get(_OWNER, [worker])[0] != worker:
            if trial.state.is_finished():
                again.add_trial(trial)
            continue
        fixed = trial.system_attrs.get("fixed_params")
        if fixed is not None:
            again.enqueue_trial(fixed)
        asked = again.ask(trial.distributions)
        if asked.params != trial.params:
            return  # others worked beside, in an order that nobody knows
        _end_like(again, asked, trial)


def _end_like(study: optuna.Study, asked: optuna.Trial, trial: FrozenTrial) -> None:
    if not trial.state.is_finished():
        return
    for step, value in sorted(trial.intermediate_values.items()):
        asked.report(value, step)
    told: dict[str, Any] = {"state": trial.state}
    if trial.state == TrialState.COMPLETE:
        told = {"values": trial.value}
    study.tell(asked, **told)

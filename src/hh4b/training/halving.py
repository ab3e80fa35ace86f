"""Successive halving: many short trials, of which the best third goes on three times as long.

Trials go on from where they were, so that a long one costs what a training costs, once. The start
of the search goes all the way, whatever its rank: only then can be said what the search gained.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from hh4b.core.errors import TrainingFailed
from hh4b.training.gains import difference_error, gain, kept_best
from hh4b.training.trials import ENDED, StudyPlan, open_study, work_on

log = logging.getLogger(__name__)
#: Of so many trials one goes on, so many times as long.
FACTOR = 3
#: Number of the start where it lies outside the ranges and is no trial of the study.
START = -1


@dataclass(frozen=True)
class Rung:
    """A round of trials.

    Attributes:
        trials: how many are in it, the start not counted where its rank would not do.
        epochs: how long they have learned at its end.
    """

    trials: int
    epochs: int


@dataclass(frozen=True)
class Contender:
    """A trial of a round.

    Attributes:
        number: of the trial.
        parameters: that it varies.
        state: file for what it goes on from; it may be missing, and is its own to write.
    """

    number: int
    parameters: dict[str, Any]
    state: Path

    @property
    def influence(self) -> Path:
        """Return the file for the influence of events on its value; its own to write, too."""
        return self.state.with_suffix(".npy")


#: Trains an entry until it has learned so many epochs; the best value so far.
Train = Callable[[Contender, int], float]


def rungs(trials: int, epochs: int) -> list[Rung]:
    """Return the rounds of a search with so many trials, and so many epochs of the longest.

    >>> [(r.trials, r.epochs) for r in rungs(18, 9)]
    [(18, 1), (6, 3), (2, 9)]
    """
    levels = 0
    while FACTOR ** (levels + 1) <= min(trials, epochs):
        levels += 1
    found = []
    for level in range(levels + 1):
        found.append(Rung(trials, -(-epochs // FACTOR ** (levels - level))))
        trials = -(-trials // FACTOR)
    return found


def run_halving(
    plan: StudyPlan,
    epochs: int,
    suggest: Callable[[optuna.Trial], dict[str, Any]],
    train: Train,
    *,
    worker: int,
) -> dict[str, Any]:
    """Take part in a search by successive halving until it is over.

    Workers share the first round as in `run_trials`, then entries that nobody has finished. What
    is decided is decided by the journal, so all workers decide alike; two that are at the same
    entry find the same value. With one worker the outcome depends on the plan only.

    Args:
        plan: the study; `StudyPlan.start` is what the search starts from.
        epochs: of the trials that go all the way.
        suggest: draws the parameters of a trial.
        train: trains an entry; `TrainingFailed` fails it.
        worker: number of this worker.

    Returns:
        What `run_trials` returns, with the ``epochs`` of every trial, and the rounds in
        ``halving``. The best is the best of the last round. ``state`` is "complete" for trials that
        went all the way and "pruned" for those that did not.

    Raises:
        ConfigError: if the storage is of another study.
        InputFileError: if the storage cannot be read.
        TrainingFailed: if no trial went all the way.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    steps = rungs(plan.trials, epochs)
    described = [[step.trials, step.epochs] for step in steps]
    plan = replace(plan, identity={**plan.identity, "halving": described})
    study = open_study(plan, worker)
    search = _Halving(plan, study, steps, suggest, train)
    search.first_round(worker)
    for number in range(1, len(steps)):
        search.later_round(number, worker)
    return search.outcome() | {"halving": described}


class _Halving:
    """A search on its way."""

    def __init__(
        self,
        plan: StudyPlan,
        study: optuna.Study,
        steps: list[Rung],
        suggest: Callable[[optuna.Trial], dict[str, Any]],
        train: Train,
    ) -> None:
        self.plan, self.study, self.steps = plan, study, steps
        self.suggest, self.train = suggest, train
        self.folder = plan.states
        self.folder.mkdir(parents=True, exist_ok=True)

    def first_round(self, worker: int) -> None:
        """Run short trials until there are enough, and the start if it is none of them."""
        epochs = self.steps[0].epochs

        def objective(trial: optuna.Trial) -> float:
            parameters = self.suggest(trial)
            return self.train(self._entry(trial.number, parameters), epochs)

        work_on(self.study, self.plan, objective, worker=worker)
        if not self.plan.first and self.plan.start:
            self._finish(0, self._entry(START, dict(self.plan.start)))

    def later_round(self, number: int, worker: int) -> None:
        """Let the best of the round before, and the start, go on."""
        entries = self._entries(number)
        # Workers come from both ends, so that two seldom are at the same entry.
        first = worker // 2 % max(1, len(entries))
        entries = entries[first:] + entries[:first]
        for entry in reversed(entries) if worker % 2 else entries:
            self._finish(number, entry)

    def outcome(self) -> dict[str, Any]:
        """Return what was found; see `run_halving`."""
        last = len(self.steps) - 1
        final = self._ranked(last)
        if not final:
            raise TrainingFailed(
                f"none of the trials in {self.plan.storage} went all the way; allow more trials or"
                " narrower ranges"
            )
        best = final[0]
        values = self._of_round(last)
        first = self._start()
        start = None if first is None else values.get(first)
        error = None
        if first is not None and start is not None and first != best.number:
            error = difference_error(best.influence, self._known()[first].influence)
        trials = [self._described(entry) for entry in self._known().values()]
        states = [trial["state"] for trial in trials]
        value, direction = values[best.number], self.plan.direction
        found = {
            "best": best.parameters,
            "value": value,
            **gain(direction, value, start, error, tried=first is not None),
            "n_trials": self.plan.trials,
            "n_by_state": {state: states.count(state) for state in dict.fromkeys(states)},
            "trials": trials,
        }
        return kept_best(found, self.plan.first or self.plan.start)

    # Rounds -------------------------------------------------------------------------------------

    def _entry(self, number: int, parameters: dict[str, Any]) -> Contender:
        name = "start" if number == START else str(number)
        return Contender(number, parameters, self.folder / f"{name}.pt")

    def _first_trials(self) -> list[FrozenTrial]:
        """Return the trials of the first round: those that ended first, where there are more."""
        ended = self.study.get_trials(deepcopy=False, states=ENDED)
        ended.sort(key=lambda trial: (trial.datetime_complete, trial.number))
        return sorted(ended[: self.plan.trials], key=lambda trial: trial.number)

    def _known(self) -> dict[int, Contender]:
        """Return all entries by number."""
        found = {t.number: self._entry(t.number, dict(t.params)) for t in self._first_trials()}
        if not self.plan.first and self.plan.start:
            found[START] = self._entry(START, dict(self.plan.start))
        return found

    def _start(self) -> int | None:
        """Return the number of the start."""
        if not self.plan.first:
            return START if self.plan.start else None
        trials = self._first_trials()
        return next((t.number for t in trials if t.params == dict(self.plan.first)), None)

    def _values(self, number: int) -> dict[str, float | None]:
        """Return the values of a later round that the journal has, by trial; None = failed."""
        prefix = f"round {number} trial "
        return {
            key.removeprefix(prefix): value
            for key, value in self.study.user_attrs.items()
            if key.startswith(prefix)
        }

    def _of_round(self, number: int) -> dict[int, float]:
        """Return the values of the trials that a round did not fail, by number."""
        found = {int(key): v for key, v in self._values(number).items() if v is not None}
        if number == 0:
            complete = [t for t in self._first_trials() if t.state == TrialState.COMPLETE]
            found |= {t.number: t.value for t in complete if t.value is not None}
        return found

    def _ranked(self, number: int) -> list[Contender]:
        """Return the entries of a round, best first; the first trial of equals."""
        values, known = self._of_round(number), self._known()
        sign = -1 if self.plan.direction == "maximize" else 1
        order = sorted((n for n in values if n in known), key=lambda n: (sign * values[n], n))
        return [known[n] for n in order]

    def _entries(self, number: int) -> list[Contender]:
        """Return the entries that are in a later round."""
        before = self._ranked(number - 1)
        start = self._start()
        chosen = before[: self.steps[number].trials]
        return chosen + [e for e in before[len(chosen) :] if e.number == start]

    def _finish(self, number: int, entry: Contender) -> None:
        """Train an entry as long as a round lasts, and tell the journal."""
        key = f"round {number} trial {entry.number}"
        if key in self.study.user_attrs:
            return
        value: float | None = None
        try:
            value = self.train(entry, self.steps[number].epochs)
        except TrainingFailed as error:
            log.warning("trial %d failed: %s", entry.number, error)
        self.study.set_user_attr(key, value)
        log.info("trial %d after %d epochs: %s", entry.number, self.steps[number].epochs, value)

    def _described(self, entry: Contender) -> dict[str, Any]:
        reached = [n for n in range(len(self.steps)) if entry.number in self._of_round(n)]
        last = reached[-1] if reached else None
        state = "complete" if last == len(self.steps) - 1 else "pruned"
        return {
            "number": entry.number,
            "state": "fail" if last is None else state,
            "value": None if last is None else self._of_round(last)[entry.number],
            "epochs": 0 if last is None else self.steps[last].epochs,
            "parameters": entry.parameters,
        }

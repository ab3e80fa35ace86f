"""Whether jobs can be sent to a cluster by steps: none needs one of a later step."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from hh4b.core.errors import ConfigError
from hh4b.study.job_needs import STEPS


class GroupedJob(Protocol):
    """A job of the workflow, as far as its order matters."""

    @property
    def group(self) -> str | None:
        """Its step; None for what runs where the workflow does."""

    @property
    def name(self) -> str:
        """Name of its rule."""


def require_order(dependencies: Mapping[GroupedJob, Iterable[GroupedJob]]) -> None:
    """Make sure that no job needs one of a later step.

    Then no group of jobs of one step waits for itself: whatever lies between two of its jobs is of
    the same step, and jobs of a step that need each other directly are in one group. One look at
    every job and what it needs says so; jobs without a step stand for what they need themselves.

    Args:
        dependencies: of every job, what it needs.

    Raises:
        ConfigError: naming both rules.
    """
    place = {step: number for number, step in enumerate(STEPS)}
    for job, needed in dependencies.items():
        if job.group is None:
            continue
        here = place[job.group]
        waiting = [(one, False) for one in needed]
        seen = set()
        while waiting:
            one, through = waiting.pop()
            if one.group is None:
                if one not in seen:
                    seen.add(one)
                    waiting += [(other, True) for other in dependencies.get(one, ())]
                continue
            there = place[one.group]
            # Behind a job without a step the group has been left: it must not be of the same step.
            if there > here or (through and there == here):
                raise ConfigError(
                    f"{job.name} of the step {job.group} needs {one.name} of the step {one.group}, "
                    "which is not an earlier one: see hh4b.study.job_needs"
                )

"""What the rules of the workflow ask for as functions of a job: settings, code, memory and time."""

from collections.abc import Callable, Mapping
from typing import Any

from hh4b.core.kept_digests import kept_digest
from hh4b.study.job_needs import JobNeeds
from hh4b.study.layout import Layout
from hh4b.study.stage_settings import StageSettings

#: Of the wildcards of a job.
OfJob = Callable[[Mapping[str, str]], str]
#: Of its wildcards and the number of the attempt.
OfAttempt = Callable[[Mapping[str, str], int], int]


class RuleValues:
    """Functions of the jobs of a study."""

    def __init__(self, layout: Layout) -> None:
        """Take the study of a layout."""
        self._settings, self._needs = StageSettings(layout), JobNeeds(layout)

    def settings(self, rule: str, *wildcards: str) -> OfJob:
        """Return the function that writes the settings of a job.

        Args:
            rule: whose settings.
            wildcards: those that they depend on.
        """
        return lambda w: self._settings.text(rule, **{name: w[name] for name in wildcards})

    def step(self, rule: str, wildcards: Mapping[str, str]) -> str | None:
        """Return the step of a job: small jobs of a step share one on a cluster."""
        return self._needs.step(rule, wildcards)

    def needs(self, rule: str) -> dict[str, OfAttempt]:
        """Return the functions of memory in MB and time in minutes, which grow with the attempt."""

        # Snakemake hands both over by name.
        def memory(wildcards: Mapping[str, str], attempt: int) -> int:
            return self._needs.megabytes(rule, wildcards, attempt)

        def minutes(wildcards: Mapping[str, str], attempt: int) -> int:
            return self._needs.minutes(rule, wildcards, attempt)

        # The plug-in of HTCondor has a name of its own for memory.
        return {"mem_mb": memory, "htcondor_request_mem_mb": memory, "runtime": minutes}


def code_of(*targets: str) -> Callable[[Any], str]:
    """Return the function that digests code, so that a rule reruns when, and only when, it changes.

    A function, as a job on a cluster reads the workflow anew and needs few of the digests.
    """
    return lambda w: kept_digest(*targets)


def command(name: str) -> Callable[[Any], str]:
    """Return the function that digests the code behind a command, ``"module:function"``."""
    return code_of(f"hh4b.commands.{name}")

"""No job needs one of a later step: else a group of jobs would wait for itself."""

from dataclasses import dataclass

import pytest

from hh4b.core.errors import ConfigError
from hh4b.study.job_needs import STEPS
from hh4b.study.step_order import require_order


@dataclass(frozen=True)
class Job:
    name: str
    group: str | None


PARTONS = Job("generate_hh", "partons")
EVENTS = Job("simulate", "events")
WORKER = Job("spanet_search_worker", "spanet_search")
OUTCOME = Job("search_outcome", None)
TRAINING = Job("spanet_train", "spanet_training")
TABLE, SUMMARY = Job("table", "publication"), Job("summary", "publication")


def test_jobs_in_the_order_of_their_steps_are_taken():
    require_order({
        PARTONS: [], EVENTS: [PARTONS], WORKER: [EVENTS], OUTCOME: [WORKER],
        TRAINING: [OUTCOME, EVENTS], TABLE: [TRAINING], SUMMARY: [TABLE, TRAINING],
    })  # fmt: skip


def test_a_job_that_needs_a_later_step_is_refused():
    with pytest.raises(ConfigError, match="simulate of the step events needs spanet_train of the"):
        require_order({EVENTS: [PARTONS, TRAINING], TRAINING: [], PARTONS: []})


@pytest.mark.parametrize("behind", [TABLE, TRAINING])
def test_jobs_without_a_step_hide_nothing(behind):
    other = Job("spanet_train_again", "spanet_training")
    middle = Job("choice", None)
    with pytest.raises(ConfigError, match="spanet_train_again"):
        require_order({other: [middle], middle: [OUTCOME], OUTCOME: [behind], behind: []})


def test_many_jobs_without_a_step_are_looked_at_once():
    layers = [[Job(f"choice_{depth}_{n}", None) for n in range(4)] for depth in range(40)]
    needs = {
        job: below for layer, below in zip(layers, [*layers[1:], [EVENTS]], strict=True)
        for job in layer
    }  # fmt: skip
    require_order({**needs, EVENTS: [], TRAINING: layers[0]})


def test_the_steps_of_this_test_are_there():
    assert {job.group for job in (PARTONS, EVENTS, WORKER, TRAINING, TABLE)} <= set(STEPS)

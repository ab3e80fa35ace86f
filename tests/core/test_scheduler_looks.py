import threading
from types import SimpleNamespace

import pytest
from snakemake.scheduling.job_scheduler import JobScheduler

from hh4b.core.scheduler_looks import look_again_once

DELAY = 0.02


def made():
    """Return a scheduler as far as it is used, and the looks that it will do."""
    looks = threading.Semaphore(0)
    return SimpleNamespace(_open_jobs=looks, _schedule_reevalutation=None), looks


@pytest.fixture
def started(monkeypatch):
    """Timers, in place of their start: whoever runs late keeps nobody's appointment."""
    timers = []
    monkeypatch.setattr(threading.Timer, "start", lambda self: timers.append(self))
    return timers


def test_many_looks_make_one_appointment(started):
    scheduler, looks = made()
    look_again_once(scheduler)
    for _ in range(50):
        scheduler._schedule_reevalutation(DELAY)
    (timer,) = started
    assert timer.interval == DELAY
    timer.function()
    assert looks.acquire(blocking=False)
    assert not looks.acquire(blocking=False)


def test_each_look_can_make_the_next_appointment():
    scheduler, looks = made()
    look_again_once(scheduler)
    for _ in range(20):
        scheduler._schedule_reevalutation(DELAY / 10)
        assert looks.acquire(timeout=5), "no look came"


def test_the_program_need_not_wait_for_an_appointment():
    scheduler, _ = made()
    look_again_once(scheduler)
    before = set(threading.enumerate())
    scheduler._schedule_reevalutation(0.5)
    (timer,) = set(threading.enumerate()) - before
    assert timer.daemon
    timer.cancel()


def test_another_scheduler_is_left_alone():
    other = SimpleNamespace(_open_jobs=None)
    look_again_once(other)
    assert vars(other) == {"_open_jobs": None}


def test_the_scheduler_that_is_installed_has_what_is_replaced(started):
    """A release that names it otherwise would get its series of looks back without a word."""
    assert callable(JobScheduler._schedule_reevalutation)
    scheduler = JobScheduler.__new__(JobScheduler)
    scheduler._open_jobs = threading.Semaphore(0)
    scheduler._schedule_reevalutation(3)
    scheduler._schedule_reevalutation(3)
    assert len(started) == 2
    look_again_once(scheduler)
    scheduler._schedule_reevalutation(3)
    scheduler._schedule_reevalutation(3)
    assert len(started) == 3

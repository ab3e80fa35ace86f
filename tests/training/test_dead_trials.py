"""Searches that were killed: the next run does what the killed one would have done."""

import json
import os
import signal
import subprocess
import sys

import pytest

from hh4b.core.processes import machine
from hh4b.training.journal_lock import JournalLock, cut_half_line
from hh4b.training.trials import StudyPlan, run_trials

CODE = """
import os, signal, sys
from pathlib import Path
from hh4b.training.trials import StudyPlan, run_trials
deadly, worker = int(sys.argv[2]), int(sys.argv[3])
plan = StudyPlan("toy", Path(sys.argv[1]), "minimize", {"a": 1}, 6, 3, first={"x": 2.0})
def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    trial.report(x, 0)
    if trial.number == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return x**2
run_trials(plan, objective, worker=worker)
"""


def plan(folder, trials=6):
    journal = folder / "journal.log"
    return StudyPlan("toy", journal, "minimize", {"a": 1}, trials, 3, first={"x": 2.0})


def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    trial.report(x, 0)
    return x**2


def killed(folder, at, worker=0):
    command = [sys.executable, "-c", CODE, "journal.log", str(at), str(worker)]
    done = subprocess.run(command, check=False, cwd=folder)
    assert done.returncode == -signal.SIGKILL


def test_a_killed_search_ends_as_one_that_was_not(tmp_path):
    (tmp_path / "whole").mkdir()
    whole = run_trials(plan(tmp_path / "whole"), objective, worker=0)
    for at in (0, 3):
        killed(tmp_path, at)
    found = run_trials(plan(tmp_path), objective, worker=0)
    assert found == whole
    assert found["trials"][0]["parameters"] == {"x": 2.0}
    assert found["start_value"] == 4.0


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, SystemExit])
def test_what_interrupts_a_trial_does_not_fail_it(tmp_path, error):
    def interrupted(trial):
        objective(trial)
        raise error

    with pytest.raises(error):
        run_trials(plan(tmp_path), interrupted, worker=0)
    found = run_trials(plan(tmp_path), objective, worker=0)
    assert found["n_by_state"] == {"complete": 6}
    assert [trial["number"] for trial in found["trials"]] == list(range(6))


def test_trials_of_living_workers_stay_theirs(tmp_path):
    def beside(trial):
        if trial.number == 0:
            found = run_trials(plan(tmp_path, 3), objective, worker=1)
            assert [t["number"] for t in found["trials"]] == [1, 2, 3]
        return objective(trial)

    found = run_trials(plan(tmp_path, 3), beside, worker=0)
    assert [t["number"] for t in found["trials"]] == [0, 1, 2, 3]


def test_trials_of_another_killed_worker_are_taken_up(tmp_path):
    killed(tmp_path, 0, worker=1)
    found = run_trials(plan(tmp_path), objective, worker=0)
    assert [trial["number"] for trial in found["trials"]] == list(range(6))
    assert found["start_value"] == 4.0


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("kind", ["killed", "link"])
def test_a_lock_that_was_left_is_broken(tmp_path, monkeypatch, relative, kind):
    monkeypatch.chdir(tmp_path)
    run_trials(plan(tmp_path, 1), objective, worker=0)
    lock = tmp_path / "journal.log.lock"
    if kind == "killed":
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            pass
        lock.write_text(f"{machine()} {ended.pid}\n")
    else:
        # As other programs lock: a link, which points nowhere from here.
        lock.symlink_to("results/journal.log")
        monkeypatch.setattr("hh4b.training.journal_lock._GRACE_S", 0.2)
    folder = os.path.relpath(tmp_path) if relative else tmp_path
    found = run_trials(plan(type(tmp_path)(folder), 2), objective, worker=0)
    assert found["n_trials"] == 2
    assert not os.path.lexists(lock)
    assert [p for p in tmp_path.iterdir() if ".lock" in p.name] == []


def test_a_lock_that_is_held_is_waited_for(tmp_path, monkeypatch):
    lock, other = JournalLock(tmp_path / "journal"), JournalLock(tmp_path / "journal")
    lock.acquire()
    monkeypatch.setattr("time.sleep", lambda _: lock.release())
    other.acquire()
    assert (tmp_path / "journal.lock").exists()
    other.release()


def test_half_a_line_is_cut_off(tmp_path):
    journal = tmp_path / "journal.log"
    whole = run_trials(plan(tmp_path, 3), objective, worker=0)
    with journal.open("a") as file:
        file.write('{"op_code":4,"worker_id":"')
    found = run_trials(plan(tmp_path, 4), objective, worker=0)
    assert found["trials"][:3] == whole["trials"]
    for line in journal.read_text().splitlines():
        json.loads(line)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("", ""), ("half", ""), ("a\nhalf", "a\n"), ("a\n", "a\n"), ("a\n" + "h" * 200000, "a\n")],
)
def test_cut_half_line(tmp_path, text, kept):
    (tmp_path / "file").write_text(text)
    cut_half_line(tmp_path / "file")
    assert (tmp_path / "file").read_text() == kept

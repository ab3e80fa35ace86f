"""The lock of a killed run is taken over, that of a run that may go on is not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hh4b.core.lock_takeover import RunRecord

#: A run: takes over, locks as the workflow engine does, and starts a job.
RUN = """
import subprocess, sys, time
from pathlib import Path
from hh4b.core.lock_takeover import take_over
folder = Path(sys.argv[1])
take_over(folder, say=lambda line: print(line, flush=True))
if (folder / "locks").exists():
    print("locked", flush=True)
    sys.exit(0)
(folder / "locks").mkdir()
(folder / "locks/0.output.lock").write_text("results/a")
job = subprocess.Popen(["sleep", "60"])
print(f"job {job.pid}", flush=True)
if sys.argv[2] == "stays":
    time.sleep(60)
job.kill()
(folder / "locks/0.output.lock").unlink()
(folder / "locks").rmdir()
"""


class Run:
    def __init__(self, folder, mode="ends"):
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder), mode], stdout=subprocess.PIPE, text=True
        )
        self.said, self.job = [], None
        if mode == "ends":
            self.said = self.process.communicate(timeout=30)[0].splitlines()
            return
        while self.job is None:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said.append(line)
            self.job = int(line.split()[1]) if line.startswith("job ") else None

    def kill(self):
        """Kill the run and not its job."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_lock_and_jobs_of_a_killed_run_are_taken_over(tmp_path):
    killed = Run(tmp_path, "stays")
    killed.kill()
    assert alive(killed.job)
    ended, removed, _ = Run(tmp_path).said
    assert "ended 1 processes" in ended
    assert "removed the lock" in removed
    assert not alive(killed.job)
    # An orderly end leaves nothing behind.
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["lock"]


def test_lock_of_a_run_that_goes_on_stays(tmp_path):
    running = Run(tmp_path, "stays")
    try:
        assert Run(tmp_path).said == ["locked"]
        assert alive(running.job)
    finally:
        os.kill(running.job, signal.SIGKILL)
        running.kill()


def test_lock_of_a_stopped_run_stays(tmp_path):
    running = Run(tmp_path, "stays")
    running.process.send_signal(signal.SIGSTOP)
    try:
        assert Run(tmp_path).said == ["locked"]
    finally:
        os.kill(running.job, signal.SIGKILL)
        running.kill()


def test_a_copy_of_the_folder_of_a_run_ends_no_job_of_it(tmp_path):
    running = Run(tmp_path / "original", "stays")
    try:
        shutil.copytree(tmp_path / "original", tmp_path / "copy")
        removed, job = Run(tmp_path / "copy").said
        assert "removed the lock" in removed
        assert job.startswith("job ")
        assert alive(running.job)
        assert Run(tmp_path / "original").said == ["locked"]
    finally:
        os.kill(running.job, signal.SIGKILL)
        running.kill()


@pytest.fixture
def lock(tmp_path):
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/0.input.lock").write_text("a")
    (tmp_path / "runs").mkdir()
    return tmp_path / "locks/0.input.lock"


def record(folder, **changes):
    content = {**vars(RunRecord.own()), **changes}
    file = folder / "runs" / f"{content['name']}.json"
    file.write_text(json.dumps(content))
    return file


def test_a_lock_that_may_be_of_another_machine_stays_and_is_named(tmp_path, lock):
    record(tmp_path, host="node7", machine="another", boot="another", pid=42)
    record(tmp_path)
    said, locked = Run(tmp_path).said
    assert locked == "locked"
    assert "process 42 on node7" in said
    assert "snakemake --unlock" in said
    assert lock.exists()


def test_a_record_of_another_machine_does_not_last_where_nothing_is_locked(tmp_path):
    (tmp_path / "runs").mkdir()
    files = [record(tmp_path, boot="b", machine="m", name=name) for name in ("old", "new")]
    os.utime(files[0], (time.time() - 7200,) * 2)
    Run(tmp_path)
    assert [file.exists() for file in files] == [False, True]


def test_a_machine_that_has_started_anew_knows_its_own_runs():
    own = RunRecord.own()
    before = RunRecord("a", own.host, "machine", "boot before", 1)
    assert before.shares_kernel(RunRecord("b", own.host, "machine", "boot after", 2))
    assert not before.shares_kernel(RunRecord("b", "other", "machine", "boot after", 2))
    assert not RunRecord("a", "h", "", "", 1).shares_kernel(RunRecord("b", "h", "", "", 2))


def test_a_lock_that_no_run_has_recorded_stays(tmp_path, lock):
    assert Run(tmp_path).said == ["locked"]
    assert lock.exists()


def test_a_record_that_was_cut_is_of_a_run_without_a_lock(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/a.json").write_text('{"name": "a", "ho')
    assert Run(tmp_path).said[0].startswith("job ")


def test_a_folder_that_cannot_be_written_is_left_alone(tmp_path):
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-c", RUN.split("if (folder")[0], str(tmp_path / "file"), "ends"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

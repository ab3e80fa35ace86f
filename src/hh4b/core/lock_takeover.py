"""Which lock of a workflow is one that a killed run left, and which is of a run that goes on.

A workflow engine locks files by files, which outlive a killed process. Here each run also holds
a lock of the kernel, shared with the other runs in the folder, which ends with its process
whatever ends it, and leaves a record that an orderly end removes. A run that gets the kernel's
lock for itself alone therefore knows that no other process of this machine is at work in the
folder. What it cannot know is whether one of another machine is: not every network file system
shares the locks of kernels.
"""

import atexit
import fcntl
import json
import os
import shutil
import signal
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from hh4b.core.strict_json import parse_json

#: In the environment of a run and of all its jobs, by which they are found.
MARK = "HH4B_RUN"
#: Seconds to wait for a killed process to be gone, and for its jobs to end in an orderly way.
PATIENCE_S = 2.0
#: A run locks within this time after its record appears.
START_S = 3600.0


@dataclass(frozen=True)
class RunRecord:
    """A run that has begun.

    Attributes:
        name: of the run, in its jobs' environment.
        host: name of its machine.
        machine: what the machine keeps when it starts anew.
        boot: what all processes share that run on one kernel, in whatever container.
        pid: its process.
        inode: number of the folder of records, by which a record knows that it has been copied;
            0 where it is not known.
    """

    name: str
    host: str
    machine: str
    boot: str
    pid: int
    inode: int = 0

    @classmethod
    def own(cls, records: Path | None = None) -> "RunRecord":
        """Return the record of this process, to lie in ``records``."""
        machine, boot = (_text(Path(p)) for p in ("/etc/machine-id", _BOOT))
        inode = 0 if records is None else records.stat().st_ino
        return cls(uuid.uuid4().hex, socket.gethostname(), machine, boot, os.getpid(), inode)

    def shares_kernel(self, other: "RunRecord") -> bool:
        """Say whether the kernel's locks tell these two of each other."""
        same_machine = bool(self.machine) and (self.machine, self.host) == (
            other.machine, other.host,
        )  # fmt: skip
        return same_machine or (bool(self.boot) and self.boot == other.boot)


_BOOT = "/proc/sys/kernel/random/boot_id"


def take_over(folder: Path, *, locks: str = "locks", say: Callable[[str], None]) -> None:
    """Begin a run: remove the lock and end the jobs of killed runs, unless one may still go on.

    Nothing is done where the folder or its file system does not let one.

    Args:
        folder: of the workflow engine, which lies where the run was started.
        locks: folder in it whose files are the engine's locks.
        say: told in one line what was done, or why nothing was.
    """
    records = folder / "runs"
    try:
        records.mkdir(parents=True, exist_ok=True)
        # Never closed: the kernel keeps the lock as long as the process lives. Jobs do not get it.
        guard = os.open(records / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        alone = _alone(guard, wait=_any_file(folder / locks))
        own = RunRecord.own(records)
        if alone:
            _clear(folder / locks, records, own, say)
        # Shared, and only now: who clears is alone, and who locks has made itself known.
        fcntl.flock(guard, fcntl.LOCK_SH)
        file = records / f"{own.name}.json"
        file.write_text(json.dumps(asdict(own)), encoding="utf-8")
    except OSError:
        return
    os.environ[MARK] = own.name
    atexit.register(_forget, file, own.pid)


def _alone(guard: int, *, wait: bool) -> bool:
    """Lock for this process alone; wait a moment for one that is being killed."""
    end = time.monotonic() + (PATIENCE_S if wait else 0)
    while True:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.1)
        else:
            return True


def _clear(locks: Path, records: Path, own: RunRecord, say: Callable[[str], None]) -> None:
    """Remove locks and records of runs that ended without removing them.

    Locks without any record are not of runs that hold the kernel's lock, and stay.
    """
    found = dict(_read(records))
    # Those that came with a copy of the folder are of runs that are, or were, at work elsewhere.
    copied = {file for file, run in found.items() if run.inode not in (0, own.inode)}
    elsewhere = {
        file: run
        for file, run in found.items()
        if file not in copied and not run.shares_kernel(own)
    }
    locked = _any_file(locks)
    if locked and elsewhere:
        run = next(iter(elsewhere.values()))
        say(
            f"process {run.pid} on {run.host} began a run here and may be at work, so that its lock"
            " stays; where it has ended, type: snakemake --unlock"
        )
        return
    dead = found.keys() - elsewhere.keys()
    ended = _end_jobs({found[file].name for file in dead - copied})
    if ended:
        say(f"ended {ended} processes that a killed run had left at work")
    if locked and dead:
        shutil.rmtree(locks)
        say("removed the lock that a killed run had left; its unfinished files are made anew")
    old = time.time() - START_S
    for file in found:
        if file in dead or (not locked and file.stat().st_mtime < old):
            file.unlink(missing_ok=True)


def _read(records: Path) -> Iterator[tuple[Path, RunRecord]]:
    """Yield the records; one that was cut when it was written is of a run without a lock."""
    for file in records.glob("*.json"):
        try:
            yield file, RunRecord(**parse_json(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            file.unlink(missing_ok=True)


def _end_jobs(runs: set[str]) -> int:
    """End the processes of this user that killed runs had started; return their number."""
    first = found = _of_runs(runs) if runs else []
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, kind)
        end = time.monotonic() + PATIENCE_S
        while found and time.monotonic() < end:
            time.sleep(0.05)
            found = _of_runs(runs)
    return len(first)


def _of_runs(runs: set[str]) -> list[int]:
    marks = {f"{MARK}={run}".encode() for run in runs}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if marks & set((process / "environ").read_bytes().split(b"\0")):
                found.append(int(process.name))
    return [pid for pid in found if pid != os.getpid()]


def _any_file(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _forget(file: Path, pid: int) -> None:
    # A child that was forked runs this too.
    if os.getpid() == pid:
        with suppress(OSError):
            file.unlink()

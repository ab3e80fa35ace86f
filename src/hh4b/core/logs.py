"""Logging for the command line, and progress that suits a terminal or a file."""

import logging
import os
import re
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from stat import S_ISREG
from typing import Any, TypeVar

Item = TypeVar("Item")
log = logging.getLogger(__name__)


def configure(*, verbose: bool = False) -> None:
    """Send log lines to standard error, once, with time and level."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
    for noisy in ("numba", "matplotlib", "fontTools", "fsspec", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


#: Without a terminal the spacing of lines grows with the time that went by: a share of it.
SPACING = 0.25
#: Seconds from which on work is worth a line in a log.
SHORT = 5.0


def progress(
    items: Iterable[Item], *, total: int, what: str, size: int = 1, every_s: float = 10.0
) -> Iterator[Item]:
    """Yield ``items`` while telling rate and remaining time.

    On a terminal one line is written anew twice a second. Elsewhere lines come after 10 s, 20 s,
    then ever later, a quarter of the time so far apart: some 20 in an hour and 35 in a day. What
    takes less than `SHORT` there is not told of at all.

    Args:
        items: what to go through.
        total: how many units of work there are in all.
        what: the name of a unit, e.g. ``"events"``.
        size: units of work in one item.
        every_s: seconds between two plain lines where standard error is not a terminal, at least.
    """
    start = last = time.monotonic()
    terminal, told = sys.stderr.isatty(), False
    done = 0
    for item in items:
        yield item
        done = min(done + size, total)
        now = time.monotonic()
        spacing = 0.5 if terminal else max(every_s, SPACING * (now - start))
        if now - last < spacing and done < total:
            continue
        if not told and done >= total and now - start < (0.5 if terminal else SHORT):
            continue
        last, told = now, True
        rate = done / max(now - start, 1e-9)
        left = duration((total - done) / max(rate, 1e-9))
        speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
        line = f"{done}/{total} {what}, {speed}/s, {left} left"
        if terminal:
            sys.stderr.write("\r" + line + ("\n" if done >= total else "\033[K"))
            sys.stderr.flush()
        else:
            log.info("%s", line)


def duration(seconds: float) -> str:
    """Return a time in words.

    >>> duration(7.4), duration(185), duration(40000)
    ('7 s', '3 min 5 s', '11 h 7 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min"


#: Bytes at the end of a log in which its last messages are looked for.
TAIL_BYTES = 4000
_CPU_TIME = re.compile(
    r"^(?:\d\d:\d\d:\d\d )?INFO CPU time(?: before it was interrupted)?: (\d+\.\d+) s$",
    re.MULTILINE,
)


def goes_to_a_file() -> bool:
    """Whether standard error is a file, as that of the jobs of the workflow."""
    try:
        return S_ISREG(os.fstat(2).st_mode)
    except OSError:  # it is closed
        return False


def used_cpu_time() -> float:
    """Return the CPU time in s of this process and of the processes it waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def tell_cpu_time() -> None:
    """Log what this process and the processes it waited for took."""
    log.info("CPU time: %.2f s", used_cpu_time())


def tell_cpu_time_before(seconds: float) -> None:
    """Log what went into this work before it was interrupted, where `tell_cpu_time` will follow."""
    if goes_to_a_file():
        log.info("CPU time before it was interrupted: %.2f s", seconds)


def cpu_time(path: Path | str) -> float | None:
    """Return the CPU time in s that the commands of a log took; None if it does not say."""
    try:
        found = _CPU_TIME.findall(_tail(path))
    except OSError:
        return None
    return sum(map(float, found)) if found else None


def say(line: str) -> None:
    """Tell the user of a workflow something, whatever its engine is told to print."""
    sys.stderr.write(f"hh4b: {line}\n")


def last_messages(jobs: Iterable[Any]) -> Iterator[str]:
    """Yield, of every job that failed, what its log says last.

    Args:
        jobs: of the workflow engine, with ``name`` and the paths ``log``; or groups of ``jobs``.
    """
    for group in jobs:
        for job in getattr(group, "jobs", [group]):
            for log_file in job.log:
                yield f"{job.name} failed: {last_message(log_file)} ({log_file})"


def last_message(path: Path | str) -> str:
    """Return the last line of a log, and what stands above it where it is the rest of a message."""
    try:
        lines = [line for line in _tail(path).splitlines() if line]
    except OSError:
        return "it left no log"
    first = len(lines) - 1
    while first > 0 and lines[first][0].isspace():
        first -= 1
    return "\n".join(lines[first:]) or "its log is empty"


def _tail(path: Path | str) -> str:
    with Path(path).open("rb") as file:
        file.seek(-min(TAIL_BYTES, file.seek(0, 2)), 2)
        return file.read().decode(errors="replace")

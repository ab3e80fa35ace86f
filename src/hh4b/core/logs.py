"""Logging for the command line, and progress that suits a terminal or a file."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
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


def progress(
    items: Iterable[Item], *, total: int, what: str, size: int = 1, every_s: float = 10.0
) -> Iterator[Item]:
    """Yield ``items`` while telling rate and remaining time.

    Args:
        items: what to go through.
        total: how many units of work there are in all.
        what: the name of a unit, e.g. ``"events"``.
        size: units of work in one item.
        every_s: seconds between two plain lines where standard error is not a terminal.
    """
    start = last = time.monotonic()
    terminal = sys.stderr.isatty()
    done = 0
    for item in items:
        yield item
        done = min(done + size, total)
        now = time.monotonic()
        if now - last < (0.5 if terminal else every_s) and done < total:
            continue
        last = now
        rate = done / max(now - start, 1e-9)
        line = (
            f"{done}/{total} {what}, {rate:,.0f}/s, {(total - done) / max(rate, 1e-9):.0f} s left"
        )
        if terminal:
            sys.stderr.write("\r" + line + ("\n" if done >= total else "\033[K"))
            sys.stderr.flush()
        else:
            log.info("%s", line)


#: Bytes at the end of a log in which its last message is looked for.
TAIL_BYTES = 4000


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
        with Path(path).open("rb") as file:
            file.seek(-min(TAIL_BYTES, file.seek(0, 2)), 2)
            lines = [line for line in file.read().decode(errors="replace").splitlines() if line]
    except OSError:
        return "it left no log"
    first = len(lines) - 1
    while first > 0 and lines[first][0].isspace():
        first -= 1
    return "\n".join(lines[first:]) or "its log is empty"

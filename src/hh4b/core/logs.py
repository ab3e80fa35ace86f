"""Logging for the command line, and progress that suits a terminal or a file."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

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

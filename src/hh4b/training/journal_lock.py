"""The lock of a journal that workers share, which outlives none of them."""

import os
import time
import uuid
from pathlib import Path

from hh4b.core.processes import has_ended, machine

#: Seconds after which a lock of another machine is one of a killed worker: it is held for the
#: time that one line takes.
_GRACE_S = 30.0
_LONGEST_WAIT_S = 0.5


class JournalLock:
    """A file beside the journal, made by a hard link, with the machine and number of its holder.

    The lock of a killed worker is broken: at once where it ran on this machine, else after a time.
    Whoever gets the lock finds a journal of whole lines, since half a line at its end can only be
    one that a killed worker wrote; it is cut off before another is added to it.
    """

    def __init__(self, journal: Path) -> None:
        """Prepare to lock ``journal``."""
        # Absolute, since the journal is used wherever the process goes.
        self._journal = Path(os.path.abspath(journal))  # noqa: PTH100 (links stay)
        self._lock = self._journal.with_name(f"{self._journal.name}.lock")

    def acquire(self) -> bool:
        """Wait for the lock and take it."""
        own = self._aside()
        own.write_text(f"{machine()} {os.getpid()}\n", encoding="utf-8")
        wait, seen, since = 0.001, "", time.monotonic()
        try:
            while not self._take(own):
                holder = self._holder()
                if holder != seen:
                    seen, since = holder, time.monotonic()
                if holder and self._is_abandoned(holder, time.monotonic() - since):
                    self._break(holder)
                    continue
                time.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)
        finally:
            own.unlink(missing_ok=True)
        cut_half_line(self._journal)
        return True

    def release(self) -> None:
        """Give the lock back."""
        self._lock.unlink(missing_ok=True)

    def _aside(self) -> Path:
        return self._lock.with_name(f"{self._lock.name}-{uuid.uuid4().hex}")

    def _take(self, own: Path) -> bool:
        try:
            self._lock.hardlink_to(own)
        except FileExistsError:
            return False
        return True

    def _holder(self) -> str:
        """Return who holds the lock, and since when; empty = nobody."""
        try:
            found = self._lock.lstat()
            text = "" if self._lock.is_symlink() else self._lock.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""
        return f"{text.strip()} {found.st_ino} {found.st_mtime_ns}"

    @staticmethod
    def _is_abandoned(holder: str, waited_s: float) -> bool:
        words = holder.split()
        if len(words) == 4 and words[0] == machine() and words[1].isdigit():
            return has_ended(int(words[1]))
        return waited_s > _GRACE_S

    def _break(self, holder: str) -> None:
        """Take away the lock of ``holder``; that of another who was faster is put back."""
        if self._holder() != holder:
            return
        aside = self._aside()
        try:
            self._lock.rename(aside)
        except OSError:
            return
        moved = JournalLock(self._journal)
        moved._lock = aside
        if moved._holder() != holder:
            self._take(aside)
        aside.unlink(missing_ok=True)


def cut_half_line(journal: Path) -> None:
    """Remove what stands behind the last line break of a file."""
    if not journal.exists():
        return
    with journal.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        size, block = end, b""
        while size and b"\n" not in block:
            start = max(0, size - 65536)
            file.seek(start)
            block = file.read(size - start)
            last = block.rfind(b"\n")
            size = start + last + 1 if last >= 0 else start
        if size < end:
            file.truncate(size)

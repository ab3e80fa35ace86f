"""Digests of code, kept between runs: they take seconds, and the same sources have the same."""

import atexit
import hashlib
import sys
from functools import cache
from pathlib import Path

from hh4b.core import digest
from hh4b.core.caches import user_cache
from hh4b.core.errors import Hh4bError
from hh4b.core.output_paths import atomic_path
from hh4b.core.strict_json import parse_json, to_json

#: States of the sources whose digests stay.
_STATES = 16


class KeptDigests:
    """Digests of one state of the sources, and the file where the next run finds them."""

    def __init__(self, folder: Path) -> None:
        """Read what an earlier run kept in ``folder``; a file that is damaged is as one missing."""
        self._path = folder / f"code-{_sources()}.json"
        self._known: dict[str, str] = {}
        self._new = False
        try:
            found = parse_json(self._path.read_text(encoding="utf-8"))
            if isinstance(found, dict):
                self._known = {k: v for k, v in found.items() if isinstance(v, str)}
        except (OSError, ValueError, Hh4bError):
            pass

    def of(self, *targets: str) -> str:
        """Return `hh4b.core.digest.code_digest` of the targets."""
        name = " ".join(targets)
        if name not in self._known:
            self._known[name] = digest.code_digest(*targets)
            self._new = True
        return self._known[name]

    def write(self) -> None:
        """Keep them for the next run, if there are new ones and where that can be done."""
        if not self._new:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(self._path) as temporary:
                temporary.write_text(to_json(self._known), encoding="utf-8")
            states = sorted(self._path.parent.glob("code-*.json"), key=_changed, reverse=True)
            for path in states[_STATES:]:
                path.unlink(missing_ok=True)
        except (OSError, Hh4bError):
            return


def kept_digest(*targets: str) -> str:
    """Return `hh4b.core.digest.code_digest` of the targets, from an earlier run if it had it."""
    kept = _of_this_program()
    return digest.code_digest(*targets) if kept is None else kept.of(*targets)


@cache
def _of_this_program() -> KeptDigests | None:
    folder = user_cache()
    if folder is None:
        return None
    kept = KeptDigests(folder / "hh4b")
    atexit.register(kept.write)
    return kept


def _sources() -> str:
    """Digest names and contents of all sources, and the Python that reads them."""
    found = hashlib.blake2b(sys.version.encode(), digest_size=8)
    for path in sorted(digest.ROOT.rglob("*.py")):
        content = path.read_bytes()
        found.update(f"\n{path.relative_to(digest.ROOT)} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _changed(path: Path) -> float:
    return path.stat().st_mtime

"""The files of a sample: names, globs, addresses and lists of these."""

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

import fsspec

from hh4b.core.errors import InputFileError

_MAGIC = frozenset("*?[")


def expand(patterns: Sequence[str]) -> list[str]:
    """Return the files behind names and globs, each once, in the order given (globs sorted).

    Local names need not exist (reading will say so); an address ``protocol://…`` may hold a glob if
    fsspec knows the protocol; ``@LIST`` stands for the lines of the text file LIST.

    Raises:
        InputFileError: naming all globs that match nothing, or a list that cannot be read.
    """
    files: dict[str, None] = {}
    empty: list[str] = []
    for pattern in _listed(patterns):
        # A shell that expands a glob itself hands names over that may look like one.
        if not _MAGIC & set(pattern) or ("://" not in pattern and Path(pattern).is_file()):
            files[pattern] = None
            continue
        found = _remote(pattern) if "://" in pattern else _local(pattern)
        if not found:
            empty.append(pattern)
        files.update(dict.fromkeys(found))
    if empty:
        raise InputFileError(f"{', '.join(empty)}: matches no file; check the pattern")
    if not files:
        raise InputFileError("no input file given; name at least one ROOT file")
    return list(files)


def _listed(patterns: Sequence[str]) -> Iterator[str]:
    """Put the lines of list files in their place; empty lines and ``#`` comments are left out."""
    for pattern in patterns:
        if not pattern.startswith("@"):
            yield pattern
            continue
        try:
            lines = Path(pattern[1:]).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "no text"
            raise InputFileError(
                f"cannot read the list of files {pattern[1:]}: {reason}"
            ) from error
        yield from (line.strip() for line in lines if line.strip() and line.strip()[0] != "#")


def _local(pattern: str) -> list[str]:
    # Path.glob takes no absolute patterns before Python 3.13.
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207


def _remote(pattern: str) -> list[str]:
    try:
        system, path = fsspec.core.url_to_fs(pattern)
        return sorted(system.unstrip_protocol(name) for name in system.glob(path))
    except (ImportError, ValueError, OSError) as error:
        raise InputFileError(f"{pattern}: cannot be listed: {error}") from error

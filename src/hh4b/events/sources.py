"""The files of a sample: names, globs and addresses."""

import glob
from collections.abc import Sequence

import fsspec

from hh4b.errors import InputFileError

_MAGIC = frozenset("*?[")


def expand(patterns: Sequence[str]) -> list[str]:
    """Return the files behind names and globs, each once, in the order given (globs sorted).

    Local names need not exist (reading will say so); an address ``protocol://…`` may hold a glob if
    fsspec knows the protocol.

    Raises:
        InputFileError: if a glob matches nothing.
    """
    files: dict[str, None] = {}
    for pattern in patterns:
        if not _MAGIC & set(pattern):
            files[pattern] = None
            continue
        found = _remote(pattern) if "://" in pattern else _local(pattern)
        if not found:
            raise InputFileError(f"{pattern}: matches no file; check the pattern")
        files.update(dict.fromkeys(found))
    if not files:
        raise InputFileError("no input file given; name at least one ROOT file")
    return list(files)


def _local(pattern: str) -> list[str]:
    # Path.glob takes no absolute patterns before Python 3.13.
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207


def _remote(pattern: str) -> list[str]:
    try:
        system, path = fsspec.core.url_to_fs(pattern)
        return sorted(system.unstrip_protocol(name) for name in system.glob(path))
    except (ImportError, ValueError, OSError) as error:
        raise InputFileError(f"{pattern}: cannot be listed: {error}") from error

"""The files of a sample: names, globs, addresses and lists of these."""

import glob
import logging
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from hh4b.core.errors import InputFileError
from hh4b.core.same_file import file_identity

log = logging.getLogger(__name__)

_MAGIC = frozenset("*?[")
#: Stands in a name for the number of a chunk.
CHUNK = "{chunk}"


def chunk_name(number: int) -> str:
    """Return how a chunk of a sample is called.

    >>> chunk_name(7)
    '0007'
    """
    return f"{number:04d}"


def chunk_files(name: str, chunks: int) -> list[str]:
    """Return the files of the first chunks of a sample, whatever else lies beside them.

    Args:
        name: of the files, with `CHUNK` where the number stands.
        chunks: number of files.

    Raises:
        InputFileError: if the name has no place for the number.
    """
    if CHUNK not in name:
        raise InputFileError(f"{name}: --chunks needs a name with {CHUNK} in it; give one")
    return [name.replace(CHUNK, chunk_name(number)) for number in range(chunks)]


def expand(patterns: Sequence[str]) -> list[str]:
    """Return the files behind names and globs, each once, in the order given (globs sorted).

    Local names need not exist (reading will say so); an address ``protocol://…`` may hold a glob if
    fsspec knows the protocol; ``@LIST`` stands for the lines of the text file LIST. A file under
    two names, as a link or an absolute path, is taken once and a warning says so.

    Raises:
        InputFileError: naming all globs that match nothing, or a list that cannot be read.
    """
    files = _expand(patterns, remote=True)
    once: dict[Hashable, str] = {}
    for file in files:
        first = once.setdefault(file_identity(file), file)
        if first != file:
            log.warning("%s and %s are the same file: it is read once", first, file)
    return list(once.values())


def local_sources(patterns: Sequence[str]) -> list[str]:
    """Return the lists and local files behind names and globs, each once, as far as they are there.

    A name without a glob is returned whether it is there or not.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        if pattern.startswith("@"):
            found[pattern[1:]] = None
        if "://" not in pattern:
            # What is missing is said by `require_local_sources`, before any job.
            with suppress(InputFileError):
                found |= dict.fromkeys(_expand([pattern], remote=False))
    return [file for file in found if "://" not in file]


def require_local_sources(patterns: Sequence[str]) -> list[str]:
    """Return the local files behind names and globs, each once.

    Raises:
        InputFileError: naming all globs that match nothing and all names of no file, or a list that
            cannot be read.
    """
    files = [file for file in _expand(patterns, remote=False) if "://" not in file]
    lacking = [file for file in files if not Path(file).is_file()]
    if lacking:
        raise InputFileError(f"{', '.join(lacking)}: there is no such file; check the name")
    return files


def _expand(patterns: Sequence[str], *, remote: bool) -> list[str]:
    """Return the files behind names and globs, those of addresses only where asked for."""
    files: dict[str, None] = {}
    empty: list[str] = []
    for pattern in _listed(patterns):
        address = "://" in pattern
        # A shell that expands a glob itself hands names over that may look like one.
        is_name = not _MAGIC & set(pattern) or (not address and Path(pattern).is_file())
        if is_name or (address and not remote):
            files[pattern] = None
            continue
        found = _remote(pattern) if address else _local(pattern)
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
    # Most samples are local, and what plans jobs reads this module too.
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(pattern)
        return sorted(system.unstrip_protocol(name) for name in system.glob(path))
    except (ImportError, ValueError, OSError) as error:
        raise InputFileError(f"{pattern}: cannot be listed: {error}") from error

"""Which names mean the same file: links, relative paths and hard links are one thing."""

import os
from collections.abc import Hashable
from pathlib import Path

#: A name with this in it is an address, for which only the spelling tells.
_SCHEME = "://"


def file_identity(path: Path | str) -> Hashable:
    """Return what two names of the same file share, and names of different files do not.

    A file that exists is known by its device and number on it, so that links of both kinds,
    relative and absolute paths agree. One that does not exist yet is known by its path with all
    links resolved. An address such as ``root://host/file`` is known by its spelling.

    >>> file_identity("a/../b.h5") == file_identity("./b.h5")
    True
    """
    text = os.fspath(path)
    if _SCHEME in text:
        return ("address", text)
    try:
        found = Path(text).stat()
    except (OSError, ValueError):
        return ("path", os.path.realpath(text))
    return ("file", found.st_dev, found.st_ino)


def same_file(first: Path | str, second: Path | str) -> bool:
    """Tell whether two names mean one file, which need not exist yet."""
    return file_identity(first) == file_identity(second)

"""Folders that are written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.output_paths import PARTIAL


@contextmanager
def atomic_folder(path: Path, *, mark: str) -> Iterator[Path]:
    """Give a temporary folder beside ``path`` that replaces it if the block succeeds.

    On any exception it is removed, and ``path`` is left as it was.

    Args:
        path: folder to make, or one that was made so before.
        mark: name of a file that only such folders have; others are not replaced.

    Raises:
        ConfigError: if ``path`` is a file, or a folder with content but without the mark.
        InputFileError: if the file system refuses (disk full, no permission), naming the folder.
    """
    _require_own(path, mark)
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=target.parent, prefix=PARTIAL, ignore_cleanup_errors=True
        ) as place:
            whole = Path(place) / "new"
            whole.mkdir()
            yield whole
            if target.exists():
                # Both names are in one folder: what goes wrong between the two is put back.
                old = Path(place) / "old"
                target.rename(old)
                try:
                    whole.rename(target)
                except OSError:
                    old.rename(target)
                    raise
            else:
                whole.rename(target)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputFileError(
            f"cannot write {path}: {reason}; free space or choose another place"
        ) from error
    except shutil.Error as error:
        raise InputFileError(f"cannot write {path}: {error}") from error


def _require_own(path: Path, mark: str) -> None:
    if path.is_dir():
        if any(path.iterdir()) and not (path / mark).is_file():
            raise ConfigError(f"{path} is not empty and no earlier archive; choose a new folder")
    elif path.exists():
        raise ConfigError(f"{path} is a file; choose a new folder")

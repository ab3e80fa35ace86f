"""HDF5 files that appear only when complete, on disks that may be full."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from hh4b.core.errors import Hh4bError, InputFileError
from hh4b.core.output_paths import atomic_path

#: Open objects of files that could not be written. The HDF5 library ends the process by a
#: segmentation fault when such a file is closed, so that they stay open.
_abandoned: list[Any] = []


def has_abandoned_files() -> bool:
    """Tell whether this process must end without the clean-up of the HDF5 library."""
    return bool(_abandoned)


@contextmanager
def hdf5_output(path: Path | str) -> Iterator[Any]:
    """Give an HDF5 file to write to, which takes the place of ``path`` if the block succeeds.

    Raises:
        ConfigError: if ``path`` is an input of the command.
        InputFileError: if the file system refuses (disk full, no permission), naming the file.
    """
    with atomic_path(path) as temporary:
        file = h5py.File(temporary, "w")
        try:
            yield file
        except (OSError, RuntimeError) as error:
            _abandon(file)
            raise _as_reported(error, path) from error
        except BaseException:
            _close(file, path, quiet=True)
            raise
        _close(file, path)


def _close(file: Any, path: Path | str, *, quiet: bool = False) -> None:
    """Close a file whose last writes may fail; ``quiet`` where another error is on its way."""
    try:
        # What does not fit on the disk fails here, where the file can still be left open.
        file.flush()
        file.close()
    except (OSError, RuntimeError) as error:
        _abandon(file)
        if not quiet:
            raise _as_reported(error, path) from error


def _as_reported(error: Exception, path: Path | str) -> Exception:
    """Return an error of the operating system as it is, one that HDF5 hid in its own words."""
    if isinstance(error, Hh4bError) or (isinstance(error, OSError) and error.errno):
        return error
    reason = str(error).partition("\n")[0].partition(" (")[0]
    if "read" in reason and "write" not in reason:
        return InputFileError(f"cannot read what {path} is made of: {reason}; make it again")
    return InputFileError(f"cannot write {path}: {reason}; free space or choose another place")


def _abandon(file: Any) -> None:
    try:
        _abandoned.extend([file.id, *h5py.h5f.get_obj_ids(file.id)])
    except (ValueError, RuntimeError):
        _abandoned.append(file)

"""HDF5 files that appear only when complete, on disks that may be full.

The HDF5 library does not survive a write that fails: errors are lost where a dataset is closed, and
the process ends by a segmentation fault. So space is taken before the library needs it.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from hh4b.core.errors import InputFileError
from hh4b.core.output_paths import atomic_path

#: Bytes for what the library keeps beside the data.
_SLACK = 256 * 1024
#: Bytes of a dataset that wait in memory at most: the chunk cache of the library.
_CACHE = 1024 * 1024
#: What a file system says that cannot take space beforehand.
_NOT_OFFERED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
#: Open objects of files that could not be written nevertheless. They stay open, see above.
_abandoned: list[Any] = []


def has_abandoned_files() -> bool:
    """Tell whether this process must end without the clean-up of the HDF5 library."""
    return bool(_abandoned)


class Hdf5Output:
    """An HDF5 file on its way.

    Attributes:
        file: open for writing.
    """

    def __init__(self, path: Path) -> None:
        """Create ``path``, which exists and is empty, and take space for a small file."""
        self._descriptor = os.open(path, os.O_RDWR)
        self._announced = self._taken = 0
        try:
            self._take(_SLACK)
            self.file: Any = h5py.File(path, "w")
            self._taken = 0  # opening for writing gave it back
            self._take(_SLACK)
        except BaseException:
            os.close(self._descriptor)
            raise

    def reserve(self, data_bytes: int, *, columns: int) -> None:
        """Take space for data before they are written; what was announced before may yet wait.

        Args:
            data_bytes: size of the data in memory.
            columns: number of datasets they go to.

        Raises:
            OSError: if there is none.
        """
        self._announced += data_bytes
        waiting = min(self._announced, _CACHE * columns)
        needed = 1.1 * (waiting + data_bytes)  # compressed noise is longer than noise
        self._take(self.file.id.get_filesize() + int(needed) + _SLACK)

    def finish(self) -> None:
        """Close the file and give back what was not needed."""
        self.file.flush()
        size = self.file.id.get_filesize()
        self.file.close()
        os.ftruncate(self._descriptor, size)

    def release(self) -> None:
        """Forget the file."""
        os.close(self._descriptor)

    def _take(self, size: int) -> None:
        if size <= self._taken:
            return
        try:
            os.posix_fallocate(self._descriptor, self._taken, size - self._taken)
        except OSError as error:
            if error.errno not in _NOT_OFFERED:
                raise
        self._taken = size


@contextmanager
def hdf5_output(path: Path | str) -> Iterator[Hdf5Output]:
    """Give an HDF5 file to write to, which takes the place of ``path`` if the block succeeds.

    Raises:
        ConfigError: if ``path`` is an input of the command.
        InputFileError: if the file system refuses (disk full, no permission), naming the file.
    """
    with atomic_path(path) as temporary:
        output = Hdf5Output(temporary)
        try:
            try:
                yield output
            except BaseException:
                _close(output.file)
                raise
            try:
                output.finish()
            except (OSError, RuntimeError):
                _abandon(output.file)
                raise
        except (OSError, RuntimeError) as error:
            raise _as_reported(error, path) from error
        finally:
            output.release()


def _close(file: Any) -> None:
    """Close a file that is not wanted any more."""
    try:
        file.flush()
        file.close()
    except (OSError, RuntimeError):
        _abandon(file)


def _as_reported(error: Exception, path: Path | str) -> Exception:
    """Return an error of the operating system as it is, one of HDF5 in one line."""
    if isinstance(error, OSError) and error.errno:
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

"""HDF5 files opened for reading: whatever is damaged inside is told in one line."""

import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil, prod
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.heap_check import require_sound_texts

#: What h5py raises where a file is damaged inside.
_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, OverflowError)
# Columns that a fill value stands for are made in memory: no file needs more of it.
_FILLED_BYTES_MAX = 1 << 30
# Columns that were found to be whole: files are read in parts, and counting pieces takes time.
_WHOLE: set[tuple[str | int, ...]] = set()
_WHOLE_MAX = 4096
_GROUPS_MAX = 4


@contextmanager
def _reading(path: Path | str, what: str) -> Iterator[None]:
    """Turn what h5py raises inside a damaged file into an error that names file and place."""
    try:
        yield
    except MemoryError as error:
        raise InputFileError(
            f"{path}: {what} does not fit into memory; the file is damaged, or too large to be read"
            " at once"
        ) from error
    except _DAMAGE as error:
        raise InputFileError(
            f"{path}: {what} cannot be read ({_line(error)}); the file is damaged, make it again"
        ) from error


def _line(error: BaseException) -> str:
    words = " ".join(str(error.args[0] if error.args else type(error).__name__).split())
    return words[:160]


def _require_fixed_size(stored: Any) -> None:
    """Refuse lists of any length.

    No column or attribute is one. Damage to the type of a text makes it look like one, whose length
    and place in memory HDF5 then takes from the file as they are.
    """
    if stored.get_type().detect_class(h5py.h5t.VLEN):
        raise TypeError("lists of any length")


def _is_text_of_any_length(dtype: np.dtype[Any]) -> bool:
    text = h5py.check_string_dtype(dtype)
    return text is not None and text.length is None


class StoredColumn:
    """A dataset of an open file; reading it never raises what h5py raises."""

    def __init__(self, dataset: Any, path: Path | str, name: str) -> None:
        """Hold an open h5py dataset of the file ``path``."""
        self._dataset = dataset
        self._where = (path, f"column {name!r}")
        with _reading(*self._where):
            self.shape: tuple[int, ...] = tuple(dataset.shape)
            _require_fixed_size(dataset.id)
            self.dtype: np.dtype[Any] = dataset.dtype

    def __len__(self) -> int:
        """Return the number of rows.

        Raises:
            ContractError: if it has none, being a single value.
        """
        if not self.shape:
            path, what = self._where
            raise ContractError(f"{path}: {what} is a single value, expected one by row")
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """Return rows as an array; ``()`` = all.

        Raises:
            InputFileError: if they cannot be read.
        """
        with _reading(*self._where):
            if _is_text_of_any_length(self.dtype):
                raise TypeError("texts of any length")
            values = np.asarray(self._dataset[rows])
            if values.dtype.kind == "b" and values.view(np.uint8).max(initial=0) > 1:
                raise ValueError("a flag is neither true nor false")
        return values


class TableFile:
    """An HDF5 file opened for reading; use it as a context manager, see `open_table`."""

    def __init__(self, path: Path | str, file: Any) -> None:
        """Hold an open h5py file."""
        self.path = path
        self._file = file

    def __enter__(self) -> "TableFile":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def __contains__(self, name: str) -> bool:
        """Return whether there is such a column or group.

        Raises:
            InputFileError: if the group that it should be in is there and cannot be read.
        """
        with _reading(self.path, f"{name!r}"):
            if name in self._file:
                return True
            parent = name.rpartition("/")[0]
            while parent:
                if parent in self._file:
                    self._file[parent].keys()
                    break
                parent = parent.rpartition("/")[0]
            return False

    def __getitem__(self, name: str) -> StoredColumn:
        """Return a column.

        Raises:
            ContractError: if it is missing or no column, or its rows were never written.
            InputFileError: if the file is damaged there.
        """
        if name not in self:
            raise ContractError(f"{self.path}: column {name!r} is missing; the file is of another"
                                " kind or stage")  # fmt: skip
        with _reading(self.path, f"{name!r}"):
            found = self._file[name]
            is_column = isinstance(found, h5py.Dataset) and found.shape is not None
        if not is_column:
            raise ContractError(f"{self.path}: {name!r} is no column; the file is of another kind")
        column = StoredColumn(found, self.path, name)
        self._require_written(found, name)
        return column

    @property
    def attrs(self) -> Mapping[str, Any]:
        """Attributes of the root."""
        with _reading(self.path, "an attribute"):
            found = self._file.attrs
            texts = {}
            for name in found:
                stored = found.get_id(name)
                _require_fixed_size(stored)
                if _is_text_of_any_length(stored.dtype):
                    texts[name] = prod(stored.shape)
            require_sound_texts(self.path, texts)
            return dict(found.items())

    def columns(self) -> list[str]:
        """Return the names of all columns, sorted.

        Raises:
            InputFileError: if they cannot be read.
        """
        found: list[str] = []
        with _reading(self.path, "its columns"):
            self._file.visititems(
                lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None
            )
        return sorted(found)

    def sizes(self, name: str) -> list[int]:
        """Return the bytes of every column of a group, as they lie in memory.

        Raises:
            InputFileError: if it cannot be read.
        """
        found: list[int] = []
        with _reading(self.path, f"{name!r}"):
            self._file[name].visititems(lambda _, item: found.append(getattr(item, "nbytes", 0)))
        return found

    def column_names(self, name: str) -> list[str]:
        """Return the full names of the columns in a group and in the groups inside it.

        Raises:
            ContractError: if it is no group, or groups lie too deep inside one another.
            InputFileError: if it cannot be read.
        """
        with _reading(self.path, f"{name!r}"):
            found = self._file[name]
            members = list(found.keys()) if isinstance(found, h5py.Group) else None
            is_group = {member: isinstance(found[member], h5py.Group) for member in members or ()}
        if members is None:
            raise ContractError(f"{self.path}: {name!r} is a column, expected a group of columns")
        # A group may hold itself.
        if name.count("/") > _GROUPS_MAX:
            raise ContractError(f"{self.path}: {name!r} lies too deep; the file is damaged")
        names: list[str] = []
        for member, inner in is_group.items():
            path = f"{name}/{member}"
            names += self.column_names(path) if inner else [path]
        return names

    def copy(self, name: str, target: Any) -> None:
        """Copy a group into an open h5py file without bringing it to memory.

        Raises:
            InputFileError: if it cannot be read.
        """
        with _reading(self.path, f"{name!r}"):
            self._file.copy(name, target)

    def _require_written(self, dataset: Any, name: str) -> None:
        """Refuse rows that are announced but not there: HDF5 would give zeros for them."""
        with _reading(self.path, f"column {name!r}"):
            stamp = Path(self.path).stat()
            key = (name, str(self.path), stamp.st_mtime_ns, stamp.st_size, stamp.st_ino)
            if key in _WHOLE:
                return
            lacking = _unwritten(dataset)
        if lacking:
            raise ContractError(
                f"{self.path}: column {name!r} announces {dataset.shape[0]} rows, but {lacking};"
                " its writing was cut off, make it again"
            )
        if len(_WHOLE) >= _WHOLE_MAX:
            _WHOLE.clear()
        _WHOLE.add(key)


def _unwritten(dataset: Any) -> str:
    """Say what is lacking of a dataset; empty if it is whole."""
    if not dataset.size or not dataset.shape or dataset.is_virtual or dataset.external:
        return ""
    plan = dataset.id.get_create_plist()
    if plan.get_layout() == h5py.h5d.CHUNKED:
        wanted = prod(ceil(n / m) for n, m in zip(dataset.shape, dataset.chunks, strict=True))
        there = int(dataset.id.get_num_chunks())
        what = f"{there} of {wanted} pieces are in the file"
    else:
        wanted, there = int(dataset.nbytes), int(dataset.id.get_storage_size())
        what = f"{there} of {wanted} bytes are in the file"
    if there >= wanted:
        return ""
    filled = plan.fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED
    return "" if filled and dataset.nbytes <= _FILLED_BYTES_MAX else what


def open_table(path: Path | str) -> TableFile:
    """Open an HDF5 file for reading.

    Raises:
        InputFileError: if it is missing, truncated or no HDF5 file, or another program writes it.
    """
    try:
        # Opening a pipe or a device would wait for it, or never end.
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise InputFileError(f"cannot read {path}: not a regular file; give an HDF5 file")
        return TableFile(path, h5py.File(path, "r"))
    except (OSError, RuntimeError, ValueError) as error:
        raise InputFileError(f"cannot read {path}: {_why_not(error)}") from error


def _why_not(error: Exception) -> str:
    """Say why a file cannot be opened, and what to do."""
    text = str(error)
    if "unable to lock file" in text:
        return (
            "it is open in another program that writes it; wait for that program, or, on a file"
            " system without locks, set HDF5_USE_FILE_LOCKING=FALSE"
        )
    if "already open for write" in text:
        return (
            "it is open in another program that writes it, or one was killed while it wrote;"
            " wait for that program, or make the file again"
        )
    if isinstance(error, FileNotFoundError):
        return "no such file; make it, or check the name"
    if isinstance(error, PermissionError):
        return "no permission; ask its owner"
    return "truncated, or not an HDF5 file; make it again"

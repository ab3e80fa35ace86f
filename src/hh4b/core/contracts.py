"""The HDF5 tables between stages: columns with type, shape and unit, checked on write and read."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.columns import DATASET as DATASET
from hh4b.core.columns import ENERGY_WEIGHTS as ENERGY_WEIGHTS
from hh4b.core.columns import FEATURES as FEATURES
from hh4b.core.columns import JET_MASK, TARGETS
from hh4b.core.columns import PAIRING as PAIRING
from hh4b.core.columns import PARTON_WEIGHTS as PARTON_WEIGHTS
from hh4b.core.columns import SCORES as SCORES
from hh4b.core.columns import TEMPLATE_REPLICAS as TEMPLATE_REPLICAS
from hh4b.core.columns import Column as Column
from hh4b.core.columns import Table as Table
from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance
from hh4b.core.hdf5_output import hdf5_output
from hh4b.core.strict_json import parse_json
from hh4b.core.table_file import TableFile
from hh4b.core.table_file import open_table as open_table

Arrays = Mapping[str, NDArray[Any]]
_BY_JET = ("N", "J")
#: Attributes that are JSON in every table that has them, and numbers.
_JSON_ATTRIBUTES = {
    "provenance": dict, "files": list, "skipped_files": list, "sources": list, "cutflow": dict,
}  # fmt: skip
_NUMBERS = {"n_generated", "sum_weights_generated"}


def check(table: Table, arrays: Arrays, *, where: str) -> dict[str, int]:
    """Check arrays against a table and return the size behind each letter.

    Raises:
        ContractError: naming the column, what it is and what it should be.
    """
    sizes: dict[str, int] = {}
    known = {column.name for column in table}
    unknown = sorted(set(arrays) - known)
    if unknown:
        raise ContractError(
            f"{where}: unknown column {unknown[0]!r}, expected one of {sorted(known)}"
        )
    for column in table:
        if column.name not in arrays:
            if column.optional:
                continue
            raise ContractError(f"{where}: column {column.name!r} is missing ({column.doc})")
        _check_column(column, np.asarray(arrays[column.name]), sizes, where)
    for column in table:
        if column.name in arrays:
            _check_range(column, arrays, where)
    _check_targets(arrays, where)
    return sizes


def _check_column(column: Column, array: NDArray[Any], sizes: dict[str, int], where: str) -> None:
    wanted = tuple(
        sizes.setdefault(size, got) if isinstance(size, str) else size
        for size, got in zip(column.shape, array.shape, strict=False)
    )
    if array.ndim != len(column.shape) or array.shape != wanted:
        raise ContractError(
            f"{where}: column {column.name!r} has shape {array.shape}, expected {column.shape}"
            f" with {sizes}"
        )
    if np.dtype(column.dtype).kind != array.dtype.kind and not np.can_cast(
        array.dtype, column.dtype, casting="same_kind"
    ):
        raise ContractError(
            f"{where}: column {column.name!r} is {array.dtype}, expected {column.dtype}"
        )
    if array.dtype.kind == "f":
        bad = np.isinf(array) if column.nan else ~np.isfinite(array)
        if bad.any():
            _refuse(column, array, bad, where, "remove or repair the event upstream")


def _check_range(column: Column, arrays: Arrays, where: str) -> None:
    """Refuse values that cannot be meant; padding of jets may hold any."""
    array = np.asarray(arrays[column.name])
    low, high = column.low, column.high
    if not array.size or (low is None and high is None):
        return
    # NaN, where it is allowed, is in no range and passes; most arrays pass here.
    least, most = np.fmin.reduce(array, axis=None), np.fmax.reduce(array, axis=None)
    if not ((low is not None and least < low) or (high is not None and most > high)):
        return
    bad = np.zeros(array.shape, np.bool_)
    if low is not None:
        bad |= array < low
    if high is not None:
        bad |= array > high
    if column.shape == _BY_JET:
        bad &= np.asarray(arrays.get(JET_MASK, True))
    if bad.any():
        wanted = (
            f"from {low:g} to {high:g}"
            if None not in (low, high)
            else (f"at least {low:g}" if high is None else f"at most {high:g}")
        )
        _refuse(
            column,
            array,
            bad,
            where,
            f"expected {wanted} {column.unit}; the file is damaged, or of other units",
        )


def _refuse(
    column: Column, array: NDArray[Any], bad: NDArray[np.bool_], where: str, advice: str
) -> None:
    place = tuple(np.argwhere(bad)[0])
    raise ContractError(
        f"{where}: column {column.name!r} is {array[place]} in event {int(place[0])}; {advice}"
    )


def _check_targets(arrays: Arrays, where: str) -> None:
    """Refuse targets of a dataset that are no jet of their event."""
    valid = arrays.get(JET_MASK)
    for name in TARGETS:
        if valid is None or name not in arrays:
            continue
        index = np.asarray(arrays[name])
        rows = np.flatnonzero(index >= 0)
        beyond = index[rows] >= valid.shape[1]
        inside = np.where(beyond, 0, index[rows])
        wrong = beyond | ~np.asarray(valid)[rows, inside] if valid.shape[1] else rows >= 0
        if wrong.any():
            row = int(rows[np.argmax(wrong)])
            raise ContractError(
                f"{where}: column {name!r} is {index[row]} in event {row}, which is no jet there;"
                " make the file again"
            )


class TableWriter(AbstractContextManager["TableWriter"]):
    """Append arrays to an HDF5 table that appears only when it is complete.

    Memory does not grow with the number of rows. Columns without the row letter ``N`` must be equal
    in every `append`.
    """

    def __init__(self, path: Path | str, table: Table, *, chunk_rows: int = 16384) -> None:
        """Prepare to write ``table`` to ``path``; nothing is visible before a clean exit."""
        self.path = Path(path)
        self.table = table
        self.rows = 0
        self._chunk_rows = chunk_rows
        self._attributes: dict[str, Any] = {}
        self._stack = hdf5_output(self.path)
        self._output: Any = None
        self._file: Any = None

    def __enter__(self) -> "TableWriter":
        """Open the temporary file."""
        self._output = self._stack.__enter__()
        self._file = self._output.file
        return self

    def append(self, arrays: Arrays) -> None:
        """Check and append rows; every call brings the same columns.

        Raises:
            ContractError: if a column breaks the table.
        """
        sizes = check(self.table, arrays, where=str(self.path))
        rows = sizes.get("N", 0)
        typed = {
            column: np.asarray(arrays[column.name]).astype(column.dtype, copy=False)
            for column in self.table
            if column.name in arrays
        }
        self._output.reserve(sum(array.nbytes for array in typed.values()), columns=len(typed))
        for column, array in typed.items():
            if column.shape[0] == "N":
                self._extend(column, array, rows)
            elif column.name not in self._file:
                self._describe(self._file.create_dataset(column.name, data=array), column)
        self.rows += rows

    def truncate(self, rows: int) -> None:
        """Forget all rows after the first ``rows``: those of a source that proved to be damaged."""
        for column in self.table:
            if column.shape[0] == "N" and column.name in self._file:
                if rows:
                    self._file[column.name].resize(rows, axis=0)
                else:
                    del self._file[column.name]  # the next source may have other columns
        self.rows = rows

    def set_attributes(self, provenance: Provenance, **attributes: Any) -> None:
        """Keep provenance and further attributes for the file's root."""
        self._attributes = {**attributes, "provenance": provenance.as_json()}

    def _extend(self, column: Column, array: NDArray[Any], rows: int) -> None:
        if column.name not in self._file:
            if self.rows:
                raise ContractError(
                    f"{self.path}: column {column.name!r} came after the first rows"
                )
            dataset = self._file.create_dataset(
                column.name,
                shape=(0, *array.shape[1:]),
                maxshape=(None, *array.shape[1:]),
                chunks=(self._chunk_rows, *array.shape[1:]),
                dtype=column.dtype,
                # A chunk takes its whole size on disk; compressed, a short table stays small.
                compression="gzip",
                compression_opts=1,
                shuffle=True,
            )
            self._describe(dataset, column)
        dataset = self._file[column.name]
        dataset.resize(self.rows + rows, axis=0)
        dataset[self.rows :] = array

    @staticmethod
    def _describe(dataset: Any, column: Column) -> None:
        dataset.attrs["unit"] = column.unit
        dataset.attrs["description"] = column.doc

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the file in place unless the block failed."""
        try:
            if kind is None:
                self._output.reserve(len(repr(self._attributes)), columns=1)
                for name, value in self._attributes.items():
                    self._file.attrs[name] = value
        except BaseException as failure:
            self._stack.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._stack.__exit__(kind, error, trace)


def write_table(
    path: Path | str, table: Table, arrays: Arrays, provenance: Provenance, **attributes: Any
) -> None:
    """Write a whole table at once (see `TableWriter`)."""
    with TableWriter(path, table) as writer:
        writer.append(arrays)
        writer.set_attributes(provenance, **attributes)


def read_table(
    path: Path | str, table: Table, *, columns: Iterable[str] | None = None
) -> dict[str, NDArray[Any]]:
    """Read and check the columns of a table.

    Args:
        path: the file.
        table: what it must hold.
        columns: names to read and require, also where the table calls them optional; default: all
            that are there.

    Raises:
        InputFileError: if the file cannot be read.
        ContractError: if a column is missing or broken.
    """
    wanted = None if columns is None else set(columns)
    chosen = [column for column in table if wanted is None or column.name in wanted]
    with open_table(path) as file:
        arrays = {}
        for column in chosen:
            if column.name in file:
                arrays[column.name] = file[column.name][()]
            elif wanted is not None or not column.optional:
                raise ContractError(
                    f"{path}: column {column.name!r} ({column.doc}) is missing;"
                    " the file is of another kind or stage"
                )
    check(chosen, arrays, where=str(path))
    return arrays


def read_rows(
    file: TableFile, table: Table, columns: Sequence[str], rows: slice = slice(None)
) -> dict[str, NDArray[Any]]:
    """Read and check rows of an open table.

    Args:
        file: what `open_table` gave.
        table: what it must hold.
        columns: names to read.
        rows: which of the rows.

    Raises:
        InputFileError: if they cannot be read.
        ContractError: if a column is missing or broken.
    """
    chosen = [column for column in table if column.name in columns]
    arrays = {column.name: file[column.name][rows] for column in chosen}
    first = f" from event {rows.start}" if rows.start else ""
    check(chosen, arrays, where=f"{file.path}{first}")
    return arrays


def read_attributes(path: Path | str) -> dict[str, Any]:
    """Return the attributes of the file's root as plain Python values.

    Raises:
        InputFileError: if the file cannot be read.
        ContractError: if an attribute is not what it is in every table.
    """
    with open_table(path) as file:
        found = {
            name: value.tolist() if hasattr(value, "tolist") else value
            for name, value in file.attrs.items()
        }
    for name, kind in _JSON_ATTRIBUTES.items():
        if name in found and not _is_json(found[name], kind):
            raise ContractError(
                f"{path}: attribute {name!r} is no JSON {kind.__name__}; make the file again"
            )
    for name in _NUMBERS & found.keys():
        value = found[name]
        if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            raise ContractError(
                f"{path}: attribute {name!r} is {value!r}, expected a number from 0 on; make the"
                " file again"
            )
    return found


def _is_json(text: Any, kind: type) -> bool:
    try:
        return isinstance(parse_json(text), kind)
    except (ValueError, TypeError, RecursionError):
        return False

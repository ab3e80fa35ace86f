"""The HDF5 tables between stages: columns with type, shape and unit, checked on write and read."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance
from hh4b.core.hdf5_output import hdf5_output

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Column:
    """One array of a table.

    Attributes:
        name: path in the file.
        dtype: NumPy type name it is stored as.
        shape: sizes; a letter stands for a size shared by the columns of the table, ``"N"`` = rows.
        unit: unit, or ``"1"``.
        doc: what it holds.
        nan: whether "not a number" may stand for "does not apply".
        optional: whether a file by other programs may lack it.
    """

    name: str
    dtype: str
    shape: tuple[str | int, ...]
    unit: str
    doc: str
    nan: bool = False
    optional: bool = False


Table = Sequence[Column]
_J = ("N", "J")

#: The published SPANet layout, which the reference implementation reads, and our own group HH4B.
DATASET: Table = (
    Column("INPUTS/Source/MASK", "bool", _J, "1", "True = real jet; the J leading jets in pT"),
    Column("INPUTS/Source/pt", "float32", _J, "GeV", "transverse momentum"),
    Column("INPUTS/Source/eta", "float32", _J, "1", "pseudorapidity"),
    Column("INPUTS/Source/phi", "float32", _J, "rad", "azimuth"),
    Column("INPUTS/Source/mass", "float32", _J, "GeV", "jet mass"),
    Column("INPUTS/Source/btag", "float32", _J, "1", "1 = b-tagged"),
    Column("INPUTS/Kappa/kappa", "float32", ("N",), "1", "kappa_lambda as a network sees it"),
    Column("TARGETS/h1/b1", "int64", ("N",), "1", "jet index, -1 = lost"),
    Column("TARGETS/h1/b2", "int64", ("N",), "1", "jet index, -1 = lost"),
    Column("TARGETS/h2/b1", "int64", ("N",), "1", "jet index, -1 = lost"),
    Column("TARGETS/h2/b2", "int64", ("N",), "1", "jet index, -1 = lost"),
    Column("CLASSIFICATIONS/EVENT/signal", "int64", ("N",), "1", "1 = signal"),
    Column("HH4B/weight", "float64", ("N",), "1", "event weight, see docs", optional=True),
    Column("HH4B/kappa_lambda", "float32", ("N",), "1", "of generation", nan=True, optional=True),
    Column("HH4B/m_hh_truth", "float32", ("N",), "GeV", "of the H pair", nan=True, optional=True),
    Column(
        "HH4B/cos_theta_star_truth", "float32", ("N",), "1", "hh frame", nan=True, optional=True
    ),
    Column("HH4B/jet_flavor", "int8", _J, "1", "PDG number of the jet's parton", optional=True),
    Column("HH4B/jet_tag_efficiency", "float32", _J, "1", "to be b-tagged", optional=True),
    Column("HH4B/met", "float32", ("N",), "GeV", "missing transverse momentum", optional=True),
    Column("HH4B/met_phi", "float32", ("N",), "rad", "its azimuth", optional=True),
    Column("HH4B/n_electrons", "int8", ("N",), "1", "isolated electrons", optional=True),
    Column("HH4B/n_muons", "int8", ("N",), "1", "isolated muons", optional=True),
    Column("HH4B/source_file", "int32", ("N",), "1", "index into attribute `files`", optional=True),
    Column("HH4B/source_entry", "int64", ("N",), "1", "entry of the tree", optional=True),
    Column("HH4B/event_number", "int64", ("N",), "1", "branch Event.Number", optional=True),
    Column("HH4B/kappa_draw", "float32", ("N",), "1", "see hh4b.events.kappa_input", optional=True),
    Column("HH4B/split", "int8", ("N",), "1", "0 = training, 1 = testing", optional=True),
)

#: Pairing of every event of a dataset, in dataset order.
PAIRING: Table = (
    Column("jets", "int8", ("N", 2, 2), "1", "jet index by (Higgs, product); -1 = no pairing"),
    Column("assignment_probability", "float32", ("N", 2), "1", "by Higgs", optional=True),
    Column("detection_probability", "float32", ("N", 2), "1", "by Higgs", optional=True),
)

#: High-level observables of a dataset under a pairing; attributes `columns` and `units` name F.
FEATURES: Table = (
    Column("features", "float32", ("N", "F"), "see attribute units", "one row an event", nan=True),
)

#: Classifier output in [0, 1] for every event of a dataset, at each value of the kappa input.
SCORES: Table = (
    Column("kappa_lambda", "float64", ("K",), "1", "the kappa input"),
    Column("score", "float32", ("N", "K"), "1", "probability to be signal"),
)

#: What takes the parton events of a sample (rows, in the order of their file) to another energy.
ENERGY_WEIGHTS: Table = (
    Column("factor", "float64", ("N",), "1", "on the event's weight"),
    Column("sqrt_s_hat_gev", "float64", ("N",), "GeV", "mass of the hard process"),
)

#: What a variation of scales or parton densities makes of the parton events of a sample.
PARTON_WEIGHTS: Table = (
    Column("factor", "float64", ("N",), "1", "on the event's weight, cross section included"),
    Column("sqrt_s_hat_gev", "float64", ("N",), "GeV", "mass of the hard process"),
)

#: Templates of m_HH in bootstrap replicas (rows), and without each of F folds; attributes
#: `processes` (P), `samples`, `seed`, and with folds `fold_seed`.
TEMPLATE_REPLICAS: Table = (
    Column("kappa_lambda", "float64", ("K",), "1", "hypotheses"),
    Column("bin_edges_gev", "float64", ("E",), "GeV", "edges of the m_HH bins"),
    Column("nominal", "float64", ("P", "K", "B"), "1", "efficiency, all events once"),
    Column("threshold", "float64", ("N",), "1", "score above which events pass", nan=True),
    Column("sum_weights", "float32", ("N", "P", "K", "B"), "1", "efficiency"),
    Column("sum_weights_squared", "float32", ("N", "P", "K", "B"), "1", "its variance"),
    Column(
        "fold_threshold",
        "float64",
        ("F",),
        "1",
        "threshold without a fold",
        nan=True,
        optional=True,
    ),
    Column(
        "fold_sum_weights",
        "float32",
        ("F", "P", "K", "B"),
        "1",
        "efficiency without a fold",
        optional=True,
    ),
    Column(
        "fold_sum_weights_squared",
        "float32",
        ("F", "P", "K", "B"),
        "1",
        "its variance",
        optional=True,
    ),
)


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
            row = int(np.argwhere(bad)[0][0])
            raise ContractError(
                f"{where}: column {column.name!r} is {array[bad][0]} in event {row};"
                " remove or repair the event upstream"
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


def open_table(path: Path | str) -> Any:
    """Open an HDF5 file for reading.

    Raises:
        InputFileError: if it is missing, truncated or no HDF5 file.
    """
    try:
        return h5py.File(path, "r")
    except OSError as error:
        reason = "no such file" if not Path(path).exists() else "truncated, or not an HDF5 file"
        raise InputFileError(f"cannot read {path}: {reason}; make it again") from error


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


def read_attributes(path: Path | str) -> dict[str, Any]:
    """Return the attributes of the file's root as plain Python values."""
    with open_table(path) as file:
        return {
            name: value.tolist() if hasattr(value, "tolist") else value
            for name, value in file.attrs.items()
        }

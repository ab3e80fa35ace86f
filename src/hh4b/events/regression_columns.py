"""Numbers to regress that others wrote into a dataset: columns of any name below REGRESSIONS."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hh4b.core.contracts import Column, Table, open_table
from hh4b.core.errors import ContractError
from hh4b.events.dataset import length

GROUP = "REGRESSIONS"
# What a training takes, see docs/data.md.
_SIZE_MAX = 1e18


def regression_columns(paths: Sequence[Path | str]) -> Table:
    """Return the columns below REGRESSIONS that all of the datasets hold, each of shape (N,).

    They have no place in `DATASET`: their names are the author's. With these descriptions they are
    checked like the columns that have one. NaN = unknown.

    Args:
        paths: datasets that become one; at least one.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if a column does not hold one real number an event, or the datasets do not
            hold the same names and types.
    """
    found = [_columns(path) for path in paths]
    for path, columns in zip(paths[1:], found[1:], strict=True):
        _require_same(paths[0], found[0], path, columns)
    return tuple(found[0].values())


def _columns(path: Path | str) -> dict[str, Column]:
    with open_table(path) as file:
        if GROUP not in file:
            return {}
        stored = {name: file[name] for name in file.column_names(GROUP)}
        types = {name: (column.dtype, column.shape) for name, column in stored.items()}
    wanted = (length(path),)
    for name, (dtype, shape) in types.items():
        if shape != wanted or dtype.kind not in "biuf":
            raise ContractError(
                f"{path}: column {name!r} is {dtype} of shape {shape}, expected one real number an"
                f" event, shape {wanted}"
            )
    return {name: _column(name, dtype) for name, (dtype, _) in sorted(types.items())}


def _column(name: str, dtype: np.dtype[np.generic]) -> Column:
    # Types of one or two bytes hold no number beyond the largest one.
    largest = _SIZE_MAX if dtype.itemsize > 2 else None
    return Column(
        name,
        dtype.name,
        ("N",),
        "1",
        "number to regress, NaN = unknown",
        nan=True,
        low=None if largest is None else -largest,
        high=largest,
    )


def _require_same(
    first: Path | str,
    wanted: dict[str, Column],
    path: Path | str,
    columns: dict[str, Column],
) -> None:
    """Refuse two datasets of which one column of the two would hold half of the events."""
    for name in sorted(wanted.keys() ^ columns.keys()):
        holds, lacks = (first, path) if name in wanted else (path, first)
        raise ContractError(
            f"{lacks}: column {name!r} is missing, which {holds} holds; write it there, too (NaN ="
            " unknown), or remove it from all"
        )
    for name, column in columns.items():
        if column.dtype != wanted[name].dtype:
            raise ContractError(
                f"{path}: column {name!r} is {column.dtype}, {first} has {wanted[name].dtype};"
                " write both with one type"
            )

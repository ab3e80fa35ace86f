"""Read SPANet-layout datasets block by block, ours and published ones."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.columns import TARGETS as TARGETS
from hh4b.core.contracts import DATASET, Column, Table, check, open_table
from hh4b.core.errors import ContractError
from hh4b.core.grouping import event_ids
from hh4b.core.shower_events import EVENT_KEYS

BLOCK_ROWS = 131072
_COLUMNS = {column.name: column for column in DATASET}


def lacking(path: Path | str) -> list[str]:
    """Return the optional columns that a dataset does not hold, e.g. those by other programs."""
    with open_table(path) as file:
        return [column.name for column in DATASET if column.optional and column.name not in file]


def shower_events(path: Path | str) -> NDArray[np.int64]:
    """Return an identifier of the shower event of each row, shape (row,).

    All rows of a dataset without event numbers are events of their own.
    """
    absent = lacking(path)
    if EVENT_KEYS[0] in absent:
        return np.arange(length(path))
    names = [name for name in EVENT_KEYS if name not in absent]
    with open_table(path) as file:
        return event_ids(*(file[name][()] for name in names))


def length(path: Path | str) -> int:
    """Return the number of events of a dataset.

    Raises:
        ContractError: if the file is no dataset.
    """
    with open_table(path) as file:
        return len(_column(file, _COLUMNS["INPUTS/Source/MASK"], path))


def blocks(
    path: Path | str, columns: Sequence[str], *, rows: int = BLOCK_ROWS, more: Table = ()
) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield columns of a dataset and those of ``more``, ``rows`` events at a time, checked.

    Raises:
        InputFileError: if the file cannot be read.
        ContractError: if a column is missing or broken.
    """
    chosen = [*(_COLUMNS[name] for name in columns), *more]
    with open_table(path) as file:
        sources = {column.name: _column(file, column, path) for column in chosen}
        total = len(sources[columns[0]])
        for first in range(0, total, rows) if total else (0,):
            arrays = {
                name: np.asarray(source[first : first + rows]) for name, source in sources.items()
            }
            check(chosen, arrays, where=f"{path} from event {first}")
            yield arrays


def _column(file: Any, column: Column, path: Path | str) -> Any:
    if column.name not in file:
        raise ContractError(
            f"{path}: column {column.name!r} ({column.doc}) is missing; the file is of another"
            " kind or stage, or made by a program that does not know it"
        )
    return file[column.name]

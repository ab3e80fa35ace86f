"""Which rows of a dataset are of one shower event, and how often a bootstrap takes each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, open_table, read_table
from hh4b.core.event_streams import folds, poisson_weights
from hh4b.core.folds import Folds
from hh4b.core.grouping import event_ids

#: What tells the shower events of a dataset apart: numbers, and what else their rows share.
EVENT_KEYS = ("HH4B/event_number", "HH4B/source_file", "HH4B/kappa_draw")
_NUMBER = EVENT_KEYS[0]
_WEIGHT = "HH4B/weight"


@dataclass(frozen=True)
class ShowerEvents:
    """Rows of a sample by the shower event they come from.

    Attributes:
        sample: name of the sample.
        numbers: number of the event in its sample, shape (N,); rows of one event share it.
        ids: what tells events apart, shape (N,), where numbers alone do not; see `event_ids`.
    """

    sample: str
    numbers: NDArray[np.int64]
    ids: NDArray[np.int64] | None = None

    @classmethod
    def read(cls, dataset: Path | str) -> Self:
        """Read them from a dataset; where it has no event numbers, each row is an event.

        Raises:
            InputFileError: if the file cannot be read.
            ContractError: if the column is broken.
        """
        with open_table(dataset) as file:
            known = _NUMBER in file
            sample = str(file.attrs.get("sample") or Path(dataset).stem)
            rows = len(file[_WEIGHT]) if _WEIGHT in file else len(file["INPUTS/Kappa/kappa"])
            more = [file[name][()] for name in EVENT_KEYS[1:] if known and name in file]
        if not known:
            return cls(sample, np.arange(rows, dtype=np.int64))
        numbers = read_table(dataset, DATASET, columns=(_NUMBER,))[_NUMBER]
        return cls(sample, numbers, event_ids(numbers, *more) if more else None)

    def __getitem__(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "ShowerEvents":
        """Return some of the rows."""
        ids = None if self.ids is None else self.ids[rows]
        return ShowerEvents(self.sample, self.numbers[rows], ids)

    @cached_property
    def index(self) -> NDArray[np.int64]:
        """Events counted from 0 in the order of their numbers or identifiers, shape (N,)."""
        keys = self.numbers if self.ids is None else self.ids
        return np.unique(keys, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def repeated(self) -> bool:
        """Whether some event has several rows."""
        return bool(len(self.numbers)) and int(self.index.max()) + 1 < len(self.numbers)

    def bootstrap(self, seed: int, replicas: int) -> NDArray[np.uint8]:
        """Return how often each replica takes each row, shape (N, R).

        The counts are those of the event, the same for all methods and selections, so that
        differences between them are paired.

        Args:
            seed: the study's seed.
            replicas: how many, R.
        """
        return poisson_weights(seed, ("bootstrap", self.sample), self.numbers, replicas)

    def folds(self, choice: Folds) -> NDArray[np.int8]:
        """Return the fold of each row's event, shape (N,); training and prediction take the same.

        Args:
            choice: number of folds, at least 2, and their seed.
        """
        return folds(choice.fold_seed, self.sample, self.numbers, choice.folds)


def row_events(file: Any, rows: slice = slice(None)) -> NDArray[np.int64] | None:
    """Return the shower event of each row of an open dataset; None where every row is an event.

    Args:
        file: open HDF5 file.
        rows: which of its rows.
    """
    if _NUMBER not in file:
        return None
    ids = event_ids(*(file[name][rows] for name in EVENT_KEYS if name in file))
    return ids if int(ids.max(initial=-1)) + 1 < len(ids) else None


def event_index(samples: Sequence[ShowerEvents]) -> NDArray[np.int64] | None:
    """Return the event of each row of samples that stand one behind the other.

    Events of different samples differ.

    Returns:
        Shape (N,) of all rows; None where every row is an event.
    """
    if not any(sample.repeated for sample in samples):
        return None
    return joined_ids([sample.index for sample in samples])


def joined_ids(
    parts: Sequence[NDArray[np.int64] | None], rows: Sequence[int] = ()
) -> NDArray[np.int64] | None:
    """Return identifiers of rows that stand one behind the other, different in each part.

    Args:
        parts: identifiers from 0 on of each part, None where every row is an event.
        rows: how many rows each part has, needed only where a part is None.

    Returns:
        Shape (N,) of all rows; None where every part is None.
    """
    if all(part is None for part in parts):
        return None
    joined, first = [], 0
    for place, part in enumerate(parts):
        own = np.arange(rows[place]) if part is None else part
        joined.append(first + own)
        first += int(own.max(initial=-1)) + 1
    return np.concatenate(joined)

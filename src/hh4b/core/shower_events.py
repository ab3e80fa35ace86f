"""Which rows of a dataset are of one shower event, and how often a bootstrap takes each."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, open_table, read_table
from hh4b.core.event_streams import poisson_weights

_NUMBER = "HH4B/event_number"
_WEIGHT = "HH4B/weight"


@dataclass(frozen=True)
class ShowerEvents:
    """Rows of a sample by the shower event they come from.

    Attributes:
        sample: name of the sample.
        numbers: number of the event in its sample, shape (N,); rows of one event share it.
    """

    sample: str
    numbers: NDArray[np.int64]

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
        if not known:
            return cls(sample, np.arange(rows, dtype=np.int64))
        return cls(sample, read_table(dataset, DATASET, columns=(_NUMBER,))[_NUMBER])

    def __getitem__(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "ShowerEvents":
        """Return some of the rows."""
        return ShowerEvents(self.sample, self.numbers[rows])

    @cached_property
    def index(self) -> NDArray[np.int64]:
        """Events counted from 0 in the order of their numbers, shape (N,)."""
        return np.unique(self.numbers, return_inverse=True)[1].astype(np.int64)

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

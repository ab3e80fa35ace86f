"""Factors of the parton events of a sample, and the rows of its dataset that they belong to."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, open_table, read_attributes, read_table
from hh4b.core.errors import ContractError

Floats = NDArray[np.float64]
_NUMBER = "HH4B/event_number"
_MASS = "HH4B/m_hh_truth"
# A shower gives up few events; a dataset of fewer is of another file, or of a part of it.
_SHARE_SHOWERED = 0.98
_SAME_SUM, _SAME_MASS = 1e-6, 1e-3


@dataclass(frozen=True)
class EventFactors:
    """Factors of the parton events of one sample.

    Attributes:
        path: file they are from.
        sample: name of the sample.
        factor: on each event's weight, shape (parton event,).
        sqrt_s_hat_gev: mass of the hard process, shape (parton event,).
        sum_weights: of the parton events, in pb.
        hash: configuration hash of the file.
    """

    path: Path
    sample: str
    factor: Floats
    sqrt_s_hat_gev: Floats
    sum_weights: float
    hash: str

    def of_rows(self, dataset: Path) -> Floats:
        """Return the factor of each row of a dataset, shape (rows,).

        Raises:
            InputFileError: if the dataset cannot be read.
            ContractError: if it has no event numbers, or its events are not those of the factors.
        """
        where, n_events = f"{dataset} with {self.path}", len(self.factor)
        with open_table(dataset) as file:
            known = [name for name in (_NUMBER, _MASS) if name in file]
        if _NUMBER not in known:
            raise ContractError(
                f"{where}: the dataset has no event numbers ({_NUMBER}), so that its rows have no"
                " parton events and no factors"
            )
        attributes, table = read_attributes(dataset), read_table(dataset, DATASET, columns=known)
        generated, total = (attributes[k] for k in ("n_generated", "sum_weights_generated"))
        if not _SHARE_SHOWERED * n_events <= generated <= n_events:
            raise ContractError(
                f"{where}: the dataset is of {generated:g} events generated, the factors are of"
                f" {n_events}; make them of the same parton events"
            )
        if generated == n_events and abs(total / self.sum_weights - 1) > _SAME_SUM:
            raise ContractError(
                f"{where}: the weights generated sum up to {total:g} in the dataset and to"
                f" {self.sum_weights:g} with the factors; make them of the same parton events"
            )
        numbers = table[_NUMBER]
        outside = (numbers < 0) | (numbers >= n_events)
        if outside.any():
            raise ContractError(
                f"{where}: event number {numbers[outside][0]} is none of {n_events} parton events"
            )
        if _MASS in table:
            ratio = table[_MASS] / self.sqrt_s_hat_gev[numbers]
            other = np.isfinite(ratio) & (np.abs(ratio - 1) > _SAME_MASS)
            if other.any():
                raise ContractError(
                    f"{where}: row {int(np.argmax(other))} has another m_HH than parton event"
                    f" {numbers[other][0]}; make the factors of the dataset's parton events"
                )
        return np.asarray(self.factor[numbers])

"""The kept jets of events as arrays: what pairing methods and features are made from."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError

#: Column of a dataset by field of `KeptJets`.
JET_FIELDS = {
    "valid": "INPUTS/Source/MASK",
    "pt": "INPUTS/Source/pt",
    "eta": "INPUTS/Source/eta",
    "phi": "INPUTS/Source/phi",
    "mass": "INPUTS/Source/mass",
    "btag": "INPUTS/Source/btag",
}


class KeptJets(NamedTuple):
    """Kept jets of a set of events, each field of shape (event, jet); GeV and rad.

    Attributes:
        valid: True for real jets; whatever stands in the padding is never used.
        pt: transverse momentum in GeV.
        eta: pseudorapidity.
        phi: azimuth in rad.
        mass: in GeV.
        btag: above 0.5 = b-tagged.
    """

    valid: NDArray[np.bool_]
    pt: NDArray[Any]
    eta: NDArray[Any]
    phi: NDArray[Any]
    mass: NDArray[Any]
    btag: NDArray[Any]

    def take(self, rows: NDArray[np.int64]) -> "KeptJets":
        """Return the jets of the chosen events; without a copy where all are chosen."""
        if len(rows) == len(self.valid):
            return self
        return KeptJets(*(field[rows] for field in self))


def flat_positions(
    jets: KeptJets, pairing: NDArray[Any], rows: NDArray[np.int64], first_row: int = 0
) -> NDArray[np.int64]:
    """Return where the paired jets stand in the flattened arrays of jets.

    Args:
        jets: kept jets.
        pairing: jet indices of shape (event, Higgs = 2, product = 2).
        rows: the events that have a pairing, shape (paired event,).
        first_row: number of the first event, for messages.

    Returns:
        Shape (Higgs, product, paired event).

    Raises:
        ContractError: if a pairing names a jet that is not there, or one jet twice.
    """
    n_jets = jets.valid.shape[1]
    chosen = np.ascontiguousarray(pairing[rows].transpose(1, 2, 0)).astype(np.int64)
    beyond = (chosen >= n_jets).any(axis=(0, 1))
    if beyond.any():
        event = first_row + rows[np.argmax(beyond)]
        raise ContractError(f"pairing of event {event} names jet {chosen.max()} of {n_jets}")
    flat = chosen + rows * n_jets
    flags = np.take(np.ravel(jets.valid), flat)
    one, two, three, four = chosen.reshape(4, -1)
    repeated = (one == two) | (one == three) | (one == four)
    repeated |= (two == three) | (two == four) | (three == four)
    bad = repeated | ~flags.all(axis=(0, 1))
    if bad.any():
        event = first_row + rows[np.argmax(bad)]
        raise ContractError(
            f"pairing of event {event} is {pairing[event - first_row].tolist()}: every jet must be"
            " a real jet and be used once"
        )
    return np.asarray(flat)

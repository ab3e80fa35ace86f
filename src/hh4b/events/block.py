"""Consecutive events of a Delphes tree as flat arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.columns import DATASET

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]
JET_LEAVES = ("PT", "Eta", "Phi", "Mass")
# Columns of a dataset have these ranges, too.
_OF_DATASET = {column.name: (column.low, column.high) for column in DATASET}
_ANY = (-np.inf, np.inf)
_RANGES: dict[str, tuple[float, float]] = {
    leaf: (-np.inf if low is None else low, np.inf if high is None else high)
    for leaf in JET_LEAVES
    for low, high in [_OF_DATASET[f"INPUTS/Source/{leaf.lower()}"]]
}


@dataclass(frozen=True)
class Collection:
    """Objects of a block of events, flat.

    Attributes:
        offsets: event i owns rows ``offsets[i]:offsets[i + 1]``; shape (events + 1,).
        fields: arrays of shape (objects,) by the name of the leaf.
    """

    offsets: NDArray[np.int64]
    fields: dict[str, NDArray[Any]]

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of objects by event."""
        return np.diff(self.offsets)

    def __getitem__(self, leaf: str) -> NDArray[Any]:
        """Return a leaf as a flat array."""
        return self.fields[leaf]

    def event_of(self, row: int) -> int:
        """Return the event that owns a row."""
        return int(np.searchsorted(self.offsets, row, side="right")) - 1


@dataclass(frozen=True)
class Block:
    """Consecutive events of a tree; a quantity the file lacks is None.

    Attributes:
        first_entry: entry of the first event in the tree.
        weight: event weights, shape (events,); 1 in a tree without weights.
        number: event numbers, shape (events,); in our own trees the place in the Les Houches file.
        jets: jets with PT [GeV], Eta, Phi [rad], Mass [GeV] and, where there, BTag, Flavor.
        particles: generator particles with PID, Status, M1, M2, PT, Eta, Phi, Mass.
        met: missing transverse momentum in GeV, shape (events,).
        met_phi: its azimuth.
        n_electrons: number of isolated electrons, shape (events,).
        n_muons: number of isolated muons, shape (events,).
    """

    first_entry: int
    weight: NDArray[np.float64]
    number: Integers | None
    jets: Collection
    particles: Collection | None
    met: Floats | None
    met_phi: Floats | None
    n_electrons: Integers | None
    n_muons: Integers | None

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.weight)

    def first_broken(self, jet_collection: str) -> str | None:
        """Describe the first measured quantity that is no number or cannot be meant."""
        for leaf in JET_LEAVES:
            bad = _beyond(self.jets[leaf], *_RANGES[leaf])
            if bad.any():
                row = int(np.argmax(bad))
                event = self.jets.event_of(row)
                return self._broken(f"{jet_collection}.{leaf}", self.jets[leaf][row], event)
        numbers = (
            ("Event.Weight", self.weight, _ANY),
            ("MissingET.MET", self.met, _RANGES["PT"]),
            ("MissingET.Phi", self.met_phi, _RANGES["Phi"]),
        )
        for name, values, limits in numbers:
            bad = _beyond(values, *limits) if values is not None else np.zeros(0, np.bool_)
            if values is not None and bad.any():
                event = int(np.argmax(bad))
                return self._broken(name, values[event], event)
        return None

    def _broken(self, branch: str, value: float, event: int) -> str:
        entry = self.first_entry + event
        what = "which cannot be meant" if np.isfinite(value) else "not a finite number"
        return f"branch {branch!r} is {value:g} in entry {entry}, {what}"


def _beyond(values: Floats, low: float, high: float) -> NDArray[np.bool_]:
    """Return which values are not in a range, or no numbers."""
    inside = np.isfinite(values) & (values >= low) & (values <= high)
    return np.asarray(~inside)

"""Consecutive events of a Delphes tree as flat arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]
JET_LEAVES = ("PT", "Eta", "Phi", "Mass")


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
        """Describe the first measured quantity that is no finite number, if there is one."""
        for leaf in JET_LEAVES:
            bad = ~np.isfinite(self.jets[leaf])
            if bad.any():
                row = int(np.argmax(bad))
                return self._broken(f"{jet_collection}.{leaf}", self.jets.event_of(row))
        numbers = (
            ("Event.Weight", self.weight),
            ("MissingET.MET", self.met),
            ("MissingET.Phi", self.met_phi),
        )
        for name, values in numbers:
            if values is not None and not np.isfinite(values).all():
                return self._broken(name, int(np.argmin(np.isfinite(values))))
        return None

    def _broken(self, branch: str, event: int) -> str:
        return f"branch {branch!r} is not a finite number in entry {self.first_entry + event}"

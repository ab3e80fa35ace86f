"""The generator record as the tree keeps it: hard process, H, b quarks and b hadrons."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.detector.particles import Floats, Integers, offsets_of

_BOTTOM, _HIGGS = 5, 25


@dataclass(frozen=True)
class Record:
    """A full particle record; particles of event i are rows ``offsets[i]:offsets[i+1]``.

    Attributes:
        offsets: shape (event + 1,).
        pid: PDG numbers, shape (particle,) as all that follow.
        status: HepMC status: 1 = final, 2 = decayed, 4 = beam, 21-29 = hard process, ...
        mothers: first and last mother, counted from the event's first row, -1 = none, shape (2, n).
        daughters: first and last daughter likewise.
        momenta: px, py, pz, energy in GeV, shape (4, n).
        mass: in GeV.
    """

    offsets: Integers
    pid: NDArray[np.int32]
    status: NDArray[np.int32]
    mothers: NDArray[np.int32]
    daughters: NDArray[np.int32]
    momenta: Floats
    mass: Floats

    @property
    def n_events(self) -> int:
        """Return the number of events."""
        return len(self.offsets) - 1


def is_b_hadron(pid: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell hadrons with a b quark, by the digits of the PDG number.

    >>> is_b_hadron(np.array([511, -5122, 521, 411, 2212, 5])).tolist()
    [True, True, True, False, False, False]
    """
    code = np.abs(pid)
    bottom = ((code // 100) % 10 == _BOTTOM) | ((code // 1000) % 10 == _BOTTOM)
    return np.asarray((code > 100) & (code < 1_000_000_000) & bottom, dtype=np.bool_)


def prune(record: Record) -> Record:
    """Keep hard process, H, b quarks and b hadrons, with mothers and daughters renumbered.

    Daughters stay a range of rows, as in Delphes: all kept particles between the first and the last
    daughter are daughters. A parent that is not kept counts as none, so chains break only where the
    flavour comes into being (g -> bb, or beam remnants).
    """
    hard = (record.status > 20) & (record.status < 30)
    code = np.abs(record.pid)
    keep = hard | (code == _BOTTOM) | (code == _HIGGS) | is_b_hadron(record.pid)
    rows = np.flatnonzero(keep)
    offsets = offsets_of(keep, record.offsets)
    mothers = np.full((2, len(rows)), -1, np.int32)
    daughters = np.full((2, len(rows)), -1, np.int32)
    _renumber((record.offsets, record.mothers, record.daughters), keep, mothers, daughters)
    return Record(
        offsets=offsets,
        pid=record.pid[rows],
        status=record.status[rows],
        mothers=mothers,
        daughters=daughters,
        momenta=record.momenta[:, rows],
        mass=record.mass[rows],
    )


@numba.njit(cache=True)
def _renumber(record, keep, new_mothers, new_daughters):  # type: ignore[no-untyped-def]
    offsets, mothers, daughters = record
    row = 0
    for event in range(len(offsets) - 1):
        start, n = offsets[event], offsets[event + 1] - offsets[event]
        # Number of kept particles before each one: its new number if it is kept itself.
        before = np.zeros(n + 1, np.int64)
        for i in range(n):
            before[i + 1] = before[i] + keep[start + i]
        for i in range(n):
            if not keep[start + i]:
                continue
            for k in range(2):
                mother = mothers[k, start + i]
                if mother >= 0 and keep[start + mother]:
                    new_mothers[k, row] = before[mother]
            first, last = daughters[0, start + i], daughters[1, start + i]
            if first >= 0 and last < first:
                # A lone daughter, or two that are not neighbours: keep the range exact.
                last = first
            if first >= 0 and before[last + 1] > before[first]:
                new_daughters[0, row], new_daughters[1, row] = before[first], before[last + 1] - 1
            row += 1

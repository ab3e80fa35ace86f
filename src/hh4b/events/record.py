"""Walk generator records: copies, mothers, and the b quarks of each Higgs boson (compiled)."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba

# PDG numbers of the bosons and quarks that are looked for.
HIGGS, BOTTOM = 25, 5
# Status of the incoming partons and of the hard process.
INCOMING, HARD = 21, 22


class ParticleLinks(NamedTuple):
    """Generator particles, flat.

    Attributes:
        offsets: event i owns rows ``offsets[i]:offsets[i + 1]``.
        pid: PDG numbers.
        status: generator status.
        m1: first mother, counted from the event's first row; -1 = none.
        m2: last mother, likewise.
        pt: transverse momentum in GeV.
    """

    offsets: NDArray[np.int64]
    pid: NDArray[Any]
    status: NDArray[Any]
    m1: NDArray[Any]
    m2: NDArray[Any]
    pt: NDArray[Any]


class HiggsPairs(NamedTuple):
    """Rows of the generator particles that matter; -1 = not in the record.

    Attributes:
        n_higgs: number of H bosons by event, copies counted once; shape (event,).
        hard: H of the hard process (status 22, else the first copy); shape (event, 2).
        quarks: last copy before hadronisation of b and anti-b by H; shape (event, 2, 2).
            The first H is the one with the larger pT at its decay.
        incoming: the two partons that enter the hard process (status 21); shape (event, 2).
    """

    n_higgs: NDArray[np.int64]
    hard: NDArray[np.int64]
    quarks: NDArray[np.int64]
    incoming: NDArray[np.int64]

    def at(self, events: NDArray[np.int64]) -> "HiggsPairs":
        """Return the pairs of the given events."""
        return HiggsPairs(*(rows[events] for rows in self))


@numba.njit(cache=True)
def _mother(row, first, last, record):  # type: ignore[no-untyped-def]
    """Return the row of the mother with the same PID, or -1."""
    pid = record.pid
    for link in (record.m1[row], record.m2[row]):
        mother = first + link
        # Files whose record was thinned out may name a particle as its own mother.
        if link >= 0 and mother < last and mother != row and pid[mother] == pid[row]:
            return mother
    return -1


@numba.njit(cache=True)
def _origin(row, first, last, record):  # type: ignore[no-untyped-def]
    """Return the first copy of the particle in ``row``."""
    for _ in range(last - first):  # a record with a loop of mothers ends here
        up = _mother(row, first, last, record)
        if up < 0:
            break
        row = up
    return row


@numba.njit(cache=True)
def _survey(first, last, record, copied, higgs, incoming):  # type: ignore[no-untyped-def]
    """Find first copies of H and incoming partons, mark what has a later copy; count the H."""
    n_incoming, n_higgs = 0, 0
    for row in range(first, last):
        if record.status[row] == INCOMING and n_incoming < 2:
            incoming[n_incoming] = row
            n_incoming += 1
        if record.pid[row] != HIGGS and abs(record.pid[row]) != BOTTOM:
            continue
        up = _mother(row, first, last, record)
        if up >= 0:
            copied[up] = True
        elif record.pid[row] == HIGGS:
            if n_higgs < 2:
                higgs[n_higgs] = row
            n_higgs += 1
    if n_incoming < 2:
        incoming[:] = -1
    return n_higgs


@numba.njit(cache=True)
def _parent_higgs(row, first, last, record):  # type: ignore[no-untyped-def]
    """Return the first copy of the H that the quark in ``row`` comes from, or -1."""
    link = record.m1[_origin(row, first, last, record)]
    if link < 0 or first + link >= last or record.pid[first + link] != HIGGS:
        return -1
    return _origin(first + link, first, last, record)


@numba.njit(cache=True)
def _follow(first, last, record, copied, hard, quarks):  # type: ignore[no-untyped-def]
    """Find hard-process copy and last quarks of each H; return the pT of the decaying copies."""
    decay_pt = np.full(2, -1.0)
    origins = hard.copy()
    pid, status, pt = record.pid, record.status, record.pt
    for row in range(first, last):
        if pid[row] == HIGGS:
            index = 0 if _origin(row, first, last, record) == origins[0] else 1
            if status[row] == HARD and status[hard[index]] != HARD:
                hard[index] = row
            if not copied[row]:
                decay_pt[index] = pt[row]
        elif abs(pid[row]) == BOTTOM and not copied[row]:
            origin = _parent_higgs(row, first, last, record)
            if origin < 0:
                continue
            index = 0 if origin == origins[0] else 1
            side = 0 if pid[row] > 0 else 1
            # Two last copies exist only where a record lists a copy twice: the harder one counts.
            if quarks[index, side] < 0 or pt[row] > pt[quarks[index, side]]:
                quarks[index, side] = row
    return decay_pt


@numba.njit(cache=True)
def _fill(record, n_higgs, hard, quarks, incoming):  # type: ignore[no-untyped-def]
    copied = np.zeros(len(record.pid), np.bool_)
    for event in range(len(record.offsets) - 1):
        first, last = record.offsets[event], record.offsets[event + 1]
        n_higgs[event] = _survey(first, last, record, copied, hard[event], incoming[event])
        if n_higgs[event] != 2:
            continue
        decay_pt = _follow(first, last, record, copied, hard[event], quarks[event])
        if decay_pt[1] > decay_pt[0]:
            for side in range(2):
                harder = quarks[event, 1, side]
                quarks[event, 1, side] = quarks[event, 0, side]
                quarks[event, 0, side] = harder


def find_in_record(record: ParticleLinks) -> HiggsPairs:
    """Find H bosons, their last b quarks and the incoming partons of every event.

    Quarks are looked for only in events with exactly two H.
    """
    n_events = len(record.offsets) - 1
    pairs = HiggsPairs(
        np.zeros(n_events, np.int64),
        np.full((n_events, 2), -1, np.int64),
        np.full((n_events, 2, 2), -1, np.int64),
        np.full((n_events, 2), -1, np.int64),
    )
    _fill(record, *pairs)
    return pairs

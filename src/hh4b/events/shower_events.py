"""Consecutive rows of one file that are of one shower event, found block by block."""

import numpy as np
from numpy.typing import NDArray

from hh4b.core.grouping import Integers

Marks = NDArray[np.bool_]
Floats = NDArray[np.float64]


class EventRuns:
    """Follow the rows of a file in order and tell which begin an event.

    An event is a run of rows with the same number. The same number further on is another event:
    files of several runs repeat their numbers. Without numbers every row is an event.

    Attributes:
        found: number of events so far.
        rows: number of rows so far.
    """

    def __init__(self) -> None:
        """Begin before the first row."""
        self.found = 0
        self.rows = 0
        self._last: int | None = None
        self._carried: dict[str, float] = {}
        self._reached: set[str] = set()

    def begin(self, numbers: Integers | None, rows: int) -> Marks:
        """Return which of the next rows begin an event, shape (rows,)."""
        starts = np.ones(rows, np.bool_)
        if numbers is not None and rows:
            starts[1:] = numbers[1:] != numbers[:-1]
            starts[0] = self._last is None or int(numbers[0]) != self._last
            self._last = int(numbers[-1])
        self.found += int(starts.sum())
        self.rows += rows
        return starts

    def shared(self, starts: Marks, name: str, drawn: Floats) -> Floats:
        """Return for each row what was drawn for the first row of its event.

        Args:
            starts: of the rows, from `begin`.
            name: what is drawn, the same for all blocks.
            drawn: a number for each row, shape (rows,).
        """
        if not len(starts):
            return drawn
        first = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), -1))
        own = np.where(first < 0, self._carried.get(name, np.nan), drawn[first])
        self._carried[name] = float(own[-1])
        return np.asarray(own)

    def reaching(self, starts: Marks, passed: Marks, step: str) -> int:
        """Return the number of events with a row that passes and none in the blocks before.

        Args:
            starts: of the rows, from `begin`.
            passed: which rows pass, shape (rows,).
            step: what they pass.
        """
        if not len(starts):
            return 0
        event = np.cumsum(starts) - 1  # -1 = the open event of the block before
        reached = np.unique(event[passed])
        open_before = event[0] < 0 and step in self._reached
        number = len(reached) - int(open_before and bool((reached < 0).any()))
        ends = bool(len(reached) and reached[-1] == event[-1])
        if ends:
            self._reached.add(step)
        elif event[-1] >= 0:
            self._reached.discard(step)
        return number

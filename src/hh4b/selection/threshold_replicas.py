"""The scan for a threshold in replicas of the shower events."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hh4b.core.grouping import variance_steps
from hh4b.core.replication import Replication
from hh4b.core.shower_events import ShowerEvents

Values = NDArray[np.float64]


@dataclass(frozen=True)
class ReplicatedScan:
    """Thresholds in replicas of the shower events.

    Attributes:
        cuts: thresholds, rising, shape (T,).
        replication: how often each of R replicas takes an event.
    """

    cuts: Values
    replication: Replication

    def tails(
        self, score: NDArray[np.float32], weight: Values, shower: Sequence[ShowerEvents]
    ) -> tuple[Values, Values]:
        """Return sums of weights and of squared weights above each threshold.

        Args:
            score: of each row, shape (N,).
            weight: of each row, shape (N,).
            shower: events of the rows, sample by sample in their order.

        Returns:
            Twice shape (T, R).
        """
        # How many thresholds a score exceeds; compared in its own type, as the scan does.
        passed = np.searchsorted(self.cuts.astype(score.dtype), score, side="left")
        sums = np.zeros((2, len(self.cuts) + 1, len(self.replication)))
        first = 0
        for events in shower:
            rows = slice(first, first + len(events.numbers))
            first = rows.stop
            counts = self.replication.multiplicities(events).astype(np.float64)
            squares = weight[rows] ** 2
            if events.repeated:
                # In the order in which thresholds that fall let them in.
                order = np.argsort(-score[rows], kind="stable")
                squares[order] = variance_steps(weight[rows][order], events.index[order])
            for power, values in ((1, weight[rows]), (2, squares)):
                entries = values, (passed[rows], np.arange(len(counts)))
                table = csr_array(entries, shape=(len(self.cuts) + 1, len(counts)))
                sums[power - 1] += table @ counts
        above = np.cumsum(sums[:, :0:-1], axis=1)[:, ::-1]
        return above[0], above[1]

    def best(
        self, signal: tuple[Values, Values], background: tuple[Values, Values], minimum: float
    ) -> Values:
        """Return the threshold of largest S/sqrt(B) in each replica, NaN where none is allowed.

        Args:
            signal: result of `tails`.
            background: likewise.
            minimum: effective background events that must be left, in each replica.
        """
        total, squares = background
        # Weights of both signs may sum to nothing, or to less.
        left = (squares > 0) & (total > 0)
        effective = np.where(left, total**2 / np.where(left, squares, 1.0), 0.0)
        allowed = left & (effective >= minimum)
        ratio = np.where(allowed, signal[0] / np.sqrt(np.where(left, total, 1.0)), -1.0)
        return np.where(allowed.any(axis=0), self.cuts[ratio.argmax(axis=0)], np.nan)

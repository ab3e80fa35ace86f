"""Replicas of samples: how often each replica takes each shower event.

All that is counted in a replica follows from these multiplicities: an event counts as so many
independent events of its weight, in sums of weights as in sums of squared weights. All selections
and methods take the same replicas, so that their differences are paired.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hh4b.core.folds import Folds
from hh4b.core.shower_events import ShowerEvents

#: Counts in one byte, or fractions.
Multiplicities = NDArray[np.number[Any]]


class Replication(Protocol):
    """What a set of R replicas is made by."""

    def __len__(self) -> int:
        """Return the number of replicas, R."""

    def multiplicities(self, shower: ShowerEvents) -> Multiplicities:
        """Return how often each replica takes the event of each row, shape (N, R)."""


@dataclass(frozen=True)
class PoissonReplicas:
    """The bootstrap: every event a Poisson number of times, of mean one.

    Attributes:
        seed: the study's.
        number: of replicas.
    """

    seed: int
    number: int

    def __len__(self) -> int:
        """Return the number of replicas."""
        return self.number

    def multiplicities(self, shower: ShowerEvents) -> Multiplicities:
        """Return the counts of the event of each row, shape (N, R)."""
        return shower.bootstrap(self.seed, self.number)


@dataclass(frozen=True)
class FoldReplicas:
    """The jackknife over K folds: replica k is without fold k, all other events count K/(K - 1).

    The events generated are divided as those that were selected are, of which only the latter are
    known by number: a replica stands for (K - 1)/K of those generated, so that an efficiency is
    that of the events left, over their share of the generated ones.

    Attributes:
        folds: number of folds, at least 2, and their seed, those of the networks.
    """

    folds: Folds

    def __len__(self) -> int:
        """Return the number of folds."""
        return self.folds.folds

    def multiplicities(self, shower: ShowerEvents) -> Multiplicities:
        """Return 0 in the event's own fold and K/(K - 1) elsewhere, shape (N, K)."""
        number = self.folds.folds
        left_out = shower.folds(self.folds)[:, None] == np.arange(number)
        return np.where(left_out, 0.0, number / (number - 1))

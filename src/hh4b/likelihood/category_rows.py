"""Rows of samples by category and bin, and their sums with the variances of shower events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.templates import CutAndBins, SampleEvents, SignalEvents, balance_weights

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: More than a replica takes of one event: numbers of copies are made with it.
_COPIES = 256


@dataclass(frozen=True)
class CategoryChoice:
    """What puts an event into a category and a bin.

    Attributes:
        score_edges: rising; a category is above one and not above the next, the last has no end.
        bin_edges_gev: of m_HH, shape (B + 1,).
        overflow: as `CutAndBins` has it.
        kappa_input: at which all events are scored.
    """

    score_edges: tuple[float, ...]
    bin_edges_gev: Floats
    overflow: str
    kappa_input: float

    @property
    def n_categories(self) -> int:
        """C."""
        return len(self.score_edges)

    @property
    def n_bins(self) -> int:
        """B."""
        return len(self.bin_edges_gev) - 1

    def category(self, events: SampleEvents) -> Integers:
        """Return the category of each row, -1 below the first edge, shape (N,)."""
        scores = events.scores.at(self.kappa_input)
        above = [scores > edge for edge in self.score_edges]
        return np.asarray(np.sum(above, axis=0, dtype=np.int64) - 1)

    def bins(self, events: SampleEvents) -> Integers:
        """Return the bin of each row, -1 for none, shape (N,)."""
        cut = CutAndBins(0.0, self.bin_edges_gev, self.overflow)
        return cut.bins(events.m_hh_gev).astype(np.int64)


@dataclass(frozen=True)
class CategoryRows:
    """Rows of the samples of a process above the first score edge and inside the bins.

    Attributes:
        category: from 0, shape (N,).
        bins: from 0, shape (N,).
        log_mass: ln m_HH inside the edges, shape (N,).
        weight: efficiency of each row in the pooled sample, shape (N,).
        event: shower event, shape (N,): rows of one vary together.
        shower: number of the shower event among all samples of the same names, shape (N,); it pairs
            rows of two simulations of one shower.
        components: of a signal, sum of weights of kappa^0, ^1, ^2 over c_j, shape (N, 3).
    """

    category: Integers
    bins: Integers
    log_mass: Floats
    weight: Floats
    event: Integers
    shower: tuple[NDArray[np.str_], Integers]
    components: Floats | None = None

    def cells(self, n_bins: int) -> Integers:
        """Return category times bins plus bin, shape (N,)."""
        return self.category * n_bins + self.bins


def category_rows(
    samples: Sequence[LoadedSample], choice: CategoryChoice, own_fb: Floats | None = None
) -> CategoryRows:
    """Pool the samples of a process, each by its number of events generated.

    Copies of an event in a replica are events of their own, in nominal and varied rows alike.

    Args:
        samples: of the process.
        choice: categories and bins.
        own_fb: of a signal, coefficients of the amplitude's cross section; see `CategoryRows`.

    Raises:
        ContractError: for a negative weight of a background.
    """
    events = [one.events for one in samples]
    total = sum(one.n_generated for one in events)
    components: Sequence[Floats | None] = [None] * len(events)
    if own_fb is not None:
        signals = cast(Sequence[SignalEvents], events)
        balance = balance_weights(signals, own_fb)
        components = [
            weight[:, None] * signal.polynomial / own_fb
            for weight, signal in zip(balance, signals, strict=True)
        ]
    found, first = [], 0
    for sample, one, parts in zip(samples, events, components, strict=True):
        category, bins = choice.category(one), choice.bins(one)
        weight = one.efficiency_weight * (one.n_generated / total)
        if own_fb is None and (weight < 0).any():
            raise ContractError(
                f"{one.name}: negative event weights; the smooth shape of a background needs"
                " positive ones"
            )
        kept = np.flatnonzero((category >= 0) & (bins >= 0) & (weight != 0))
        kept, copy = _with_copies(kept, sample.copies)
        most = 1 if sample.copies is None else _COPIES
        shower = sample.shower[sample.rows]
        found.append((
            category[kept], bins[kept], _log_mass(one.m_hh_gev[kept], choice.bin_edges_gev),
            weight[kept], first + shower.index[kept] * most + copy,
            np.full(len(kept), shower.sample),
            shower.numbers[kept].astype(np.int64) * most + copy,
            np.zeros((len(kept), 3)) if parts is None else parts[kept],
        ))  # fmt: skip
        first += (int(shower.index.max(initial=-1)) + 1) * most
    category, bins, log_mass, weight, event, names, numbers, signal = (
        np.concatenate(parts) for parts in zip(*found, strict=True)
    )
    return CategoryRows(
        category, bins, log_mass, weight, event, (names, numbers),
        None if own_fb is None else signal,
    )  # fmt: skip


def _with_copies(
    rows: NDArray[np.intp], copies: Integers | None
) -> tuple[NDArray[np.intp], Integers]:
    """Return every row as often as it is taken, and the number of the copy from 0."""
    if copies is None:
        return rows, np.zeros(len(rows), dtype=np.int64)
    times = copies[rows]
    repeated = np.repeat(rows, times)
    return repeated, np.arange(len(repeated)) - np.repeat(np.cumsum(times) - times, times)


def _log_mass(mass_gev: NDArray[np.floating], edges: Floats) -> Floats:
    inside = np.clip(mass_gev.astype(np.float64), max(float(edges[0]), 1.0), float(edges[-1]))
    return np.asarray(np.log(inside))


def cell_sums(
    cells: Integers, values: Floats, events: Integers, n_cells: int
) -> tuple[Floats, Floats]:
    """Sum rows into cells.

    Args:
        cells: of each row, shape (N,).
        values: of each row, shape (N, K).
        events: rows of one fluctuate together, shape (N,).
        n_cells: number of cells, M.

    Returns:
        Sums (K, M) and their covariances (K, K, M), as of a Poisson number of each event.
    """
    joined, place = np.unique(events * n_cells + cells, return_inverse=True)
    width = values.shape[1]
    sums = np.stack([np.bincount(place, values[:, k], len(joined)) for k in range(width)])
    cell = joined % n_cells
    total = np.stack([np.bincount(cell, row, n_cells).astype(np.float64) for row in sums])
    covariance = np.empty((width, width, n_cells))
    for one in range(width):
        for other in range(one + 1):
            found = np.bincount(cell, sums[one] * sums[other], n_cells)
            covariance[one, other] = covariance[other, one] = found
    return total, covariance


def paired(nominal: CategoryRows, varied: CategoryRows) -> tuple[Integers, Integers]:
    """Return numbers of shower events that are the same in two simulations, (N,) and (M,)."""
    names = np.concatenate([nominal.shower[0], varied.shower[0]])
    numbers = np.concatenate([nominal.shower[1], varied.shower[1]])
    _, sample = np.unique(names, return_inverse=True)
    _, number = np.unique(numbers, return_inverse=True)
    key = sample.astype(np.int64) * (int(number.max(initial=0)) + 1) + number
    return key[: len(nominal.weight)], key[len(nominal.weight) :]

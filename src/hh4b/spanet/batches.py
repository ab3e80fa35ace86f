"""Events without padding: real vectors one after another, events sorted by their multiplicity."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hh4b.spanet import fused, symmetries
from hh4b.spanet.data import Events
from hh4b.spanet.event import EventDescription


@dataclass(frozen=True)
class Group:
    """Neighbouring events of a batch with equal numbers of vectors.

    Attributes:
        events: how many.
        sequential: real sequential vectors in each.
        others: global vectors in each.
    """

    events: int
    sequential: int
    others: int


@dataclass(frozen=True)
class VectorLayout:
    """Rows of a sequence with one summary vector before the vectors of each event.

    Attributes:
        sizes: (events, rows of each event) by group.
        rows: (rows,) where each row comes from: a vector, or ``vectors`` for the summary.
        vectors: number of vectors.
        summary_rows: (events,) where the summaries are.
        vector_rows: (vectors,) where the vectors are.
    """

    sizes: tuple[tuple[int, int], ...]
    rows: Tensor
    vectors: int
    summary_rows: Tensor
    vector_rows: Tensor

    @cached_property
    def tiles(self) -> Tensor:
        """Return runs of events for the compiled kernels (see `fused.make_tiles`)."""
        return fused.make_tiles(self.sizes)


@dataclass(frozen=True)
class Batch:
    """Input of the network for events sorted by group.

    Within an event sequential vectors come first, in the order of the inputs, then globals.

    Attributes:
        events: (B,) number of each event in the store it was taken from.
        groups: the runs of events of equal size.
        features: per input (vectors of it, F).
        order: (vectors,) row in the concatenated inputs of every vector.
        all_vectors: layout of all vectors.
        sequential: layout of the sequential vectors.
        sequential_rows: (sequential vectors,) where they are among all vectors.
    """

    events: Tensor
    groups: tuple[Group, ...]
    features: tuple[Tensor, ...]
    order: Tensor
    all_vectors: VectorLayout
    sequential: VectorLayout
    sequential_rows: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return a copy on a device."""
        return Batch(
            self.events.to(device),
            self.groups,
            tuple(f.to(device) for f in self.features),
            self.order.to(device),
            _move(self.all_vectors, device),
            _move(self.sequential, device),
            self.sequential_rows.to(device),
        )


def _move(layout: VectorLayout, device: torch.device) -> VectorLayout:
    return VectorLayout(
        layout.sizes,
        layout.rows.to(device),
        layout.vectors,
        layout.summary_rows.to(device),
        layout.vector_rows.to(device),
    )


class EventStore:
    """Events packed once, from which batches are taken by index.

    Attributes:
        n_events: number of events.
        places: per event, in order, the padded places of its real sequential vectors: row
            ``place_start[e]`` to ``place_start[e + 1]``.
        width: number of padded sequential places.
    """

    def __init__(self, events: Events, event: EventDescription) -> None:
        """Pack ``events``."""
        self.n_events = len(events)
        flags = [item.sequential for item in event.inputs]
        # Sequential inputs first, whatever the order of the file.
        self._inputs = sorted(range(len(flags)), key=lambda i: not flags[i])
        self._sequential = sum(flags)
        self._counts = [events.valid[i].sum(axis=1).astype(np.int64) for i in self._inputs]
        self._starts = [_exclusive(counts) for counts in self._counts]
        self._given = [
            np.ascontiguousarray(events.features[i][events.valid[i]]) for i in self._inputs
        ]
        self._names = [[f.name for f in event.inputs[i].features] for i in self._inputs]
        self._features = [torch.from_numpy(array) for array in self._given]
        self.n_sequential = sum(self._counts[: self._sequential])
        self._n_others = sum(self._counts[self._sequential :], np.zeros(self.n_events, np.int64))
        real = np.concatenate([events.valid[i] for i in self._inputs[: self._sequential]], axis=1)
        self.width = real.shape[1]
        self.places = np.nonzero(real)[1]
        self.place_start = _exclusive(self.n_sequential)
        #: rank of each padded place among the real vectors of its event
        self._rank = np.cumsum(real, axis=1) - 1

    def ranks(self, targets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Turn padded places (N, products) into ranks among real vectors; missing becomes 0."""
        return np.take_along_axis(self._rank, np.maximum(targets, 0), axis=1)

    def turn(self, rng: np.random.Generator) -> None:
        """Turn every event about the beam by a random angle and mirror it at random.

        See `symmetries.turn`. Later batches hold the turned events; every call starts from the
        events as given.
        """
        chosen = symmetries.draw(rng, self.n_events)
        for position, given in enumerate(self._given):
            counts = self._counts[position]
            symmetry = symmetries.Symmetry(*(np.repeat(values, counts) for values in chosen))
            turned = symmetries.apply(given, self._names[position], symmetry)
            self._features[position] = torch.from_numpy(turned)

    def batch(self, index: NDArray[np.int64]) -> Batch:
        """Take the events at ``index``, sorted by multiplicity (stable)."""
        sequential, others = self.n_sequential[index], self._n_others[index]
        key = sequential * (int(others.max(initial=0)) + 1) + others
        order = np.argsort(key, kind="stable")
        index = index[order]
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        sizes = np.diff(starts, append=len(index))
        groups = tuple(
            Group(int(size), int(self.n_sequential[index[s]]), int(self._n_others[index[s]]))
            for s, size in zip(starts, sizes, strict=True)
        )
        features, vector_order = self._gather(index)
        total = self.n_sequential[index] + self._n_others[index]
        first = _exclusive(total)
        n_sequential = self.n_sequential[index]
        return Batch(
            events=torch.from_numpy(index),
            groups=groups,
            features=features,
            order=torch.from_numpy(vector_order),
            all_vectors=_layout(total, [(g.events, g.sequential + g.others) for g in groups]),
            sequential=_layout(n_sequential, [(g.events, g.sequential) for g in groups]),
            sequential_rows=torch.from_numpy(_ranges(first, n_sequential)),
        )

    def _gather(self, index: NDArray[np.int64]) -> tuple[tuple[Tensor, ...], NDArray[np.int64]]:
        """Return features in the order of the description, and the row of every vector."""
        total = sum(counts[index] for counts in self._counts)
        position = _exclusive(np.asarray(total))
        taken: list[Tensor] = [torch.empty(0)] * len(self._inputs)
        destination: list[NDArray[np.int64]] = [np.empty(0, np.int64)] * len(self._inputs)
        for number, counts, starts, flat in zip(
            self._inputs, self._counts, self._starts, self._features, strict=True
        ):
            length = counts[index]
            taken[number] = flat[torch.from_numpy(_ranges(starts[index], length))]
            destination[number] = _ranges(position, length)
            position = position + length
        place = np.concatenate(destination)
        order = np.empty_like(place)
        order[place] = np.arange(len(place))
        return tuple(taken), order


def _exclusive(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each run starts if runs of ``counts`` elements follow each other."""
    return np.cumsum(counts) - counts


def _ranges(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Concatenate the integers start, start + 1, ... of each run."""
    shift = np.repeat(starts - _exclusive(lengths), lengths)
    return shift + np.arange(len(shift))


def _layout(lengths: NDArray[np.int64], sizes: Sequence[tuple[int, int]]) -> VectorLayout:
    vectors = int(lengths.sum())
    summary = _exclusive(lengths + 1)
    vector_rows = _ranges(summary + 1, lengths)
    rows = np.full(vectors + len(lengths), vectors, dtype=np.int64)
    rows[vector_rows] = np.arange(vectors)
    return VectorLayout(
        sizes=tuple((events, size + 1) for events, size in sizes),
        rows=torch.from_numpy(rows),
        vectors=vectors,
        summary_rows=torch.from_numpy(summary),
        vector_rows=torch.from_numpy(vector_rows),
    )

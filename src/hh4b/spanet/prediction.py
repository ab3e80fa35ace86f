"""Prediction: events in, assignments, probabilities and vectors out, in the order of the file."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hh4b.spanet import native, pair_features
from hh4b.spanet.batches import Batch, EventStore
from hh4b.spanet.data import Events
from hh4b.spanet.decoding import decode
from hh4b.spanet.network import Network, NetworkOutput, Parts

#: Events computed at a time: enough for what comes once a batch not to count.
BATCH_SIZE = 2048


@dataclass(frozen=True)
class Prediction:
    """Results in the order of the events.

    Attributes:
        jets: by particle (N, products), padded place among the sequential vectors, -1 = none.
        assignment_probability: (particles, N).
        detection_probability: (particles, N).
        classes: name -> (N, classes) probabilities.
        vectors: name -> (N, hidden_dim).
        regressions: name -> (N,), in the unit of the target; those that were trained.
    """

    jets: tuple[NDArray[np.int64], ...]
    assignment_probability: NDArray[np.float32]
    detection_probability: NDArray[np.float32]
    classes: dict[str, NDArray[np.float32]]
    vectors: dict[str, NDArray[np.float32]]
    regressions: dict[str, NDArray[np.float32]] = field(default_factory=dict)


def on_batches(
    network: Network,
    store: EventStore,
    parts: Parts,
    consume: Callable[[Batch, NetworkOutput], None],
    *,
    batch_size: int = BATCH_SIZE,
) -> None:
    """Give every batch with the network's output to ``consume``, in any order.

    In evaluation mode and without gradient. Events go through sorted by multiplicity, longest
    first, so that a batch holds few kinds of them; the result of an event does not depend on its
    neighbours. On the CPU every thread works on a batch of its own: what is done once a batch, in
    Python, then costs one thread its time and not all.

    Args:
        network: with its weights; runs on the device where it is.
        store: the events.
        parts: what is wanted.
        consume: called from several threads at once, each time for other events.
        batch_size: mean number of events of a batch; all batches hold about as many vectors.
    """
    native.keep_freed_memory()
    device = next(network.parameters()).device

    def work(index: NDArray[np.int64]) -> None:
        batch = store.batch(index).to(device)
        with torch.inference_mode():
            output = network(batch, parts)
        consume(batch, output)

    training = network.training
    network.eval()
    try:
        threads = torch.get_num_threads() if device.type == "cpu" else 1
        _on_threads(work, _shares(store.n_sequential, batch_size), threads)
    finally:
        network.train(training)


def _shares(lengths: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
    """Return the events of every batch: longest events first, about as many vectors in each."""
    if len(lengths) == 0:
        return []
    number = math.ceil(len(lengths) / batch_size)
    order = np.argsort(-lengths, kind="stable")
    vectors = np.cumsum(lengths[order] + 1)
    ends = np.searchsorted(vectors, vectors[-1] * np.arange(1, number) / number)
    return [share for share in np.split(order, ends) if len(share)]


def _on_threads(
    work: Callable[[NDArray[np.int64]], None], items: Sequence[NDArray[np.int64]], threads: int
) -> None:
    """Call ``work`` for every item, on threads that use one core each."""
    threads = min(threads, len(items))
    if threads <= 1:
        for item in items:
            work(item)
        return
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    try:
        # Fetching the results raises what a worker raised.
        list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)


def predict(
    network: Network,
    events: Events,
    *,
    vectors: bool = False,
    batch_size: int = BATCH_SIZE,
) -> Prediction:
    """Predict everything for some events.

    Args:
        network: with its weights; runs on the device where it is.
        events: at least their inputs.
        vectors: whether to return embedding vectors as well.
        batch_size: events at a time.
    """
    store = _store(network, events)
    particles = network.event.particles
    number = len(events)
    jets = [np.full((number, p.degree), -1, dtype=np.int64) for p in particles]
    probability = np.zeros((len(particles), number), dtype=np.float32)
    detection = np.zeros_like(probability)
    classes: dict[str, Any] = {
        name: np.zeros((number, count), dtype=np.float32) for name, count in network.classes.items()
    }
    kept: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    if network.options.regression_loss_scale:
        numbers = {r.name: np.zeros(number, np.float32) for r in network.event.regressions}
    parts = Parts(vectors=vectors, regression=bool(numbers))

    def consume(batch: Batch, output: NetworkOutput) -> None:
        rows = batch.events.cpu().numpy()
        _decode_into(jets, probability, batch, output, network, store)
        if output.detection is not None:
            detection[:, rows] = output.detection.sigmoid().cpu().numpy()
        for name, logits in output.classification.items():
            classes[name][rows] = logits.softmax(dim=1).cpu().numpy()
        for name, value in output.regression.items():
            numbers[name][rows] = value.cpu().numpy()
        for name, vector in output.vectors.items():
            if name not in kept:  # another thread may be making it, too: the first one stays
                kept.setdefault(name, np.zeros((number, vector.shape[1]), dtype=np.float32))
            kept[name][rows] = vector.cpu().numpy()

    on_batches(network, store, parts, consume, batch_size=batch_size)
    return Prediction(tuple(jets), probability, detection, classes, kept, numbers)


def _store(network: Network, events: Events) -> EventStore:
    """Pack events as the network is to see them."""
    seen = pair_features.add(events, network.event, network.options.pair_features)
    return EventStore(seen, network.seen)


def _decode_into(
    jets: Sequence[NDArray[np.int64]],
    probability: NDArray[np.float32],
    batch: Batch,
    output: NetworkOutput,
    network: Network,
    store: EventStore,
) -> None:
    """Decode every group of a batch and write the result in the rows of its events."""
    start = 0
    rows = batch.events.cpu().numpy()
    for number, group in enumerate(batch.groups):
        here = rows[start : start + group.events]
        start += group.events
        log_probability = tuple(one[number] for one in output.assignment)
        found = decode(log_probability, network.event.particles, group)
        for particle, assignment in enumerate(found):
            ranks = assignment.ranks.cpu().numpy()
            jets[particle][here] = _places(store, here, ranks, group.sequential)
            probability[particle, here] = assignment.probability.cpu().numpy()


def _places(
    store: EventStore, events: NDArray[np.int64], ranks: NDArray[np.int64], n: int
) -> NDArray[np.int64]:
    """Turn ranks among real vectors into places in the padded arrays."""
    if n == 0:
        return ranks
    table = store.places[store.place_start[events][:, None] + np.arange(n)]
    found: NDArray[np.int64] = np.take_along_axis(table, np.maximum(ranks, 0), axis=1)
    return np.where(ranks >= 0, found, -1)


def class_probability(
    network: Network, events: Events, name: str, *, batch_size: int = BATCH_SIZE
) -> NDArray[np.float32]:
    """Return the probability (N, classes) of one classification, computing nothing else."""
    store = _store(network, events)
    result = np.zeros((len(events), network.classes[name]), dtype=np.float32)
    parts = Parts(assignment=False, detection=False, regression=False)

    def consume(batch: Batch, output: NetworkOutput) -> None:
        rows = batch.events.cpu().numpy()
        result[rows] = output.classification[name].softmax(dim=1).cpu().numpy()

    on_batches(network, store, parts, consume, batch_size=batch_size)
    return result

"""Random numbers that belong to shower events: no order, no chunking, no state.

A number is a function of a key (the study's seed and the name of the work) and of the event's
number, so that all rows of one event get the same, in every file, selection and method. The
mixing is the finaliser of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.core.seeds import derive_seed

Integers = NDArray[np.int64]
#: Step of splitmix64: 2^64 over the golden ratio, odd.
STEP = np.uint64(0x9E3779B97F4A7C15)
_BITS_OF_DOUBLE = np.uint64(11)
#: Rows that are drawn at once; bounds the memory, not the numbers.
_CHUNK = 8192
#: Probabilities of at most 0, 1, ... events; beyond 20 they are below 1e-19.
_CUMULATIVE = np.cumsum(np.exp(-1.0) / np.cumprod([1.0, *range(1, 21)]))
_TABLE_SHIFT = np.uint64(48)
_SPLIT = 255


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the finaliser of splitmix64 of each number."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _states(seed: int, labels: tuple[str | int, ...], numbers: Integers) -> NDArray[np.uint64]:
    """Return the state of each event's stream, shape (N,)."""
    key = np.uint64(derive_seed(seed, *labels, bits=64))
    counters = np.asarray(numbers, dtype=np.int64).astype(np.uint64)
    return _mix(_mix(counters * STEP + key) ^ key)


def _as_uniform(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    return (bits >> _BITS_OF_DOUBLE).astype(np.float64) * 2.0**-53


def uniforms(seed: int, labels: tuple[str | int, ...], numbers: Integers) -> NDArray[np.float64]:
    """Return one uniform number in [0, 1) for each event.

    Args:
        seed: the study's seed.
        labels: what the numbers are for, e.g. ``("tags", "hh_kappa_1")``.
        numbers: event numbers, shape (N,); equal numbers give equal results.

    Returns:
        Shape (N,).
    """
    return _as_uniform(_mix(_states(seed, labels, numbers) + STEP))


def poisson_weights(
    seed: int, labels: tuple[str | int, ...], numbers: Integers, replicas: int
) -> NDArray[np.uint8]:
    """Return the counts of each event in the replicas of a bootstrap: Poisson of mean 1.

    The first replicas do not depend on how many are asked for.

    Args:
        seed: the study's seed.
        labels: ``("bootstrap", sample)``: the same for all methods and selections.
        numbers: event numbers, shape (N,); equal numbers give equal counts.
        replicas: how many, R.

    Returns:
        Shape (N, R).
    """
    counts = np.empty((len(numbers), replicas), dtype=np.uint8)
    steps = np.arange(1, replicas + 1, dtype=np.uint64) * STEP
    states = _states(seed, labels, numbers)
    for rows in _chunks(len(numbers)):
        counts[rows] = _poisson(_mix(states[rows, None] + steps))
    return counts


def _poisson(bits: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Invert the distribution: a table by the leading bits, and a search where two counts meet."""
    counts: NDArray[np.uint8] = _TABLE[bits >> _TABLE_SHIFT]
    split = counts == _SPLIT
    counts[split] = _count(_as_uniform(bits[split]))
    return counts


def _count(uniform: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.searchsorted(_CUMULATIVE, uniform, side="right").astype(np.uint8)


def _table() -> NDArray[np.uint8]:
    edges = np.arange(1 << 16, dtype=np.float64) * 2.0**-16
    first, last = _count(edges), _count(edges + (1 - 2.0**-37) * 2.0**-16)
    return np.where(first == last, first, _SPLIT).astype(np.uint8)


def folds(seed: int, sample: str, numbers: Integers, n_folds: int) -> NDArray[np.int8]:
    """Return the fold of each event; all rows of an event are in one.

    Args:
        seed: the study's seed.
        sample: name of the sample.
        numbers: event numbers, shape (N,).
        n_folds: at least 2, at most 127.

    Returns:
        From 0 to ``n_folds`` - 1, shape (N,).

    Raises:
        ConfigError: if the number of folds is out of range.
    """
    if not 2 <= n_folds <= 127:
        raise ConfigError(f"{n_folds} folds: expected 2 to 127")
    return np.floor(uniforms(seed, ("folds", sample), numbers) * n_folds).astype(np.int8)


def _chunks(rows: int) -> Iterator[slice]:
    for start in range(0, rows, _CHUNK):
        yield slice(start, start + _CHUNK)


_TABLE = _table()

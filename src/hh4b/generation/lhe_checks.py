"""Numbers of Les Houches events that cannot be meant, found before anything is made of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError

Floats = NDArray[np.float64]
Integers = NDArray[np.integer]
#: Codes of the standard: incoming, outgoing, and resonances or other lines inside an event.
_STATUSES = (-1, 1, 2, -2, 3, -9)
_NAMES = ("PDG number", "status", "first mother", "last mother", "colour", "anticolour")
_HEAD = ("number of particles", "process", "weight", "scale", "alpha_QED", "alpha_s")
_BODY = ("px", "py", "pz", "energy", "mass", "lifetime", "spin")
_INT_MAX = 2**31 - 1


class _WrongEvent(Exception):
    """An event of those that were read, counted from 0, and what is wrong with it."""

    def __init__(self, event: int, what: str) -> None:
        super().__init__(event, what)
        self.event = event
        self.what = what


@contextmanager
def located(path: Path | str, first: int) -> Iterator[None]:
    """Say of which event of which file the checks speak.

    Args:
        path: the file.
        first: number of the first event that was read.

    Raises:
        ContractError: for what a check has found.
    """
    try:
        yield
    except _WrongEvent as found:
        raise ContractError(
            f"{path}: event {first + found.event} has {found.what}; remove the event or make the"
            " file again"
        ) from None


def check_whole_numbers(integers: Floats, event: Integers) -> None:
    """Check that codes, mothers and colours are whole numbers.

    Args:
        integers: first six numbers of each particle, shape (particle, 6).
        event: event of each particle, shape (particle,).
    """
    with np.errstate(invalid="ignore"):
        good = (np.abs(integers) <= _INT_MAX) & (integers == np.rint(integers))
    if not good.all():
        row, column = np.argwhere(~good)[0]
        raise _WrongEvent(
            int(event[row]), f"{integers[row, column]:g} as {_NAMES[column]} of a particle"
        )


def check_events(
    heads: Floats, body: Floats, event: Integers, slot: Integers, sizes: Integers
) -> None:
    """Check weights, couplings, momenta, statuses and mothers.

    Args:
        heads: numbers of the first line of each event, shape (event, 6).
        body: numbers of each particle, shape (particle, 13).
        event: event of each particle, shape (particle,).
        slot: place of each particle in its event, counted from 0.
        sizes: number of particles that each event has, shape (event,).
    """
    _require(np.isfinite(heads), np.arange(len(heads)), heads, _HEAD)
    _require(np.isfinite(body[:, 6:]), event, body[:, 6:], _BODY)
    _require((body[:, 9] >= 0)[:, None], event, body[:, 9:10], ("energy",))
    known = np.logical_or.reduce([body[:, 1] == status for status in _STATUSES])
    _require(known[:, None], event, body[:, 1:2], ("status",))
    mothers = body[:, 2:4]
    known = (mothers >= 0) & (mothers <= sizes[event][:, None])
    known &= mothers != slot[:, None] + 1
    _require(known, event, mothers, _NAMES[2:4])


def _require(
    good: NDArray[np.bool_], event: Integers, values: Floats, names: tuple[str, ...]
) -> None:
    if good.all():
        return
    row, column = np.argwhere(~good)[0]
    raise _WrongEvent(int(event[row]), f"{values[row, column]:g} as {names[column]}")

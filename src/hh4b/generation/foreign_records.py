"""What the event records of other generators allow: H decays, and weights in kappa_lambda."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.generation.lhe import LheEvents

Bools = NDArray[np.bool_]
_HIGGS, _BOTTOM, _GLUON = 25, 5, 21


@dataclass(frozen=True)
class PairRecords:
    """What is known of N events of two H.

    Attributes:
        undecayed: whether the H still have to decay, shape (N,).
        beyond: whether the record is more than g g -> H H and decays, shape (N,): another parton in
            the final state, or incoming quarks.
    """

    undecayed: Bools
    beyond: Bools


def require_incoming(events: LheEvents, path: Path | str) -> None:
    """Check that every event has two incoming partons.

    Raises:
        ContractError: naming the first event that has not.
    """
    number = (events.status == -1).sum(axis=1)
    if (wrong := number != 2).any():
        event = int(np.argmax(wrong))
        raise ContractError(
            f"{path}: event {event} has {number[event]} incoming partons (status -1), expected 2"
        )


def higgs_pairs(events: LheEvents, path: Path | str) -> PairRecords:
    """Look at events of two H, decayed to b quarks or not at all.

    Raises:
        ContractError: naming the first event with another number of H, or another decay.
    """
    real = events.pid != 0
    higgs = real & (events.pid == _HIGGS) & (events.status > 0)
    child = _children(events)
    copied = (child & higgs[:, None, :]).any(axis=2) & higgs
    last = higgs & ~copied
    _require(last.sum(axis=1) == 2, path, "does not have two H (PDG number 25)")
    undecayed = last & (events.status == 1)
    decayed = last & ~undecayed
    _require(
        undecayed.sum(axis=1) % 2 == 0, path, "has one decayed H and one that is not; decay both"
    )
    daughters = child & decayed[:, :, None]
    number = daughters.sum(axis=2)
    code = np.abs(events.pid)[:, None, :] == _BOTTOM
    opposite = np.where(daughters, events.pid[:, None, :], 0).sum(axis=2) == 0
    to_bottom = (number == 2) & ((daughters & code).sum(axis=2) == 2) & opposite
    _require(
        (to_bottom | ~decayed).all(axis=1),
        path,
        "has an H that decayed to something else than b b~; the study multiplies the cross section"
        " by the branching ratio to b b~ for each H: give H -> b b~, or H that have not decayed",
    )
    return PairRecords(undecayed.any(axis=1), _beyond_leading_order(events, higgs, child))


def _children(events: LheEvents) -> Bools:
    """Return which particle is a daughter of which, shape (event, mother, daughter)."""
    number = np.arange(1, events.pid.shape[1] + 1)
    first, last = events.mothers[..., 0], events.mothers[..., 1]
    last = np.where(last < first, first, last)
    within = (number[:, None] >= first[:, None, :]) & (number[:, None] <= last[:, None, :])
    return np.asarray(within & (first > 0)[:, None, :] & (events.pid != 0)[:, None, :])


def _beyond_leading_order(events: LheEvents, higgs: Bools, child: Bools) -> Bools:
    """Return which events are no g g -> H H with decays."""
    below = higgs.copy()
    # As many steps as a chain of decays can have.
    for _ in range(events.pid.shape[1]):
        more = below | (child & below[:, :, None]).any(axis=1)
        if (more == below).all():
            break
        below = more
    more_partons = ((events.status == 1) & (events.pid != 0) & ~below).any(axis=1)
    incoming = events.status == -1
    gluons = ((events.pid == _GLUON) | ~incoming).all(axis=1)
    return np.asarray(more_partons | ~gluons)


def _require(good: Bools, path: Path | str, what: str) -> None:
    if not good.all():
        raise ContractError(f"{path}: event {int(np.argmin(good))} {what}")

"""Events to be looked at: which are shown, and what there is to draw of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core import contracts, kinematics
from hh4b.core.columns import TARGETS
from hh4b.core.errors import ContractError
from hh4b.pairing.metrics import is_full, right_higgs

Floats = NDArray[np.float64]
_JETS = ("MASK", "pt", "eta", "phi", "mass")
_MET = ("HH4B/met", "HH4B/met_phi")


@dataclass(frozen=True)
class DisplayedEvent:
    """The jets of an event, as they are paired and as they should be.

    Attributes:
        row: in the dataset.
        pt: of the J real jets, shape (J,), GeV.
        eta: shape (J,).
        phi: shape (J,), rad.
        candidate: 0 or 1 for the jets of the candidate of larger and of smaller pT, -1 for others,
            shape (J,).
        truth: 0 or 1 for the jets of the first and the second true Higgs boson, -1 for others,
            shape (J,).
        masses: of the two candidates in GeV, in the order of their pT.
        missing: missing transverse momentum in GeV and its azimuth; None where it is not known.
    """

    row: int
    pt: Floats
    eta: Floats
    phi: Floats
    candidate: NDArray[np.int64]
    truth: NDArray[np.int64]
    masses: tuple[float, float]
    missing: tuple[float, float] | None


def typical(values: Floats, chosen: NDArray[np.bool_]) -> int | None:
    """Return the row whose value is the median of those that are chosen; None without any.

    Of an even number the lower one of the two in the middle is taken; equal values stand in the
    order of their rows.

    >>> typical(np.array([9.0, 1.0, 4.0, 2.0]), np.array([True, True, True, True]))
    3
    """
    rows = np.flatnonzero(chosen)
    if not len(rows):
        return None
    return int(rows[np.argsort(values[rows], kind="stable")[(len(rows) - 1) // 2]])


def read_events(
    dataset: Path | str, pairing: Path | str
) -> tuple[DisplayedEvent | None, DisplayedEvent | None]:
    """Return an event whose pairing is right, and one where it is wrong.

    Of the events whose four quarks all have a jet, those are taken whose mass of the four paired
    jets is the median of all that are paired right, or wrong: what is seen is nothing special.

    Args:
        dataset: with true jets.
        pairing: of its events.

    Returns:
        The right and the wrong one; None where there is no such event.

    Raises:
        ContractError: if the files have different numbers of events.
    """
    names = [f"INPUTS/Source/{name}" for name in _JETS]
    with contracts.open_table(dataset) as file:
        extra = [name for name in _MET if name in file]
    table = contracts.read_table(dataset, contracts.DATASET, columns=[*names, *TARGETS, *extra])
    paired = contracts.read_table(pairing, contracts.PAIRING, columns=["jets"])["jets"]
    targets = np.stack([table[name] for name in TARGETS], axis=1).reshape(-1, 2, 2)
    if len(paired) != len(targets):
        raise ContractError(f"{pairing} has {len(paired)} events, {dataset} has {len(targets)}")
    paired = paired.astype(np.int64)
    full = is_full(targets) & (paired >= 0).all(axis=(1, 2))
    right = right_higgs(targets, paired) == 2
    candidates = _candidates(table, np.maximum(paired, 0))
    mass = kinematics.invariant_mass(
        kinematics.add(*(kinematics.FourVector(*(f[:, n] for f in candidates)) for n in (0, 1)))
    ).astype(float)
    events = []
    for chosen in (full & right, full & ~right):
        row = typical(mass, chosen)
        events.append(
            None if row is None else _event(row, table, paired[row], targets[row], candidates)
        )
    return events[0], events[1]


def _candidates(
    table: dict[str, NDArray[np.float64]], jets: NDArray[np.int64]
) -> kinematics.FourVector:
    """Return the four-momenta of both candidates, fields of shape (event, 2)."""
    rows = np.arange(len(jets))[:, None, None]
    pt, eta, phi, mass = (
        table[f"INPUTS/Source/{name}"][rows, jets].astype(float) for name in _JETS[1:]
    )
    vectors = kinematics.from_pt_eta_phi_mass(pt, eta, phi, mass)
    return kinematics.FourVector(*(field.sum(axis=2) for field in vectors))


def _event(
    row: int,
    table: dict[str, NDArray[np.float64]],
    paired: NDArray[np.int64],
    targets: NDArray[np.int64],
    candidates: kinematics.FourVector,
) -> DisplayedEvent:
    """Return an event; jets that are not real are left out."""
    real = np.flatnonzero(table["INPUTS/Source/MASK"][row])
    one = kinematics.FourVector(*(field[row] for field in candidates))
    order = np.argsort(-kinematics.transverse_momentum(one), kind="stable")
    masses = kinematics.invariant_mass(one)[order]
    candidate, truth = (np.full(len(real), -1, dtype=np.int64) for _ in range(2))
    for number in (0, 1):
        candidate[np.isin(real, paired[order[number]])] = number
        truth[np.isin(real, targets[number])] = number
    missing = None
    if all(name in table for name in _MET):
        missing = float(table[_MET[0]][row]), float(table[_MET[1]][row])
    pt, eta, phi = (table[f"INPUTS/Source/{n}"][row, real].astype(float) for n in _JETS[1:4])
    phi = np.asarray(kinematics.delta_phi(phi, np.zeros(len(phi))), dtype=np.float64)
    return DisplayedEvent(
        row, pt, eta, phi, candidate, truth, (float(masses[0]), float(masses[1])), missing
    )

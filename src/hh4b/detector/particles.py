"""What the detector is given: flat arrays of generator particles of many events."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.core.errors import ContractError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Particles:
    """Final-state particles; those of event i are rows ``offsets[i]:offsets[i+1]``.

    Attributes:
        offsets: shape (event + 1,).
        pid: PDG numbers, shape (particle,) as all that follow.
        px: momentum in GeV.
        py: momentum in GeV.
        pz: momentum in GeV.
        energy: energy in GeV.
        x: production vertex in mm.
        y: production vertex in mm.
        z: production vertex in mm.
    """

    offsets: Integers
    pid: NDArray[np.int32]
    px: Floats
    py: Floats
    pz: Floats
    energy: Floats
    x: Floats
    y: Floats
    z: Floats

    def __post_init__(self) -> None:
        """Check that the arrays fit together and hold numbers."""
        n = int(self.offsets[-1])
        for name in ("pid", "px", "py", "pz", "energy", "x", "y", "z"):
            array = getattr(self, name)
            if array.shape != (n,):
                raise ContractError(f"particles: {name} has shape {array.shape}, expected ({n},)")
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                row = int(np.flatnonzero(~np.isfinite(array))[0])
                event = int(np.searchsorted(self.offsets, row, side="right")) - 1
                raise ContractError(
                    f"particles: {name} is {array[row]} in event {event};"
                    " the generator record is broken"
                )

    @property
    def n_events(self) -> int:
        """Return the number of events."""
        return len(self.offsets) - 1


@dataclass(frozen=True)
class Partons:
    """Quarks and gluons of the whole event record, for the flavour of jets.

    Attributes:
        offsets: shape (event + 1,).
        pid: PDG numbers, shape (parton,) as all that follow.
        pt: transverse momentum in GeV.
        eta: pseudorapidity.
        phi: azimuth in radian.
    """

    offsets: Integers
    pid: NDArray[np.int32]
    pt: Floats
    eta: Floats
    phi: Floats


def select_partons(
    offsets: Integers, pid: NDArray[np.int32], status: NDArray[np.int32], p: tuple[Floats, ...]
) -> Partons:
    """Take quarks (up to b) and gluons that are not final from a particle record.

    Args:
        offsets: of the record, shape (event + 1,).
        pid: PDG numbers.
        status: 1 = final (HepMC convention).
        p: px, py, pz in GeV.
    """
    code = np.abs(pid)
    chosen = ((code <= 5) & (code > 0) | (code == 21)) & (status != 1)
    px, py, pz = (component[chosen] for component in p)
    pt = np.hypot(px, py)
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.where(pt > 0, np.arcsinh(pz / pt), np.copysign(999.0, pz))
    return Partons(offsets_of(chosen, offsets), pid[chosen], pt, eta, np.arctan2(py, px))


def offsets_of(chosen: NDArray[np.bool_], offsets: Integers) -> Integers:
    """Return the offsets of the rows that a mask keeps.

    >>> offsets_of(np.array([True, False, True, True]), np.array([0, 2, 4])).tolist()
    [0, 1, 3]
    """
    counted = np.concatenate([[0], np.cumsum(chosen, dtype=np.int64)])
    return np.asarray(counted[offsets], dtype=np.int64)


@numba.njit(cache=True)
def _quark_charge_thirds(flavor: int) -> int:
    return 2 if flavor % 2 == 0 else -1


@numba.njit(cache=True)
def charge_of(pid: int) -> int:
    """Return the electric charge of a lepton, gauge boson or hadron from its PDG number.

    The numbering scheme of the Particle Data Group writes the quark content in the digits
    n_q1 n_q2 n_q3; the heavier quark of a meson is a quark if it is up-type, else an antiquark.
    """
    code = abs(pid)
    sign = 1 if pid > 0 else -1
    if code < 100:
        if code in (11, 13, 15):
            return -sign
        return sign if code == 24 else 0
    if code >= 1000000000:  # nuclei: 10LZZZAAAI
        return sign * ((code // 10000) % 1000)
    q3 = (code // 10) % 10
    q2 = (code // 100) % 10
    q1 = (code // 1000) % 10
    if q1 != 0:
        if q3 == 0:  # diquarks are not final
            return 0
        thirds = _quark_charge_thirds(q1) + _quark_charge_thirds(q2) + _quark_charge_thirds(q3)
        return sign * (thirds // 3)
    thirds = _quark_charge_thirds(q2) - _quark_charge_thirds(q3)
    if q2 % 2 == 1:
        thirds = -thirds
    return sign * (thirds // 3)

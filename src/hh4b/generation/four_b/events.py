"""From accepted phase-space points to Les Houches events with flavours and colour flow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.generation.four_b.colour import GLUON_STRINGS, QUARK_PERMUTATIONS
from hh4b.generation.four_b.integrand import LIGHT_QUARKS, Channel, Points
from hh4b.generation.four_b.spinors import Real
from hh4b.generation.lhe import LheEvents
from hh4b.generation.pdf import GLUON

_FIRST_LINE = 501
_B = 5


@dataclass(frozen=True)
class AcceptedPoints:
    """Accepted points of one channel.

    Attributes:
        channel: the partonic channel.
        points: the points.
        overweight: weight beyond one, 1 for nearly all, shape (N,).
    """

    channel: Channel
    points: Points
    overweight: Real

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.points)


def gluon_flow(structure: int) -> NDArray[np.int32]:
    """Return (colour, anticolour) of g, g, b, b~, b, b~ for a structure of `colour.gluon_gram`.

    A string quark, gluons, antiquark hands the quark's colour from one to the next; an incoming
    gluon carries it in as its colour and takes the next line out as its anticolour.
    """
    swapped, strings = divmod(structure, len(GLUON_STRINGS))
    flow = np.zeros((6, 2), np.int32)
    line = _FIRST_LINE
    for string, (quark, antiquark) in zip(
        GLUON_STRINGS[strings], ((2, 5), (4, 3)) if swapped else ((2, 3), (4, 5)), strict=True
    ):
        flow[quark, 0] = line
        for gluon in string:
            flow[gluon] = line, line + 1
            line += 1
        flow[antiquark, 1] = line
        line += 1
    return flow


def quark_flow(structure: int) -> NDArray[np.int32]:
    """Return (colour, anticolour) of q, q~, b, b~, b, b~ for a structure of `colour.quark_gram`."""
    flow = np.zeros((6, 2), np.int32)
    for string, end in enumerate(QUARK_PERMUTATIONS[structure]):
        line = _FIRST_LINE + string
        if string == 0:
            flow[1, 1] = line
        else:
            flow[2 * string, 0] = line
        if end < 0:
            flow[0, 0] = line
        else:
            flow[3 + 2 * end, 1] = line
    return flow


def choose(weights: Real, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return a column for each row of ``weights`` (N, K) with probability by weight."""
    edges = np.cumsum(weights, axis=1)
    pick = rng.random(len(weights))[:, None] * edges[:, -1:]
    return np.asarray(np.minimum((edges <= pick).sum(axis=1), weights.shape[1] - 1))


def as_lhe(
    kept: AcceptedPoints,
    weights: Real,
    *,
    sqrt_s_gev: float,
    b_mass_gev: float,
    rng: np.random.Generator,
) -> LheEvents:
    """Return the events of one channel.

    Args:
        kept: the accepted points.
        weights: in pb, shape (N,).
        sqrt_s_gev: beam energies together.
        b_mass_gev: mass written for the b quarks.
        rng: chooses colour flow, flavour and direction of the incoming quark.
    """
    points, n = kept.points, len(kept)
    structure = choose(points.flows, rng)
    momenta = np.zeros((n, 6, 4))
    momenta[:, 2:] = points.momenta
    energy = 0.5 * sqrt_s_gev * points.x
    momenta[:, 0, 0], momenta[:, 0, 3] = energy[:, 0], energy[:, 0]
    momenta[:, 1, 0], momenta[:, 1, 3] = energy[:, 1], -energy[:, 1]
    pid = np.tile(np.array([GLUON, GLUON, _B, -_B, _B, -_B], np.int32), (n, 1))
    if kept.channel == "gg":
        colours = np.array([gluon_flow(i) for i in range(points.flows.shape[1])])[structure]
    else:
        colours = np.array([quark_flow(i) for i in range(points.flows.shape[1])])[structure]
        flavour = np.array(LIGHT_QUARKS, np.int32)[choose(points.luminosity, rng)]
        pid[:, 0], pid[:, 1] = flavour, -flavour
        turned = rng.random(n) < 0.5
        momenta[turned, :, 3] *= -1.0
        for array in (pid, momenta, colours):
            array[turned, :2] = array[turned, 1::-1]
    masses = np.zeros((n, 6))
    masses[:, 2:] = b_mass_gev
    status = np.array([-1, -1, 1, 1, 1, 1], np.int32)
    mothers = np.array([[0, 0], [0, 0], [1, 2], [1, 2], [1, 2], [1, 2]], np.int32)
    return LheEvents(
        pid=pid,
        status=np.broadcast_to(status, (n, 6)),
        mothers=np.broadcast_to(mothers, (n, 6, 2)),
        colours=colours,
        momenta=momenta,
        masses=masses,
        weights=weights,
        scales=points.mu_f_gev,
        alpha_s=points.alpha_s,
    )


def joined(parts: list[LheEvents], rows: NDArray[np.intp]) -> LheEvents:
    """Return the given rows of the joined events, in that order."""
    return LheEvents(
        **{name: np.concatenate([vars(p)[name] for p in parts])[rows] for name in vars(parts[0])}
    )

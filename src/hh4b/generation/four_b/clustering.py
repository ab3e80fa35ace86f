"""Scales of pp -> b b~ b b~ from kT clustering, as MG5_aMC@NLO chooses them by default.

Facts from its sources (Template/LO: SubProcesses/cluster.f, SubProcesses/reweight.f `setclscales`,
Source/kin_functions.f) for ``dynamical_scale_choice = -1`` without matching:

* Two objects are joined only if a diagram of three-vertices that fits all earlier joins has that
  propagator; the pair with the least distance is taken until one object is left beside the beams.
* Distance to a beam: mT^2 = E^2 - pz^2. Distance of two outgoing objects:
  m_b^2 + 2 min(pT^2) (cosh(d eta) - cos(d phi)), with pseudorapidities in the partonic rest frame.
* After a join with a beam all momenta go to the rest frame of what is left, the new spacelike line
  along z, if that is more than one object.
* A b quark is no jet (``maxjetflavor = 4``), so on each beam the first join counts, with its
  distance q_1^2 or q_2^2; the central scale q_c^2 is mT^2 of the last object, or the product
  of both transverse masses if no beam was joined before.
  mu_F = max(q_1, q_2)^(1/2) q_c^(1/2) for both beams, mu_R = (q_1 q_2)^(1/4) q_c^(1/2).
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hh4b.generation.four_b.spinors import Real, compiled

Longs = NDArray[np.int64]
Words = NDArray[np.uint64]

_N_LEGS = 6
_ALL = (1 << _N_LEGS) - 1
#: Number of b minus number of b~ of the legs: two gluon beams, b, b~, b, b~.
_CHARGE = (0, 0, 1, -1, 1, -1)


def diagrams() -> list[frozenset[int]]:
    """Return the diagrams of three-vertices of gg -> b b~ b b~.

    A diagram is the set of its internal lines; a line is the bit mask of the legs on one of its
    sides, the one without beam 1.
    """
    return sorted(filter(_flavour_allowed, map(frozenset, _trees(_N_LEGS))), key=sorted)


def _trees(n_legs: int) -> Iterator[list[int]]:
    """Yield all binary trees: a leg is hung on every line, outer ones included."""
    if n_legs == 3:
        yield []
        return
    new = 1 << (n_legs - 1)
    for lines in _trees(n_legs - 1):
        outer = [_side(1 << leg, n_legs - 1) for leg in range(n_legs - 1)]
        for line in lines + outer:
            # lines that have the new leg on their side gain it; its own line becomes two
            longer = {other | new if other & line == line else other for other in lines}
            both = {*longer, line, line | new}
            yield [other for other in both if 1 < other.bit_count() < n_legs - 1]


def _side(line: int, n_legs: int) -> int:
    return line if not line & 1 else ((1 << n_legs) - 1) ^ line


def _flavour_allowed(lines: frozenset[int]) -> bool:
    return all(
        abs(sum(c for leg, c in enumerate(_CHARGE) if line >> leg & 1)) < 2 for line in lines
    )


def _table() -> Words:
    """Return two words of bits for each mask: the diagrams that have it as a line or a leg."""
    table = np.zeros((_ALL + 1, 2), np.uint64)
    for number, lines in enumerate(diagrams()):
        legs = {1 << leg for leg in range(_N_LEGS)}
        masks = lines | legs | {_ALL ^ line for line in lines | legs}
        for mask in masks:
            table[mask, number // 64] |= np.uint64(1 << (number % 64))
    return table


_DIAGRAMS = _table()


def clustered_scales(momenta: Real, mass: float) -> tuple[Real, Real]:
    """Return mu_R and mu_F in GeV, each of shape (N,).

    The choice of gg is used for q q~ too, which is 0.4 % of the cross section.

    Args:
        momenta: [E, px, py, pz] of b, b~, b, b~ in GeV, shape (N, 4, 4); sum of pT zero.
        mass: of the b quark, GeV.
    """
    scales = np.empty((2, len(momenta)))
    _scales(np.ascontiguousarray(momenta), mass, _DIAGRAMS, scales)
    return scales[0], scales[1]


@compiled
def _mt2(p: Real) -> float:
    return float((p[0] - p[3]) * (p[0] + p[3]))


@compiled
def _eta(p: Real) -> float:
    size = math.sqrt(p[1] ** 2 + p[2] ** 2 + p[3] ** 2)
    return float(0.5 * math.log((size + p[3]) / (size - p[3])))


@compiled
def _distance(p: Real, q: Real, mass: float) -> float:
    p2, q2 = p[1] ** 2 + p[2] ** 2, q[1] ** 2 + q[2] ** 2
    cosine = (p[1] * q[1] + p[2] * q[2]) / math.sqrt(p2 * q2)
    return float(mass * mass + 2.0 * min(p2, q2) * (math.cosh(_eta(p) - _eta(q)) - cosine))


@compiled
def _boost(p: Real, frame: Real) -> None:
    """Boost p from the rest frame of `frame` to the one where `frame` is given, in place."""
    size = frame[1] ** 2 + frame[2] ** 2 + frame[3] ** 2
    mass = math.sqrt(frame[0] ** 2 - size)
    product = p[1] * frame[1] + p[2] * frame[2] + p[3] * frame[3]
    factor = ((frame[0] - mass) * product / size + p[0]) / mass if size > 0.0 else 0.0
    p[0] = (p[0] * frame[0] + product) / mass
    for k in range(1, 4):
        p[k] += frame[k] * factor


@compiled
def _rotate(p: Real, axis: Real, direction: float) -> None:
    """Rotate p in place: +1 by the rotation that takes `axis` to +z, -1 back."""
    across = axis[1] ** 2 + axis[2] ** 2
    if across < 1e-34:
        return
    size = math.sqrt(across + axis[3] ** 2)
    cosine, sine = axis[3] / size, direction * math.sqrt(across) / size
    nx, ny = axis[2] / math.sqrt(across), -axis[1] / math.sqrt(across)
    along = (nx * p[1] + ny * p[2]) * (1.0 - cosine)
    x = cosine * p[1] + sine * ny * p[3] + along * nx
    y = cosine * p[2] - sine * nx * p[3] + along * ny
    z = cosine * p[3] + sine * (nx * p[2] - ny * p[1])
    p[1], p[2], p[3] = x, y, z


@compiled
def _start(momenta: Real, p: Real) -> None:
    """Fill beams and quarks in the partonic rest frame."""
    energy = pz = 0.0
    for i in range(4):
        energy += momenta[i, 0]
        pz += momenta[i, 3]
    root_s = math.sqrt(energy * energy - pz * pz)
    gamma, beta_gamma = energy / root_s, pz / root_s
    for i in range(4):
        p[i + 2, 0] = gamma * momenta[i, 0] - beta_gamma * momenta[i, 3]
        p[i + 2, 1], p[i + 2, 2] = momenta[i, 1], momenta[i, 2]
        p[i + 2, 3] = gamma * momenta[i, 3] - beta_gamma * momenta[i, 0]
    p[:2] = 0.0
    p[0, 0] = p[1, 0] = p[0, 3] = 0.5 * root_s
    p[1, 3] = -0.5 * root_s


@compiled
def _closest(
    p: Real, masks: Longs, size: int, alive: Words, diagrams: Words, mass: float
) -> tuple[int, int, float]:
    """Return the pair to join, i < j with the beams 0 and 1, and its distance."""
    best, first, second = math.inf, -1, -1
    for j in range(2, size):
        for i in range(j):
            line = masks[i] | masks[j]
            if not ((diagrams[line, 0] & alive[0]) | (diagrams[line, 1] & alive[1])):
                continue
            if i > 1:
                distance = _distance(p[i], p[j], mass)
            else:
                distance = _mt2(p[j])
                if (p[i, 3] < 0.0) != (p[j, 3] < 0.0):
                    distance *= 1.0 + 1e-6
            if distance < best:
                best, first, second = distance, i, j
    return first, second, best


@compiled
def _emit(p: Real, beam: int, jet: int, size: int, frame: Real, axis: Real) -> None:
    """Take an object off a beam; go to the rest frame of what is left if that is two or more."""
    for k in range(4):
        p[beam, k] -= p[jet, k]
        frame[k] = -p[beam, k] - p[1 - beam, k]
    frame[0] = -frame[0]
    if size > 4:
        axis[:] = p[beam]
        _boost(axis, frame)
        for i in range(size):
            _boost(p[i], frame)
            _rotate(p[i], axis, 1.0)


@compiled
def _cluster(
    p: Real, mass: float, diagrams: Words, work: tuple[Longs, Words, Real, Real], first: Real
) -> float:
    """Join all objects; return q_c^2, and fill the first distances of the beams (-1 = untouched).

    Objects and beams lose their momenta: the last object is left in row 2.
    """
    masks, alive, frame, axis = work
    central = 0.0
    for size in range(6, 3, -1):
        i, j, distance = _closest(p, masks, size, alive, diagrams, mass)
        masks[i] |= masks[j]
        alive[0] &= diagrams[masks[i], 0]
        alive[1] &= diagrams[masks[i], 1]
        if i < 2:
            central = 0.0
            _emit(p, i, j, size, frame, axis)
            if first[i] < 0.0:
                first[i] = distance
        else:
            central = math.sqrt(_mt2(p[i]) * _mt2(p[j]))
            for k in range(4):
                p[i, k] += p[j, k]
        p[j], masks[j] = p[size - 1], masks[size - 1]
    if central > 0.0 and max(first[0], first[1]) < 0.0:
        return central
    if central > 0.0:
        # the last join was of two outgoing objects: undo the last boost
        _rotate(p[2], axis, -1.0)
        for k in range(1, 4):
            frame[k] = -frame[k]
        _boost(p[2], frame)
    return _mt2(p[2])


@compiled
def _scales(momenta: Real, mass: float, diagrams: Words, scales: Real) -> None:
    p, first = np.empty((6, 4)), np.empty(2)
    work = (np.empty(6, np.int64), np.empty(2, np.uint64), np.empty(4), np.empty(4))
    for n in range(momenta.shape[0]):
        _start(momenta[n], p)
        for i in range(6):
            work[0][i] = 1 << i
        work[1][:] = diagrams[1]
        first[:] = -1.0
        central = _cluster(p, mass, diagrams, work, first)
        for beam in range(2):
            if first[beam] < 0.0:
                first[beam] = central
        scales[0, n] = (first[0] * first[1]) ** 0.125 * central**0.25
        scales[1, n] = (max(first[0], first[1]) * central) ** 0.25

"""Anti-kt jets of many events, and their energy scale."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.core.compiled_angles import abs_delta_phi
from hh4b.detector.particles import Floats, Integers
from hh4b.detector.settings import JetSettings

_MAX_RAPIDITY = 1e5
#: No smearing takes more of a jet away.
_SMEARED_MIN = 0.01


@dataclass(frozen=True)
class Jets:
    """Jets in falling pT; those of event i are rows ``offsets[i]:offsets[i+1]``.

    Attributes:
        offsets: shape (event + 1,).
        px: momentum in GeV, shape (jet,) as all that follow.
        py: momentum in GeV.
        pz: momentum in GeV.
        energy: energy in GeV.
        jet_of_input: row of the jet that holds each input, -1 = in no jet above the threshold.
    """

    offsets: Integers
    px: Floats
    py: Floats
    pz: Floats
    energy: Floats
    jet_of_input: Integers

    @property
    def pt(self) -> Floats:
        """Return transverse momenta in GeV."""
        return np.hypot(self.px, self.py)

    @property
    def eta(self) -> Floats:
        """Return pseudorapidities."""
        return np.asarray(np.arcsinh(self.pz / self.pt), dtype=np.float64)

    @property
    def phi(self) -> Floats:
        """Return azimuths in radian."""
        return np.arctan2(self.py, self.px)

    @property
    def mass(self) -> Floats:
        """Return masses in GeV; rounding below zero counts as zero."""
        squared = self.energy**2 - self.px**2 - self.py**2 - self.pz**2
        return np.sqrt(np.maximum(squared, 0.0))


def cluster(
    offsets: Integers,
    momenta: tuple[Floats, Floats, Floats, Floats],
    *,
    radius: float,
    pt_min_gev: float,
) -> Jets:
    """Cluster inputs with anti-kt (arXiv:0802.1189), E-scheme recombination.

    Args:
        offsets: inputs of event i are rows ``offsets[i]:offsets[i+1]``.
        momenta: px, py, pz, energy in GeV, each of shape (input,).
        radius: the radius parameter R.
        pt_min_gev: jets below are dropped.
    """
    n_inputs = len(momenta[0])
    jet_of_input = np.full(n_inputs, -1, np.int64)
    jets = np.zeros((4, n_inputs))
    jet_offsets = np.zeros(len(offsets), np.int64)
    _cluster(offsets, momenta, (radius, pt_min_gev), (jet_offsets, jets, jet_of_input))
    px, py, pz, energy = jets[:, : jet_offsets[-1]].copy()
    return _sorted(Jets(jet_offsets, px, py, pz, energy, jet_of_input))


def _sorted(jets: Jets) -> Jets:
    """Sort the jets of every event by falling pT."""
    event = np.repeat(np.arange(len(jets.offsets) - 1), np.diff(jets.offsets))
    order = np.lexsort((-jets.pt, event))
    # One entry more, so that -1 (no jet) maps to itself.
    position = np.full(len(order) + 1, -1, np.int64)
    position[order] = np.arange(len(order))
    return Jets(
        jets.offsets, jets.px[order], jets.py[order], jets.pz[order], jets.energy[order],
        position[jets.jet_of_input],
    )  # fmt: skip


def select(jets: Jets, keep: NDArray[np.bool_]) -> Jets:
    """Return the jets that a mask of shape (jet,) keeps."""
    counted = np.concatenate([[0], np.cumsum(keep, dtype=np.int64)])
    position = np.append(np.where(keep, counted[:-1], -1), -1)
    return Jets(
        counted[jets.offsets], jets.px[keep], jets.py[keep], jets.pz[keep], jets.energy[keep],
        position[jets.jet_of_input],
    )  # fmt: skip


def scale_energy(jets: Jets, settings: JetSettings) -> Jets:
    """Multiply the four-momenta by the jet energy scale, and sort again.

    ``energy_scale`` multiplies every jet alike, behind the formula of the card and behind the
    threshold of the clustering, so that it changes neither the number of jets nor their order. A
    run with another value therefore takes the same random numbers for the same jets: with the same
    seed the two are a paired comparison.
    """
    slope = settings.scale_offset_sqrt_gev - settings.scale_slope_sqrt_gev * np.abs(jets.eta)
    return _scaled(jets, settings.energy_scale * np.sqrt(slope**2 / jets.pt + 1.0))


def smear_energy(jets: Jets, sigma: float, rng: np.random.Generator) -> Jets:
    """Multiply the four-momentum of each jet by a Gaussian number about 1, and sort again.

    Args:
        jets: of a batch of events, behind the energy scale.
        sigma: standard deviation; a factor below 0.01 counts as that.
        rng: a child of it gives the numbers, one a jet, so that it goes on as if nothing were
            smeared and the tags of smeared and other jets are of the same numbers.
    """
    drawn = rng.spawn(1)[0].standard_normal(len(jets.px))
    return _scaled(jets, np.maximum(1.0 + sigma * drawn, _SMEARED_MIN))


def _scaled(jets: Jets, factor: Floats) -> Jets:
    return _sorted(
        Jets(
            jets.offsets, jets.px * factor, jets.py * factor, jets.pz * factor,
            jets.energy * factor, jets.jet_of_input,
        )
    )  # fmt: skip


@numba.njit(cache=True)
def _rapidity(px, py, pz, energy):  # type: ignore[no-untyped-def]
    """Return the rapidity; of massless vectors too, where E - pz would lose all digits."""
    pt2 = px * px + py * py
    mass2 = max(energy * energy - pt2 - pz * pz, 0.0)
    if pt2 + mass2 == 0.0:
        return math.copysign(_MAX_RAPIDITY, pz)
    total = energy + abs(pz)
    return math.copysign(0.5 * math.log(total * total / (pt2 + mass2)), pz)


@numba.njit(cache=True)
def _set(work, i, px, py, pz, energy):  # type: ignore[no-untyped-def]
    p, rapidity, phi, inverse = work
    p[i, 0], p[i, 1], p[i, 2], p[i, 3] = px, py, pz, energy
    rapidity[i] = _rapidity(px, py, pz, energy)
    phi[i] = math.atan2(py, px)
    inverse[i] = 1.0 / max(px * px + py * py, 1e-300)


@numba.njit(cache=True)
def _distance2(work, i, j):  # type: ignore[no-untyped-def]
    _, rapidity, phi, _ = work
    d_phi = abs_delta_phi(phi[i], phi[j])
    d_rapidity = rapidity[i] - rapidity[j]
    return d_rapidity * d_rapidity + d_phi * d_phi


@numba.njit(cache=True)
def _find_neighbour(work, n, i, radius2, near, near_distance2):  # type: ignore[no-untyped-def]
    """Find the nearest neighbour of i within R among the n active vectors; -1 = none."""
    rapidity = work[1]
    near[i], near_distance2[i] = -1, radius2
    for j in range(n):
        # Most vectors are too far away in rapidity already.
        if (rapidity[j] - rapidity[i]) ** 2 < near_distance2[i] and j != i:
            d2 = _distance2(work, i, j)
            if d2 < near_distance2[i]:
                near[i], near_distance2[i] = j, d2


@numba.njit(cache=True)
def _measure(i, inverse, near, near_distance2):  # type: ignore[no-untyped-def]
    """Return R^2 times the smallest anti-kt distance of i to its neighbour or the beam."""
    if near[i] < 0:
        return near_distance2[i] * inverse[i]
    return near_distance2[i] * min(inverse[i], inverse[near[i]])


@numba.njit(cache=True)
def _start(work, n, radius2, near, near_distance2, measure):  # type: ignore[no-untyped-def]
    """Find all nearest neighbours; the vectors come in order of rapidity."""
    rapidity = work[1]
    for i in range(n):
        near[i], near_distance2[i] = -1, radius2
        for j in range(i - 1, -1, -1):
            if (rapidity[i] - rapidity[j]) ** 2 >= radius2:
                break
            d2 = _distance2(work, i, j)
            if d2 < near_distance2[i]:
                near[i], near_distance2[i] = j, d2
            if d2 < near_distance2[j]:
                near[j], near_distance2[j] = i, d2
    for i in range(n):
        measure[i] = _measure(i, work[3], near, near_distance2)


@numba.njit(cache=True)
def _move(work, neighbours, chains, source, target):  # type: ignore[no-untyped-def]
    """Put vector `source` in the place of `target`."""
    near, near_distance2, measure = neighbours
    head, tail = chains
    p, rapidity, phi, inverse = work
    p[target] = p[source]
    rapidity[target], phi[target], inverse[target] = rapidity[source], phi[source], inverse[source]
    head[target], tail[target] = head[source], tail[source]
    near[target], near_distance2[target] = near[source], near_distance2[source]
    measure[target] = measure[source]


@numba.njit(cache=True)
def _remove(work, neighbours, chains, n, radius2, gone):  # type: ignore[no-untyped-def]
    """Take vector `gone` away; those that it was the neighbour of search another.

    The last vector moves to the place of the one that goes.
    """
    near, near_distance2, measure = neighbours
    last = n - 1
    if gone != last:
        _move(work, neighbours, chains, last, gone)
    for i in range(last):
        if near[i] == gone:
            _find_neighbour(work, last, i, radius2, near, near_distance2)
            measure[i] = _measure(i, work[3], near, near_distance2)
        elif near[i] == last:
            near[i] = gone


@numba.njit(cache=True)
def _renew(work, neighbours, n, radius2, new):  # type: ignore[no-untyped-def]
    """Repair the neighbours after vector `new` has changed."""
    near, near_distance2, measure = neighbours
    rapidity = work[1]
    near[new], near_distance2[new] = -1, radius2
    for i in range(n):
        if i == new:
            continue
        if near[i] == new:
            _find_neighbour(work, n, i, radius2, near, near_distance2)
            measure[i] = _measure(i, work[3], near, near_distance2)
        if (rapidity[i] - rapidity[new]) ** 2 >= radius2:
            continue
        d2 = _distance2(work, i, new)
        if d2 < near_distance2[i]:
            near[i], near_distance2[i] = new, d2
            measure[i] = _measure(i, work[3], near, near_distance2)
        if d2 < near_distance2[new]:
            near[new], near_distance2[new] = i, d2
    measure[new] = _measure(new, work[3], near, near_distance2)


@numba.njit(cache=True)
def _cluster(offsets, momenta, cuts, out):  # type: ignore[no-untyped-def]
    """Nearest-neighbour algorithm of FastJet (hep-ph/0512210), quadratic in the inputs."""
    pxs, pys, pzs, energies = momenta
    radius2, pt2_min = cuts[0] ** 2, cuts[1] ** 2
    jet_offsets, jets, jet_of_input = out
    size = np.diff(offsets).max() if len(offsets) > 1 else 0
    work = (np.zeros((size, 4)), np.zeros(size), np.zeros(size), np.zeros(size))
    p, inverse = work[0], work[3]
    near, near_distance2 = np.zeros(size, np.int64), np.zeros(size)
    measure, order = np.zeros(size), np.zeros(size)
    neighbours = (near, near_distance2, measure)
    # Each active vector is a chain of inputs: its first, its last, and every input's next.
    head, tail, link = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    n_jets = 0
    for event in range(len(offsets) - 1):
        start = offsets[event]
        n = offsets[event + 1] - start
        for i in range(n):
            k = start + i
            order[i] = _rapidity(pxs[k], pys[k], pzs[k], energies[k])
        ordered = np.argsort(order[:n])
        for i in range(n):
            k = start + ordered[i]
            _set(work, i, pxs[k], pys[k], pzs[k], energies[k])
            head[i], tail[i], link[ordered[i]] = ordered[i], ordered[i], -1
        _start(work, n, radius2, near, near_distance2, measure)
        while n > 0:
            gone = np.argmin(measure[:n])
            merged = near[gone]
            if merged >= 0:
                link[tail[merged]] = head[gone]
                tail[merged] = tail[gone]
                _set(
                    work, merged, p[merged, 0] + p[gone, 0], p[merged, 1] + p[gone, 1],
                    p[merged, 2] + p[gone, 2], p[merged, 3] + p[gone, 3],
                )  # fmt: skip
                _renew(work, neighbours, n, radius2, merged)
            elif inverse[gone] * pt2_min <= 1.0:
                jets[:, n_jets] = p[gone]
                k = head[gone]
                while k >= 0:
                    jet_of_input[start + k] = n_jets
                    k = link[k]
                n_jets += 1
            _remove(work, neighbours, (head, tail), n, radius2, gone)
            n -= 1
        jet_offsets[event + 1] = n_jets

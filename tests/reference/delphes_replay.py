"""Delphes' own random numbers through this package's detector: the same jets, event by event.

What a run of Delphes writes follows from its particles and from the numbers of ROOT's generator.
Here these numbers are made again and taken in Delphes' order: efficiencies of all hadrons,
electrons and muons, then their resolutions; ECal and HCal tower by tower in eta and phi; photons,
electrons, muons; b-tags. Paths, resolutions, thresholds, energy flow, isolation, jets, overlaps,
flavours and tag efficiencies are those of the package.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from types import SimpleNamespace

import numpy as np

from hh4b.detector.calorimeter import Towers, _find_cell, _flow, _sigma, energy_fraction, make_grid
from hh4b.detector.jets import cluster
from hh4b.detector.propagation import propagate
from hh4b.detector.response import Reconstructed, _tower_inputs, assemble
from hh4b.detector.tagging import tag_probabilities
from hh4b.detector.tracking import Tracks, reconstruct_tracks
from hh4b.simulation.generator_input import GeneratorEvents

#: A start in the stream is right if it gives Delphes' missing momentum (single precision).
MET_TOLERANCE = 1e-5
_SEARCH = 100


class RootStream:
    """Numbers of ROOT's TRandom3, read from position ``at``; in place of a NumPy generator."""

    def __init__(self, seed: int, size: int) -> None:
        # 32 bits a number of the Mersenne Twister with the seeding of its authors.
        words = np.frombuffer(np.random.RandomState(seed).bytes(4 * size), "<u4")
        self._uniform = words * 2.0**-32
        self.at = 0

    def fork(self, at: int) -> "RootStream":
        """Return a second reader of the same numbers."""
        other = object.__new__(RootStream)
        other._uniform, other.at = self._uniform, at
        return other

    def random(self, n: int | None = None):
        """Return one uniform number, or an array of n."""
        self.at += 1 if n is None else n
        return self._uniform[self.at - 1] if n is None else self._uniform[self.at - n : self.at]

    def standard_normal(self, n: int | None = None):
        """Return one normal number, or an array of n."""
        return self._normal() if n is None else np.array([self._normal() for _ in range(n)])

    def _normal(self) -> float:
        """Acceptance-complement ratio (Hoermann and Derflinger, OR Spektrum 12 (1990) 181)."""
        u = self.random()
        if u > 0.516058551:
            return 4.132731354 * u - 3.132731354
        if u < 0.107981933:
            r = 18.52161694 * u - 1.0
            return r + math.copysign(1.0, r)
        if u < 0.483941449:
            r = 2.0 * self.random() - 1.0
            z = math.copysign(2.0, r) - r
            if 0.591923442 - u < math.exp(-0.5 * (z * z + 0.4515827053)):
                return z
            if u + 0.375959516 < math.exp(-0.5 * (r * r + 0.4515827053)):
                return r
        return self._outer_normal()

    def _outer_normal(self) -> float:
        while True:
            x, y = self.random(), 0.187308492 * self.random()
            side = 1.0
            if 0.4571828819 - 0.7270572718 * x - y <= 0.0:
                x, y, side = 1.0 - x, 0.187308492 - y, -1.0
            ratio = 2.0 + y / x
            if y < x + 0.03895759111 and ratio**2 < 4.0 * (0.5029324303 - math.log(x)):
                return side * ratio


@dataclass(frozen=True)
class Replayed:
    """An event as it should stand in Delphes' file.

    Attributes:
        result: jets, leptons, missing momentum.
        tagged: b-tag of each jet.
        starts: where in the stream the next event may start: taus, if any, take a number a jet.
        in_step: whether the missing momentum is Delphes'.
    """

    result: Reconstructed
    tagged: np.ndarray
    starts: tuple[int, int]
    in_step: bool = True


def replay(
    events: GeneratorEvents, met: np.ndarray, settings, stream: RootStream
) -> Iterator[Replayed]:
    """Yield the events in order; an event that is out of step is looked for nearby.

    A particle at the edge of a tower may fall beside it by rounding, which shifts all that follows.

    Args:
        events: the generator's.
        met: Delphes' missing transverse momentum in GeV, shape (event,).
        settings: the detector.
        stream: ROOT's numbers by the seed of the run.
    """
    starts: tuple[int, ...] = (0, 0)
    for number, expected in enumerate(met):
        event = one_event(events, number)
        nearby = sorted(range(-_SEARCH, _SEARCH + 1), key=abs)
        tries = [*starts, *(starts[0] + shift for shift in nearby if starts[0] + shift >= 0)]
        found = first = None
        for at in dict.fromkeys(tries):
            made = replay_event(event, settings, stream.fork(at))
            first = first or made
            if abs(made.result.met[0] - expected) <= MET_TOLERANCE * max(expected, 1.0):
                found = made
                break
        yield found or replace(first, in_step=False)
        starts = (found or first).starts


def replay_event(event: GeneratorEvents, settings, stream: RootStream) -> Replayed:
    """Replay one event from the stream's position."""
    particles, partons = event.particles(), event.partons()
    impacts = propagate(particles, settings.field)
    tracks = replay_tracks(particles, impacts, settings.tracking, stream)
    towers = tuple(
        replay_towers(particles, impacts, tracks, calorimeter, stream)
        for calorimeter in (settings.ecal, settings.hcal)
    )
    result = assemble(tracks, towers, partons, settings, stream)
    inputs = _tower_inputs(*towers, tracks)
    before = cluster(
        inputs.offsets,
        inputs.momenta,
        radius=settings.jets.radius,
        pt_min_gev=settings.jets.pt_min_gev,
    )
    # Three definitions of flavour are tagged, one after the other; the first is the jet's.
    numbers = stream.random(3 * len(before.px))[::3]
    jets = result.jets
    rows = [int(np.argmin(np.hypot(before.eta - eta, before.phi - phi)))
            for eta, phi in zip(jets.eta, jets.phi, strict=True)]  # fmt: skip
    chance = tag_probabilities(settings.b_tagging.active, jets.pt, jets.eta, result.flavor)
    return Replayed(result, numbers[rows] <= chance, (stream.at, stream.at + len(before.px)))


def replay_tracks(particles, impacts, settings, stream: RootStream) -> Tracks:
    """Lose and smear tracks: efficiencies of all come before the resolutions of all."""
    code = np.abs(particles.pid)
    smearing = stream.fork(stream.at + int((impacts.reached & (impacts.charge != 0)).sum()))
    numbers = SimpleNamespace(random=stream.random, standard_normal=smearing.standard_normal)
    parts = []
    for chosen in (~np.isin(code, (11, 13)), code == 11, code == 13):
        of_kind = replace(impacts, charge=np.where(chosen, impacts.charge, 0).astype(np.int8))
        parts.append(reconstruct_tracks(particles, of_kind, settings, numbers))
    stream.at = smearing.at
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Tracks)
        if field.name != "offsets"
    }
    return Tracks(np.array([0, len(columns["pt"])]), **columns)


def replay_towers(particles, impacts, tracks: Tracks, settings, stream: RootStream) -> Towers:
    """Fill and smear the towers of one event by a plain loop, in order of eta and phi."""
    grid = make_grid(settings)
    edges = (grid.eta_edges, grid.n_phi, grid.first_cell)
    share = np.where(impacts.reached, energy_fraction(settings, particles.pid), 0.0)
    track_share = energy_fraction(settings, particles.pid[tracks.particle])
    hits: dict[int, tuple[int, list[int], list[int]]] = {}
    for i in np.flatnonzero(share):
        eta_bin, cell = _find_cell(impacts.eta[i], impacts.phi[i], *edges)
        hits.setdefault(cell, (eta_bin, [], []))[1].append(i)
    for i in range(len(tracks.pt)):
        eta_bin, cell = _find_cell(tracks.eta_outer[i], tracks.phi_outer[i], *edges)
        hits.setdefault(cell, (eta_bin, [], []))[2].append(i)
    hits.pop(-1, None)
    columns = np.zeros((4, len(hits)))
    tower_of_particle = np.full(len(share), -1, np.int64)
    track_scale = np.full(len(tracks.pt), np.nan)
    thresholds = (settings.energy_min_gev, settings.significance_min)
    for row, cell in enumerate(sorted(hits)):
        eta_bin, inside, seen = hits[cell]
        terms = grid.resolution[eta_bin]
        tower_of_particle[inside] = row
        energy = _smear(float((particles.energy[inside] * share[inside]).sum()), terms, stream)
        sigma = _sigma(energy, terms)
        if energy < thresholds[0] or energy < thresholds[1] * sigma:
            energy = 0.0
        low, high = grid.eta_edges[eta_bin : eta_bin + 2]
        step = 2.0 * math.pi / grid.n_phi[eta_bin]
        eta = low + (high - low) * stream.random()
        phi = -math.pi + step * (cell - grid.first_cell[eta_bin] + stream.random())
        sums = [0.0, 0.0]
        for i in seen:
            shared = tracks.energy[i] * track_share[i]
            better = _sigma(tracks.energy[i], terms) < tracks.resolution[i] * tracks.energy[i]
            sums[0] += shared
            if shared:
                sums[1] += (tracks.resolution[i] * (shared if better else tracks.energy[i])) ** 2
        neutral, scale = _flow(energy, sigma, *sums, thresholds)
        columns[:, row] = energy, eta, phi, neutral
        track_scale[seen] = np.where(track_share[seen] > 0, scale, 1.0)
    return Towers(np.array([0, len(hits)]), *columns, tower_of_particle, track_scale)


def _smear(energy: float, terms: np.ndarray, stream: RootStream) -> float:
    if energy <= 0.0:
        return 0.0
    variance = math.log1p((_sigma(energy, terms) / energy) ** 2)
    return energy * math.exp(math.sqrt(variance) * stream.standard_normal() - 0.5 * variance)


def one_event(events: GeneratorEvents, number: int) -> GeneratorEvents:
    """Return a single event."""
    first, last = events.offsets[number : number + 2]
    return GeneratorEvents(
        np.array([0, last - first]),
        events.pid[first:last],
        events.status[first:last],
        events.momenta[:, first:last],
        events.vertices[:, first:last],
    )

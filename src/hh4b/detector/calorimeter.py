"""One calorimeter: towers, energy resolution, thresholds, and energy flow with the tracks."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.core.errors import ConfigError
from hh4b.detector.expressions import evaluate
from hh4b.detector.particles import Floats, Integers, Particles
from hh4b.detector.propagation import Impacts
from hh4b.detector.settings import CalorimeterSettings
from hh4b.detector.tracking import Tracks

_FRACTION_MIN = 1e-9


@dataclass(frozen=True)
class Grid:
    """Towers of a calorimeter; bin i lies between eta edges i and i + 1.

    Attributes:
        eta_edges: increasing, shape (bin + 1,).
        n_phi: phi bins, shape (bin,).
        first_cell: number of the first tower of each bin, shape (bin + 1,).
        resolution: constant, stochastic [sqrt GeV] and noise [GeV] terms, shape (bin, 3).
    """

    eta_edges: Floats
    n_phi: Integers
    first_cell: Integers
    resolution: Floats


@dataclass(frozen=True)
class Towers:
    """Towers with their smeared energies; those of event i are rows ``offsets[i]:offsets[i+1]``.

    Attributes:
        offsets: shape (event + 1,).
        energy: in GeV, zero below threshold, shape (tower,) as all that follow.
        eta: position, uniform in the tower.
        phi: position, uniform in the tower.
        neutral_energy: significant excess over the tracks in GeV, else zero.
        tower_of_particle: row of the tower hit by each generator particle, -1 = none.
        track_scale: factor that energy flow applies to each track; nan = lost.
    """

    offsets: Integers
    energy: Floats
    eta: Floats
    phi: Floats
    neutral_energy: Floats
    tower_of_particle: Integers
    track_scale: Floats


def make_grid(settings: CalorimeterSettings) -> Grid:
    """Merge the segments; a bin takes its phi bins from the segment of its upper edge.

    Raises:
        ConfigError: if two segments share an edge.
    """
    pairs = sorted((edge, s.n_phi) for s in settings.segments for edge in s.edges())
    edges = np.array([edge for edge, _ in pairs])
    shared = edges[1:][np.diff(edges) <= 0]
    if len(shared):
        raise ConfigError(f"calorimeter edge eta = {shared[0]} stands in two segments")
    n_phi = np.array([n for _, n in pairs[1:]], dtype=np.int64)
    limits = [term.abs_eta_max for term in settings.resolution]
    terms = [(t.constant, t.stochastic_sqrt_gev, t.noise_gev) for t in settings.resolution]
    centres = np.abs(0.5 * (edges[1:] + edges[:-1]))
    term = np.searchsorted(limits, centres, side="left")
    resolution = np.array([*terms, (0.0, 0.0, 0.0)])[term]
    for number, part in enumerate(settings.resolution):
        of_part = term == number
        resolution[of_part] *= np.reshape(
            evaluate(part.factor, {"abs_eta": centres[of_part]}), (-1, 1)
        )
    return Grid(edges, n_phi, np.concatenate([[0], np.cumsum(n_phi)]), resolution)


def energy_fraction(settings: CalorimeterSettings, pid: NDArray[np.int32]) -> Floats:
    """Return the share of each particle's energy that this calorimeter sees."""
    code = np.abs(pid)
    small = {k: v for k, v in settings.energy_fractions.items() if k < 4096}
    table = np.full(4097, settings.default_energy_fraction)
    table[list(small)] = list(small.values())
    fraction = table[np.minimum(code, 4096)]
    for number, value in settings.energy_fractions.items():
        if number not in small:
            fraction[code == number] = value
    return fraction


def measure(
    particles: Particles,
    impacts: Impacts,
    tracks: Tracks,
    settings: CalorimeterSettings,
    rng: np.random.Generator,
) -> Towers:
    """Fill and smear the towers, and compare them with the tracks (energy flow).

    The energy of a tower is log-normal around the sum of its particles' shares; it counts if it
    exceeds the minimum energy and the minimum significance. Where the excess over the tracks is
    not significant, the tracks are scaled to the best combination of both.
    """
    grid = make_grid(settings)
    fraction = np.where(impacts.reached, energy_fraction(settings, particles.pid), 0.0)
    track_fraction = energy_fraction(settings, particles.pid[tracks.particle])
    # Every tower needs a hit of a particle or a track.
    size = int((fraction > _FRACTION_MIN).sum() + (track_fraction > _FRACTION_MIN).sum())
    offsets = np.zeros(particles.n_events + 1, np.int64)
    columns = np.zeros((4, size))
    tower_of_particle = np.full(len(particles.pid), -1, np.int64)
    track_scale = np.full(len(tracks.pt), np.nan)
    _measure(
        (particles.offsets, impacts.eta, impacts.phi, particles.energy, fraction),
        (
            tracks.offsets,
            (tracks.eta_outer, tracks.phi_outer, tracks.energy, tracks.resolution, track_fraction),
        ),
        (grid.eta_edges, grid.n_phi, grid.first_cell, grid.resolution),
        (settings.energy_min_gev, settings.significance_min),
        rng,
        (offsets, columns, tower_of_particle, track_scale),
    )  # fmt: skip
    energy, eta, phi, neutral = columns[:, : offsets[-1]]
    return Towers(offsets, energy, eta, phi, neutral, tower_of_particle, track_scale)


@numba.njit(cache=True)
def _find_cell(eta, phi, eta_edges, n_phi, first_cell):  # type: ignore[no-untyped-def]
    """Return (eta bin, cell), or (-1, -1) outside; towers own their upper edges."""
    edge = np.searchsorted(eta_edges, eta)
    if edge == 0 or edge == len(eta_edges):
        return -1, -1
    n = n_phi[edge - 1]
    phi_bin = min(max(math.ceil((phi + math.pi) / (2.0 * math.pi) * n) - 1, 0), n - 1)
    return edge - 1, first_cell[edge - 1] + phi_bin


@numba.njit(cache=True)
def _sigma(energy, terms):  # type: ignore[no-untyped-def]
    constant, stochastic, noise = terms
    return math.sqrt((energy * constant) ** 2 + energy * stochastic**2 + noise**2)


@numba.njit(cache=True)
def _smear(energy, terms, thresholds, rng):  # type: ignore[no-untyped-def]
    """Return the smeared energy (zero below threshold) and its resolution."""
    if energy <= 0.0:
        return 0.0, _sigma(0.0, terms)
    sigma = _sigma(energy, terms)
    variance = math.log(1.0 + (sigma / energy) ** 2)
    energy *= math.exp(math.sqrt(variance) * rng.standard_normal() - 0.5 * variance)
    sigma = _sigma(energy, terms)
    if energy < thresholds[0] or energy < thresholds[1] * sigma:
        energy = 0.0
    return energy, sigma


@numba.njit(cache=True)
def _flow(energy, sigma, track_energy, track_variance, thresholds):  # type: ignore[no-untyped-def]
    """Return the significant neutral excess and the factor for the tracks."""
    neutral = max(energy - track_energy, 0.0)
    width = math.sqrt(track_variance + sigma * sigma)
    if neutral > thresholds[0] and neutral > thresholds[1] * width:
        return neutral, 1.0
    if track_energy <= 0.0 or width == 0.0:
        return 0.0, 1.0
    weight_track = 1.0 / track_variance if track_variance > 0.0 else 0.0
    weight_tower = 1.0 / (sigma * sigma) if sigma > 0.0 else 0.0
    best = (weight_track * track_energy + weight_tower * energy) / (weight_track + weight_tower)
    return 0.0, best / track_energy


@numba.njit(cache=True)
def _tower(cell, eta_bin, slot, cells, bins, last):  # type: ignore[no-untyped-def]
    """Return the tower of a cell, a new one if the event has none yet, and the end of towers."""
    if slot[cell] < 0:
        slot[cell], cells[last], bins[last] = last, cell, eta_bin
        return last, last + 1
    return slot[cell], last


@numba.njit(cache=True)
def _fill_tracks(rows, track_hits, grid, state, out, last):  # type: ignore[no-untyped-def]
    """Add the tracks of an event to their towers; return the end of towers."""
    etas, phis, energies, resolutions, fractions = track_hits
    eta_edges, n_phi, first_cell, terms = grid
    slot, cells, bins, sums = state
    track_tower, track_scale = out
    for i in range(rows[0], rows[1]):
        eta_bin, cell = _find_cell(etas[i], phis[i], eta_edges, n_phi, first_cell)
        if cell < 0:
            continue
        track_scale[i] = 1.0
        if fractions[i] < _FRACTION_MIN:
            continue
        tower, last = _tower(cell, eta_bin, slot, cells, bins, last)
        shared = energies[i] * fractions[i]
        better = _sigma(energies[i], terms[eta_bin]) < resolutions[i] * energies[i]
        sums[tower, 1] += shared
        sums[tower, 2] += (resolutions[i] * (shared if better else energies[i])) ** 2
        track_tower[i] = tower
    return last


@numba.njit(cache=True)
def _finish_towers(towers, grid, thresholds, rng, state, columns):  # type: ignore[no-untyped-def]
    """Smear the towers of an event; their third sum becomes the factor for the tracks."""
    eta_edges, n_phi, first_cell, terms = grid
    slot, cells, bins, sums = state
    for tower in range(towers[0], towers[1]):
        eta_bin = bins[tower]
        energy, sigma = _smear(sums[tower, 0], terms[eta_bin], thresholds, rng)
        low, high = eta_edges[eta_bin], eta_edges[eta_bin + 1]
        phi_bin = cells[tower] - first_cell[eta_bin]
        columns[0, tower] = energy
        columns[1, tower] = low + (high - low) * rng.random()
        columns[2, tower] = -math.pi + 2.0 * math.pi / n_phi[eta_bin] * (phi_bin + rng.random())
        columns[3, tower], sums[tower, 2] = _flow(
            energy, sigma, sums[tower, 1], sums[tower, 2], thresholds
        )
        slot[cells[tower]] = -1


@numba.njit(cache=True)
def _measure(hits, track_hits, grid, thresholds, rng, out):  # type: ignore[no-untyped-def]
    particle_offsets, etas, phis, energies, fractions = hits
    track_offsets, track_columns = track_hits
    eta_edges, n_phi, first_cell, _ = grid
    offsets, columns, tower_of_particle, track_scale = out
    size = columns.shape[1]
    track_tower = np.full(len(track_scale), -1, np.int64)
    # For every cell the tower of the current event; by tower: cell, eta bin, and the sums of
    # energy, of track energy and of the variance of track energy.
    slot, cells = np.full(first_cell[-1], -1, np.int64), np.zeros(size, np.int64)
    bins, sums = np.zeros(size, np.int64), np.zeros((size, 3))
    state = (slot, cells, bins, sums)
    last = 0
    for event in range(len(particle_offsets) - 1):
        first = last
        for i in range(particle_offsets[event], particle_offsets[event + 1]):
            if fractions[i] < _FRACTION_MIN:
                continue
            eta_bin, cell = _find_cell(etas[i], phis[i], eta_edges, n_phi, first_cell)
            if cell >= 0:
                tower, last = _tower(cell, eta_bin, slot, cells, bins, last)
                sums[tower, 0] += energies[i] * fractions[i]
                tower_of_particle[i] = tower
        rows = (track_offsets[event], track_offsets[event + 1])
        last = _fill_tracks(rows, track_columns, grid, state, (track_tower, track_scale), last)
        _finish_towers((first, last), grid, thresholds, rng, state, columns)
        for i in range(rows[0], rows[1]):
            if track_tower[i] >= 0:
                track_scale[i] = sums[track_tower[i], 2]
        offsets[event + 1] = last

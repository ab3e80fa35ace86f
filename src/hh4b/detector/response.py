"""From generator particles to jets, leptons and missing transverse momentum."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.detector.calorimeter import Towers, measure
from hh4b.detector.flavor import jet_flavors
from hh4b.detector.isolation import Isolated, Leptons, events_of, find_isolated
from hh4b.detector.jets import Jets, cluster, scale_energy, select, smear_energy
from hh4b.detector.particles import Floats, Integers, Particles, Partons, offsets_of
from hh4b.detector.propagation import propagate
from hh4b.detector.settings import DetectorSettings
from hh4b.detector.tracking import MUON, Tracks, reconstruct_tracks

_NEUTRINOS = (12, 14, 16)


@dataclass(frozen=True)
class Reconstructed:
    """What the detector makes of a batch of events.

    Attributes:
        jets: after energy scale and overlap removal.
        flavor: of each jet.
        electrons: isolated electrons.
        muons: isolated muons.
        met: missing transverse momentum in GeV, shape (event,).
        met_phi: its azimuth.
    """

    jets: Jets
    flavor: NDArray[np.int32]
    electrons: Leptons
    muons: Leptons
    met: Floats
    met_phi: Floats


class _Inputs(NamedTuple):
    """Inputs of the jets: ECal towers, HCal towers and tracks with energy, sorted by event."""

    offsets: Integers
    momenta: tuple[Floats, Floats, Floats, Floats]
    source: NDArray[np.int8]
    row: Integers


_ECAL, _HCAL, _TRACK = 0, 1, 2


class MeasuredParticles(NamedTuple):
    """What tracker and calorimeters measure of a batch of events.

    Attributes:
        tracks: of the tracker.
        ecal: towers of the electromagnetic calorimeter.
        hcal: towers of the hadronic calorimeter.
    """

    tracks: Tracks
    ecal: Towers
    hcal: Towers


class Found(NamedTuple):
    """Jets and leptons before the jet energy scale.

    Attributes:
        jets: of the clustering, without those that are leptons or photons.
        isolated: photons, electrons and muons.
        px: sum of the inputs of the jets in GeV, shape (event,).
        py: likewise.
    """

    jets: Jets
    isolated: Isolated
    px: Floats
    py: Floats


def reconstruct(
    particles: Particles, partons: Partons, settings: DetectorSettings, rng: np.random.Generator
) -> Reconstructed:
    """Simulate the response to a batch of events, module by module as the Delphes ATLAS card.

    Args:
        particles: final-state particles.
        partons: quarks and gluons for the jet flavours.
        settings: the detector.
        rng: source of all randomness.
    """
    tracks, ecal, hcal = measure_particles(particles, settings, rng)
    return assemble(tracks, (ecal, hcal), partons, settings, rng)


def assemble(
    tracks: Tracks,
    calorimeters: tuple[Towers, Towers],
    partons: Partons,
    settings: DetectorSettings,
    rng: np.random.Generator,
) -> Reconstructed:
    """Build jets, leptons and missing momentum of what tracker and calorimeters measured.

    Args:
        tracks: of a batch of events.
        calorimeters: ECal and HCal towers of the same events.
        partons: quarks and gluons for the jet flavours.
        settings: the detector.
        rng: source of the identification of photons and leptons.
    """
    found = find_objects(MeasuredParticles(tracks, *calorimeters), settings, rng)
    return calibrate(found, partons, settings, rng)


def measure_particles(
    particles: Particles, settings: DetectorSettings, rng: np.random.Generator
) -> MeasuredParticles:
    """Send particles through field, tracker and calorimeters.

    Args:
        particles: final-state particles.
        settings: the detector.
        rng: source of efficiencies and resolutions.
    """
    impacts = propagate(particles, settings.field)
    tracks = reconstruct_tracks(particles, impacts, settings.tracking, rng)
    ecal = measure(particles, impacts, tracks, settings.ecal, rng)
    hcal = measure(particles, impacts, tracks, settings.hcal, rng)
    return MeasuredParticles(tracks, ecal, hcal)


def find_objects(
    measured: MeasuredParticles, settings: DetectorSettings, rng: np.random.Generator
) -> Found:
    """Cluster jets, identify leptons and photons, and remove what is both.

    Args:
        measured: of tracker and calorimeters.
        settings: the detector.
        rng: source of the identification of photons and leptons.
    """
    tracks, ecal, hcal = measured
    find = _flow_inputs if settings.jets.inputs == "energy_flow" else _tower_inputs
    inputs = find(ecal, hcal, tracks)
    event = events_of(inputs.offsets)
    px, py = (
        np.bincount(event, component, len(inputs.offsets) - 1).astype(np.float64)
        for component in inputs.momenta[:2]
    )
    found = cluster(
        inputs.offsets,
        inputs.momenta,
        radius=settings.jets.radius,
        pt_min_gev=settings.jets.pt_min_gev,
    )
    isolated = find_isolated(tracks, ecal, hcal, settings, rng)
    jets = _remove_overlaps(found, inputs, isolated, (ecal, hcal), tracks)
    return Found(jets, isolated, px, py)


def calibrate(
    found: Found, partons: Partons, settings: DetectorSettings, rng: np.random.Generator
) -> Reconstructed:
    """Give the jets their energy scale and their flavour.

    Args:
        found: jets and leptons.
        partons: quarks and gluons for the jet flavours.
        settings: the detector.
        rng: a child of it gives the extra smearing; itself it gives no number here.
    """
    jets = scale_energy(found.jets, settings.jets)
    if settings.jets.extra_smearing:
        jets = smear_energy(jets, settings.jets.extra_smearing, rng)
    return Reconstructed(
        jets=jets,
        flavor=jet_flavors(jets, partons, settings.flavor),
        electrons=found.isolated.electrons,
        muons=found.isolated.muons,
        met=np.hypot(found.px, found.py),
        met_phi=np.arctan2(-found.py, -found.px),
    )


def cluster_generator_jets(particles: Particles, settings: DetectorSettings) -> Jets:
    """Cluster all final particles but neutrinos, with the radius and threshold of the jets."""
    chosen = ~np.isin(np.abs(particles.pid), _NEUTRINOS)
    momenta = (
        particles.px[chosen], particles.py[chosen], particles.pz[chosen], particles.energy[chosen]
    )  # fmt: skip
    return cluster(
        offsets_of(chosen, particles.offsets),
        momenta,
        radius=settings.jets.radius,
        pt_min_gev=settings.jets.pt_min_gev,
    )


def _tower_inputs(ecal: Towers, hcal: Towers, tracks: Tracks) -> _Inputs:
    """Return all towers with their full energy, and the muons."""
    muons = np.flatnonzero(tracks.kind == MUON)
    return _collect(
        [
            (_ECAL, np.flatnonzero(ecal.energy), ecal, ecal.energy),
            (_HCAL, np.flatnonzero(hcal.energy), hcal, hcal.energy),
        ],
        (muons, tracks, np.ones_like(tracks.pt)),
    )


def _flow_inputs(ecal: Towers, hcal: Towers, tracks: Tracks) -> _Inputs:
    """Return the tracks as energy flow scales them, and what the towers have beyond them."""
    scale = ecal.track_scale * hcal.track_scale
    return _collect(
        [
            (_ECAL, np.flatnonzero(ecal.neutral_energy), ecal, ecal.neutral_energy),
            (_HCAL, np.flatnonzero(hcal.neutral_energy), hcal, hcal.neutral_energy),
        ],
        (np.flatnonzero(np.nan_to_num(scale)), tracks, scale),
    )


def _collect(
    calorimeters: list[tuple[int, Integers, Towers, Floats]],
    charged: tuple[Integers, Tracks, Floats],
) -> _Inputs:
    """Join chosen rows of calorimeters (with their energies) and of tracks (with factors).

    The factor is that of the momentum of a track; as in Delphes, its mass stays.
    """
    rows, tracks, scale = charged
    momentum = tracks.pt * np.cosh(tracks.eta)
    energy_squared = tracks.energy**2 + (scale**2 - 1.0) * momentum**2
    parts = [
        (np.full(len(row), source, np.int8), row, events_of(part.offsets)[row],
         energy[row] / np.cosh(part.eta[row]), part.eta[row], part.phi[row], energy[row])
        for source, row, part, energy in calorimeters
    ]  # fmt: skip
    parts.append(
        (np.full(len(rows), _TRACK, np.int8), rows, events_of(tracks.offsets)[rows],
         (tracks.pt * scale)[rows], tracks.eta[rows], tracks.phi[rows],
         np.sqrt(np.maximum(energy_squared[rows], 0.0)))
    )  # fmt: skip
    source, row, event, pt, eta, phi, energy = map(np.concatenate, zip(*parts, strict=True))
    order = np.argsort(event, kind="stable")
    pt, eta, phi = pt[order], eta[order], phi[order]
    return _Inputs(
        np.searchsorted(event[order], np.arange(len(tracks.offsets))),
        (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), energy[order]),
        source[order],
        row[order],
    )


def _remove_overlaps(
    jets: Jets,
    inputs: _Inputs,
    isolated: Isolated,
    calorimeters: tuple[Towers, Towers],
    tracks: Tracks,
) -> Jets:
    """Drop jets that share a particle with an isolated photon, electron or muon."""
    ecal, hcal = (towers.tower_of_particle for towers in calorimeters)
    electron_towers = ecal[tracks.particle[isolated.electrons.track]]
    towers = np.concatenate([isolated.photon_towers, electron_towers])
    taken = (inputs.source == _ECAL) & np.isin(inputs.row, towers)
    leptons = np.concatenate([isolated.electrons.track, isolated.muons.track])
    taken |= (inputs.source == _TRACK) & np.isin(inputs.row, leptons)
    # A particle that showers in both calorimeters ties its HCal tower to the photon, too.
    both = np.flatnonzero((ecal >= 0) & (hcal >= 0))
    tied = hcal[both[np.isin(ecal[both], isolated.photon_towers)]]
    taken |= (inputs.source == _HCAL) & np.isin(inputs.row, tied)
    keep = np.ones(len(jets.px), dtype=bool)
    lost = jets.jet_of_input[taken]
    keep[lost[lost >= 0]] = False
    return select(jets, keep)

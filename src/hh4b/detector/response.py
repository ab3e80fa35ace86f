"""From generator particles to jets, leptons and missing transverse momentum."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.detector.calorimeter import Towers, measure
from hh4b.detector.flavor import jet_flavors
from hh4b.detector.isolation import Isolated, Leptons, events_of, find_isolated
from hh4b.detector.jets import Jets, cluster, scale_energy, select
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
    """Inputs of the jets: ECal towers, HCal towers and muons with energy, sorted by event."""

    offsets: Integers
    momenta: tuple[Floats, Floats, Floats, Floats]
    source: NDArray[np.int8]
    row: Integers


_ECAL, _HCAL, _MUON = 0, 1, 2


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
    impacts = propagate(particles, settings.field)
    tracks = reconstruct_tracks(particles, impacts, settings.tracking, rng)
    ecal = measure(particles, impacts, tracks, settings.ecal, rng)
    hcal = measure(particles, impacts, tracks, settings.hcal, rng)
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
    inputs = _jet_inputs(*calorimeters, tracks)
    event = events_of(inputs.offsets)
    px, py = (
        np.bincount(event, weights=component, minlength=len(inputs.offsets) - 1)
        for component in inputs.momenta[:2]
    )
    found = cluster(
        inputs.offsets,
        inputs.momenta,
        radius=settings.jets.radius,
        pt_min_gev=settings.jets.pt_min_gev,
    )
    isolated = find_isolated(tracks, *calorimeters, settings, rng)
    jets = scale_energy(
        _remove_overlaps(found, inputs, isolated, calorimeters, tracks), settings.jets
    )
    return Reconstructed(
        jets=jets,
        flavor=jet_flavors(jets, partons, settings.flavor),
        electrons=isolated.electrons,
        muons=isolated.muons,
        met=np.hypot(px, py),
        met_phi=np.arctan2(-py, -px),
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


def _jet_inputs(ecal: Towers, hcal: Towers, tracks: Tracks) -> _Inputs:
    rows = [np.flatnonzero(ecal.energy), np.flatnonzero(hcal.energy),
            np.flatnonzero(tracks.kind == MUON)]  # fmt: skip
    sources = (ecal, hcal, tracks)
    energy, eta, phi, event = (
        np.concatenate([values(part)[row] for part, row in zip(sources, rows, strict=True)])
        for values in (
            lambda part: part.energy,
            lambda part: part.eta,
            lambda part: part.phi,
            lambda part: events_of(part.offsets),
        )
    )
    pt = energy / np.cosh(eta)
    n_towers = len(rows[0]) + len(rows[1])
    pt[n_towers:] = tracks.pt[rows[2]]
    order = np.argsort(event, kind="stable")
    source = np.repeat(np.array([_ECAL, _HCAL, _MUON], np.int8), [len(row) for row in rows])
    pt, eta, phi, energy = pt[order], eta[order], phi[order], energy[order]
    return _Inputs(
        np.searchsorted(event[order], np.arange(len(ecal.offsets))),
        (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), energy),
        source[order],
        np.concatenate(rows)[order],
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
    # A particle that showers in both calorimeters ties its HCal tower to the photon, too.
    both = np.flatnonzero((ecal >= 0) & (hcal >= 0))
    tied = hcal[both[np.isin(ecal[both], isolated.photon_towers)]]
    taken |= (inputs.source == _HCAL) & np.isin(inputs.row, tied)
    taken |= (inputs.source == _MUON) & np.isin(inputs.row, isolated.muons.track)
    keep = np.ones(len(jets.px), dtype=bool)
    lost = jets.jet_of_input[taken]
    keep[lost[lost >= 0]] = False
    return select(jets, keep)

"""Tracks of charged particles: efficiency and momentum resolution; efficiency tables."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.detector.particles import Floats, Integers, Particles, offsets_of
from hh4b.detector.propagation import Impacts
from hh4b.detector.settings import (
    EfficiencyTable,
    MomentumResolution,
    TrackingSettings,
)

#: Kinds of tracks.
HADRON, ELECTRON, MUON = 0, 1, 2


@dataclass(frozen=True)
class Tracks:
    """Reconstructed tracks; those of event i are rows ``offsets[i]:offsets[i+1]``.

    Attributes:
        offsets: shape (event + 1,).
        particle: row of the generator particle, shape (track,) as all that follow.
        kind: `HADRON`, `ELECTRON` or `MUON`.
        charge: electric charge.
        pt: smeared transverse momentum in GeV.
        eta: pseudorapidity of the momentum.
        phi: azimuth of the momentum at the closest approach to the beam line.
        energy: in GeV, from the smeared momentum and the true mass.
        resolution: the relative resolution that the smearing used.
        eta_outer: pseudorapidity of the impact on the calorimeter.
        phi_outer: azimuth of the impact on the calorimeter.
    """

    offsets: Integers
    particle: Integers
    kind: NDArray[np.int8]
    charge: NDArray[np.int8]
    pt: Floats
    eta: Floats
    phi: Floats
    energy: Floats
    resolution: Floats
    eta_outer: Floats
    phi_outer: Floats


def efficiency(table: EfficiencyTable, pt: Floats, eta: Floats) -> Floats:
    """Look up efficiencies; bins include their upper edge, outside the table it is zero."""
    values = np.zeros((len(table.abs_eta_edges) + 1, len(table.pt_edges_gev) + 1))
    values[1:-1, 1:] = table.efficiencies
    abs_eta = np.abs(eta)
    rows = np.searchsorted(table.abs_eta_edges, abs_eta, side="left")
    rows[abs_eta == table.abs_eta_edges[0]] = 1
    columns = np.searchsorted(table.pt_edges_gev, pt, side="left")
    return np.asarray(values[rows, columns], dtype=np.float64)


def relative_resolution(settings: MomentumResolution, pt: Floats, eta: Floats) -> Floats:
    """Return sigma(pT)/pT, at most 1; zero outside the table, as in the Delphes formula."""
    constant = np.array([0.0, *settings.constant, 0.0])
    slope = np.array([0.0, *settings.slope_per_gev, 0.0])
    abs_eta = np.abs(eta)
    bins = np.searchsorted(settings.abs_eta_edges, abs_eta, side="left")
    bins[abs_eta == settings.abs_eta_edges[0]] = 1
    resolution = np.hypot(constant[bins], slope[bins] * pt)
    return np.minimum(np.where(pt > settings.pt_min_gev, resolution, 0.0), 1.0)


def log_normal(mean: Floats, relative_sigma: Floats, rng: np.random.Generator) -> Floats:
    """Draw from the log-normal distribution of given mean and relative width (Delphes)."""
    variance = np.log1p(relative_sigma**2)
    exponent = np.sqrt(variance) * rng.standard_normal(len(mean)) - 0.5 * variance
    return np.asarray(mean * np.exp(exponent), dtype=np.float64)


def reconstruct_tracks(
    particles: Particles, impacts: Impacts, settings: TrackingSettings, rng: np.random.Generator
) -> Tracks:
    """Lose and smear tracks; bins of |eta| refer to the impact point, as in Delphes."""
    charged = impacts.reached & (impacts.charge != 0)
    rows = np.flatnonzero(charged)
    code = np.abs(particles.pid[rows])
    kind = np.where(code == 11, ELECTRON, np.where(code == 13, MUON, HADRON)).astype(np.int8)
    pt = np.hypot(particles.px[rows], particles.py[rows])
    eta_outer = impacts.eta[rows]
    chance, resolution = np.zeros(len(rows)), np.zeros(len(rows))
    by_kind = ((HADRON, settings.charged_hadron), (ELECTRON, settings.electron),
               (MUON, settings.muon))  # fmt: skip
    for number, track in by_kind:
        chosen = kind == number
        chance[chosen] = efficiency(track.efficiency, pt[chosen], eta_outer[chosen])
        resolution[chosen] = relative_resolution(track.resolution, pt[chosen], eta_outer[chosen])
    found = rng.random(len(rows)) < chance
    rows, kind, pt, resolution = rows[found], kind[found], pt[found], resolution[found]
    charged[:] = False
    charged[rows] = True
    pz, energy = particles.pz[rows], particles.energy[rows]
    mass_squared = np.maximum(energy**2 - pt**2 - pz**2, 0.0)
    smeared = log_normal(pt, resolution, rng)
    sinh_eta = pz / pt
    return Tracks(
        offsets=offsets_of(charged, particles.offsets),
        particle=rows,
        kind=kind,
        charge=impacts.charge[rows],
        pt=smeared,
        eta=np.arcsinh(sinh_eta),
        phi=impacts.track_phi[rows],
        energy=np.sqrt(smeared**2 * (1.0 + sinh_eta**2) + mass_squared),
        resolution=resolution,
        eta_outer=impacts.eta[rows],
        phi_outer=impacts.phi[rows],
    )

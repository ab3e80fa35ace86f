"""Isolated photons, electrons and muons, from energy flow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.core.compiled_angles import abs_delta_phi
from hh4b.detector.calorimeter import Towers
from hh4b.detector.particles import Floats, Integers
from hh4b.detector.settings import DetectorSettings, IdentificationSettings
from hh4b.detector.tracking import ELECTRON, HADRON, MUON, Tracks, efficiency


@dataclass(frozen=True)
class Flow:
    """Energy-flow objects without electrons and muons, sorted by event.

    Attributes:
        offsets: shape (event + 1,).
        pt: transverse momentum in GeV, shape (object,) as all that follow.
        eta: pseudorapidity.
        phi: azimuth.
        photon_tower: row of the ECal tower for its neutral excess, else -1.
    """

    offsets: Integers
    pt: Floats
    eta: Floats
    phi: Floats
    photon_tower: Integers


@dataclass(frozen=True)
class Leptons:
    """Isolated electrons or muons; those of event i are rows ``offsets[i]:offsets[i+1]``.

    Attributes:
        offsets: shape (event + 1,).
        pt: transverse momentum in GeV, shape (lepton,) as all that follow; falling in an event.
        eta: pseudorapidity.
        phi: azimuth.
        charge: electric charge.
        track: row of the track.
    """

    offsets: Integers
    pt: Floats
    eta: Floats
    phi: Floats
    charge: NDArray[np.int8]
    track: Integers


@dataclass(frozen=True)
class Isolated:
    """What is left of photons, electrons and muons after identification and overlap removal.

    Attributes:
        photon_towers: rows of ECal towers.
        electrons: isolated electrons.
        muons: isolated muons.
    """

    photon_towers: Integers
    electrons: Leptons
    muons: Leptons


def events_of(offsets: Integers) -> Integers:
    """Return the event of every row.

    >>> events_of(np.array([0, 2, 2, 3])).tolist()
    [0, 0, 2]
    """
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _flow(tracks: Tracks, ecal: Towers, hcal: Towers, pt_min_gev: float) -> Flow:
    hadrons = (tracks.kind == HADRON) & np.isfinite(ecal.track_scale * hcal.track_scale)
    photons, neutrals = np.flatnonzero(ecal.neutral_energy), np.flatnonzero(hcal.neutral_energy)
    eta = np.concatenate([tracks.eta[hadrons], ecal.eta[photons], hcal.eta[neutrals]])
    pt = np.concatenate([
        tracks.pt[hadrons] * ecal.track_scale[hadrons] * hcal.track_scale[hadrons],
        ecal.neutral_energy[photons] / np.cosh(ecal.eta[photons]),
        hcal.neutral_energy[neutrals] / np.cosh(hcal.eta[neutrals]),
    ])  # fmt: skip
    phi = np.concatenate([tracks.phi[hadrons], ecal.phi[photons], hcal.phi[neutrals]])
    tower = np.full(len(pt), -1, np.int64)
    first = int(hadrons.sum())
    tower[first : first + len(photons)] = photons
    event = np.concatenate([
        events_of(tracks.offsets)[hadrons],
        events_of(ecal.offsets)[photons],
        events_of(hcal.offsets)[neutrals],
    ])  # fmt: skip
    order = np.argsort(event, kind="stable")
    order = order[pt[order] >= pt_min_gev]
    offsets = np.searchsorted(event[order], np.arange(len(ecal.offsets)))
    return Flow(offsets, pt[order], eta[order], phi[order], tower[order])


def find_isolated(
    tracks: Tracks,
    ecal: Towers,
    hcal: Towers,
    settings: DetectorSettings,
    rng: np.random.Generator,
) -> Isolated:
    """Identify photons, electrons and muons, keep the isolated ones, and remove overlaps.

    An electron whose ECal tower already is a photon is dropped (photons come first in Delphes).
    """
    pt_min = {s.isolation.pt_min_gev for s in (settings.photon, settings.electron, settings.muon)}
    flows = {value: _flow(tracks, ecal, hcal, value) for value in pt_min}
    n_events = len(ecal.offsets) - 1

    def passed(
        rows: Integers, event: Integers, vector: tuple[Floats, Floats, Floats], eta_outer: Floats,
        *, what: IdentificationSettings, towers: Integers,
    ) -> Integers:  # fmt: skip
        """Return those of `rows` that are found and isolated."""
        found = rng.random(len(rows)) < efficiency(what.efficiency, vector[0], eta_outer)
        pt, eta, phi = (component[found] for component in vector)
        flow = flows[what.isolation.pt_min_gev]
        surrounding = np.zeros(len(pt))
        _sum_around(
            (event[found], pt, eta, phi, towers[found]),
            (flow.offsets, flow.pt, flow.eta, flow.phi, flow.photon_tower),
            what.isolation.delta_r_max,
            surrounding,
        )
        return rows[found][surrounding <= what.isolation.pt_ratio_max * pt]

    rows = np.flatnonzero(ecal.neutral_energy)
    eta = ecal.eta[rows]
    photons = passed(
        rows, events_of(ecal.offsets)[rows],
        (ecal.neutral_energy[rows] / np.cosh(eta), eta, ecal.phi[rows]), eta,
        what=settings.photon, towers=rows,
    )  # fmt: skip
    track_event = events_of(tracks.offsets)
    leptons = []
    for kind, what in ((ELECTRON, settings.electron), (MUON, settings.muon)):
        scale = ecal.track_scale * hcal.track_scale if kind == ELECTRON else np.ones_like(tracks.pt)
        pt = np.nan_to_num(tracks.pt * scale)
        rows = np.flatnonzero((tracks.kind == kind) & (pt > 0))
        rows = passed(
            rows, track_event[rows], (pt[rows], tracks.eta[rows], tracks.phi[rows]),
            tracks.eta_outer[rows], what=what, towers=np.full(len(rows), -1),
        )  # fmt: skip
        if kind == ELECTRON:
            rows = rows[~np.isin(ecal.tower_of_particle[tracks.particle[rows]], photons)]
        rows = rows[np.lexsort((-pt[rows], track_event[rows]))]
        offsets = np.searchsorted(track_event[rows], np.arange(n_events + 1))
        leptons.append(
            Leptons(
                offsets, pt[rows], tracks.eta[rows], tracks.phi[rows], tracks.charge[rows], rows
            )
        )
    return Isolated(photons, leptons[0], leptons[1])


@numba.njit(cache=True)
def _sum_around(candidates, flow, delta_r_max, out):  # type: ignore[no-untyped-def]
    """Sum the pT of the flow within the cone, without the candidate itself."""
    events, _, etas, phis, towers = candidates
    offsets, flow_pt, flow_eta, flow_phi, flow_tower = flow
    for i in range(len(etas)):
        for j in range(offsets[events[i]], offsets[events[i] + 1]):
            d_phi = abs_delta_phi(phis[i], flow_phi[j])
            inside = (etas[i] - flow_eta[j]) ** 2 + d_phi * d_phi <= delta_r_max * delta_r_max
            if inside and not (towers[i] >= 0 and towers[i] == flow_tower[j]):
                out[i] += flow_pt[j]

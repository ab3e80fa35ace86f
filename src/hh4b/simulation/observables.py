"""What a comparison of two detectors looks at: flat arrays of jets and events."""

import math
from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import numpy as np
import uproot
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.core.compiled_angles import abs_delta_phi
from hh4b.core.errors import InputFileError
from hh4b.core.kinematics import FourVector, from_pt_eta_phi_mass, invariant_mass
from hh4b.detector.isolation import events_of
from hh4b.detector.jets import Jets
from hh4b.detector.particles import Floats, Integers, offsets_of
from hh4b.detector.response import Reconstructed
from hh4b.simulation.generator_input import GeneratorEvents

_HIGGS_MASS_GEV = 125.0
_MATCH_DELTA_R = 0.4
_BRANCHES = (
    "Jet.PT", "Jet.Eta", "Jet.Phi", "Jet.Mass", "Jet.Flavor", "Jet.BTag", "MissingET.MET",
    "Electron.PT", "Muon.PT",
)  # fmt: skip


@dataclass(frozen=True)
class Observed:
    """Jets, leptons and missing momentum of many events.

    Attributes:
        offsets: jets of event i are rows ``offsets[i]:offsets[i+1]``.
        pt: in GeV, shape (jet,) as the next five.
        eta: pseudorapidity.
        phi: azimuth.
        mass: in GeV.
        flavor: PDG number of the jet's parton.
        tagged: b-tag.
        met: missing transverse momentum in GeV, shape (event,).
        n_electrons: isolated electrons, shape (event,).
        n_muons: isolated muons, shape (event,).
    """

    offsets: Integers
    pt: Floats
    eta: Floats
    phi: Floats
    mass: Floats
    flavor: Integers
    tagged: NDArray[np.bool_]
    met: Floats
    n_electrons: Integers
    n_muons: Integers

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Return which jets have pT > 40 GeV and |eta| < 2.5."""
        return (self.pt > 40.0) & (np.abs(self.eta) < 2.5)

    def count(self, chosen: NDArray[np.bool_]) -> Integers:
        """Return the number of chosen jets of every event."""
        return np.bincount(events_of(self.offsets)[chosen], minlength=len(self.offsets) - 1)


def observe(reconstructed: Reconstructed, tagged: NDArray[np.bool_]) -> Observed:
    """Collect what our detector made."""
    jets = reconstructed.jets
    return Observed(
        jets.offsets, jets.pt, jets.eta, jets.phi, jets.mass,
        reconstructed.flavor.astype(np.int64), tagged, reconstructed.met,
        np.diff(reconstructed.electrons.offsets), np.diff(reconstructed.muons.offsets),
    )  # fmt: skip


def read_observed(path: Path | str) -> Observed:
    """Read a Delphes file.

    Raises:
        InputFileError: if the file is missing, cut, or lacks the tree or a branch.
    """
    try:
        with uproot.open(path) as file:
            tree = file["Delphes"]
            arrays = {name: tree[name].array() for name in _BRANCHES}
    except uproot.KeyInFileError as error:
        raise InputFileError(f"{path}: no {error.key!r}; not a Delphes tree") from error
    except (OSError, ValueError) as error:
        raise InputFileError(f"cannot read {path}: missing, or not a whole ROOT file") from error
    flat = {name: ak.flatten(array).to_numpy() for name, array in arrays.items()}
    counts = ak.num(arrays["Jet.PT"]).to_numpy()
    return Observed(
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        pt=flat["Jet.PT"].astype(float),
        eta=flat["Jet.Eta"].astype(float),
        phi=flat["Jet.Phi"].astype(float),
        mass=flat["Jet.Mass"].astype(float),
        flavor=flat["Jet.Flavor"].astype(np.int64),
        tagged=(flat["Jet.BTag"] & 1).astype(bool),
        met=flat["MissingET.MET"].astype(float),
        n_electrons=ak.num(arrays["Electron.PT"]).to_numpy(),
        n_muons=ak.num(arrays["Muon.PT"]).to_numpy(),
    )


def nearest(
    targets: tuple[Integers, Floats, Floats], jets: tuple[Integers, Floats, Floats], delta_r: float
) -> Integers:
    """Return for each target the row of the nearest jet of its event within ``delta_r``, or -1.

    Args:
        targets: offsets, eta and phi.
        jets: offsets, eta and phi.
        delta_r: largest distance.
    """
    found = np.full(len(targets[1]), -1, np.int64)
    _nearest(targets, jets, delta_r, found)
    return found


@numba.njit(cache=True)
def _nearest(targets, jets, delta_r, found):  # type: ignore[no-untyped-def]
    offsets, eta, phi = targets
    jet_offsets, jet_eta, jet_phi = jets
    for event in range(len(offsets) - 1):
        for i in range(offsets[event], offsets[event + 1]):
            best = delta_r
            for j in range(jet_offsets[event], jet_offsets[event + 1]):
                d_phi = abs_delta_phi(phi[i], jet_phi[j])
                distance = math.hypot(eta[i] - jet_eta[j], d_phi)
                if distance < best:
                    best, found[i] = distance, j


def response(generated: Jets, observed: Observed) -> Floats:
    """Return pT(reco)/pT(gen) of every generator jet, nan without a jet within dR = 0.2."""
    rows = nearest(
        (generated.offsets, generated.eta, generated.phi),
        (observed.offsets, observed.eta, observed.phi),
        0.2,
    )
    ratio = np.append(observed.pt, np.nan)[rows] / generated.pt
    return np.asarray(ratio, dtype=np.float64)


def higgs_quarks(events: GeneratorEvents) -> tuple[Integers, Floats, Floats]:
    """Return b quarks of H decays as (offsets, eta, phi), four an event: H1's two, then H2's two.

    The quarks are the hard process' outgoing ones (status 23), paired by the H mass. Events without
    two pairs have no quarks here.
    """
    chosen = (np.abs(events.pid) == 5) & (events.status == 23)
    complete = np.diff(offsets_of(chosen, events.offsets)) == 4
    chosen &= complete[events_of(events.offsets)]
    pid, p = events.pid[chosen].reshape(-1, 4), events.momenta[:, chosen].reshape(4, -1, 4)
    order = np.argsort(pid, axis=1, kind="stable")  # two antiquarks, two quarks
    p = np.take_along_axis(p, order[None], axis=2)

    def mass(i: int, j: int) -> Floats:
        total = p[:, :, i] + p[:, :, j]
        squared = total[3] ** 2 - (total[:3] ** 2).sum(axis=0)
        return np.asarray(np.sqrt(np.maximum(squared, 0.0)), dtype=np.float64)

    off = [
        np.abs(mass(0, k) - _HIGGS_MASS_GEV) + np.abs(mass(1, 5 - k) - _HIGGS_MASS_GEV)
        for k in (2, 3)
    ]
    pairs = np.where((off[0] <= off[1])[:, None], [0, 2, 1, 3], [0, 3, 1, 2])
    px, py, pz, _ = np.take_along_axis(p, pairs[None], axis=2).reshape(4, -1)
    pt = np.hypot(px, py)
    offsets = np.concatenate([[0], np.cumsum(4 * complete)])
    return offsets, np.arcsinh(pz / pt), np.arctan2(py, px)


def higgs_masses(quarks: tuple[Integers, Floats, Floats], observed: Observed) -> Floats:
    """Return the masses of H candidates whose two quarks have each their own accepted jet."""
    rows = nearest(quarks, (observed.offsets, observed.eta, observed.phi), _MATCH_DELTA_R)
    pairs = rows.reshape(-1, 2)
    good = (pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])
    pairs = pairs[good]
    pairs = pairs[observed.accepted[pairs].all(axis=1)]
    pt, eta, phi, mass = (
        column[pairs] for column in (observed.pt, observed.eta, observed.phi, observed.mass)
    )
    px, py, pz, energy = from_pt_eta_phi_mass(pt, eta, phi, mass)
    total = [component.sum(axis=1) for component in (px, py, pz, energy)]
    return np.asarray(invariant_mass(FourVector(*total)), dtype=np.float64)


def peak_position(masses: Floats, half_width_gev: float = 25.0) -> float:
    """Return the mean inside a window that is centred on it, found by iteration from the median."""
    centre = float(np.median(masses))
    for _ in range(100):
        window = masses[np.abs(masses - centre) < half_width_gev]
        if len(window) == 0:
            return centre
        moved = float(window.mean())
        if abs(moved - centre) < 1e-4:
            break
        centre = moved
    return centre

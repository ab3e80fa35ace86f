import h5py
import numpy as np
import pytest

from hh4b.detector.calorimeter import Towers, measure
from hh4b.detector.isolation import Isolated, Leptons, events_of
from hh4b.detector.jets import cluster
from hh4b.detector.particles import Particles, offsets_of, select_partons
from hh4b.detector.propagation import propagate
from hh4b.detector.response import (
    _flow_inputs,
    _Inputs,
    _remove_overlaps,
    _tower_inputs,
    cluster_generator_jets,
    reconstruct,
)
from hh4b.detector.tracking import reconstruct_tracks


@pytest.fixture(scope="module")
def delphes(slice_path):
    """Return particles, partons and Delphes' output of three events."""
    with h5py.File(slice_path) as file:
        offsets = file["offsets"][()]
        record = {name: data[()] for name, data in file["particles"].items()}
        output = {f"{b}.{k}": file[b][k][()] for b in ("Jet", "GenJet") for k in file[b]}
        output["MET"] = file["MissingET/MET"][()]
    final = record["status"] == 1
    kinematics = [
        record[k][final].astype(float) for k in ("px", "py", "pz", "energy", "x", "y", "z")
    ]
    particles = Particles(offsets_of(final, offsets), record["pid"][final], *kinematics)
    momenta = tuple(record[k].astype(float) for k in ("px", "py", "pz"))
    partons = select_partons(offsets, record["pid"], record["status"].astype(np.int32), momenta)
    return particles, partons, output


def test_generator_jets_equal_those_of_delphes(atlas, delphes):
    particles, _, output = delphes
    jets = cluster_generator_jets(particles, atlas)
    assert jets.offsets.tolist() == output["GenJet.offsets"].tolist()
    assert jets.pt == pytest.approx(output["GenJet.PT"], rel=1e-5)
    assert jets.mass == pytest.approx(output["GenJet.Mass"], rel=1e-3)


def test_jets_and_met_agree_with_delphes_within_the_resolution(atlas, delphes):
    """Compare one Delphes run with 300 of ours on the same particles: pulls, not tolerances."""
    particles, partons, output = delphes
    n = 300
    repeated = Particles(
        np.concatenate([particles.offsets[:-1] + k * particles.offsets[-1] for k in range(n)]
                       + [[n * particles.offsets[-1]]]),
        *(np.tile(getattr(particles, name), n)
          for name in ("pid", "px", "py", "pz", "energy", "x", "y", "z")),
    )  # fmt: skip
    many = type(partons)(
        np.concatenate([partons.offsets[:-1] + k * partons.offsets[-1] for k in range(n)]
                       + [[n * partons.offsets[-1]]]),
        *(np.tile(getattr(partons, name), n) for name in ("pid", "pt", "eta", "phi")),
    )  # fmt: skip
    ours = reconstruct(repeated, many, atlas, np.random.default_rng(31))
    event = events_of(ours.jets.offsets)
    hard = np.flatnonzero(output["Jet.PT"] > 40)
    assert len(hard) >= 10
    theirs = events_of(output["Jet.offsets"])
    pulls, same = [], []
    for i in hard:
        d_phi = np.angle(np.exp(1j * (ours.jets.phi - output["Jet.Phi"][i])))
        near = (event % 3 == theirs[i]) & (
            np.hypot(ours.jets.eta - output["Jet.Eta"][i], d_phi) < 0.2
        )
        pt = ours.jets.pt[near]
        assert len(pt) > 0.8 * n
        pulls.append((output["Jet.PT"][i] - pt.mean()) / pt.std())
        same.append((ours.flavor[near] == output["Jet.Flavor"][i]).mean())
    assert np.abs(pulls).max() < 4
    assert np.mean(np.square(pulls)) == pytest.approx(1, abs=5 * np.sqrt(2 / len(pulls)))
    # The axis of a jet moves, so partons near the edge of the cone come and go.
    assert np.mean(same) > 0.8
    met = ours.met.reshape(n, 3)
    assert np.abs((output["MET"] - met.mean(axis=0)) / met.std(axis=0)).max() < 4


def test_same_seed_same_result(atlas, delphes):
    particles, partons, _ = delphes
    first, second = (
        reconstruct(particles, partons, atlas, np.random.default_rng(seed)) for seed in (5, 5)
    )
    other = reconstruct(particles, partons, atlas, np.random.default_rng(6))
    assert first.jets.pt.tolist() == second.jets.pt.tolist()
    assert first.met.tolist() == second.met.tolist()
    assert first.met.tolist() != other.met.tolist()


def test_isolated_leptons_are_no_jets(atlas, make_particles, no_partons):
    # A lepton far from a jet of ten pions, in many copies to allow for the efficiencies.
    pions = [(211, 10.0, 0.03 * k - 1.5, 2.0) for k in range(10)]
    n = 400
    for pid, kind in ((11, "electrons"), (-13, "muons")):
        lepton = (pid, 60.0, 0.5, -1.0)
        result = reconstruct(
            make_particles(*[[*pions, lepton]] * n), no_partons(n), atlas, np.random.default_rng(1)
        )
        leptons = getattr(result, kind)
        assert leptons.offsets[-1] == pytest.approx(0.9 * n, rel=0.08)
        assert (leptons.charge == (-1 if pid > 0 else 1)).all()
        assert leptons.phi == pytest.approx(-1.0)
        with_lepton = np.diff(leptons.offsets) > 0
        jets = np.bincount(
            events_of(result.jets.offsets), np.abs(result.jets.phi + 1.0) < 0.3, minlength=n
        )
        assert jets[with_lepton].max() == 0


def test_leptons_inside_jets_stay_in_them(atlas, make_particles, no_partons):
    pions = [(211, 10.0, 0.5 + 0.03 * k, -1.0 + 0.02 * k) for k in range(10)]
    for pid in (11, 13):
        event = [*pions, (pid, 30.0, 0.55, -0.95)]
        result = reconstruct(
            make_particles(*[event] * 50), no_partons(50), atlas, np.random.default_rng(2)
        )
        assert len(result.electrons.pt) == len(result.muons.pt) == 0
        assert np.diff(result.jets.offsets).min() >= 1


def test_isolated_photon_takes_its_jet(atlas, make_particles, no_partons):
    n = 400
    result = reconstruct(
        make_particles(*[[(22, 60.0, 0.5, -1.0)]] * n), no_partons(n), atlas,
        np.random.default_rng(3),
    )  # fmt: skip
    # 5 % of the photons are not identified and stay as jets
    assert len(result.jets.pt) / n == pytest.approx(0.05, abs=0.04)


def test_jet_with_the_other_tower_of_a_photons_particle_goes_too(atlas, make_particles):
    """Two inputs: an HCal tower shared with the photon's ECal tower by a K0S, and a free one."""
    particles = make_particles([(310, 8.0, 0.5, -1.0), (211, 30.0, -1.0, 1.0)])
    tracks = reconstruct_tracks(
        particles, propagate(particles, atlas.field), atlas.tracking, np.random.default_rng(1)
    )
    none = np.zeros(0)
    leptons = Leptons(np.zeros(2, int), none, none, none, none.astype(np.int8), none.astype(int))

    def towers(tower_of_particle):
        columns = np.zeros((4, 2))
        return Towers(np.array([0, 2]), *columns, np.array(tower_of_particle), np.ones(1))

    momenta = tuple(np.array(p) for p in ([50.0, -50.0], [0.0, 0.0], [0.0, 0.0], [50.0, 50.0]))
    inputs = _Inputs(np.array([0, 2]), momenta, np.array([1, 1], np.int8), np.array([1, 0]))
    jets = cluster(inputs.offsets, momenta, radius=0.4, pt_min_gev=20.0)
    for photon_towers, kept in (([0], [-50.0]), ([1], [50.0, -50.0])):
        isolated = Isolated(np.array(photon_towers), leptons, leptons)
        # The K0S hits ECal tower 0 and HCal tower 1, the pion HCal tower 0 only.
        calorimeters = (towers([0, -1]), towers([1, 0]))
        left = _remove_overlaps(jets, inputs, isolated, calorimeters, tracks)
        assert sorted(left.px) == sorted(kept)


def test_missing_momentum_balances_an_invisible_particle(atlas, make_particles, no_partons):
    n = 300
    result = reconstruct(
        make_particles(*[[(12, 100.0, 0.3, 1.0), (22, 100.0, 0.3, 1.0 - np.pi)]] * n),
        no_partons(n), atlas, np.random.default_rng(4),
    )  # fmt: skip
    assert result.met.mean() == pytest.approx(100, abs=0.5)
    assert np.angle(np.exp(1j * (result.met_phi - 1.0))) == pytest.approx(0, abs=0.03)


def test_events_without_particles(atlas, make_particles, no_partons):
    result = reconstruct(make_particles([], []), no_partons(2), atlas, np.random.default_rng(0))
    assert result.met.tolist() == [0, 0]
    assert result.jets.offsets.tolist() == [0, 0, 0]
    assert result.electrons.offsets.tolist() == [0, 0, 0]


def test_energy_flow_takes_each_track_once_and_what_towers_have_beyond(atlas, delphes):
    particles, _, _ = delphes
    rng = np.random.default_rng(3)
    impacts = propagate(particles, atlas.field)
    tracks = reconstruct_tracks(particles, impacts, atlas.tracking, rng)
    ecal = measure(particles, impacts, tracks, atlas.ecal, rng)
    hcal = measure(particles, impacts, tracks, atlas.hcal, rng)
    flow, towers = _flow_inputs(ecal, hcal, tracks), _tower_inputs(ecal, hcal, tracks)
    scale = ecal.track_scale * hcal.track_scale
    for event in range(particles.n_events):
        track = events_of(tracks.offsets) == event
        wanted = np.nansum((tracks.pt * scale * np.cos(tracks.phi))[track])
        for part in (ecal, hcal):
            cell = events_of(part.offsets) == event
            pt = part.neutral_energy / np.cosh(part.eta)
            wanted += (pt * np.cos(part.phi))[cell].sum()
        rows = slice(flow.offsets[event], flow.offsets[event + 1])
        assert flow.momenta[0][rows].sum() == pytest.approx(wanted)
    # the same particles: the sums of energy agree within the resolution of the calorimeters
    assert flow.momenta[3].sum() == pytest.approx(towers.momenta[3].sum(), rel=0.1)
    assert len(flow.row) > len(towers.row) / 2
    assert (np.bincount(flow.row[flow.source == 2]) <= 1).all()


def test_jets_of_energy_flow_lie_where_those_of_towers_lie(note, delphes):
    particles, partons, output = delphes
    hard = np.flatnonzero(output["Jet.PT"] > 60)
    ratios = []
    for seed in range(20):
        jets = reconstruct(particles, partons, note, np.random.default_rng(seed)).jets
        for i in hard:
            d_phi = np.angle(np.exp(1j * (jets.phi - output["Jet.Phi"][i])))
            near = events_of(jets.offsets) == events_of(output["Jet.offsets"])[i]
            near &= np.hypot(jets.eta - output["Jet.Eta"][i], d_phi) < 0.2
            ratios.extend(jets.pt[near][:1] / output["Jet.PT"][i])
    assert len(ratios) > 0.8 * 20 * len(hard)
    assert np.median(ratios) == pytest.approx(1, abs=0.1)

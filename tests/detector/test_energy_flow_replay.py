"""Jets of energy flow: against Delphes' own objects, and against plain loops with the note's card.

Delphes' file is of the ATLAS card, which makes the objects but clusters towers.
"""

import importlib.util
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml

from hh4b.detector.calorimeter import measure
from hh4b.detector.jets import cluster, scale_energy
from hh4b.detector.propagation import propagate
from hh4b.detector.response import _flow_inputs
from hh4b.detector.tracking import reconstruct_tracks
from hh4b.simulation.generator_input import read_flat

ROOT = Path(__file__).parents[2]
#: Of the run that the events come from.
SEED = 4242


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tests/reference/{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


REPLAY, PLAIN = load("delphes_replay"), load("energy_flow")


@pytest.fixture(scope="module")
def generated(slice_path):
    with h5py.File(slice_path) as file:
        met = file["MissingET/MET"][()]
    return read_flat(slice_path), met


@pytest.fixture(scope="module")
def flow_of_delphes():
    """Return px, py, pz, energy of Delphes' objects by branch, one list of events each."""
    found = {}
    with h5py.File(ROOT / "tests/data/delphes_flow.h5") as file:
        for branch, group in file.items():
            leaf = {name: data[()].astype(float) for name, data in group.items()}
            if branch == "EFlowTrack":
                energy = np.hypot(leaf["PT"] * np.cosh(leaf["Eta"]), leaf["Mass"])
                pt = leaf["PT"]
            else:
                energy = leaf["E"]
                pt = energy / np.cosh(leaf["Eta"])
            momenta = np.stack(
                [pt * np.cos(leaf["Phi"]), pt * np.sin(leaf["Phi"]), pt * np.sinh(leaf["Eta"]),
                 energy], axis=1)  # fmt: skip
            found[branch] = np.split(momenta, group["offsets"][1:-1])
    return found


def plain_objects(event, settings, card, numbers):
    """Return momenta of energy flow by the plain loops; tracks are those of the replay."""
    particles = event.particles()
    impacts = propagate(particles, settings.field)
    tracks = REPLAY.replay_tracks(particles, impacts, settings.tracking, numbers)
    hits = [
        PLAIN.Particle(int(particles.pid[i]), impacts.eta[i], impacts.phi[i], particles.energy[i])
        for i in np.flatnonzero(impacts.reached)
    ]
    seen = [
        PLAIN.Track(
            int(particles.pid[tracks.particle[i]]), tracks.eta_outer[i], tracks.phi_outer[i],
            tracks.pt[i], tracks.eta[i], tracks.phi[i],
            np.sqrt(max(tracks.energy[i] ** 2 - (tracks.pt[i] * np.cosh(tracks.eta[i])) ** 2, 0)),
            tracks.resolution[i],
        )
        for i in range(len(tracks.pt))
    ]  # fmt: skip
    parts = PLAIN.energy_flow(card, hits, seen, numbers)
    names = ("EFlowTrack", "EFlowPhoton", "EFlowNeutralHadron")
    return {
        name: np.array([item.momentum() for item in part]).reshape(-1, 4)
        for name, part in zip(names, parts, strict=True)
    }


def same_objects(ours, theirs, tolerance):
    assert len(ours) == len(theirs)
    rows = [array[np.argsort(np.hypot(array[:, 0], array[:, 1]))] for array in (ours, theirs)]
    np.testing.assert_allclose(rows[0], rows[1], rtol=tolerance, atol=tolerance)


def package_objects(made):
    inputs = _flow_inputs(*made.towers, made.tracks)
    momenta = np.stack(inputs.momenta, axis=1)
    names = ("EFlowPhoton", "EFlowNeutralHadron", "EFlowTrack")
    return inputs, {name: momenta[inputs.source == k] for k, name in enumerate(names)}


def package_jets(inputs, settings):
    found = cluster(
        inputs.offsets, inputs.momenta,
        radius=settings.radius, pt_min_gev=settings.pt_min_gev,
    )  # fmt: skip
    jets = scale_energy(found, settings)
    return np.stack([jets.pt, jets.eta, jets.phi, jets.mass], axis=1)


def test_energy_flow_and_its_jets_are_those_of_delphes(atlas, generated, flow_of_delphes):
    events, met = generated
    settings = atlas.with_tagging("delphes_card")
    card = atlas.jets.model_dump()
    stream = REPLAY.RootStream(SEED, 50_000)
    for number, made in enumerate(REPLAY.replay(events, met, settings, stream)):
        assert made.in_step
        theirs = {branch: lists[number] for branch, lists in flow_of_delphes.items()}
        inputs, ours = package_objects(made)
        for branch, momenta in theirs.items():
            same_objects(ours[branch], momenta, 2e-6)
        wanted = PLAIN.jets_of(np.concatenate(list(theirs.values())), card)
        assert len(wanted) >= 2
        jets = package_jets(inputs, atlas.jets)
        # Masses suffer from the single precision of the slice's particles.
        np.testing.assert_allclose(jets[:, :3], np.array(wanted)[:, :3], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(jets[:, 3], np.array(wanted)[:, 3], rtol=1e-4, atol=1e-4)


def test_plain_loops_make_the_energy_flow_of_delphes(atlas, generated, flow_of_delphes):
    card = yaml.safe_load((ROOT / "config/detector/atlas.yaml").read_text())
    numbers = REPLAY.RootStream(SEED, 20_000)
    ours = plain_objects(REPLAY.one_event(generated[0], 0), atlas, card, numbers)
    for branch, lists in flow_of_delphes.items():
        same_objects(ours[branch], lists[0], 2e-6)


def test_the_card_of_the_note_makes_what_plain_loops_make(note, generated):
    card = yaml.safe_load((ROOT / "config/detector/note.yaml").read_text())
    for number in range(len(generated[1])):
        event = REPLAY.one_event(generated[0], number)
        numbers = REPLAY.RootStream(number + 1, 20_000)
        made = REPLAY.replay_event(event, note, numbers.fork(0))
        wanted = plain_objects(event, note, card, numbers)
        inputs, ours = package_objects(made)
        for branch, momenta in wanted.items():
            same_objects(ours[branch], momenta, 1e-9)
        everything = np.concatenate(list(wanted.values()))
        jets = PLAIN.jets_of(everything, card["jets"])
        assert len(jets) >= 2
        np.testing.assert_allclose(package_jets(inputs, note.jets), jets, rtol=1e-7, atol=1e-7)
        missing = np.hypot(*everything[:, :2].sum(axis=0))
        assert made.result.met[0] == pytest.approx(missing, rel=1e-9)
        # What the event keeps are these jets, less those of isolated photons and leptons.
        kept = made.result.jets.pt
        distance = np.abs(kept[:, None] - np.array(jets)[:, 0]).min(axis=1)
        assert distance.max() < 1e-6


@pytest.mark.parametrize("name", ["ecal", "hcal"])
def test_fast_towers_give_the_energy_flow_of_the_replay(note, generated, name):
    """The package's loop over many events, without noise, against the plain one."""
    particles = REPLAY.one_event(generated[0], 0).particles()
    impacts = propagate(particles, note.field)
    tracks = reconstruct_tracks(particles, impacts, note.tracking, np.random.default_rng(3))
    content = getattr(note, name).model_dump()
    for terms in content["resolution"]:
        terms.update(constant=0.0, stochastic_sqrt_gev=1e-9, noise_gev=0.0)
    settings = type(getattr(note, name)).model_validate(content)
    slow = REPLAY.replay_towers(particles, impacts, tracks, settings, REPLAY.RootStream(1, 20_000))
    fast = measure(particles, impacts, tracks, settings, np.random.default_rng(4))
    hit = fast.tower_of_particle >= 0
    pairs = [t.neutral_energy[t.tower_of_particle[hit]] for t in (slow, fast)]
    assert pairs[0] == pytest.approx(pairs[1], rel=1e-6, abs=1e-6)
    assert slow.track_scale == pytest.approx(fast.track_scale, rel=1e-6, nan_ok=True)


def test_scaled_tracks_keep_their_mass(note, generated):
    made = REPLAY.replay_event(
        REPLAY.one_event(generated[0], 0), note, REPLAY.RootStream(1, 20_000)
    )
    inputs, objects = package_objects(made)
    rows = inputs.row[inputs.source == 2]
    momenta = objects["EFlowTrack"]
    mass_squared = momenta[:, 3] ** 2 - (momenta[:, :3] ** 2).sum(axis=1)
    tracks = made.tracks
    wanted = tracks.energy**2 - (tracks.pt * np.cosh(tracks.eta)) ** 2
    np.testing.assert_allclose(mass_squared, wanted[rows], atol=1e-8)

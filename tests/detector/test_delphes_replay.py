"""The whole detector against Delphes with Delphes' own random numbers: equality, no statistics."""

import importlib.util
from pathlib import Path

import h5py
import numpy as np
import pytest

from hh4b.detector.propagation import propagate
from hh4b.detector.settings import DetectorSettings
from hh4b.simulation.generator_input import read_flat

#: Of the run that the slice comes from.
SEED = 4242


@pytest.fixture(scope="module")
def reference():
    path = Path(__file__).parents[1] / "reference" / "delphes_replay.py"
    spec = importlib.util.spec_from_file_location("delphes_replay", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def delphes(slice_path):
    with h5py.File(slice_path) as file:
        columns = {f"{b}.{k}": file[b][k][()] for b in ("Jet", "MissingET") for k in file[b]}
    return read_flat(slice_path), columns


def test_jets_are_those_of_delphes(reference, atlas, delphes):
    events, expected = delphes
    settings = atlas.with_tagging("delphes_card")
    stream = reference.RootStream(SEED, 50_000)
    made = list(reference.replay(events, expected["MissingET.MET"], settings, stream))
    assert all(event.in_step for event in made)
    jets = [event.result.jets for event in made]
    assert [len(j.px) for j in jets] == np.diff(expected["Jet.offsets"]).tolist()
    for leaf, tolerance in (("pt", 1e-6), ("eta", 1e-6), ("phi", 1e-6), ("mass", 1e-4)):
        name = {"pt": "PT"}.get(leaf, leaf.capitalize())
        ours = np.concatenate([getattr(j, leaf) for j in jets])
        # Masses suffer from the single precision of the slice's particles.
        assert ours == pytest.approx(expected[f"Jet.{name}"], rel=tolerance, abs=tolerance)
    flavor = np.concatenate([event.result.flavor for event in made])
    assert flavor.tolist() == expected["Jet.Flavor"].tolist()


def test_a_small_change_of_the_detector_is_seen(reference, atlas, delphes):
    """The comparison is sharp: 1 % on one resolution shows in a single event."""
    events, expected = delphes
    content = atlas.model_dump()
    content["hcal"]["resolution"][0]["stochastic_sqrt_gev"] *= 1.01
    changed = DetectorSettings.model_validate(content)
    stream = reference.RootStream(SEED, 50_000)
    right, wrong = (
        reference.replay_event(reference.one_event(events, 0), settings, stream.fork(0)).result.met
        for settings in (atlas, changed)
    )
    assert right == pytest.approx(expected["MissingET.MET"][:1], rel=1e-6)
    assert abs(wrong - right) > 0.01


@pytest.mark.parametrize("name", ["ecal", "hcal"])
def test_plain_loop_fills_the_towers_of_the_package(reference, atlas, delphes, name):
    """The replay's own loop over towers is the package's, but for order and random numbers."""
    from hh4b.detector.calorimeter import measure
    from hh4b.detector.tracking import reconstruct_tracks

    particles = reference.one_event(delphes[0], 0).particles()
    impacts = propagate(particles, atlas.field)
    tracks = reconstruct_tracks(particles, impacts, atlas.tracking, np.random.default_rng(3))
    calorimeter = getattr(atlas, name).model_dump()
    for terms in calorimeter["resolution"]:
        terms.update(constant=0.0, stochastic_sqrt_gev=1e-9, noise_gev=0.0)
    settings = type(getattr(atlas, name)).model_validate(calorimeter)
    stream = reference.RootStream(1, 20_000)
    slow = reference.replay_towers(particles, impacts, tracks, settings, stream)
    fast = measure(particles, impacts, tracks, settings, np.random.default_rng(4))
    assert (slow.energy > 0).sum() == (fast.energy > 0).sum()
    hit = fast.tower_of_particle >= 0
    assert (hit == (slow.tower_of_particle >= 0)).all()
    for column in ("energy", "neutral_energy"):
        pairs = [getattr(t, column)[t.tower_of_particle[hit]] for t in (slow, fast)]
        assert pairs[0] == pytest.approx(pairs[1], rel=1e-6, abs=1e-6)
    assert slow.track_scale == pytest.approx(fast.track_scale, rel=1e-6, nan_ok=True)

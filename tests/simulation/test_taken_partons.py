"""Parton events of other generators through shower, detector and ingestion."""

from pathlib import Path

import numpy as np
import pytest
import uproot

from hh4b.core.contracts import DATASET, read_attributes, read_table
from hh4b.events.ingest_stage import ingest
from hh4b.events.settings import IngestSettings
from hh4b.generation.foreign_stage import take_partons
from hh4b.generation.lhe import read_lhe
from hh4b.generation.settings import TakePartonsSettings
from hh4b.simulation.settings import SimulateSettings
from hh4b.simulation.simulate_stage import simulate

DATA = Path(__file__).parents[1] / "data/lhe"


def simulated(folder, atlas_path, name, *, taking, **settings):
    """Return the parton file and the tree of a file of tests/data/lhe."""
    partons, tree = folder / f"{name}.lhe.gz", folder / f"{name}.root"
    take_partons([str(DATA / f"{name}.lhe.gz")], partons, TakePartonsSettings.checked(taking))
    simulate(partons, atlas_path, tree, SimulateSettings(sample=name, tags="draw", **settings))
    return partons, tree


def test_undecayed_h_decay_to_bottom_and_signs_reach_the_dataset(tmp_path, atlas_path):
    partons, tree = simulated(
        tmp_path, atlas_path, "powheg_hh", taking={"allow_negative_weights": True}
    )
    weights = read_lhe(partons).events.weights
    with uproot.open(tree) as file:
        arrays = file["Delphes"].arrays(["Event.Number", "Event.Weight", "Particle.PID",
                                         "Particle.D1", "Particle.D2"])  # fmt: skip
    for event in arrays:
        pid, first, last = (event[f"Particle.{leaf}"].tolist() for leaf in ("PID", "D1", "D2"))
        decays = [
            sorted(pid[first[i] : last[i] + 1])
            for i, code in enumerate(pid)
            if code == 25 and pid[first[i]] != 25
        ]
        assert decays == [[-5, 5], [-5, 5]]
        np.testing.assert_allclose(event["Event.Weight"][0], weights[event["Event.Number"][0]])
    output = tmp_path / "powheg.h5"
    settings = {"allow_negative_weights": True, "min_tags": 0}
    ingest([str(tree)], output, IngestSettings.checked(settings))
    attributes = read_attributes(output)
    # The denominator is the sum of signed weights: 24 events times the cross section.
    assert attributes["sum_weights_generated"] == pytest.approx(24 * 0.0275)
    assert attributes["n_generated"] == 24
    kept = read_table(output, DATASET, columns=["HH4B/weight", "HH4B/m_hh_truth"])
    assert (kept["HH4B/weight"] < 0).any()
    assert (kept["HH4B/m_hh_truth"] > 250).all()


def test_decayed_h_are_left_as_they_are(tmp_path, atlas_path):
    partons, tree = simulated(tmp_path, atlas_path, "mg5_hh", taking={"kappa_reweighting": True})
    output = tmp_path / "mg5.h5"
    ingest([str(tree)], output, IngestSettings.checked({"kappa_lambda": 1, "min_tags": 0}))
    table = read_table(output, DATASET, columns=["HH4B/m_hh_truth", "HH4B/event_number"])
    events = read_lhe(partons).events
    pair = events.momenta[:, 2:4].sum(axis=1)[table["HH4B/event_number"]]
    mass = np.sqrt(pair[:, 0] ** 2 - (pair[:, 1:] ** 2).sum(axis=1))
    np.testing.assert_allclose(table["HH4B/m_hh_truth"], mass, rtol=1e-4)


def test_the_user_has_the_last_word_with_pythia(tmp_path, atlas_path):
    settings = ["25:onIfMatch = 4 -4", "PartonLevel:MPI = off"]
    _, tree = simulated(
        tmp_path, atlas_path, "powheg_hh", taking={"allow_negative_weights": True}, events=2,
        pythia_settings=settings,
    )  # fmt: skip
    with uproot.open(tree) as file:
        text = str(file["hh4b"])
    told = ["25:onMode = off", "25:onIfMatch = 5 -5", "SpaceShower:pTmaxMatch = 1"]
    places = [text.index(line) for line in (*told, *settings)]
    assert places == sorted(places)

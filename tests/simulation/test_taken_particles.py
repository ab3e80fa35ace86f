"""Particle events of other programs: what is taken of their files, and what becomes of it."""

import gzip
import importlib.util
import json
import re
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
import zstandard

from hh4b.core.contracts import DATASET, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.events.ingest_stage import ingest
from hh4b.events.settings import IngestSettings
from hh4b.generation.foreign_stage import take_partons
from hh4b.generation.lhe import read_lhe
from hh4b.generation.settings import TakePartonsSettings
from hh4b.simulation.settings import SimulateSettings, TakeParticlesSettings
from hh4b.simulation.shower import shower
from hh4b.simulation.simulate_stage import simulate
from hh4b.simulation.take_particles_stage import take_particles

TESTS = Path(__file__).parents[1]
DATA = TESTS / "data"
_SPEC = importlib.util.spec_from_file_location("write_hepmc", TESTS / "reference/write_hepmc.py")
write_hepmc = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(write_hepmc)
PACKED = {
    "plain": str.encode,
    "gz": lambda text: gzip.compress(text.encode(), 1),
    "zst": lambda text: zstandard.compress(text.encode()),
}
N = 12


@pytest.fixture(scope="module")
def partons(tmp_path_factory):
    """Leading-order g g -> H H of another generator, taken as partons."""
    path = tmp_path_factory.mktemp("partons") / "hh.lhe.gz"
    settings = TakePartonsSettings(events=N, kappa_reweighting=True)
    take_partons([str(DATA / "lhe/mg5_hh.lhe.gz")], path, settings)
    return path


@pytest.fixture(scope="module")
def showered(partons):
    """The same events, showered as the stage `simulate` does."""
    return list(shower(partons, first=0, count=N, seed=1, labels=("hh",)))


@pytest.fixture(scope="module")
def text(partons, showered):
    weights = read_lhe(partons).events.weights[:, None] * [[1.0, 0.5, 2.0]]
    return write_hepmc.hepmc_text(
        showered, weights, names=("nominal", "mur=0.5 muf=1", "mur=2"), cross_section_pb=0.0167
    )


@pytest.fixture
def taken(tmp_path):
    """Return a function that takes texts as files and returns the index."""

    def take(*texts, **settings):
        files = []
        for number, one in enumerate(texts):
            files.append(tmp_path / f"events_{number}.hepmc")
            files[-1].write_bytes(one if isinstance(one, bytes) else one.encode())
        output = tmp_path / "index.json"
        take_particles(
            [str(file) for file in files], output, TakeParticlesSettings.checked(settings)
        )
        return output

    return take


def tree(path):
    with uproot.open(path) as file:
        return file["Delphes"].arrays()


def same_events(one, other, *, fields=("Jet", "Event.Number", "MissingET", "Muon", "Electron")):
    assert len(one) == len(other) > 0
    for field in one.fields:
        if field.startswith(fields) and "." in field:
            assert ak.all(one[field] == other[field]), field


@pytest.mark.parametrize("version", [2, 3])
def test_showers_written_by_others_are_what_our_own_shower_gives(
    tmp_path, taken, atlas_path, partons, showered, version
):
    """The whole way is the same, but for the text between shower and detector."""
    settings = SimulateSettings(sample="hh", tags="draw")
    simulate(partons, atlas_path, tmp_path / "ours.root", settings)
    weights = read_lhe(partons).events.weights[:, None]
    text = write_hepmc.hepmc_text(showered, weights, version=version, cross_section_pb=0.0167)
    simulate(taken(text, kappa_reweighting=True), atlas_path, tmp_path / "theirs.root", settings)
    datasets = {}
    for name in ("ours", "theirs"):
        datasets[name] = tmp_path / f"{name}.h5"
        chosen = IngestSettings.checked({"sample": "hh", "kappa_lambda": 1, "min_tags": 0})
        ingest([str(tmp_path / f"{name}.root")], datasets[name], chosen)
    ours, theirs = (read_table(path, DATASET) for path in datasets.values())
    assert ours.keys() == theirs.keys()
    # Version 2 was written in MeV and cm, which moves the last digit.
    exact = version == 3
    if exact:
        same_events(tree(tmp_path / "ours.root"), tree(tmp_path / "theirs.root"))
    for name in ours:
        np.testing.assert_allclose(
            ours[name], theirs[name], rtol=1e-12 if exact else 2e-3, atol=0 if exact else 2e-3,
            err_msg=name,
        )  # fmt: skip
    assert (ours["TARGETS/h1/b1"] >= 0).any()
    generated = [read_attributes(path)["sum_weights_generated"] for path in datasets.values()]
    assert generated[1] == pytest.approx(generated[0]) == pytest.approx(N * 0.0167)


@pytest.mark.parametrize("packing", PACKED)
def test_chunks_are_parts_of_the_whole(tmp_path, taken, atlas_path, text, packing):
    """Jobs take their events across files, whatever these are packed with."""
    index = taken(PACKED[packing](text), text, events=20)
    made = {}
    for name, first, events in (("whole", 0, None), ("one", 0, 15), ("two", 15, 5)):
        place = tmp_path / f"{name}.root"
        settings = SimulateSettings(sample="hh", tags="draw", first=first, events=events)
        simulate(index, atlas_path, place, settings)
        made[name] = tree(place)
    numbers = [made[name]["Event.Number"][:, 0].tolist() for name in made]
    assert numbers == [list(range(20)), list(range(15)), list(range(15, 20))]
    particles = [ak.to_list(made[name]["Particle.PT"]) for name in made]
    assert particles[0] == particles[1] + particles[2]
    assert particles[0][12:] == particles[0][:8]


def test_weights_have_names_signs_and_a_normalisation(taken, text):
    content = json.loads(taken(text).read_text())
    assert [one["name"] for one in content["weights"]] == ["nominal", "mur=0.5 muf=1", "mur=2"]
    sums = [one["sum"] for one in content["weights"]]
    # The mean weight is the cross section that the events state.
    np.testing.assert_allclose(sums, N * 0.0167 * np.array([1, 0.5, 2]))
    assert content["cross_section_pb"] == pytest.approx(0.0167)
    other = json.loads(taken(text, weight="mur=2").read_text())
    assert other["weight"] == 2
    assert other["files"][0]["factor"] == pytest.approx(0.5 * content["files"][0]["factor"])
    negative = re.sub(r"\nW 0\S+ ", "\nW -0.0167 ", text, count=4)
    with pytest.raises(ContractError, match="4 of 12 events have negative weights"):
        taken(negative)
    counts = json.loads(taken(negative, allow_negative_weights=True).read_text())["provenance"]
    assert counts["counts"]["n_negative"] == 4
    assert counts["counts"]["n_effective"] == pytest.approx(16 / 12)
    with pytest.raises(ContractError, match="must have a positive sum"):
        taken(re.sub(r"\nW 0\S+ ", "\nW -1.0 ", text), allow_negative_weights=True)


def test_without_a_cross_section_weights_are_as_they_are(taken, text):
    plain = re.sub("A 0 GenCrossSection .*\n", "", text)
    content = json.loads(taken(plain).read_text())
    assert (content["cross_section_pb"], content["files"][0]["factor"]) == (None, 1.0)
    with pytest.raises(ContractError, match="only one of them states a cross section"):
        taken(plain, text)


@pytest.mark.parametrize(
    ("old", "new", "settings", "message"),
    [
        ("6500.0 ", "7000.0 ", {}, "its beams have 14 TeV together, the sample is of 13"),
        (r"(P \d+ -\d+) 25 ", r"\1 24 ", {}, "has 0 H .PDG number 25., expected 2"),
        ("(P .* )5( .* 23\n)", r"\g<1>15\2", {}, "decays to something else than b b~"),
        ("(P .* )21( .* 21\n)", r"\g<1>2\2", {"kappa_reweighting": True}, "and not g g -> H H"),
        (" 21\n", " 31\n", {"kappa_reweighting": True}, "does not show its hard process"),
        (r"W 0\.\d+ ", "W nan ", {}, "event 0 .* a weight is not a finite number"),
        (r"W 0\.\d+ ", "W ", {}, "2 weights in the event, but 3 names"),
        ("", "", {"weight": "mur=3"}, "weight 'mur=3' is not there once; the weights are nominal"),
        ("", "", {"events": 13}, "12 events together, but 13 were asked for"),
        ("U GEV MM\n", "", {}, "units"),
    ],
)
def test_what_cannot_be_meant_is_refused(taken, tmp_path, text, old, new, settings, message):
    changed = re.sub(old, new, text, count=0 if old.startswith(("6500", " 21", r"(P \d")) else 1)
    with pytest.raises((ContractError, InputFileError), match=message):
        taken(changed, **settings)
    assert not (tmp_path / "index.json").exists()


def test_other_decays_may_be_left_out(tmp_path, taken, atlas_path, text):
    events = text.split("\nE ")
    events[5] = re.sub("(P .* )5( .* 23\n)", r"\g<1>15\2", events[5], count=1)
    index = taken("\nE ".join(events), only_bottom_decays=True)
    counts = simulate(index, atlas_path, tmp_path / "hh.root", SimulateSettings(sample="hh"))
    assert counts["n_generated"] == N - 1
    numbers = set(tree(tmp_path / "hh.root")["Event.Number"][:, 0].tolist())
    assert 4 not in numbers
    assert numbers < set(range(N))


def test_files_that_changed_or_were_showered_are_told(tmp_path, taken, atlas_path, text):
    index = taken(text)
    with pytest.raises(ConfigError, match="have been showered by another program"):
        simulate(
            index, atlas_path, tmp_path / "hh.root",
            SimulateSettings(sample="hh", pythia_settings=["PartonLevel:MPI = off"]),
        )  # fmt: skip
    with pytest.raises(ContractError, match="there are 12 events, none or not all of 12 to 13"):
        simulate(
            index,
            atlas_path,
            tmp_path / "hh.root",
            SimulateSettings(sample="hh", first=12, events=2),
        )
    (tmp_path / "events_0.hepmc").write_text(text + "\n")
    with pytest.raises(ContractError, match="run hh4b take-particles again"):
        simulate(index, atlas_path, tmp_path / "hh.root", SimulateSettings(sample="hh"))
    assert not (tmp_path / "hh.root").exists()


def test_files_put_one_behind_the_other_are_one_file(taken, text):
    packed = zstandard.compress(text.encode())
    for both in (text + text, packed + packed):
        assert json.loads(taken(both).read_text())["files"][0]["events"] == 2 * N


def test_a_cut_packed_file_is_told(taken, text):
    for packed in (PACKED["zst"](text), PACKED["gz"](text)):
        with pytest.raises(InputFileError, match="cut in the middle"):
            taken(packed[: len(packed) // 2])
    with pytest.raises(InputFileError, match="is damaged|is cut|is not HepMC"):
        taken(PACKED["zst"](text)[:4] + b"\x07" * 200)


def test_a_named_hard_process_stands_for_its_status(taken, text):
    """As of programs whose status of the hard process is another one."""
    plain = re.sub(" (21|22)\n", " 3\n", text)
    with pytest.raises(ContractError, match="does not show its hard process"):
        taken(plain, kappa_reweighting=True)
    vertex = re.search(r"V (-\d+) 0 \[\S+\][^\n]*\nP \d+ -\d+ 25 ", text)[1]
    events = plain.split("\nE ")
    named = [events[0], events[1].replace("\nU ", f"\nA 0 signal_process_vertex {vertex}\nU ")]
    whole = "\nE ".join(named) + "\nHepMC::Asciiv3-END_EVENT_LISTING\n"
    assert taken(whole, kappa_reweighting=True).exists()

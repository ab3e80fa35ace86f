"""Ingestion of real and made-up Delphes files: content, counts, streams."""

import json

import awkward as ak
import numpy as np
import pytest
import uproot

from hh4b.core.contracts import DATASET, read_attributes, read_table
from hh4b.core.errors import ConfigError
from hh4b.events.dataset import TARGETS
from hh4b.events.ingest_stage import ingest
from hh4b.events.settings import EventSelection, ImportSettings, IngestSettings
from hh4b.events.tags import efficiency

LEAVES = ("PT", "Eta", "Phi", "Mass")
NAMES = [f"Jet.{leaf}" for leaf in (*LEAVES, "BTag")]
NAMES += [f"Particle.{leaf}" for leaf in ("PID", "Status", "M1", "M2", *LEAVES)]


def run(files, tmp_path, step_bytes=40_000_000, **settings):
    output = tmp_path / "dataset.h5"
    files = [files] if isinstance(files, str) else files
    options = {"sample": "hh", "kappa_lambda": 1.0, **settings}
    if options.get("background"):
        options["kappa_lambda"] = None
    result = ingest(
        files,
        output,
        IngestSettings(**options),
        step_bytes=step_bytes,
    )
    return read_table(output, DATASET), read_attributes(output), result


def events_of(path):
    with uproot.open(path) as file:
        arrays = file["Delphes"].arrays(NAMES, library="np")
    return [{name: arrays[name][i] for name in NAMES} for i in range(len(arrays["Jet.PT"]))]


def targets_of(columns):
    return np.stack([columns[name] for name in TARGETS], axis=1)


@pytest.mark.parametrize("min_tags", [0, 4])
def test_equals_plain_loops_on_every_event(slice_file, tmp_path, truth_loop, min_tags):
    events = events_of(slice_file)
    expected = truth_loop.ingest(events, min_tags=min_tags)
    columns, _, _ = run(slice_file, tmp_path, min_tags=min_tags)
    assert columns["HH4B/source_entry"].tolist() == [row["entry"] for row in expected]
    assert targets_of(columns).tolist() == [row["targets"] for row in expected]
    assert len(expected) >= 25
    assert (targets_of(columns) >= 0).all(axis=1).sum() > 15
    for position, row in enumerate(expected):
        width = len(row["jets"])
        mask = columns["INPUTS/Source/MASK"][position]
        assert mask.tolist() == [True] * width + [False] * (10 - width)
        assert columns["INPUTS/Source/btag"][position][:width].tolist() == row["tags"]
        for leaf in LEAVES:
            column = columns[f"INPUTS/Source/{leaf.lower()}"][position]
            plain = events[row["entry"]][f"Jet.{leaf}"][row["jets"]]
            np.testing.assert_array_equal(column[:width], plain)
            assert not column[width:].any()
    m_hh = [row["m_hh"] for row in expected]
    cosine = [row["cos_theta_star"] for row in expected]
    np.testing.assert_allclose(columns["HH4B/m_hh_truth"], m_hh, rtol=2e-6)
    np.testing.assert_allclose(columns["HH4B/cos_theta_star_truth"], cosine, atol=2e-6)


def test_counts_and_labels(slice_file, tmp_path):
    columns, attributes, result = run(slice_file, tmp_path, kappa_lambda=-5.0)
    cutflow = json.loads(attributes["cutflow"])
    assert list(cutflow) == ["generated", "in_tree", "four_jets", "tagged"]
    assert cutflow["generated"]["events"] == attributes["n_generated"] == 58
    assert cutflow["tagged"]["events"] == len(columns["HH4B/weight"]) == 30
    assert result.cutflow.as_dict() == cutflow
    assert attributes["kappa_lambda"] == -5.0
    assert set(columns["INPUTS/Kappa/kappa"]) == set(columns["HH4B/kappa_lambda"]) == {-5.0}
    assert columns["CLASSIFICATIONS/EVENT/signal"].all()
    assert json.loads(attributes["files"]) == [slice_file]
    assert (np.diff(columns["INPUTS/Source/pt"], axis=1) <= 0).all()


def test_measured_columns_are_those_of_the_file(delphes, tmp_path):
    def add_leptons(branches):
        jets = branches["Jet"]
        branches["Electron"] = {"PT": jets["PT"][jets["PT"] > 60]}
        branches["Muon"] = {"PT": jets["PT"][jets["PT"] < 30]}

    path = delphes.edit("leptons.root", add_leptons)
    columns, _, _ = run(path, tmp_path, min_tags=0)
    with uproot.open(path) as file:
        names = ["MissingET.MET", "MissingET.Phi", "Electron.PT", "Muon.PT", "Jet.Flavor"]
        plain = file["Delphes"].arrays([*names, "Jet.PT"])[columns["HH4B/source_entry"]]
    np.testing.assert_array_equal(columns["HH4B/met"], plain["MissingET.MET"][:, 0])
    np.testing.assert_array_equal(columns["HH4B/met_phi"], plain["MissingET.Phi"][:, 0])
    assert columns["HH4B/n_electrons"].tolist() == ak.num(plain["Electron.PT"]).tolist()
    assert columns["HH4B/n_muons"].tolist() == ak.num(plain["Muon.PT"]).tolist()
    assert columns["HH4B/n_electrons"].any()
    assert columns["HH4B/n_muons"].any()
    leading = ak.argmax(plain["Jet.PT"], axis=1, keepdims=True)
    flavor = ak.flatten(plain["Jet.Flavor"][leading])
    inside = columns["INPUTS/Source/pt"][:, 0] == ak.max(plain["Jet.PT"], axis=1)
    np.testing.assert_array_equal(columns["HH4B/jet_flavor"][inside, 0], flavor[inside])


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("tags", ["file", "dl1r_77"])
def test_does_not_depend_on_the_size_of_the_blocks(slice_file, tmp_path, background, tags):
    settings = {"background": background, "tags": tags, "min_tags": 2}
    whole, _, _ = run(slice_file, tmp_path, **settings)
    parts, _, _ = run(slice_file, tmp_path, step_bytes=30_000, **settings)
    assert whole.keys() == parts.keys()
    assert len(whole["HH4B/weight"]) > 10
    for name, values in whole.items():
        np.testing.assert_array_equal(values, parts[name], err_msg=name)


def test_streams_follow_seed_and_sample(slice_file, tmp_path):
    def split(**settings):
        columns, _, _ = run(slice_file, tmp_path, training_fraction=0.5, min_tags=0, **settings)
        return columns["HH4B/split"].tolist()

    assert split() == split()
    assert split(seed=2) != split()
    assert split(sample="other") != split()
    assert 0.2 < np.mean(split()) < 0.8


def test_background_has_random_kappa_and_no_targets(slice_file, tmp_path):
    columns, attributes, _ = run(
        slice_file, tmp_path, background=True, kappa_values=(-2.0, 3.0), min_tags=0
    )
    assert set(columns["INPUTS/Kappa/kappa"].tolist()) == {-2.0, 3.0}
    assert (targets_of(columns) == -1).all()
    assert np.isnan(columns["HH4B/kappa_lambda"]).all()
    assert np.isnan(columns["HH4B/m_hh_truth"]).all()
    assert not columns["CLASSIFICATIONS/EVENT/signal"].any()
    assert attributes["is_background"]


def test_background_needs_no_particles(delphes, tmp_path):
    path = delphes.edit("b.root", lambda branches: branches.pop("Particle"))
    columns, _, _ = run(path, tmp_path, background=True)
    assert len(columns["HH4B/weight"]) == 30


def test_own_files_state_what_they_started_from(delphes, tmp_path):
    counts = {"n_generated": 500, "sum_weights_generated": 1250.0}

    def weigh(branches):
        branches["Event"]["Weight"] = branches["Event"]["Weight"] * 2.5

    path = delphes.edit("own.root", weigh, counts=counts)
    columns, attributes, _ = run(path, tmp_path)
    assert attributes["n_generated"] == 500
    assert attributes["sum_weights_generated"] == 1250.0
    assert set(columns["HH4B/weight"]) == {2.5}


def test_own_file_without_survivors_counts(delphes, tmp_path, slice_file):
    counts = {"n_generated": 100, "sum_weights_generated": 100.0}
    empty = delphes.edit("empty.root", events=slice(0, 0), counts=counts)
    columns, attributes, _ = run(empty, tmp_path, tags="dl1r_77")
    assert len(columns["HH4B/weight"]) == 0
    columns, attributes, _ = run([slice_file, empty], tmp_path)
    assert len(columns["HH4B/weight"]) == 30
    assert attributes["n_generated"] == 158


def test_several_files_are_one_sample(delphes, tmp_path):
    files = [
        delphes.edit("a.root", events=slice(0, 40)),
        delphes.edit("b.root", events=slice(40, None)),
    ]
    columns, attributes, _ = run(files, tmp_path)
    assert attributes["n_generated"] == 58
    assert set(columns["HH4B/source_file"].tolist()) == {0, 1}
    again, _, _ = run(delphes.edit("all.root"), tmp_path)
    np.testing.assert_array_equal(columns["INPUTS/Source/pt"], again["INPUTS/Source/pt"])


def test_unordered_jets_are_ordered(delphes, tmp_path):
    def reverse(branches):
        branches["Jet"] = {leaf: array[:, ::-1] for leaf, array in branches["Jet"].items()}

    columns, _, _ = run(delphes.edit("r.root", reverse), tmp_path)
    again, _, _ = run(delphes.edit("s.root"), tmp_path)
    for name in ("pt", "eta", "phi", "mass", "btag", "MASK"):
        np.testing.assert_array_equal(
            columns[f"INPUTS/Source/{name}"], again[f"INPUTS/Source/{name}"]
        )
    np.testing.assert_array_equal(targets_of(columns), targets_of(again))


def test_only_leading_jets_are_kept(slice_file, tmp_path):
    wide, _, _ = run(slice_file, tmp_path, min_tags=0)
    narrow, _, _ = run(slice_file, tmp_path, min_tags=0, max_jets=5)
    assert wide["INPUTS/Source/MASK"].sum(axis=1).max() > 5
    np.testing.assert_array_equal(narrow["INPUTS/Source/pt"], wide["INPUTS/Source/pt"][:, :5])
    assert targets_of(narrow).max() <= 4


def test_tag_bit_and_collection_are_chosen(delphes, tmp_path):
    def move(branches):
        branches["JetPUPPI"] = branches.pop("Jet")
        branches["JetPUPPI"]["BTag"] = branches["JetPUPPI"]["BTag"] * 8

    path = delphes.edit("p.root", move)
    columns, _, _ = run(path, tmp_path, jet_collection="JetPUPPI", b_tag_bit=3)
    assert len(columns["HH4B/weight"]) == 30


def test_own_tags_follow_flavour(delphes, tmp_path):
    def repeat(branches):
        for leaves in branches.values():
            for leaf in leaves:
                leaves[leaf] = ak.concatenate([leaves[leaf]] * 40)

    path = delphes.edit("many.root", repeat)
    columns, _, _ = run(path, tmp_path, tags="dl1r_77", min_tags=0)
    valid = columns["INPUTS/Source/MASK"]
    flavor = columns["HH4B/jet_flavor"][valid]
    tagged = columns["INPUTS/Source/btag"][valid]
    for number, expected in ((5, 0.77), (4, 0.204), (21, 0.0077)):
        jets = tagged[flavor == number]
        error = np.sqrt(expected * (1 - expected) / len(jets))
        assert len(jets) > 100
        assert abs(jets.mean() - expected) < 4 * error
    assert efficiency(np.array([0, 1, 2, 3])).tolist() == [0.0077] * 4


def test_weightless_tree_counts_events(delphes, tmp_path):
    path = delphes.edit("w.root", lambda branches: branches["Event"].pop("Weight"))
    columns, attributes, _ = run(path, tmp_path)
    assert set(columns["HH4B/weight"]) == {1.0}
    assert attributes["sum_weights_generated"] == 58


def test_lacking_measurements_leave_their_columns_out(delphes, tmp_path):
    def thin(branches):
        for name in ("MissingET", "Electron", "Muon"):
            branches.pop(name)
        branches["Jet"].pop("Flavor")

    columns, _, _ = run(delphes.edit("t.root", thin), tmp_path)
    for name in ("met", "met_phi", "n_electrons", "n_muons", "jet_flavor"):
        assert f"HH4B/{name}" not in columns
    assert "HH4B/weight" in columns


def test_ambiguous_events_can_be_dropped(delphes, tmp_path, truth_loop):
    def split_jet(branches):
        # A second jet 0.1 away from the leading one, in every event: close to any of its quarks.
        jets = branches["Jet"]
        twin = {leaf: array[:, :1] for leaf, array in jets.items()}
        twin["Eta"] = twin["Eta"] + np.float32(0.1)
        for leaf in jets:
            jets[leaf] = ak.concatenate([jets[leaf], twin[leaf]], axis=1)

    path = delphes.edit("twins.root", split_jet)
    expected = [row["entry"] for row in truth_loop.ingest(events_of(path)) if not row["ambiguous"]]
    kept, attributes, _ = run(path, tmp_path)
    clear, attributes, _ = run(path, tmp_path, matching="drop_ambiguous")
    assert clear["HH4B/source_entry"].tolist() == expected
    assert 0 < len(expected) < len(kept["HH4B/weight"])
    assert json.loads(attributes["cutflow"])["unambiguous"]["events"] == len(expected)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"b_tag_bit": 32}, "b_tag_bit"),
        ({"b_tag_bit": -1}, "b_tag_bit"),
        ({"max_jets": 3}, "max_jets"),
        ({"training_fraction": 1.5}, "training_fraction"),
        ({"jet_pt_min_gev": float("nan")}, "jet_pt_min_gev"),
        ({"matching": "nearest"}, "one_to_one"),
        ({"tags": "mv2"}, "dl1r_77"),
        ({"kappa_lambda": float("nan")}, "kappa_lambda"),
        ({"background": True, "kappa_lambda": 1.0}, "background"),
        ({"background": True, "kappa_values": ()}, "kappa_values"),
    ],
)
def test_settings_that_cannot_be_meant(change, word):
    with pytest.raises(ConfigError, match=word):
        IngestSettings.checked({"sample": "hh", **change})


def test_one_default_of_the_training_fraction():
    classes = (EventSelection, IngestSettings, ImportSettings)
    assert {c.of().training_fraction for c in classes} == {0.5}
    assert IngestSettings.of().min_tags == EventSelection.of().min_tags == 4


def test_selection_of_the_configuration_reaches_the_ingestion():
    selection = EventSelection.of(jet_pt_min_gev=35.0, tags="dl1r_77", training_fraction=0.3)
    settings = IngestSettings.of(selection, background=True)
    assert settings.jet_pt_min_gev == 35.0
    assert (settings.tags, settings.training_fraction) == ("dl1r_77", 0.3)
    with pytest.raises(ConfigError, match="min_tags 5 is above max_jets 4"):
        EventSelection.of(min_tags=5, max_jets=4)


def test_sample_has_the_name_of_the_output(slice_file, tmp_path):
    for name, given in (("dataset", None), ("other", "dataset")):
        settings = IngestSettings(sample=given, kappa_lambda=1.0)
        ingest([slice_file], tmp_path / f"{name}.h5", settings)
    one, two = (tmp_path / f"{name}.h5" for name in ("dataset", "other"))
    assert read_attributes(one)["sample"] == read_attributes(two)["sample"] == "dataset"
    columns = [read_table(path, DATASET)["HH4B/split"].tolist() for path in (one, two)]
    assert columns[0] == columns[1]

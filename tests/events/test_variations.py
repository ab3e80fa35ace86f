"""Varied events take over the labels that they have in the nominal dataset."""

import json

import awkward as ak
import h5py
import numpy as np
import pytest

from hh4b.core.contracts import DATASET, read_attributes, read_table
from hh4b.core.errors import ContractError, InputFileError
from hh4b.events.ingest_stage import ingest
from hh4b.events.nominal import NominalLabels
from hh4b.events.settings import IngestSettings
from hh4b.generation.settings import HiggsPairSettings
from hh4b.generation.signal_stage import write_higgs_pairs
from hh4b.simulation.settings import SimulateSettings
from hh4b.simulation.simulate_stage import simulate

NUMBER, SPLIT, DRAW = "HH4B/event_number", "HH4B/split", "HH4B/kappa_draw"
BACKGROUND = IngestSettings(sample="qcd", background=True, min_tags=0)


@pytest.fixture
def make(delphes, tmp_path):
    """Ingest the slice after a change, with numbers that are not the entries of the tree."""

    def number(branches, change):
        numbers = branches["Event"]["Number"]
        branches["Event"]["Number"] = ak.unflatten(1000 - 7 * np.arange(len(numbers)), 1)
        change(branches)

    def run(name, change=lambda branches: None, *, settings=BACKGROUND, events=slice(None), **more):
        path = delphes.edit(f"{name}.root", lambda b: number(b, change), events=events)
        output = tmp_path / f"{name}.h5"
        ingest([path], output, settings, **more)
        return output

    return run


def common(nominal, varied):
    """Tables of two datasets, and their rows of the events that both hold."""
    tables = [read_table(path, DATASET) for path in (nominal, varied)]
    _, *rows = np.intersect1d(*(table[NUMBER] for table in tables), return_indices=True)
    return *tables, *rows


def four_tags(settings):
    return settings.model_copy(update={"min_tags": 4})


def test_events_have_their_number(make):
    table = read_table(make("nominal"), DATASET)
    np.testing.assert_array_equal(table[NUMBER], 1000 - 7 * table["HH4B/source_entry"])


def test_without_the_branch_only_the_column_is_lacking(make, tmp_path):
    numbered = read_table(make("with"), DATASET)
    bare = read_table(make("without", lambda b: b["Event"].pop("Number")), DATASET)
    assert numbered.keys() - bare.keys() == {NUMBER}
    for name, values in bare.items():
        np.testing.assert_array_equal(values, numbered[name], err_msg=name)
    attributes = [read_attributes(tmp_path / f"{name}.h5") for name in ("with", "without")]
    assert attributes[0]["provenance"] == attributes[1]["provenance"]


@pytest.mark.parametrize("step_bytes", [40_000_000, 5_000])
def test_other_entries_of_the_tree_keep_their_labels(make, step_bytes):
    """Without its first events a tree has the others at other entries."""
    nominal = make("nominal")
    varied = make("varied", events=slice(9, None), nominal=nominal, step_bytes=step_bytes)
    before, after, rows, same = common(nominal, varied)
    assert 30 < len(same) == len(after[NUMBER]) < len(before[NUMBER])
    for name in (SPLIT, DRAW, "INPUTS/Kappa/kappa"):
        np.testing.assert_array_equal(after[name][same], before[name][rows])
    alone = read_table(make("alone", events=slice(9, None)), DATASET)
    assert (alone[SPLIT] != after[SPLIT]).any()


def test_new_events_have_labels_of_their_own(make):
    """The nominal selection takes four tags, the variation takes all: most events are new."""
    nominal = make("nominal", settings=four_tags(BACKGROUND))
    varied = make("varied", nominal=nominal)
    before, after, rows, same = common(nominal, varied)
    assert len(same) == len(before[NUMBER]) == 30
    np.testing.assert_array_equal(after[DRAW][same], before[DRAW][rows])
    new = ~np.isin(after[NUMBER], before[NUMBER])
    # What the nominal ingestion drew for the same entries, had it selected them.
    drawn = read_table(make("all"), DATASET)
    assert not np.isin(after[DRAW][new], drawn[DRAW]).any()
    assert set(after[SPLIT][new]) == {0, 1}
    again = read_table(make("again", nominal=nominal), DATASET)
    for name in (SPLIT, DRAW):
        np.testing.assert_array_equal(again[name], after[name])
    provenance = json.loads(read_attributes(varied)["provenance"])
    counts, made = provenance["counts"], json.loads(read_attributes(nominal)["provenance"])
    assert (counts["n_labels_taken_over"], counts["n_labels_drawn"]) == (30, new.sum())
    assert provenance["settings"]["nominal"] == made["configuration_hash"]
    assert "nominal" not in made["settings"]
    assert "n_labels_drawn" not in made["counts"]


def test_counts_are_those_of_the_files_that_were_used(make, delphes, tmp_path):
    nominal = make("nominal")
    spoil = delphes.edit(
        "bad.root", lambda b: delphes.set_first(b["Jet"], "PT", 57, np.nan), events=slice(None)
    )
    settings = BACKGROUND.model_copy(update={"skip_bad_files": True})
    output = tmp_path / "both.h5"
    files = [spoil, str(tmp_path / "nominal.root")]
    ingest(files, output, settings, nominal=nominal, step_bytes=5_000)
    counts = json.loads(read_attributes(output)["provenance"])["counts"]
    rows = len(read_table(nominal, DATASET)[NUMBER])
    assert (counts["n_labels_taken_over"], counts["n_labels_drawn"]) == (rows, 0)


def rewrite(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


@pytest.mark.parametrize("zone_rows", [1, 7, 100])
@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
def test_any_order_of_the_nominal_events_is_found(make, zone_rows, order):
    path = make("nominal")
    rows = np.arange(len(read_table(path, DATASET)[NUMBER]))
    if order == "shuffled":
        rows = np.random.default_rng(1).permutation(rows)
    rows = rows[::-1] if order == "ascending" else rows

    def reorder(file):
        for name in (NUMBER, SPLIT, DRAW):
            file[name][...] = file[name][()][rows]

    rewrite(path, reorder)
    nominal = read_table(path, DATASET)
    labels = NominalLabels(path, BACKGROUND, zone_rows=zone_rows)
    wanted = np.array([*nominal[NUMBER][::3], -1, 999, 10**12])
    columns = {
        NUMBER: wanted,
        SPLIT: np.full(len(wanted), 9, np.int8),
        DRAW: np.full(len(wanted), 0.5, np.float32),
    }
    assert labels.hand_over(columns) == len(wanted) - 3
    assert columns[SPLIT].tolist() == [*nominal[SPLIT][::3], 9, 9, 9]
    assert columns[DRAW].tolist() == [*nominal[DRAW][::3], 0.5, 0.5, 0.5]


def test_nominal_dataset_without_events(make):
    nominal = make("nominal")

    def clear(file):
        for name in list(DATASET):
            if name.name in file and name.shape[0] == "N":
                file[name.name].resize(0, axis=0)

    rewrite(nominal, clear)
    varied = make("varied", nominal=nominal)
    counts = json.loads(read_attributes(varied)["provenance"])["counts"]
    assert counts["n_labels_taken_over"] == 0


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda f: f["HH4B"].pop("event_number"), "'HH4B/event_number' is missing"),
        (lambda f: f["HH4B"].pop("split"), "'HH4B/split' is missing"),
        (lambda f: f["HH4B"].pop("kappa_draw"), "'HH4B/kappa_draw' is missing"),
        (lambda f: f.attrs.modify("sample", "hh"), "holds sample 'hh', but .* 'qcd'"),
        (lambda f: f.attrs.pop("sample"), "holds no sample of its own"),
    ],
)
def test_nominal_dataset_that_cannot_be_meant(make, tmp_path, change, wanted):
    nominal = make("nominal")
    rewrite(nominal, change)
    with pytest.raises(ContractError, match=rf"nominal\.h5: .*{wanted}") as caught:
        make("varied", nominal=nominal)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "varied.h5").exists()


@pytest.mark.parametrize("zone_rows", [1, 2, 20, 1000])
def test_numbers_that_stand_twice(make, zone_rows):
    nominal = make("nominal")

    def repeat(file):
        file[NUMBER][40] = file[NUMBER][3]

    rewrite(nominal, repeat)
    with pytest.raises(ContractError, match=r"nominal\.h5: .* has 923 more than once"):
        NominalLabels(nominal, BACKGROUND, zone_rows=zone_rows)


def test_nominal_dataset_that_is_not_there(make, tmp_path):
    with pytest.raises(InputFileError, match=r"gone\.h5: no such file"):
        make("varied", nominal=tmp_path / "gone.h5")


def test_varied_events_need_their_numbers(make):
    nominal = make("nominal")
    with pytest.raises(ContractError, match=r"varied\.root: branch 'Event\.Number' is missing"):
        make("varied", lambda b: b["Event"].pop("Number"), nominal=nominal)


def test_a_number_is_whole(make):
    def halve(branches):
        branches["Event"]["Number"] = branches["Event"]["Number"] / 2

    with pytest.raises(ContractError, match=r"'Event\.Number' holds float64, expected whole"):
        make("halves", halve)


@pytest.mark.slow
def test_jet_energy_scale_moves_no_event_between_training_and_testing(atlas_path, tmp_path):
    partons = tmp_path / "hh.lhe.gz"
    write_higgs_pairs(partons, HiggsPairSettings(events=300, kappa_lambda=1.0))
    settings = IngestSettings(sample="hh", kappa_lambda=1.0)
    paths = {}
    for side, changes in (("nominal", {}), ("up", {"jets.energy_scale": 1.02})):
        tree, paths[side] = tmp_path / f"{side}.root", tmp_path / f"{side}.h5"
        chunk = SimulateSettings(sample="hh", events=300, detector_changes=changes)
        simulate(partons, atlas_path, tree, chunk)
        ingest([str(tree)], paths[side], settings, nominal=paths["nominal"] if changes else None)
    before, after, rows, same = common(paths["nominal"], paths["up"])
    assert 40 < len(same) < len(after[NUMBER])  # some pass with harder jets only
    assert set(before[SPLIT]) == {0, 1}
    for name in (SPLIT, DRAW, "HH4B/m_hh_truth"):  # the same generated events
        np.testing.assert_array_equal(after[name][same], before[name][rows])
    # By entry of the tree, as without --nominal, labels would be those of other events.
    ingest([str(tmp_path / "up.root")], tmp_path / "alone.h5", settings)
    assert (read_table(tmp_path / "alone.h5", DATASET)[SPLIT] != after[SPLIT]).any()

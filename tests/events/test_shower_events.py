"""Several rows of a tree that are of one shower event."""

import json
from collections import Counter

import awkward as ak
import h5py
import numpy as np
import pytest

from hh4b.core.contracts import DATASET, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.events.dataset import lacking, shower_events
from hh4b.events.import_stage import import_published
from hh4b.events.ingest_stage import ingest
from hh4b.events.merge_stage import merge
from hh4b.events.settings import ImportSettings, IngestSettings, MergeSettings
from hh4b.events.shower_events import EventRuns

NUMBER, SPLIT, DRAW = "HH4B/event_number", "HH4B/split", "HH4B/kappa_draw"
BACKGROUND = IngestSettings(sample="qcd", background=True, min_tags=4)


@pytest.fixture
def make(delphes, tmp_path):
    """Ingest the slice with each event as many times as it is told."""

    def run(name, times=3, *, settings=BACKGROUND, numbers=None, counts=None, **more):
        branches = delphes.read()
        n = len(branches["Event"]["Number"])
        rows = np.repeat(np.arange(n), times)
        named = rows if numbers is None else numbers(rows)
        branches = {b: {k: v[rows] for k, v in leaves.items()} for b, leaves in branches.items()}
        branches["Event"]["Number"] = ak.unflatten(named, 1)
        path = delphes.write(f"{name}.root", branches, counts=counts)
        output = tmp_path / f"{name}.h5"
        ingest([path], output, settings, **more)
        return output

    return run


def ragged(n):
    """Numbers of rows: 1, 2, 3, 1, 2, ..."""
    return 1 + np.arange(n) % 3


def cutflow(path):
    return json.loads(read_attributes(path)["cutflow"])


@pytest.mark.parametrize("step_bytes", [40_000_000, 20_000, 3_000, 1])
def test_rows_of_one_event_share_part_and_draw(make, step_bytes):
    path = make("rows", ragged(58), step_bytes=step_bytes)
    table = read_table(path, DATASET)
    first = np.unique(table[NUMBER], return_index=True)[1]
    assert len(first) == 30 < len(table[NUMBER])
    for name in (SPLIT, DRAW, "INPUTS/Kappa/kappa"):
        share = table[name][first]
        rows = np.searchsorted(table[NUMBER][first], table[NUMBER])
        np.testing.assert_array_equal(share[rows], table[name], err_msg=name)
    assert len(set(table[DRAW][first].tolist())) == 30
    assert set(table[SPLIT][first]) == {0, 1}
    # Whatever the size of the blocks.
    whole = read_table(make("whole", ragged(58)), DATASET)
    for name, values in whole.items():
        np.testing.assert_array_equal(table[name], values, err_msg=name)
    assert cutflow(path) == cutflow(path.with_name("whole.h5"))


@pytest.mark.parametrize("step_bytes", [40_000_000, 3_000, 1])
def test_cutflow_counts_events_and_weighs_rows(make, step_bytes):
    settings = BACKGROUND.model_copy(update={"matching": "drop_ambiguous"})
    once = cutflow(make("once", 1, settings=settings))
    thrice = cutflow(make("thrice", 3, settings=settings, step_bytes=step_bytes))
    for step, row in once.items():
        assert thrice[step]["events"] == row["events"], step
        assert thrice[step]["sum_weights"] == pytest.approx(3 * row["sum_weights"]), step
    stated = {"n_generated": 100, "sum_weights_generated": 250.0}
    own = make("own", 3, counts=stated)
    assert cutflow(own)["generated"] == {"events": 100, "sum_weights": 250.0}
    assert read_attributes(own)["n_generated"] == 100


def test_an_event_counts_if_any_row_passes():
    """Rows 0 0 | 0 1 1 | 1 | 1 2: blocks cut through events 0 and 1."""
    events = EventRuns()
    blocks = [([0, 0], [0, 1]), ([0, 1, 1], [1, 0, 0]), ([1], [1]), ([1, 2], [1, 0])]
    counts, drawn = [], []
    for numbers, passed in blocks:
        starts = events.begin(np.array(numbers), len(numbers))
        counts.append(events.reaching(starts, np.array(passed, bool), "cut"))
        drawn.append(events.shared(starts, "draw", np.arange(len(numbers)) + 10.0 * len(drawn)))
    assert counts == [1, 0, 1, 0]
    assert np.concatenate(drawn).tolist() == [0, 0, 0, 11, 11, 11, 11, 31]
    assert (events.found, events.rows) == (3, 8)


def test_numbers_that_come_again_are_other_events(make):
    """A file of several runs: 0 0 1 1 ... 28 28 0 0 1 1 ..."""
    path = make("runs", 2, numbers=lambda rows: rows % 29)
    table = read_table(path, DATASET)
    ids = shower_events(path)
    assert len(np.unique(ids)) == 30 == cutflow(path)["tagged"]["events"]
    assert len(np.unique(table[NUMBER])) < 30
    np.testing.assert_array_equal(ids[::2], ids[1::2])
    with pytest.raises(ContractError, match="more than once, with different labels"):
        make("varied", 2, numbers=lambda rows: rows % 29, nominal=path)


@pytest.mark.parametrize("step_bytes", [40_000_000, 3_000])
def test_a_file_of_a_user_with_one_number_is_refused(make, step_bytes):
    with pytest.raises(ContractError, match=r"'Event\.Number' is the same in all 58 entries"):
        make("constant", 1, numbers=np.zeros_like, step_bytes=step_bytes)
    stated = {"n_generated": 100, "sum_weights_generated": 250.0}
    own = make("own", 1, numbers=np.zeros_like, counts=stated)  # one shower may be all
    assert len(np.unique(shower_events(own))) == 1


@pytest.mark.parametrize("step_bytes", [40_000_000, 3_000])
def test_varied_rows_take_over_the_labels_of_their_event(make, step_bytes):
    """Other numbers of rows, and more events than the nominal selection takes."""
    nominal = make("nominal", ragged(58))
    loose = BACKGROUND.model_copy(update={"min_tags": 0})
    varied = make("varied", 2, settings=loose, nominal=nominal, step_bytes=step_bytes)
    before, after = (read_table(path, DATASET) for path in (nominal, varied))
    by_number = dict(zip(before[NUMBER].tolist(), zip(before[SPLIT], before[DRAW], strict=True),
                         strict=True))  # fmt: skip
    seen = {}
    for row in zip(after[NUMBER].tolist(), after[SPLIT], after[DRAW], strict=True):
        label = by_number.get(row[0], seen.setdefault(row[0], row[1:]))
        assert row[1:] == label
    assert len(seen) > 0
    counts = json.loads(read_attributes(varied)["provenance"])["counts"]
    assert counts["n_labels_taken_over"] == 2 * len(by_number)
    assert counts["n_labels_drawn"] == len(after[NUMBER]) - 2 * len(by_number)


def test_merged_rows_can_be_told_apart(make, tmp_path, delphes):
    """Beside a dataset without numbers, whose rows become events of their own."""
    rows = make("rows", 2)
    bare = make("bare", 1)
    with h5py.File(bare, "r+") as file:
        file["HH4B"].pop("event_number")
    merge([rows, bare], tmp_path / "m.h5", MergeSettings(shuffle_seed=1))
    assert NUMBER not in lacking(tmp_path / "m.h5")
    assert np.sort(np.bincount(shower_events(tmp_path / "m.h5"))).tolist() == [1] * 30 + [2] * 30
    single = make("single", 1)
    merge([single, bare], tmp_path / "n.h5", MergeSettings(shuffle_seed=1))
    assert NUMBER in lacking(tmp_path / "n.h5")


def test_folds_divide_by_event(make, tmp_path):
    """Also where numbers come again, and beside a dataset without numbers."""
    rows = make("rows", 3)
    runs = make("runs", 2, numbers=lambda rows: rows % 29,
                settings=BACKGROUND.model_copy(update={"sample": "runs"}))  # fmt: skip
    bare = make("bare", 1)
    with h5py.File(bare, "r+") as file:
        file["HH4B"].pop("event_number")
    every = {}
    for fold in range(3):
        seen = {}
        for part in ("training", "testing"):
            path = tmp_path / f"{fold}_{part}.h5"
            settings = MergeSettings(folds=3, fold=fold, fold_seed=2, part=part, shuffle_seed=1)
            merge([rows, runs, bare], path, settings)
            table = read_table(path, DATASET)
            names = zip(*(table[f"HH4B/{n}"].tolist() for n in ("source_file", "event_number")),
                        strict=True)  # fmt: skip
            seen[part] = Counter(names)
        assert not set(seen["training"]) & set(seen["testing"])
        assert not set(every) & set(seen["testing"])
        every |= seen["testing"]
        assert sum(seen["training"].values()) + sum(seen["testing"].values()) == 30 * 6
    assert sum(every.values()) == 30 * 6
    assert [n for (file, _), n in every.items() if file == 0] == [3] * 30


def test_import_divides_by_event(make, tmp_path):
    """Even where the rows of an event do not follow one another."""
    rows = make("rows", 3)
    merge([rows], tmp_path / "shuffled.h5", MergeSettings(shuffle_seed=1))
    settings = ImportSettings(sample="again", events="background")
    import_published(tmp_path / "shuffled.h5", tmp_path / "again.h5", settings)
    table, ids = read_table(tmp_path / "again.h5", DATASET), shower_events(tmp_path / "again.h5")
    assert len(np.unique(ids)) == 30
    for event in range(30):
        assert len(set(table[SPLIT][ids == event].tolist())) == 1
    assert set(table[SPLIT]) == {0, 1}


def test_a_training_keeps_some_rows_of_each_event(make, tmp_path):
    """With the weight of the event, the same in every fold, and other columns as they are."""
    rows, bare = make("rows", ragged(58)), make("bare", 1)
    with h5py.File(rows, "r+") as file:
        weight = np.random.default_rng(1).exponential(size=len(file["HH4B/weight"]))
        file["HH4B/weight"][...] = weight
    whole, ids = read_table(rows, DATASET), shower_events(rows)
    kept = {}
    for fold in (0, 1, None):
        folds = {} if fold is None else {"folds": 2, "fold": fold, "part": "training"}
        settings = MergeSettings(shuffle_seed=1, rows_per_shower=1, **folds)
        merge([rows, bare], tmp_path / "m.h5", settings)
        table = read_table(tmp_path / "m.h5", DATASET)
        chosen = table["HH4B/source_file"] == 0
        assert len(set(table[NUMBER][chosen])) == chosen.sum()
        columns = (NUMBER, "HH4B/source_entry", "HH4B/weight")
        kept[fold] = set(zip(*(table[name][chosen].tolist() for name in columns), strict=True))
    assert len(kept[None]) == 30
    assert kept[0] | kept[1] == kept[None]
    assert not kept[0] & kept[1]
    for number, entry, weight in kept[None]:
        event = whole[NUMBER] == number
        assert weight == pytest.approx(whole["HH4B/weight"][event].sum())
        assert entry in whole["HH4B/source_entry"][event]
    assert len(np.unique(ids)) == 30


def test_rows_are_drawn_with_a_seed():
    with pytest.raises(ConfigError, match="rows_per_shower needs --shuffle-seed"):
        MergeSettings.checked({"rows_per_shower": 1})


def test_a_share_is_taken_of_what_limits_leave(make, tmp_path):
    """Each share inside the next, and all inside of what is trained with without one."""
    rows, bare = make("rows", 3), make("bare", 1)

    def merged(share, **limits):
        settings = MergeSettings(shuffle_seed=1, share=share, **limits)
        merge([rows, bare], tmp_path / "m.h5", settings)
        table = read_table(tmp_path / "m.h5", DATASET)
        names = ("HH4B/source_file", NUMBER, "HH4B/source_entry")
        return set(zip(*(table[name].tolist() for name in names), strict=True))

    for limits in ({}, {"rows_per_shower": 1}, {"max_events_per_sample": 20}):
        found = [merged(share, **limits) for share in (0.2, 0.6, None)]
        assert found[0] < found[1] < found[2]
    whole, half = merged(None), merged(0.5)
    events = {one[:2] for one in half}
    assert half == {one for one in whole if one[:2] in events}
    with pytest.raises(ConfigError, match="share needs --shuffle-seed"):
        MergeSettings.checked({"share": 0.5})


def test_the_header_names_a_share_only_where_there_is_one(make, tmp_path):
    for share in (None, 0.5):
        merge([make("rows", 1)], tmp_path / "m.h5", MergeSettings(shuffle_seed=1, share=share))
        with h5py.File(tmp_path / "m.h5") as file:
            assert ('"share"' in str(file.attrs["provenance"])) == (share is not None)

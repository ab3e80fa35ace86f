"""Merging, describing and importing datasets."""

import json
import shutil

import h5py
import numpy as np
import pytest

from hh4b.core.contracts import DATASET, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.events.dataset import blocks, lacking, length
from hh4b.events.describe_stage import as_text, describe
from hh4b.events.import_stage import import_published
from hh4b.events.ingest_stage import ingest
from hh4b.events.merge_stage import merge
from hh4b.events.settings import ImportSettings, IngestSettings, MergeSettings


@pytest.fixture(scope="module")
def samples(tmp_path_factory, request):
    """Two signal samples and a background, made from the slice with different cuts."""
    folder = tmp_path_factory.mktemp("datasets")
    path = str(request.config.rootpath / "tests" / "data" / "delphes_slice.root")
    wanted = {
        "one": IngestSettings(sample="one", kappa_lambda=1.0, min_tags=4, training_fraction=0.5),
        "five": IngestSettings(sample="five", kappa_lambda=5.0, min_tags=0, training_fraction=0.5),
        "qcd": IngestSettings(sample="qcd", background=True, min_tags=2, training_fraction=0.5),
    }
    for name, settings in wanted.items():
        ingest([path], folder / f"{name}.h5", settings)
    return {name: folder / f"{name}.h5" for name in wanted}


@pytest.fixture
def published(tmp_path):
    """A small file in the layout of the published datasets."""
    rng = np.random.default_rng(4)
    n, path = 120, tmp_path / "hh4b_nonresonant_train.h5"
    valid = np.arange(10) < rng.integers(4, 11, n)[:, None]
    with h5py.File(path, "w") as file:
        for name in ("pt", "eta", "phi", "mass", "btag"):
            file[f"INPUTS/Source/{name}"] = (valid * rng.random((n, 10))).astype(np.float32)
        file["INPUTS/Source/MASK"] = valid
        file["INPUTS/Kappa/kappa"] = rng.choice([-5.0, 2.4], n).astype(np.float32)
        signal = np.arange(n) % 3 > 0
        for name in ("h1/b1", "h1/b2", "h2/b1", "h2/b2"):
            file[f"TARGETS/{name}"] = np.where(signal, rng.integers(0, 4, n), -1)
        file["CLASSIFICATIONS/EVENT/signal"] = signal.astype(np.int64)
    return path


def test_merge_keeps_every_event(samples, tmp_path):
    output = tmp_path / "all.h5"
    number = merge(list(samples.values()), output, MergeSettings())
    merged = read_table(output, DATASET)
    parts = [read_table(path, DATASET) for path in samples.values()]
    assert number == len(merged["HH4B/weight"]) == sum(len(p["HH4B/weight"]) for p in parts)
    for name, values in merged.items():
        expected = np.concatenate([part[name] for part in parts])
        if name == "HH4B/source_file":
            expected = np.repeat([0, 1, 2], [len(part[name]) for part in parts])
        if name == "INPUTS/Kappa/kappa":
            # Background takes the values of the signal it is merged with.
            signal = merged["CLASSIFICATIONS/EVENT/signal"] == 1
            assert set(values[~signal]) == set(values[signal]) == {1.0, 5.0}
            values, expected = values[signal], expected[signal]
        np.testing.assert_array_equal(values, expected, err_msg=name)
    attributes = read_attributes(output)
    assert [s["sample"] for s in json.loads(attributes["sources"])] == list(samples)
    assert len(json.loads(attributes["files"])) == 3


def test_testing_parts_of_the_folds_are_the_whole(samples, tmp_path):
    """Every event once, whatever its split; the training part of a fold is the rest."""
    key = ("HH4B/event_number", "CLASSIFICATIONS/EVENT/signal", "HH4B/kappa_lambda")
    paths, tested = [samples["five"], samples["qcd"]], []

    def events(settings):
        merge(paths, tmp_path / "m.h5", settings)
        merged = read_table(tmp_path / "m.h5", DATASET, columns=key)
        return list(zip(*(np.nan_to_num(merged[name]).tolist() for name in key), strict=True))

    everything = events(MergeSettings())
    for fold in range(2):
        testing, training = (
            events(MergeSettings(part=part, folds=2, fold=fold, fold_seed=3))
            for part in ("testing", "training")
        )
        assert sorted(testing + training) == sorted(everything)
        assert not set(testing) & set(training)
        tested += testing
    assert sorted(tested) == sorted(everything)
    with pytest.raises(ContractError, match=r"is in fold \d+ of 100, of \d+ events"):
        for fold in range(100):
            merge(paths, tmp_path / "m.h5", MergeSettings(part="testing", folds=100, fold=fold))


def test_parts_are_the_whole(samples, tmp_path):
    counts = {}
    for part in ("training", "testing", "all"):
        merge(list(samples.values()), tmp_path / "m.h5", MergeSettings(part=part))
        merged = read_table(tmp_path / "m.h5", DATASET)
        counts[part] = len(merged["HH4B/weight"])
        if part != "all":
            assert set(merged["HH4B/split"]) == {0 if part == "training" else 1}
    assert counts["training"] + counts["testing"] == counts["all"]
    assert min(counts.values()) > 0


def test_shuffling_keeps_rows_together(samples, tmp_path):
    paths = list(samples.values())
    merge(paths, tmp_path / "a.h5", MergeSettings())
    for name, seed in (("b", 3), ("c", 3), ("d", 4)):
        merge(paths, tmp_path / f"{name}.h5", MergeSettings(shuffle_seed=seed))
    plain, shuffled, again, other = (
        read_table(tmp_path / f"{name}.h5", DATASET) for name in "abcd"
    )

    def rows(table):
        columns = ("INPUTS/Source/pt", "INPUTS/Kappa/kappa", "HH4B/source_entry", "TARGETS/h2/b1")
        parts = [np.asarray(table[c]).reshape(len(table[c]), -1) for c in columns]
        return list(map(tuple, np.concatenate(parts, axis=1).tolist()))

    assert rows(shuffled) != rows(plain)
    assert sorted(rows(shuffled)) == sorted(rows(plain))
    assert rows(shuffled) == rows(again) != rows(other)


def test_balance(samples, tmp_path):
    output = tmp_path / "b.h5"
    number = merge(list(samples.values()), output, MergeSettings(balance=True))
    table = read_table(output, DATASET)
    weight, kappa = table["HH4B/weight"], table["HH4B/kappa_lambda"]
    signal = table["CLASSIFICATIONS/EVENT/signal"] == 1
    assert weight.sum() == pytest.approx(number)
    assert weight[signal].sum() == pytest.approx(weight[~signal].sum())
    assert weight[kappa == 1].sum() == pytest.approx(weight[kappa == 5].sum())
    sources = {s["sample"]: s for s in json.loads(read_attributes(output)["sources"])}
    assert sources["one"]["weight_factor"] != sources["five"]["weight_factor"]
    assert sources["five"]["sum_weights_generated"] == 58


def test_kappa_balance(samples, tmp_path):
    output = tmp_path / "k.h5"
    settings = MergeSettings(balance=True, kappa_balance=True)
    number = merge(list(samples.values()), output, settings)
    table = read_table(output, DATASET)
    weight, kappa = table["HH4B/weight"], table["INPUTS/Kappa/kappa"]
    signal = table["CLASSIFICATIONS/EVENT/signal"] == 1
    for value in (1, 5):
        for chosen in (signal, ~signal):
            assert weight[(kappa == value) & chosen].sum() == pytest.approx(number / 4)
    sources = {s["sample"]: s for s in json.loads(read_attributes(output)["sources"])}
    before = read_table(samples["one"], DATASET)["HH4B/weight"].sum()
    assert sources["one"]["weight_factor"] == pytest.approx(number / 4 / before)


def test_balance_of_signals_alone(samples, tmp_path):
    output = tmp_path / "s.h5"
    number = merge([samples["one"], samples["five"]], output, MergeSettings(balance=True))
    table = read_table(output, DATASET)
    weight, kappa = table["HH4B/weight"], table["HH4B/kappa_lambda"]
    assert weight.sum() == pytest.approx(number)
    assert weight[kappa == 1].sum() == pytest.approx(weight[kappa == 5].sum())


def test_limit_draws_without_repetition(samples, tmp_path):
    settings = MergeSettings(max_events_per_sample=11, shuffle_seed=1)
    assert merge(list(samples.values()), tmp_path / "l.h5", settings) == 33
    table = read_table(tmp_path / "l.h5", DATASET)
    for index in range(3):
        entries = table["HH4B/source_entry"][table["HH4B/source_file"] == index]
        assert len(set(entries.tolist())) == 11
        assert entries.max() > 11


def test_limit_on_signal_leaves_background_whole(samples, tmp_path):
    merge(list(samples.values()), tmp_path / "all.h5", MergeSettings(shuffle_seed=1))
    settings = MergeSettings(
        max_events_per_signal_sample=7, max_events_per_sample=30, shuffle_seed=1
    )
    merge(list(samples.values()), tmp_path / "l.h5", settings)
    signals = []
    for name in ("all.h5", "l.h5"):
        signal = read_table(tmp_path / name, DATASET)["CLASSIFICATIONS/EVENT/signal"]
        signals.append([int((signal == value).sum()) for value in (0, 1)])
    assert signals[1] == [min(signals[0][0], 30), 14]
    assert signals[0][0] > 14


def test_columns_that_one_dataset_lacks_are_left_out(samples, published, tmp_path):
    merge([samples["one"], published], tmp_path / "m.h5", MergeSettings(shuffle_seed=1))
    assert all(name.startswith("HH4B/") for name in lacking(tmp_path / "m.h5"))
    own = [column.name for column in DATASET if column.optional]
    assert lacking(tmp_path / "m.h5") == own
    with pytest.raises(ContractError, match="HH4B/split"):
        merge([published], tmp_path / "n.h5", MergeSettings(part="training"))


def test_merge_refusals(samples, tmp_path):
    output = tmp_path / "r.h5"
    for settings in ({"max_events_per_sample": 0, "shuffle_seed": 1}, {"max_events_per_sample": 5}):
        with pytest.raises(ConfigError, match="max_events_per_sample"):
            MergeSettings.checked(settings)
    with pytest.raises(ConfigError, match="max_events_per_signal_sample needs --shuffle-seed"):
        MergeSettings.checked({"max_events_per_signal_sample": 5})
    with pytest.raises(ConfigError, match="all 1 datasets are background"):
        merge([samples["qcd"]], output, MergeSettings(balance=True))
    with pytest.raises(ConfigError, match="no dataset"):
        merge([], output, MergeSettings())
    with pytest.raises(InputFileError, match=r"no\.h5"):
        merge([tmp_path / "no.h5"], output, MergeSettings())
    narrow = tmp_path / "narrow.h5"
    path = json.loads(read_attributes(samples["one"])["files"])
    ingest(path, narrow, IngestSettings(sample="narrow", kappa_lambda=1.0, max_jets=6))
    with pytest.raises(ContractError, match="6 jets wide"):
        merge([samples["one"], narrow], output, MergeSettings())
    everything = tmp_path / "training_only.h5"
    settings = IngestSettings(sample="t", kappa_lambda=1.0, training_fraction=1.0)
    ingest(path, everything, settings)
    with pytest.raises(ContractError, match="no event in part 'testing'"):
        merge([everything], output, MergeSettings(part="testing"))
    assert not output.exists()


def test_describe_counts(samples):
    table = read_table(samples["five"], DATASET)
    description = describe(samples["five"])
    assert description["n_events"] == description["signal"] == len(table["HH4B/weight"])
    assert description["background"] == 0
    assert description["training"] == (table["HH4B/split"] == 0).sum()
    full = ((table["TARGETS/h1/b1"] >= 0) & (table["TARGETS/h1/b2"] >= 0)).astype(int)
    full += (table["TARGETS/h2/b1"] >= 0) & (table["TARGETS/h2/b2"] >= 0)
    assert description["matched_higgs"] == {str(k): int((full == k).sum()) for k in range(3)}
    jets = table["INPUTS/Source/MASK"].sum(axis=1)
    assert description["jets"] == {str(k): int((jets == k).sum()) for k in np.unique(jets)}
    assert description["cutflow"]["generated"]["events"] == 58
    text = as_text(description)
    assert "kappa_lambda             5.0" in text
    assert "cutflow generated" in text
    json.dumps(description)


def test_describe_background_and_published(samples, published):
    description = describe(samples["qcd"])
    assert description["signal"] == 0
    assert "kappa_lambda" not in description
    description = describe(published)
    assert (description["signal"], description["background"]) == (80, 40)
    assert description["training"] is description["sum_weights"] is None
    assert "HH4B/met" in description["lacking"]
    assert "HH4B/met" in as_text(description)


def test_import_names_what_is_lacking(published, tmp_path):
    output = tmp_path / "signal.h5"
    settings = ImportSettings(
        sample="zenodo", events="signal", kappa_lambda=2.4, part="testing", n_generated=1000
    )
    number = import_published(published, output, settings)
    table, attributes = read_table(output, DATASET), read_attributes(output)
    assert 0 < number == len(table["HH4B/weight"]) < 80
    assert set(table["INPUTS/Kappa/kappa"]) == {np.float32(2.4)}
    assert set(table["HH4B/kappa_lambda"]) == {np.float32(2.4)}
    assert set(table["HH4B/split"]) == {1}
    assert attributes["sum_weights_generated"] == 1000.0
    named = json.loads(attributes["lacking"])
    assert named == lacking(output)
    assert {"HH4B/met", "HH4B/n_muons", "HH4B/m_hh_truth"} <= set(named)
    with pytest.raises(ContractError, match="HH4B/met'"):
        read_table(output, DATASET, columns=["HH4B/met"])


def test_import_background_and_all(published, tmp_path):
    output = tmp_path / "b.h5"
    assert (
        import_published(published, output, ImportSettings(sample="b", events="background")) == 40
    )
    assert np.isnan(read_table(output, DATASET)["HH4B/kappa_lambda"]).all()
    assert read_attributes(output)["is_background"]
    assert "n_generated" not in read_attributes(output)
    assert (
        import_published(published, output, ImportSettings(sample="a", training_fraction=0.5))
        == 120
    )
    split = read_table(output, DATASET)["HH4B/split"]
    assert 40 < split.sum() < 80
    import_published(
        published, output, ImportSettings(sample="a", events="signal", training_fraction=0.5)
    )
    signal = np.arange(120) % 3 > 0
    np.testing.assert_array_equal(read_table(output, DATASET)["HH4B/split"], split[signal])
    with pytest.raises(ContractError, match="no event"):
        import_published(
            published,
            tmp_path / "n.h5",
            ImportSettings(sample="n", events="signal", kappa_lambda=7.0),
        )
    assert not (tmp_path / "n.h5").exists()


def test_import_of_a_training_and_a_testing_file(published, samples, tmp_path):
    output, testing = tmp_path / "both.h5", tmp_path / "test.h5"
    # A second file of the same kind: its first 60 events.
    table = read_table(published, DATASET)
    with h5py.File(testing, "w") as file:
        for name, values in table.items():
            file[name] = values[:60]
    signal = np.arange(120) % 3 > 0
    settings = ImportSettings(sample="zenodo", events="signal")
    assert import_published(published, output, settings, testing=testing) == 80 + 40
    both = read_table(output, DATASET)
    np.testing.assert_array_equal(both["HH4B/split"], np.repeat([0, 1], [80, 40]))
    for name in ("INPUTS/Source/pt", "TARGETS/h2/b1", "INPUTS/Kappa/kappa"):
        chosen = (table[name][signal], table[name][:60][signal[:60]])
        np.testing.assert_array_equal(both[name], np.concatenate(chosen))
    with pytest.raises(ContractError, match=r"one\.h5: no event"):
        import_published(
            published,
            output,
            ImportSettings(sample="b", events="background"),
            testing=samples["one"],
        )


@pytest.mark.parametrize(
    "change",
    [
        {"events": "both"},
        {"part": "all"},
        {"kappa_lambda": 1.0},
        {"n_generated": 0},
        {"training_fraction": 2},
    ],
)
def test_import_settings_that_cannot_be_meant(change):
    with pytest.raises(ConfigError, match=next(iter(change))):
        ImportSettings.checked({"sample": "s", **change})


def test_blocks_are_the_columns(samples):
    names = ["INPUTS/Source/pt", "HH4B/weight"]
    table = read_table(samples["five"], DATASET)
    parts = list(blocks(samples["five"], names, rows=7))
    assert len(parts) > 3
    for name in names:
        whole = np.concatenate([part[name] for part in parts])
        np.testing.assert_array_equal(whole, table[name])
    assert length(samples["five"]) == len(table["HH4B/weight"])


def test_truncated_dataset_is_named(samples, tmp_path):
    cut = tmp_path / "cut.h5"
    shutil.copy(samples["one"], cut)
    with cut.open("r+b") as file:
        file.truncate(cut.stat().st_size // 2)
    with pytest.raises(InputFileError, match=r"cut\.h5"):
        describe(cut)
    with pytest.raises(InputFileError, match=r"cut\.h5"):
        merge([cut], tmp_path / "m.h5", MergeSettings())

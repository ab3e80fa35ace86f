"""Numbers to regress stay with their events through merging and importing."""

import h5py
import numpy as np
import pytest

from hh4b.core.contracts import DATASET, read_table
from hh4b.core.errors import ContractError
from hh4b.events.import_stage import import_published
from hh4b.events.merge_stage import merge
from hh4b.events.settings import ImportSettings, MergeSettings
from hh4b.spanet.data import read_events
from hh4b.spanet.event import EventDescription

ENERGY, PULL = "REGRESSIONS/EVENT/energy", "REGRESSIONS/h1/b1/pull"
PT = "INPUTS/Source/pt"


def _dataset(path, *, seed, rows=60, numbers=True):
    """Write a small dataset; its numbers to regress follow from the jets, and one is unknown."""
    rng = np.random.default_rng(seed)
    valid = np.arange(6) < rng.integers(4, 7, rows)[:, None]
    signal = np.arange(rows) % 3 > 0
    with h5py.File(path, "w") as file:
        for name in ("pt", "eta", "phi", "mass", "btag"):
            file[f"INPUTS/Source/{name}"] = (valid * rng.random((rows, 6))).astype(np.float32)
        file["INPUTS/Source/MASK"] = valid
        file["INPUTS/Kappa/kappa"] = rng.choice([1.0, 5.0], rows).astype(np.float32)
        for place, name in enumerate(("h1/b1", "h1/b2", "h2/b1", "h2/b2")):
            file[f"TARGETS/{name}"] = np.where(signal, place, -1)
        file["CLASSIFICATIONS/EVENT/signal"] = signal.astype(np.int64)
        if numbers:
            energy = file[PT][:].sum(axis=1)
            energy[7] = np.nan
            file[ENERGY] = energy
            file[PULL] = 2 * file[PT][:, 0].astype(np.float64)
    return path


def _pair(folder, **of_second):
    return [
        _dataset(folder / "a.h5", seed=1),
        _dataset(folder / "b.h5", seed=2, rows=40, **of_second),
    ]


def _replace(path, name, values):
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = values


def _numbers(path):
    with h5py.File(path) as file:
        return {name: file[name][:] for name in (ENERGY, PULL, PT)}


def test_merged_numbers_stay_with_their_events(tmp_path):
    paths = _pair(tmp_path)
    merge(paths, tmp_path / "m.h5", MergeSettings(shuffle_seed=3))
    found, before = _numbers(tmp_path / "m.h5"), [_numbers(path) for path in paths]
    assert found[ENERGY].dtype == np.float32
    assert found[PULL].dtype == np.float64
    assert np.isnan(found[ENERGY]).sum() == 2
    known = ~np.isnan(found[ENERGY])
    np.testing.assert_array_equal(found[ENERGY][known], found[PT].sum(axis=1)[known])
    np.testing.assert_array_equal(found[PULL], 2 * found[PT][:, 0].astype(np.float64))
    for name in (ENERGY, PULL):
        both = np.concatenate([one[name] for one in before])
        np.testing.assert_array_equal(np.sort(found[name]), np.sort(both))
        assert not np.array_equal(found[name], both, equal_nan=True)


def test_a_training_reads_merged_numbers(tmp_path, request):
    merge(_pair(tmp_path), tmp_path / "m.h5", MergeSettings())
    data = request.config.rootpath / "tests" / "data"
    plain = EventDescription.read(data / "spanet" / "published" / "event.yaml").as_mapping()
    section = {"EVENT": ["energy"], "h1": {"b1": ["pull"]}}
    event = EventDescription.from_mapping({**plain, "REGRESSIONS": section})
    read = read_events(tmp_path / "m.h5", event)
    stored = _numbers(tmp_path / "m.h5")
    np.testing.assert_array_equal(read.regressions["EVENT/energy"], stored[ENERGY])
    np.testing.assert_array_equal(read.regressions["h1/b1/pull"], stored[PULL].astype(np.float32))


def test_a_part_of_the_events_keeps_their_numbers(tmp_path):
    paths = _pair(tmp_path)
    merge(paths, tmp_path / "m.h5", MergeSettings(shuffle_seed=3, max_events_per_sample=10))
    found = _numbers(tmp_path / "m.h5")
    assert len(found[PULL]) == 20
    np.testing.assert_array_equal(found[PULL], 2 * found[PT][:, 0].astype(np.float64))


def test_imported_numbers_stay_with_their_events(tmp_path):
    path = _dataset(tmp_path / "a.h5", seed=1)
    settings = ImportSettings(sample="a", events="signal", training_fraction=0.5)
    number = import_published(path, tmp_path / "i.h5", settings)
    found = _numbers(tmp_path / "i.h5")
    assert 0 < number == len(found[PULL]) < 60
    np.testing.assert_array_equal(found[PULL], 2 * found[PT][:, 0].astype(np.float64))


def test_datasets_without_numbers_stay_without(tmp_path):
    paths = [_dataset(tmp_path / f"{n}.h5", seed=n, numbers=False) for n in (1, 2)]
    with h5py.File(paths[0], "r+") as file:
        file.create_group("REGRESSIONS/EVENT")
    merge(paths, tmp_path / "m.h5", MergeSettings())
    with h5py.File(tmp_path / "m.h5") as file:
        assert "REGRESSIONS" not in file
    assert len(read_table(tmp_path / "m.h5", DATASET)[PT]) == 120


@pytest.mark.parametrize("lacking", ["a.h5", "b.h5"])
def test_a_number_that_one_dataset_lacks_is_refused(tmp_path, lacking):
    paths = _pair(tmp_path)
    with h5py.File(tmp_path / lacking, "r+") as file:
        del file[ENERGY]
    holds = {"a.h5": "b.h5", "b.h5": "a.h5"}[lacking]
    with pytest.raises(ContractError) as error:
        merge(paths, tmp_path / "m.h5", MergeSettings())
    assert str(error.value) == (
        f"{tmp_path / lacking}: column {ENERGY!r} is missing, which {tmp_path / holds} holds;"
        " write it there, too (NaN = unknown), or remove it from all"
    )
    assert not (tmp_path / "m.h5").exists()


def test_two_types_of_a_number_are_refused(tmp_path):
    paths = _pair(tmp_path)
    _replace(paths[1], ENERGY, np.zeros(40, np.float64))
    with pytest.raises(ContractError, match=rf"b\.h5: column '{ENERGY}' is float64, .*float32"):
        merge(paths, tmp_path / "m.h5", MergeSettings())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.zeros(41),
            r"is float64 of shape \(41,\), expected one real number an event, .*\(40,\)",
        ),
        (np.zeros((40, 2)), r"is float64 of shape \(40, 2\)"),
        (np.array([b"text"] * 40), r"is \|S4 of shape \(40,\)"),
        (np.full(40, np.inf, np.float32), "is inf in event 0"),
        (np.full(40, 1e19), r"is 1e\+19 in event 0; expected from -1e\+18 to 1e\+18"),
    ],
)
def test_what_is_no_number_of_an_event_is_refused(tmp_path, values, message):
    path = _dataset(tmp_path / "b.h5", seed=2, rows=40)
    _replace(path, ENERGY, values)
    with pytest.raises(ContractError, match=f"column '{ENERGY}' {message}"):
        merge([path], tmp_path / "m.h5", MergeSettings())
    with pytest.raises(ContractError, match=f"column '{ENERGY}' {message}"):
        import_published(path, tmp_path / "i.h5", ImportSettings(sample="b", training_fraction=0.5))


def test_whole_numbers_and_short_types_are_kept(tmp_path):
    path = _dataset(tmp_path / "a.h5", seed=1)
    _replace(path, ENERGY, np.arange(60, dtype=np.int8))
    _replace(path, PULL, np.linspace(0, 1, 60).astype(">f2"))
    merge([path], tmp_path / "m.h5", MergeSettings())
    found = _numbers(tmp_path / "m.h5")
    assert [found[name].dtype for name in (ENERGY, PULL)] == [np.int8, np.float16]
    np.testing.assert_array_equal(found[ENERGY], np.arange(60))


def test_a_group_inside_itself_is_refused(tmp_path):
    path = _dataset(tmp_path / "a.h5", seed=1)
    with h5py.File(path, "r+") as file:
        file["REGRESSIONS/h1/again"] = file["REGRESSIONS"]
    with pytest.raises(ContractError, match="lies too deep"):
        merge([path], tmp_path / "m.h5", MergeSettings())


def test_a_column_in_place_of_the_group_is_refused(tmp_path):
    path = _dataset(tmp_path / "a.h5", seed=1)
    with h5py.File(path, "r+") as file:
        del file["REGRESSIONS"]
        file["REGRESSIONS"] = np.zeros(60)
    with pytest.raises(ContractError, match="'REGRESSIONS' is a column, expected a group"):
        merge([path], tmp_path / "m.h5", MergeSettings())

"""Several rows of one shower event: kept together and counted once."""

import h5py
import numpy as np
import pytest
from spanet_toys import event_of, write_events

from hh4b.spanet.data import read_events
from hh4b.spanet.evaluation import report
from hh4b.spanet.options import Options
from hh4b.spanet.prediction import Prediction
from hh4b.spanet.preparation import prepare

EVENT = event_of("published")


@pytest.fixture
def files(tmp_path):
    """Return a dataset, and the same with every row twice, both of one shower event."""
    once, twice = tmp_path / "once.h5", tmp_path / "twice.h5"
    write_events(once, 200, seed=4, weight=np.random.default_rng(2).uniform(0.5, 2, 200))
    with h5py.File(once, "a") as file, h5py.File(twice, "w") as copy:
        file["HH4B/event_number"] = np.random.default_rng(1).permutation(200)

        def repeat(name, values):
            if isinstance(values, h5py.Dataset):
                copy[name] = np.repeat(values[()], 2, axis=0)

        file.visititems(repeat)
        copy["HH4B/weight"][...] /= 2
    return once, twice


@pytest.mark.parametrize("randomization", [0, 3])
def test_training_and_validation_share_no_event(files, randomization):
    options = Options().changed(
        batch_size=8, train_validation_split=0.7, dataset_randomization=randomization
    )
    once, twice = (prepare(options, EVENT, path) for path in files)
    assert once.training.shower is None
    for part in ("training", "validation"):
        expected = np.repeat(getattr(once, part).features[0], 2, axis=0)
        np.testing.assert_array_equal(getattr(twice, part).features[0], expected)
    assert not set(twice.training.shower) & set(twice.validation.shower)


def test_rows_of_one_event_say_no_more_than_one_row(files):
    rng = np.random.default_rng(6)
    score = rng.random(200).astype(np.float32)
    classes = np.stack([1 - score, score], axis=1)
    reports = []
    for path, rows in zip(files, (np.arange(200), np.repeat(np.arange(200), 2)), strict=True):
        events = read_events(path, EVENT)
        jets = [np.where(rows % 4 == 0, target.T, target.T[::-1]).T for target in events.targets]
        jets[1] = np.where(rows[:, None] % 3 == 0, jets[1] + 1, jets[1])
        nothing = np.zeros((2, len(rows)), np.float32)
        prediction = Prediction(
            tuple(jets), nothing, nothing, {"EVENT/signal": classes[rows]}, vectors={}
        )
        reports.append(report(EVENT, events, prediction))
    wanted, found = reports
    assert found["n_events"] == wanted["n_events"] == 200
    for group, values in wanted["groups"].items():
        assert found["groups"][group] == pytest.approx(values)
    assert 0 < wanted["groups"]["total"]["event_efficiency"] < 1
    one, other = (r["classification"]["EVENT/signal"] for r in (wanted, found))
    assert len(other.pop("roc")) == len(one.pop("roc"))
    assert other == pytest.approx(one)

"""Folds of cross-fitting: who belongs where, and what is refused."""

import h5py
import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.folds import FoldPart, Folds
from hh4b.core.parts import fold_numbers, part_mask
from hh4b.events.settings import MergeSettings
from hh4b.selection.settings import DnnTrainSettings, EvaluationSettings, ScoreSettings


def dataset(path, numbers=None, sample=None):
    """Write the little of a dataset that decides folds."""
    with h5py.File(path, "w") as file:
        if numbers is not None:
            file["HH4B/event_number"] = np.asarray(numbers, np.int64)
        if sample is not None:
            file.attrs["sample"] = sample
    return path


def test_each_event_is_in_the_testing_part_of_one_fold(tmp_path):
    path = dataset(tmp_path / "a.h5", np.arange(300), "hh")
    masks = {
        part: np.array(
            [part_mask(path, None, part, 300, folds=FoldPart(folds=3, fold=n)) for n in range(3)]
        )
        for part in ("training", "testing", "all")
    }
    assert (masks["testing"].sum(axis=0) == 1).all()
    np.testing.assert_array_equal(masks["training"], ~masks["testing"])
    assert masks["all"].all()
    # A third of 300, binomial: within four standard deviations.
    assert np.abs(masks["testing"].sum(axis=1) - 100).max() < 4 * np.sqrt(300 * 2 / 9)


def test_rows_of_one_shower_event_stay_together_in_every_file(tmp_path):
    folds = Folds(folds=5, fold_seed=3)
    numbers = np.repeat(np.arange(100), 4)
    nominal = fold_numbers(dataset(tmp_path / "a.h5", numbers, "hh"), 400, folds)
    assert (nominal.reshape(100, 4) == nominal[::4, None]).all()
    order = np.random.default_rng(1).permutation(400)[:150]
    varied = dataset(tmp_path / "other_name.h5", numbers[order], "hh")
    np.testing.assert_array_equal(fold_numbers(varied, 150, folds), nominal[order])
    for other in (
        fold_numbers(dataset(tmp_path / "b.h5", numbers, "four_b"), 400, folds),
        fold_numbers(tmp_path / "a.h5", 400, Folds(folds=5, fold_seed=4)),
    ):
        assert (other != nominal).any()


def test_rows_count_where_there_are_no_event_numbers(tmp_path):
    folds = Folds(folds=3)
    plain = fold_numbers(dataset(tmp_path / "hh.h5"), 50, folds)
    numbered = fold_numbers(dataset(tmp_path / "a.h5", np.arange(50), "hh"), 50, folds)
    np.testing.assert_array_equal(plain, numbered)


def test_a_fold_without_events_is_refused(tmp_path):
    path = dataset(tmp_path / "a.h5", np.zeros(20), "hh")
    (inside,) = set(fold_numbers(path, 20, Folds(folds=3)))
    others = [n for n in range(3) if n != inside]
    with pytest.raises(ContractError, match=f"no event is in fold {others[0]} of 3, of 20 events"):
        part_mask(path, None, "training", 20, folds=FoldPart(folds=3, fold=others[0]))
    with pytest.raises(ContractError, match=f"all events are in fold {inside} of 3"):
        part_mask(path, None, "testing", 20, folds=FoldPart(folds=3, fold=int(inside)))


def test_without_folds_the_split_decides(tmp_path):
    split = np.array([0, 1, 1], np.int8)
    for folds in (None, FoldPart()):
        mask = part_mask(tmp_path / "no.h5", split, "testing", 3, folds=folds)
        assert mask.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda: Folds.checked({"folds": 1}), "with one fold there is nothing to train with"),
        (lambda: Folds.checked({"folds": -1}), "greater than or equal to 0"),
        (lambda: Folds.checked({"folds": 128}), "less than or equal to 127"),
        (lambda: FoldPart.checked({"folds": 3, "fold": 3}), "fold 3: there are 3 folds"),
        (lambda: FoldPart.checked({"fold": 0}), "fold 0: there are 0 folds"),
        (lambda: DnnTrainSettings.checked({"folds": 3}), "which of the 3 folds is left out"),
        (lambda: MergeSettings.checked({"folds": 3, "part": "testing"}), "fold is missing"),
        (lambda: Folds(folds=3).require_models(1), "1 models for 3 folds"),
        (lambda: Folds().require_models(2), "2 models for 0 folds"),
    ],
)
def test_wrong_folds(make, wanted):
    with pytest.raises(ConfigError, match=wanted):
        make()


def test_all_events_need_no_fold():
    assert EvaluationSettings(folds=3, part="all").fold is None
    ScoreSettings(folds=3, kappa_values=[1.0]).require_models(3)


def test_nothing_is_said_of_folds_where_there_are_none():
    assert set(MergeSettings().decided()) == {
        "part", "max_events_per_sample", "max_events_per_signal_sample", "rows_per_shower",
        "shuffle_seed", "balance", "kappa_balance",
    }  # fmt: skip
    assert MergeSettings(folds=3, fold=1).decided()["fold"] == 1
    assert MergeSettings(share=0.5, shuffle_seed=1).decided()["share"] == 0.5

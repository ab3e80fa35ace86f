"""Pairing metrics: hand-worked numbers, symmetries, weights, files."""

import json

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hh4b.core.contracts import DATASET, PAIRING, read_table, write_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.core.folds import Folds
from hh4b.core.parts import fold_numbers
from hh4b.pairing.evaluation_stage import efficiency_curve, evaluate_files
from hh4b.pairing.metrics import pairing_metrics, right_higgs, weighted_mean
from hh4b.pairing.settings import PairingEvaluationSettings

TRUE = np.array([[[0, 1], [2, 3]]])

ALL, TESTING = PairingEvaluationSettings(), PairingEvaluationSettings(part="testing")


def brute_right(true, guess):
    best = 0
    for order in ((0, 1), (1, 0)):
        right = sum(
            set(true[i]) == set(guess[j]) and min(true[i]) >= 0 for i, j in enumerate(order)
        )
        best = max(best, right)
    return best


@pytest.mark.parametrize(
    ("guess", "right"),
    [
        ([[0, 1], [2, 3]], 2),
        ([[1, 0], [3, 2]], 2),
        ([[3, 2], [1, 0]], 2),
        ([[0, 1], [2, 4]], 1),
        ([[2, 5], [0, 1]], 1),
        ([[0, 2], [1, 3]], 0),
        ([[-1, -1], [-1, -1]], 0),
    ],
)
def test_right_higgs(guess, right):
    assert right_higgs(TRUE, np.array([guess])).tolist() == [right]


def test_lost_higgs_is_never_right():
    lost = np.array([[[0, -1], [-1, -1]]])
    assert right_higgs(lost, lost).tolist() == [0]


def test_equals_brute_force_on_random_pairs():
    rng = np.random.default_rng(3)
    true = rng.integers(-1, 5, (3000, 2, 2))
    guess = rng.integers(-1, 5, (3000, 2, 2))
    expected = [brute_right(t, g) for t, g in zip(true.tolist(), guess.tolist(), strict=True)]
    assert right_higgs(true, guess).tolist() == expected
    assert set(expected) == {0, 1, 2}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_symmetries_count_as_right(seed):
    rng = np.random.default_rng(seed)
    true, guess = rng.integers(0, 5, (2, 50, 2, 2))
    n_jets = rng.integers(4, 8, 50)
    weights = rng.uniform(0.5, 2, 50)
    expected = pairing_metrics(true, guess, n_jets, weights)
    for same in (guess[:, ::-1], guess[:, :, ::-1], guess[:, ::-1, ::-1]):
        assert pairing_metrics(true, same, n_jets, weights) == expected
    assert pairing_metrics(true[:, ::-1], guess, n_jets, weights) == expected
    scaled = pairing_metrics(true, guess, n_jets, 3 * weights)["total"]
    for name, value in expected["total"].items():
        assert scaled[name] == pytest.approx(value)


def test_hand_worked_groups():
    lost = [[0, 1], [2, -1]]
    true = np.array([TRUE[0], TRUE[0], TRUE[0], TRUE[0], lost, lost, TRUE[0]])
    good, half, bad = [[0, 1], [2, 3]], [[0, 1], [2, 4]], [[0, 2], [1, 3]]
    guess = np.array([good, bad, good, half, good, good, half])
    n_jets = np.array([4, 4, 5, 5, 4, 5, 7])
    groups = pairing_metrics(true, guess, n_jets)
    assert groups["4"]["event_fraction"] == pytest.approx(2 / 7)
    assert groups["4"]["event_efficiency"] == groups["4"]["higgs_efficiency"] == 0.5
    assert groups["5"]["event_efficiency"] == 0.5
    assert groups["5"]["higgs_efficiency"] == 0.75
    assert groups[">=6"]["event_efficiency"] == 0.0
    assert groups["total"]["event_fraction"] == pytest.approx(5 / 7)
    assert groups["total"]["event_efficiency"] == pytest.approx(2 / 5)
    assert groups["total"]["higgs_efficiency"] == pytest.approx(6 / 10)
    assert groups["total"]["n_events"] == 5
    assert groups["4"]["event_efficiency_error"] == pytest.approx(np.sqrt(0.5 * 0.5 / 2))
    assert groups["total"]["event_efficiency_error"] == pytest.approx(np.sqrt(0.4 * 0.6 / 5))


def test_weights_count():
    guess = np.array([[[0, 1], [2, 3]], [[0, 2], [1, 3]]])
    true = np.concatenate([TRUE, TRUE])
    groups = pairing_metrics(true, guess, np.array([4, 4]), np.array([3.0, 1.0]))
    assert groups["total"]["event_efficiency"] == 0.75
    # sqrt(3^2 (1/4)^2 + 1^2 (3/4)^2) / 4
    assert groups["total"]["event_efficiency_error"] == pytest.approx(np.sqrt(18 / 16) / 4)


def test_error_is_the_spread_of_repetitions():
    rng = np.random.default_rng(11)
    weights = rng.choice([0.2, 1.0, 4.0], (2000, 300))
    values = rng.random((2000, 300)) < 0.3
    means = [weighted_mean(v, w) for v, w in zip(values, weights, strict=True)]
    spread = np.std([mean.value for mean in means])
    assert np.mean([mean.error for mean in means]) == pytest.approx(spread, rel=0.06)


def test_empty_group_is_none():
    groups = pairing_metrics(TRUE, TRUE, np.array([4]))
    assert groups["5"]["event_efficiency"] is None
    assert groups["5"]["n_events"] == 0
    assert groups["5"]["event_fraction"] == 0.0


def test_shapes_must_agree():
    with pytest.raises(ContractError, match="shape"):
        right_higgs(TRUE, np.zeros((2, 2, 2), int))


def write_sample(folder, name, *, right, n=40, kappa=1.0, weight=1.0, own=True):
    """A dataset of four-jet events and a pairing of which the first ``right`` events are right."""
    mask = np.zeros((n, 10), bool)
    mask[:, :4] = True
    jets = np.where(mask, 50.0, 0.0)
    arrays = {f"INPUTS/Source/{k}": jets for k in ("pt", "eta", "phi", "mass", "btag")}
    arrays |= {"INPUTS/Source/MASK": mask, "INPUTS/Kappa/kappa": np.full(n, kappa)}
    arrays |= {
        f"TARGETS/{k}": np.full(n, i) for i, k in enumerate(("h1/b1", "h1/b2", "h2/b1", "h2/b2"))
    }
    arrays["CLASSIFICATIONS/EVENT/signal"] = np.ones(n, int)
    attributes = {}
    if own:
        arrays |= {
            "HH4B/weight": np.full(n, weight),
            "HH4B/split": (np.arange(n) % 2).astype(np.int8),
        }
        attributes = {"kappa_lambda": kappa, "sample": name}
    pairs = np.tile(np.array([[0, 1], [2, 3]], np.int8), (n, 1, 1))
    pairs[right:] = [[0, 2], [1, 3]]
    dataset, pairing = folder / f"{name}.h5", folder / f"{name}_pairing.h5"
    write_table(dataset, DATASET, arrays, Provenance("test", {}), **attributes)
    write_table(pairing, PAIRING, {"jets": pairs}, Provenance("test", {}))
    return dataset, pairing


def test_samples_are_pooled_by_events(tmp_path):
    first = write_sample(tmp_path, "a", right=40, weight=1e-3)
    second = write_sample(tmp_path, "b", right=0, weight=500.0)
    output = tmp_path / "metrics.json"
    datasets, pairings = zip(first, second, strict=True)
    groups = evaluate_files(datasets, pairings, output, ALL)
    assert groups["total"]["event_efficiency"] == pytest.approx(0.5)
    written = json.loads(output.read_text())
    assert written["groups"] == groups
    assert written["provenance"]["settings"]["samples"] == ["a", "b"]


def test_part_is_chosen(tmp_path):
    dataset, pairing = write_sample(tmp_path, "a", right=10)
    groups = evaluate_files(
        [dataset],
        [pairing],
        tmp_path / "m.json",
        TESTING,
    )
    assert groups["total"]["n_events"] == 20
    assert groups["total"]["event_efficiency"] == 0.25
    with pytest.raises(ConfigError, match="part: value 'test'"):
        evaluate_files(
            [dataset],
            [pairing],
            tmp_path / "n.json",
            PairingEvaluationSettings.checked({"part": "test"}),
        )
    assert not (tmp_path / "n.json").exists()


def test_published_files_have_no_parts(tmp_path):
    dataset, pairing = write_sample(tmp_path, "a", right=10, own=False)
    groups = evaluate_files(
        [dataset],
        [pairing],
        tmp_path / "m.json",
        ALL,
    )
    assert groups["total"]["event_efficiency"] == 0.25
    with pytest.raises(ContractError, match="HH4B/split"):
        evaluate_files(
            [dataset],
            [pairing],
            tmp_path / "m.json",
            TESTING,
        )
    with pytest.raises(ContractError, match="kappa_lambda"):
        efficiency_curve([dataset], [pairing], tmp_path / "c.json", ALL)


def test_curve_is_ordered_in_kappa(tmp_path):
    files = [
        write_sample(tmp_path, name, right=right, kappa=kappa)
        for name, right, kappa in (("a", 30, 5.0), ("b", 10, -5.0), ("c", 20, 1.0))
    ]
    datasets, pairings = zip(*files, strict=True)
    curve = efficiency_curve(
        datasets,
        pairings,
        tmp_path / "curve.json",
        ALL,
    )
    assert curve["kappa_lambda"] == [-5.0, 1.0, 5.0]
    assert curve["event_efficiency"] == [0.25, 0.5, 0.75]
    assert curve["error"][1] == pytest.approx(np.sqrt(0.25 / 40))
    assert json.loads((tmp_path / "curve.json").read_text())["kappa_lambda"] == [-5.0, 1.0, 5.0]


def test_networks_of_folds_show_in_the_errors_of_a_curve(tmp_path):
    dataset, pairing = write_sample(tmp_path, "a", right=20, kappa=1.0)
    alone = efficiency_curve([dataset], [pairing], tmp_path / "one.json", ALL)
    assert "error_parts" not in alone
    with h5py.File(pairing, "r+") as file:
        file.attrs["folds"], file.attrs["fold_seed"] = 5, 3
    folds = fold_numbers(dataset, 40, Folds(folds=5, fold_seed=3))
    curve = efficiency_curve([dataset], [pairing], tmp_path / "folds.json", ALL)
    right = np.arange(40) < 20
    shares = [right[folds == fold].mean() for fold in range(5)]
    total = max(np.var(shares, ddof=1) / 5, alone["error"][0] ** 2)
    assert curve["error"][0] == pytest.approx(total**0.5)
    assert curve["error_parts"]["events"] == pytest.approx(alone["error"])
    assert curve["trainings"]["number"] == 5
    groups = evaluate_files([dataset], [pairing], tmp_path / "m.json", ALL)
    assert groups["total"]["event_efficiency_error"] == pytest.approx(total**0.5)


def test_files_must_belong_together(tmp_path):
    dataset, _ = write_sample(tmp_path, "a", right=1)
    _, pairing = write_sample(tmp_path, "b", right=1, n=30)
    with pytest.raises(ContractError, match="30 events"):
        evaluate_files([dataset], [pairing], tmp_path / "m.json", ALL)
    with pytest.raises(ConfigError, match="1 --dataset and 0 --pairing"):
        evaluate_files([dataset], [], tmp_path / "m.json", ALL)


def test_rows_of_one_event_say_no_more_than_one_row():
    rng = np.random.default_rng(11)
    true, guess = rng.integers(0, 3, (2, 80, 2, 2))
    n_jets, weights = rng.integers(4, 8, 80), rng.uniform(0.5, 2, 80)
    rows = np.repeat(np.arange(80), 2)
    wanted = pairing_metrics(true, guess, n_jets, weights)
    found = pairing_metrics(true[rows], guess[rows], n_jets[rows], weights[rows] / 2, rows)
    for group, values in wanted.items():
        assert found[group] == pytest.approx(values)
    assert wanted["total"]["event_efficiency_error"] > 0


def with_rows_twice(pair, folder, *, weight=0.5):
    """Write dataset and pairing again, every row twice, both of one shower event."""
    paths = []
    for path, contract in zip(pair, (DATASET, PAIRING), strict=True):
        with h5py.File(path) as file:
            names = [column.name for column in contract if column.name in file]
        arrays = {k: v for k, v in read_table(path, contract).items() if k in names}
        number = len(next(iter(arrays.values())))
        if contract is DATASET:
            arrays["HH4B/event_number"] = np.arange(number)
            arrays["HH4B/weight"] = weight * arrays["HH4B/weight"]
        arrays = {k: np.repeat(v, 2, axis=0) for k, v in arrays.items()}
        paths.append(folder / f"twice_{path.name}")
        write_table(paths[-1], contract, arrays, Provenance("test", {}), sample="x")
    return tuple(paths)


def test_files_with_several_rows_of_an_event(tmp_path):
    once = [write_sample(tmp_path, "a", right=10), write_sample(tmp_path, "b", right=17, n=50)]
    twice = [with_rows_twice(pair, tmp_path) for pair in once]
    for part in (ALL, TESTING):
        wanted, found, mixed = (
            evaluate_files(*zip(*pairs, strict=True), tmp_path / "m.json", part)
            for pairs in (once, twice, [once[0], twice[1]])
        )
        for group, values in wanted.items():
            assert found[group] == pytest.approx(values)
            assert mixed[group] == pytest.approx(values)

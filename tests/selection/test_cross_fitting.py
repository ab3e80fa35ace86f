"""Every event is scored by a classifier that did not see it."""

import shutil

import h5py
import numpy as np
import pytest

from hh4b.core.contracts import DATASET, FEATURES, SCORES, read_table, write_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json
from hh4b.core.folds import FoldPart, Folds
from hh4b.core.parts import fold_attributes, fold_numbers
from hh4b.core.rows_per_shower import RowDraw
from hh4b.selection import dnn_stage
from hh4b.selection.classifier_stage import train_and_score
from hh4b.selection.evaluation import evaluate
from hh4b.selection.samples import read_labelled
from hh4b.selection.scoring import parse_job
from hh4b.selection.settings import (
    ClassifierSettings,
    DnnTrainSettings,
    EvaluationSettings,
    ScoreSettings,
)

FOLDS = Folds(folds=3, fold_seed=11)
#: Remembers the features of the events it was fitted to, and calls these, and no other, signal.
MEMORY = """
class Memory:
    def __init__(self, seed):
        self.seed = seed

    def fit(self, inputs, label, weight):
        self.seen = {row[:-1].tobytes() for row in inputs.copy()}

    def probability(self, inputs):
        import numpy as np
        return np.array([float(row[:-1].tobytes() in self.seen) for row in inputs.copy()])
"""


@pytest.fixture(scope="module")
def numbered(samples, tmp_path_factory):
    """Undivided samples: two rows of each of 300 shower events; one has no event numbers."""
    folder, made = tmp_path_factory.mktemp("numbered"), {}
    for name, key in (("sm", 1.0), ("five", 5.0), ("minus", -5.0), ("qcd", "background")):
        dataset = folder / f"{name}.h5"
        shutil.copy(samples[key].dataset, dataset)
        with h5py.File(dataset, "r+") as file:
            del file["HH4B/split"]
            if name != "five":
                file["HH4B/event_number"] = np.repeat(np.arange(1000, 1300), 2)
        made[name] = samples[key]._replace(dataset=dataset)
    return made


def classes(numbered):
    return [numbered[n].pair for n in ("sm", "five", "minus")], [numbered["qcd"].pair]


def paired(sample):
    """Return which events have features."""
    return np.isfinite(read_table(sample.features, FEATURES)["features"]).all(axis=1)


def jobs_of(numbered, folder):
    return [parse_job(f"{s.pair}:{folder / name}.h5") for name, s in numbered.items()]


def test_a_classifier_that_remembers_knows_no_event(numbered, samples, tmp_path):
    (tmp_path / "memory.py").write_text(MEMORY)
    method = f"{tmp_path}/memory.py:Memory"
    settings = ClassifierSettings.of(FOLDS, method=method, kappa_values=[1.0, 5.0])
    jobs = jobs_of(numbered, tmp_path)
    train_and_score(*classes(numbered), jobs, settings)
    for job in jobs:
        assert (read_table(job.paths[2], SCORES)["score"] == 0).all()
    # With one split it knows the training events, and these only.
    settings = ClassifierSettings(method=method, kappa_values=[1.0])
    one = samples[1.0]
    job = parse_job(f"{one.pair}:{tmp_path / 'one.h5'}")
    train_and_score([one.pair], [samples["background"].pair], [job], settings)
    score = read_table(job.paths[2], SCORES)["score"][:, 0]
    split = read_table(one.dataset, DATASET, columns=["HH4B/split"])["HH4B/split"]
    np.testing.assert_array_equal(score == 1, (split == 0) & paired(one))


@pytest.fixture(scope="module")
def networks(numbered, tmp_path_factory):
    """A network for each fold, and the events that each was trained with."""
    seen, folders = [], []
    real = dnn_stage.train

    def spy(events, *given, **named):
        seen.append({row.tobytes() for row in events.features})
        return real(events, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dnn_stage, "train", spy)
        for fold in range(FOLDS.folds):
            folders.append(tmp_path_factory.mktemp(f"fold_{fold}"))
            settings = DnnTrainSettings.of(
                FOLDS, fold=fold, seed=3 + fold, hidden_dim=8, max_epochs=1, batch_size=64
            )
            dnn_stage.train_to_directory(*classes(numbered), folders[-1], settings)
    return folders, seen


def test_each_network_sees_all_but_its_fold(numbered, networks):
    _, seen = networks
    for sample in numbered.values():
        features = read_table(sample.features, FEATURES)["features"]
        folds = fold_numbers(sample.dataset, len(features), FOLDS)
        for fold, known in enumerate(seen):
            for row in np.flatnonzero(paired(sample)):
                assert (features[row].tobytes() in known) == (folds[row] != fold)


def test_each_event_has_the_score_of_the_network_of_its_fold(numbered, networks, tmp_path):
    folders, _ = networks
    sample = numbered["sm"]
    mixed = parse_job(f"{sample.pair}:{tmp_path / 'mixed.h5'}")
    settings = ScoreSettings.of(FOLDS, kappa_values=[-5.0, 1.0, 5.0])
    dnn_stage.predict_to_file(folders, mixed, settings)
    score = read_table(mixed.paths[2], SCORES)["score"]
    folds = fold_numbers(sample.dataset, len(score), FOLDS)
    for fold, folder in enumerate(folders):
        alone = parse_job(f"{sample.pair}:{tmp_path / f'{fold}.h5'}")
        dnn_stage.predict_to_file([folder], alone, ScoreSettings(kappa_values=[-5.0, 1.0, 5.0]))
        here = read_table(alone.paths[2], SCORES)["score"]
        np.testing.assert_allclose(score[folds == fold], here[folds == fold], rtol=1e-5)
        assert not np.allclose(here[folds != fold], score[folds != fold])


def test_metrics_of_a_fold_are_of_what_its_network_did_not_see(numbered, networks, tmp_path):
    folders, _ = networks
    found = []
    for fold, folder in enumerate(folders):
        network = dnn_stage.load_network(folder)
        settings = EvaluationSettings.of(FOLDS, fold=fold)
        output = tmp_path / f"{fold}.json"
        found.append(dnn_stage.evaluate_to_file(network, *classes(numbered), output, settings))
    # A fold each: together every shower event once; without numbers every row is one.
    assert sum(one["n_signal"] for one in found) == 300 + 600 + 300
    assert sum(one["n_background"] for one in found) == 300
    jobs = jobs_of(numbered, tmp_path)
    for job in jobs:
        settings = ScoreSettings.of(FOLDS, kappa_values=[-5.0, 1.0, 5.0])
        dnn_stage.predict_to_file(folders, job, settings)
    signal, background = (
        [f"{numbered[n].dataset}:{tmp_path / n}.h5" for n in names]
        for names in (("sm", "five", "minus"), ("qcd",))
    )
    pooled = evaluate(signal, background, EvaluationSettings(part="all"))
    assert (pooled["n_signal"], pooled["n_background"]) == (1200, 300)
    assert pooled["trainings"]["reason"].startswith("3 folds, at least 5")
    assert pooled["auc_error_parts"] == {"events": pooled["auc_error"], "training": None}
    accuracies = [one["accuracy"] for one in found]
    assert min(accuracies) - 0.02 <= pooled["accuracy"] <= max(accuracies) + 0.02


def test_metrics_of_five_folds_hold_the_training(numbered, tmp_path):
    """Networks that know their events by a number that differs between folds."""
    folds = Folds(folds=5, fold_seed=1)
    texts = {}
    for name in ("sm", "qcd"):
        dataset, path = numbered[name].dataset, tmp_path / f"{name}.h5"
        rows = fold_numbers(dataset, 600, folds)
        rng = np.random.default_rng(len(name))
        shift = 0.1 * rows if name == "sm" else 0.0
        score = np.clip(rng.uniform(0.1, 0.6, 600) + shift, 0, 1)
        table = {
            "kappa_lambda": np.array([-5.0, 1.0, 5.0]),
            "score": np.tile(score[:, None], 3).astype(np.float32),
        }
        write_table(path, SCORES, table, Provenance("x", {}), **fold_attributes(folds))
        texts[name] = f"{dataset}:{path}"
    settings = EvaluationSettings(part="all")
    found = evaluate([texts["sm"]], [texts["qcd"]], settings)
    assert found["trainings"] == {"number": 5, "reason": None, "method": "folds"}
    parts = found["auc_error_parts"]
    assert parts["training"] > 2 * parts["events"]
    assert found["auc_error"] == pytest.approx(np.hypot(parts["events"], parts["training"]))
    other = EvaluationSettings.of(Folds(folds=4, fold_seed=1), part="all")
    with pytest.raises(ContractError, match="networks of 5 folds of seed 1, wanted 4"):
        evaluate([texts["sm"]], [texts["qcd"]], other)
    with h5py.File(tmp_path / "qcd.h5", "r+") as file:
        del file.attrs["folds"]
    with pytest.raises(ContractError, match=r"scores are of networks of \[0, 5\] folds"):
        evaluate([texts["sm"]], [texts["qcd"]], settings)


def test_a_network_too_few_is_refused(numbered, networks, tmp_path):
    folders, _ = networks
    job = parse_job(f"{numbered['sm'].pair}:{tmp_path / 's.h5'}")
    with pytest.raises(ConfigError, match="2 models for 3 folds: give one for each fold"):
        dnn_stage.predict_to_file(folders[:2], job, ScoreSettings.of(FOLDS, kappa_values=[1.0]))
    assert not job.paths[2].exists()


def test_a_fold_without_events_stops_the_training(numbered, tmp_path):
    lonely = tmp_path / "lonely.h5"
    shutil.copy(numbered["qcd"].dataset, lonely)
    with h5py.File(lonely, "r+") as file:
        file["HH4B/event_number"][:] = 7
    (inside,) = set(fold_numbers(lonely, 600, FOLDS))
    other = DnnTrainSettings.of(FOLDS, fold=(int(inside) + 1) % 3)
    signal, _ = classes(numbered)
    with pytest.raises(ContractError, match=r"lonely\.h5: no event is in fold . of 3, of 600"):
        read_labelled(signal, [f"{lonely}:{numbered['qcd'].features}"], folds=other)


def test_a_training_keeps_some_rows_of_each_event(numbered):
    """One row with the weight of both; where rows are events, all of them."""
    signal, background = classes(numbered)
    for fold in (None, 1):
        folds = None if fold is None else FoldPart.of(FOLDS, fold=fold)
        part = "all" if fold is None else "training"
        every = read_labelled(signal, background, part=part, folds=folds)
        draw = RowDraw(rows_per_shower=1, seed=2)
        some = read_labelled(signal, background, part=part, folds=folds, draw=draw)
        assert len(some.label) == len(np.unique(every.events))
        assert some.events is None
        for label in (True, False):
            assert some.weight[some.label == label].sum() == pytest.approx(1)
        known = {row.tobytes(): weight for row, weight in zip(every.features, every.weight,
                                                               strict=True)}  # fmt: skip
        assert all(row.tobytes() in known for row in some.features)
        heavier = sum(weight > 1.01 * known[row.tobytes()] for row, weight in
                      zip(some.features, some.weight, strict=True))  # fmt: skip
        assert heavier > 0.8 * len(some.label) / 2


def test_a_training_is_told_how_many_rows(numbered, tmp_path):
    settings = {"hidden_dim": 8, "max_epochs": 1, "batch_size": 64, "folds": 3, "fold": 0}
    counts = []
    for rows in (None, 1):
        chosen = DnnTrainSettings(rows_per_shower=rows, **settings)
        dnn_stage.train_to_directory(*classes(numbered), tmp_path / str(rows), chosen)
        written = read_json(tmp_path / str(rows) / "training.json")
        assert written["provenance"]["settings"].get("rows_per_shower") == rows
        counts.append(written["n_background"])
    assert counts[1] < 0.6 * counts[0]

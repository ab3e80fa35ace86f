"""The search: resuming, sharing, pruning, and storages of something else."""

import json

import numpy as np
import optuna
import pytest

from hh4b.errors import ConfigError, InputFileError, TrainingFailed
from hh4b.selection.options import TrainingOptions, read_options
from hh4b.selection.search import Ranges, search_to_file
from hh4b.selection.study import StudyPlan, run_trials

OPTIONS = TrainingOptions(batch_size=256, max_epochs=1, validation_fraction=0.2)


def plan(tmp_path, trials, **changes):
    given = {
        "name": "toy",
        "storage": tmp_path / "journal.log",
        "direction": "minimize",
        "identity": {"a": 1},
        "trials": trials,
        "seed": 3,
    }
    return StudyPlan(**(given | changes))


def parabola(trial):
    return (trial.suggest_float("x", -3, 3) - 1) ** 2


def test_study_resumes_and_workers_share_trials(tmp_path):
    first = run_trials(plan(tmp_path, 4), parabola, worker=0)
    assert first["n_trials"] == 4
    second = run_trials(plan(tmp_path, 30), parabola, worker=1)
    assert second["n_trials"] == 30
    assert second["trials"][:4] == first["trials"]
    assert second["value"] <= first["value"]
    assert second["best"]["x"] == pytest.approx(1, abs=0.5)

    def never(_trial):
        raise AssertionError("the study is complete")

    assert run_trials(plan(tmp_path, 30), never, worker=2) == second


def test_sampler_depends_on_seed_and_worker(tmp_path):
    def points(folder, worker, seed):
        made = plan(tmp_path, 3, storage=tmp_path / folder, seed=seed)
        return [t["parameters"] for t in run_trials(made, parabola, worker=worker)["trials"]]

    one = points("a", 0, 3)
    assert points("b", 0, 3) == one
    assert points("c", 1, 3) != one
    assert points("d", 0, 4) != one


def test_failed_and_pruned_trials_count(tmp_path):
    def objective(trial):
        if trial.number == 0:
            raise TrainingFailed("no")
        if trial.number == 1:
            raise optuna.TrialPruned
        return parabola(trial)

    found = run_trials(plan(tmp_path, 5), objective, worker=0)
    assert found["n_by_state"] == {"fail": 1, "pruned": 1, "complete": 3}


def test_study_without_a_complete_trial_fails(tmp_path):
    def objective(_trial):
        raise TrainingFailed("diverged")

    with pytest.raises(TrainingFailed, match="none of the 2 trials"):
        run_trials(plan(tmp_path, 2), objective, worker=0)


def test_storage_of_something_else_is_refused(tmp_path):
    run_trials(plan(tmp_path, 1), parabola, worker=0)
    with pytest.raises(ConfigError, match=r"holds the study 'toy', not 'other'"):
        run_trials(plan(tmp_path, 1, name="other"), parabola, worker=0)
    with pytest.raises(ConfigError, match="trials of other samples, ranges or options"):
        run_trials(plan(tmp_path, 1, identity={"a": 2}), parabola, worker=0)
    garbage = tmp_path / "garbage.log"
    garbage.write_text("what is this\nnothing\n")
    with pytest.raises(InputFileError, match=r"garbage.log is no journal"):
        run_trials(plan(tmp_path, 1, storage=garbage), parabola, worker=0)
    with pytest.raises(InputFileError, match="cannot use"):
        run_trials(plan(tmp_path, 1, storage=tmp_path), parabola, worker=0)


def test_ranges_are_those_of_the_note():
    trial = optuna.trial.FixedTrial({"learning_rate": 1e-5, "hidden_dim": 256, "n_layers": 5})
    assert Ranges().suggest(trial)["n_layers"] == 5
    assert list(trial.distributions["hidden_dim"].choices) == [16, 32, 64, 128, 256]
    rate = trial.distributions["learning_rate"]
    assert (rate.low, rate.high, rate.log) == (1e-5, 1e-1, True)
    layers = trial.distributions["n_layers"]
    assert (layers.low, layers.high) == (1, 5)


def test_outcome_is_a_file_of_training_options(samples, tmp_path):
    signal, background = [samples[1.0].pair], [samples["background"].pair]
    given = {"storage": tmp_path / "s.log", "worker": 0, "seed": 1}
    best = tmp_path / "best.json"
    search_to_file(signal, background, best, OPTIONS, trials=2, **given)
    found = json.loads(best.read_text())
    assert found["n_trials"] == 2
    winner = min(found["trials"], key=lambda trial: trial["value"])["parameters"]
    assert read_options(best, {}) == OPTIONS.model_copy(update=winner)
    assert np.isfinite(found["value"])
    with pytest.raises(ConfigError, match="other samples"):
        search_to_file([samples[5.0].pair], background, best, OPTIONS, trials=2, **given)

"""The search: resuming, sharing, pruning, and storages of something else."""

import json

import numpy as np
import optuna
import pytest

from hh4b.core.errors import ConfigError, ContractError, InputFileError, TrainingFailed
from hh4b.selection.search_stage import search_to_file
from hh4b.selection.settings import DnnSearchSettings, DnnTrainSettings
from hh4b.training.search_ranges import DnnRanges, SpanetRanges, parse_ranges
from hh4b.training.trial_storage import require_own_storage, write_outcome
from hh4b.training.trials import StudyPlan, run_trials

SETTINGS = DnnSearchSettings(batch_size=256, max_epochs=1, validation_fraction=0.2, trials=2)


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
    with pytest.raises(ConfigError, match=r"holds the study 'toy .*', not one of 'other'"):
        run_trials(plan(tmp_path, 1, name="other"), parabola, worker=0)
    garbage = tmp_path / "garbage.log"
    garbage.write_text("what is this\nnothing\n")
    with pytest.raises(InputFileError, match=r"garbage.log is no journal"):
        run_trials(plan(tmp_path, 1, storage=garbage), parabola, worker=0)
    with pytest.raises(InputFileError, match="cannot use"):
        run_trials(plan(tmp_path, 1, storage=tmp_path), parabola, worker=0)


def test_other_samples_begin_a_new_study(tmp_path):
    first = run_trials(plan(tmp_path, 2), parabola, worker=0)
    other = run_trials(plan(tmp_path, 3, identity={"a": 2}), parabola, worker=0)
    assert other["n_trials"] == 3
    assert run_trials(plan(tmp_path, 2), parabola, worker=0) == first
    require_own_storage(tmp_path / "journal.log", "toy")


def test_first_trial_is_the_starting_point(tmp_path):
    found = run_trials(plan(tmp_path, 4, first={"x": 1.0}), parabola, worker=0)
    assert found["trials"][0]["parameters"] == {"x": 1.0}
    assert (found["value"], found["best"]) == (0, {"x": 1.0})
    again = run_trials(plan(tmp_path, 6, first={"x": 1.0}), parabola, worker=1)
    assert [t["parameters"]["x"] for t in again["trials"]].count(1.0) == 1


def test_values_outside_a_range_start_nothing():
    ranges = DnnRanges(hidden_dim=(16, 32))
    values = {"learning_rate": 1e-3, "hidden_dim": 32, "n_layers": 2, "patience": 3}
    assert ranges.inside(values) == {"learning_rate": 1e-3, "hidden_dim": 32, "n_layers": 2}
    assert ranges.inside(values | {"hidden_dim": 64}) == {}
    assert ranges.inside(values | {"n_layers": 6}) == {}


def test_outcome_of_a_study_is_that_of_its_last_worker(tmp_path):
    for number, trials in enumerate((3, 5, 4)):
        content = {"n_trials": trials, "options": {"x": number}, "value": 1.0}
        (tmp_path / f"{number}.json").write_text(json.dumps(content))
    workers = [tmp_path / f"{number}.json" for number in range(3)]
    write_outcome(workers, tmp_path / "o.json")
    assert json.loads((tmp_path / "o.json").read_text())["options"] == {"x": 1}
    workers[0].write_text("{}")
    with pytest.raises(ContractError, match=r"0\.json is no outcome"):
        write_outcome(workers, tmp_path / "o.json")


def test_spanet_ranges_are_those_of_the_note():
    low = {
        "learning_rate": 1e-5, "hidden_dim": 256, "dropout": 0.0, "gradient_clip": 0.0,
        "l2_penalty": 0.0, "num_encoder_layers": 2, "num_branch_encoder_layers": 2,
        "num_classification_layers": 1,
    }  # fmt: skip
    trial = optuna.trial.FixedTrial(low)
    assert SpanetRanges().suggest(trial) == low
    high = {name: d.high for name, d in trial.distributions.items() if name != "hidden_dim"}
    assert high == {
        "learning_rate": 1e-2, "dropout": 0.5, "gradient_clip": 0.5, "l2_penalty": 0.0005,
        "num_encoder_layers": 8, "num_branch_encoder_layers": 8, "num_classification_layers": 5,
    }  # fmt: skip
    with pytest.raises(ConfigError, match="--ranges dropout"):
        parse_ranges(SpanetRanges, '{"dropout": [0.3, 0.1, 2]}')


def test_ranges_are_those_of_the_note():
    trial = optuna.trial.FixedTrial({"learning_rate": 1e-5, "hidden_dim": 256, "n_layers": 5})
    assert DnnRanges().suggest(trial)["n_layers"] == 5
    assert list(trial.distributions["hidden_dim"].choices) == [16, 32, 64, 128, 256]
    rate = trial.distributions["learning_rate"]
    assert (rate.low, rate.high, rate.log) == (1e-5, 1e-1, True)
    layers = trial.distributions["n_layers"]
    assert (layers.low, layers.high) == (1, 5)


def test_outcome_is_what_a_training_takes(samples, tmp_path):
    signal, background = [samples[1.0].pair], [samples["background"].pair]
    storage, best = tmp_path / "s.log", tmp_path / "best.json"
    search_to_file(signal, background, best, SETTINGS, storage=storage)
    found = json.loads(best.read_text())
    assert found["n_trials"] == 2
    winner = min(found["trials"], key=lambda trial: trial["value"])["parameters"]
    assert found["options"] == SETTINGS.network() | winner
    training = DnnTrainSettings.of(SETTINGS)
    assert training.with_outcome(found, where="best.json").network() == found["options"]
    assert np.isfinite(found["value"])
    other = tmp_path / "other.json"
    search_to_file([samples[5.0].pair], background, other, SETTINGS, storage=storage)
    other = json.loads(other.read_text())
    assert other["n_trials"] == 2
    assert other["value"] != found["value"]

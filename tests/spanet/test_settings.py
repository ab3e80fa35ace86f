"""Settings of the commands: one default, whole as JSON, flags and --set over them."""

import json

import pytest
from spanet_toys import DATA
from typer.testing import CliRunner

from hh4b.commands.groups import spanet
from hh4b.commands.spanet import parse_changes
from hh4b.core.errors import ConfigError, ContractError
from hh4b.spanet import evaluation_stage, prediction_stage, search_stage, training_stage
from hh4b.spanet.settings import (
    SpanetEvaluateSettings,
    SpanetPredictSettings,
    SpanetSearchSettings,
    SpanetTrainSettings,
)
from hh4b.spanet.training_stage import SpanetTrainFiles, training_options
from hh4b.training.search_ranges import SpanetRanges

FILES = ("--options", "o.json", "--event", "e.yaml", "--train", "t.h5", "-o", "out")
COMMANDS = {
    "train": (training_stage, "train_to_folder", SpanetTrainSettings, FILES),
    "search": (search_stage, "search_to_file", SpanetSearchSettings, (*FILES, "--storage", "s")),
    "predict": (prediction_stage, "predict_to_files", SpanetPredictSettings, ("m", "t.h5")),
    "evaluate": (evaluation_stage, "evaluate_to_file", SpanetEvaluateSettings, ("m", "t.h5")),
}
#: A value other than the default for every setting.
OTHER = {
    "train": {
        "changes": {"dropout": 0.1, "masking": "none", "epochs": 7, "skip_connections": False},
        "epochs": 3, "batch_size": 32, "num_gpu": 0, "threads": 2, "seed": 5,
        "kappa_balance": True,
    },
    "search": {
        "changes": {"dropout": 0.1}, "trials": 4, "epochs": 2, "seed": 5, "num_gpu": 1,
        "threads": 2, "kappa_balance": True, "halving": True, "held_out": 0.4,
        "ranges": {**SpanetRanges().model_dump(mode="json"), "hidden_dim": [16],
                   "dropout": [0.1, 0.2]},
    },
    "predict": {"kappa_values": [-5.0, 1.0, 2.4], "pairing_kappa": -5.0, "output_vectors": True,
                "num_gpu": 1, "threads": 2, "folds": 3, "fold_seed": 7},
    "evaluate": {"num_gpu": 1, "threads": 2},
}  # fmt: skip


@pytest.fixture
def settings_of(monkeypatch):
    """Return a function that gives the settings with which a command calls its stage."""

    def run(name, *words):
        stage, function, kind, files = COMMANDS[name]
        seen = []

        def stand_in(*given, **named):
            seen.extend(x for x in (*given, *named.values()) if isinstance(x, kind))
            return {"n_events": 0, "classification": {}}

        monkeypatch.setattr(stage, function, stand_in)
        result = CliRunner().invoke(spanet, [name, *files, *map(str, words)])
        if result.exception is not None:
            raise result.exception
        return seen[0]

    return run


@pytest.mark.parametrize("name", COMMANDS)
def test_command_and_class_have_one_default(settings_of, name):
    assert settings_of(name) == COMMANDS[name][2]()


@pytest.mark.parametrize("name", COMMANDS)
def test_settings_travel_whole(settings_of, name):
    kind = COMMANDS[name][2]
    settings = kind.checked(OTHER[name])
    assert set(OTHER[name]) == set(kind.model_fields)
    assert all(getattr(settings, key) != getattr(kind(), key) for key in OTHER[name])
    assert settings_of(name, "--settings", settings.as_json()) == settings
    assert kind.from_json(settings.as_json()) == settings


@pytest.mark.parametrize("name", COMMANDS)
def test_every_setting_has_a_flag(settings_of, name):
    words = []
    for key, value in OTHER[name].items():
        flag = "--" + key.replace("_", "-")
        if value is True:
            words.append(flag)
        elif isinstance(value, list):
            words.append(f"{flag}={','.join(map(str, value))}")
        else:
            words.append(f"{flag}={json.dumps(value) if isinstance(value, dict) else value}")
    assert settings_of(name, *words) == COMMANDS[name][2].checked(OTHER[name])


def test_flags_and_set_go_over_the_settings(settings_of):
    found = settings_of(
        "train", "--settings", '{"changes": {"dropout": 0.1, "epochs": 2}, "seed": 1}',
        "--seed", 2, "--set", "dropout=0.2", "--set", "masking=none", "--set",
        "skip_connections=false",
    )  # fmt: skip
    assert found.seed == 2
    assert found.changes == {
        "dropout": 0.2, "epochs": 2, "masking": "none", "skip_connections": False,
    }  # fmt: skip
    assert settings_of("search", "--set", "hidden_dim=16").changes == {"hidden_dim": 16}


def test_changes_keep_their_type():
    values = parse_changes(["a=0", "b=0.0", "c=true", "d=GRU", "e=1e-4", "f=x=y", "g="])
    changes = SpanetTrainSettings(changes=values).changes
    assert changes == {"a": 0, "b": 0.0, "c": True, "d": "GRU", "e": 1e-4, "f": "x=y", "g": ""}
    assert [type(v) for v in changes.values()] == [int, float, bool, str, float, str, str]


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("train", ("--settings", "{"), "--settings is not JSON"),
        ("train", ("--settings", '{"batchsize": 1}'), "batchsize: unknown key"),
        ("train", ("--epochs", "0"), "epochs: value 0"),
        ("train", ("--seed", "-1"), "seed: value -1"),
        ("train", ("--set", "dropout"), "'dropout' is not of the form key=value"),
        ("train", ("--set", "dropout=null"), "changes.dropout"),
        ("train", ("--changes", "dropout=1"), "--changes is not JSON"),
        ("search", ("--trials", "0"), "trials: value 0"),
        ("search", ("--ranges", '{"dropout": [0.3, 0.1]}'), "dropout: 0.3 is above 0.1"),
        ("search", ("--ranges", '{"heads": [1, 2]}'), "ranges.heads: unknown key"),
        ("predict", ("--kappa-values=1,x",), "--kappa-values: 'x' is no number"),
        ("predict", ("--kappa-values=1,1",), "--kappa-values: '1' is given twice"),
        ("predict", ("--kappa-values=1,nan",), "--kappa-values: 'nan' is not finite"),
        ("predict", ("--kappa-values=1,101",), "kappa_values.1: value 101"),
        ("predict", ("--pairing-kappa=101",), "pairing_kappa: value 101"),
        ("evaluate", ("--threads=-1",), "threads: value -1"),
    ],
)
def test_wrong_settings_are_said_in_one_line(settings_of, name, words, message):
    with pytest.raises(ConfigError) as error:
        settings_of(name, *words)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def options_after(tmp_path, settings, search=None):
    (tmp_path / "o.json").write_text(
        '{"dropout": 0.1, "hidden_dim": 64, "epochs": 9, "num_gpu": 2, "batch_size": 8}'
    )
    outcome = None
    if search is not None:
        outcome = tmp_path / "search.json"
        outcome.write_text(json.dumps(search))
    files = SpanetTrainFiles(tmp_path / "o.json", DATA, tmp_path, search=outcome)
    return training_options(files, settings)


def test_changes_a_search_and_settings_go_over_each_other(tmp_path):
    settings = SpanetTrainSettings(
        changes={"dropout": 0.2, "hidden_dim": 32, "epochs": 8}, epochs=3, num_gpu=0
    )
    found = options_after(tmp_path, settings, {"options": {"dropout": 0.3, "epochs": 7}})
    assert (found.dropout, found.hidden_dim, found.epochs) == (0.3, 32, 3)
    assert (found.num_gpu, found.batch_size) == (0, 8)


def test_settings_that_are_not_given_leave_the_options(tmp_path):
    found = options_after(tmp_path, SpanetTrainSettings())
    assert (found.epochs, found.num_gpu, found.batch_size) == (9, 2, 8)


def test_kappa_balance_becomes_an_option(tmp_path):
    assert options_after(tmp_path, SpanetTrainSettings(kappa_balance=True)).kappa_balance
    assert not options_after(tmp_path, SpanetTrainSettings()).kappa_balance
    given = SpanetTrainSettings(changes={"kappa_balance": True})
    assert options_after(tmp_path, given).kappa_balance


def test_what_is_no_outcome_of_a_search_is_refused(tmp_path):
    with pytest.raises(ContractError, match=r"search.json is no outcome of a search"):
        options_after(tmp_path, SpanetTrainSettings(), {"best": {}})


def test_unknown_option_is_said(tmp_path):
    with pytest.raises(ConfigError, match="unknown option 'heads'"):
        options_after(tmp_path, SpanetTrainSettings(changes={"heads": 2}))

"""The public functions give what the commands give, and say in one sentence what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hh4b
from hh4b.core.contracts import read_table
from hh4b.core.errors import ConfigError, ContractError, Hh4bError

ROOT = Path(__file__).parents[2]
KAPPAS = [1.0, 5.0]
SCAN = [-5.0, -1.0, 1.0, 2.0, 5.0, 9.0]
sys.path.insert(0, str(ROOT / "docs/examples"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    from toy_events import write_background, write_signal

    folder = tmp_path_factory.mktemp("toys")
    for seed, kappa in enumerate(KAPPAS):
        write_signal(folder / f"hh_{kappa:g}.h5", kappa, 600, seed)
    write_background(folder / "four_b.h5", KAPPAS, 900, 10)
    return folder


@pytest.fixture(scope="module")
def signal(files):
    return [hh4b.read_dataset(files / f"hh_{kappa:g}.h5") for kappa in KAPPAS]


@pytest.fixture(scope="module")
def background(files):
    return hh4b.read_dataset(files / "four_b.h5")


@pytest.fixture(scope="module")
def tables(signal, background):
    return [hh4b.compute_features(one, hh4b.pair(one)) for one in (*signal, background)]


SETTINGS = {"max_epochs": 3, "hidden_dim": 16, "seed": 3, "validation_fraction": 0.2}


@pytest.fixture(scope="module")
def trained(tables):
    return hh4b.train(signal=tables[:2], background=tables[2], **SETTINGS)


@pytest.fixture(scope="module")
def scored(trained, tables):
    return [hh4b.predict(trained, table, SCAN) for table in tables]


@pytest.fixture(scope="module")
def made(files, tables):
    """What the commands make of the same files: the folder."""
    from hh4b.pairing.pairing_stage import pair_file
    from hh4b.pairing.settings import PairSettings
    from hh4b.selection.dnn_stage import predict_to_file, train_to_directory
    from hh4b.selection.feature_stage import write_features
    from hh4b.selection.scoring import parse_job
    from hh4b.selection.settings import DnnTrainSettings, FeatureSettings, ScoreSettings

    names = ["hh_1", "hh_5", "four_b"]
    for name in names:
        pair_file(files / f"{name}.h5", files / f"{name}_pairing.h5", PairSettings())
        write_features(
            files / f"{name}.h5", files / f"{name}_pairing.h5", files / f"{name}_features.h5",
            FeatureSettings(event_observables=False),
        )  # fmt: skip
    pairs = [f"{files / name}.h5:{files / name}_features.h5" for name in names]
    train_to_directory(pairs[:2], pairs[2:], files / "model", DnnTrainSettings(**SETTINGS))
    for name, pair in zip(names, pairs, strict=True):
        job = parse_job(f"{pair}:{files / name}_scores.h5")
        predict_to_file([files / "model"], job, ScoreSettings(kappa_values=SCAN))
    return files


def test_pairs_and_features_are_those_of_the_commands(made, signal, tables):
    from hh4b.core.contracts import FEATURES, PAIRING

    found = read_table(made / "hh_1_pairing.h5", PAIRING)["jets"]
    np.testing.assert_array_equal(hh4b.pair(signal[0]), found)
    found = read_table(made / "hh_1_features.h5", FEATURES)["features"]
    np.testing.assert_array_equal(tables[0].values, found)
    assert tables[0]["hh_mass"].shape == (600,)


def test_pairing_efficiency_is_that_of_the_command(made, signal):
    from hh4b.pairing.evaluation_stage import load

    wanted = load(made / "hh_1.h5", made / "hh_1_pairing.h5").metrics()
    assert hh4b.pairing_efficiency(signal[0], hh4b.pair(signal[0])) == wanted


def test_training_and_scores_are_those_of_the_commands(made, trained, scored):
    from hh4b.core.contracts import SCORES

    network = hh4b.load_classifier(made / "model")
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(trained.network.state_dict()[name], value)
    for name, one in zip(("hh_1", "hh_5", "four_b"), scored, strict=True):
        wanted = read_table(made / f"{name}_scores.h5", SCORES)
        np.testing.assert_array_equal(one.scores.values, wanted["score"])


def test_threshold_is_that_of_the_command(made, scored):
    from hh4b.selection.settings import WorkingPointSettings
    from hh4b.selection.working_point import find_working_point

    pairs = [f"{made / n}.h5:{made / n}_scores.h5" for n in ("hh_1", "hh_5", "four_b")]
    settings = WorkingPointSettings(min_background_events=5)
    wanted = find_working_point(pairs[:2], pairs[2:], settings)["threshold"]
    found = hh4b.find_threshold(signal=scored[:2], background=scored[2], min_background_events=5)
    assert found == wanted


def test_templates_and_limits_are_those_of_the_commands(made, scored):
    from hh4b.statistics.limits_stage import make_limits
    from hh4b.statistics.settings import LimitSettings, TemplateSettings, WorkspaceSettings
    from hh4b.statistics.template_format import read_templates
    from hh4b.statistics.template_stage import make_templates
    from hh4b.statistics.workspace_stage import make_workspaces

    settings = {"kappa_values": SCAN, "bins": 4, "threshold": 0.3}
    words = [f"{p}={made / n}.h5:{made / n}_features.h5:{made / n}_scores.h5"
             for p, n in (("hh", "hh_1"), ("hh", "hh_5"), ("four_b", "four_b"))]  # fmt: skip
    make_templates(words, made / "templates.json", TemplateSettings(**settings))
    wanted = read_templates(made / "templates.json")
    found = hh4b.make_templates(signal=scored[:2], background={"four_b": scored[2]}, **settings)
    np.testing.assert_array_equal(found.signal.values, wanted.signal.values)
    for kind in ("values", "variance"):
        np.testing.assert_array_equal(
            getattr(found.backgrounds["four_b"], kind), getattr(wanted.backgrounds["four_b"], kind)
        )
    of_workspace = WorkspaceSettings(sqrt_s_tev=[13.0], luminosities_ifb=[3000.0])
    make_workspaces([made / "templates.json"], str(made / "workspace.json"), of_workspace)
    text = make_limits(made / "workspace.json", None, LimitSettings(replicas=20, seed=4))
    limit = hh4b.find_limit(found, luminosity_ifb=3000, replicas=20, seed=4)
    wanted = json.loads(text)
    assert limit.profile == tuple(wanted["profile"]["interval"])
    assert limit.cls == tuple(wanted["cls"]["interval"])
    assert limit.content["profile"]["interval_error"] == wanted["profile"]["interval_error"]
    assert None not in limit.profile


def test_spanet_pairs_and_scores(files, signal, tables, tmp_path):
    import torch

    from hh4b.core.contracts import PAIRING, SCORES
    from hh4b.spanet import checkpoints
    from hh4b.spanet.event import EventDescription
    from hh4b.spanet.network import Network
    from hh4b.spanet.options import Options
    from hh4b.spanet.prediction_stage import PredictionFiles, predict_to_files
    from hh4b.spanet.settings import SpanetPredictSettings

    torch.manual_seed(1)
    options = Options.from_mapping(
        {"hidden_dim": 16, "num_encoder_layers": 1, "num_branch_encoder_layers": 1}
    )
    event = EventDescription.read(ROOT / "tests/data/spanet/published/event.yaml")
    network = Network(options, event, {"EVENT/signal": 2}).eval()
    checkpoint = checkpoints.Checkpoint(network, trained_kappas=(1.0, 5.0))
    checkpoints.save(tmp_path / "model.pt", checkpoint, checkpoints.Provenance("test", {}))
    places = PredictionFiles(None, tmp_path / "pairing.h5", tmp_path / "scores.h5")
    settings = SpanetPredictSettings(kappa_values=[1.0, 5.0])
    predict_to_files([tmp_path], files / "hh_5.h5", places, settings)
    module = hh4b.spanet.load(tmp_path)
    wanted = read_table(tmp_path / "pairing.h5", PAIRING)["jets"]
    np.testing.assert_array_equal(hh4b.pair(signal[1], module), wanted)
    assert (hh4b.pair(signal[1], module, kappa_input=1.0) != wanted).any()
    found = hh4b.predict(module, tables[1], [1.0, 5.0]).scores.values
    np.testing.assert_array_equal(found, read_table(tmp_path / "scores.h5", SCORES)["score"])


def test_jets_of_arrays_are_paired(signal):
    jets = signal[0].jets
    arrays = {name: value for name, value in jets._asdict().items() if name != "valid"}
    made = hh4b.make_jets(**arrays)
    np.testing.assert_array_equal(hh4b.pair(made), hh4b.pair(signal[0]))
    np.testing.assert_array_equal(
        hh4b.pair(made, lambda kept: np.tile([[0, 1], [2, 3]], (len(kept.pt), 1, 1)))[0],
        [[0, 1], [2, 3]],
    )
    padded = {name: np.pad(value, ((0, 0), (0, 2)), constant_values=np.nan)
              for name, value in arrays.items()}  # fmt: skip
    valid = np.pad(jets.valid, ((0, 0), (0, 2)))
    np.testing.assert_array_equal(hh4b.pair(hh4b.make_jets(**padded, valid=valid)), hh4b.pair(made))


def wrong_calls():
    """Return calls that cannot be meant, and what is said of each."""
    return {
        "swapped dataset and pairing": (
            lambda d, t, s: hh4b.compute_features(hh4b.pair(d[0]), d[0]),
            r"compute_features: dataset is an array of shape \(600, 2, 2\), expected a Dataset",
        ),
        "pairing of another dataset": (
            lambda d, t, s: hh4b.compute_features(d[0], hh4b.pair(d[2])),
            r"pairing has shape \(900, 2, 2\), expected \(600, 2, 2\)",
        ),
        "pairing without its axis": (
            lambda d, t, s: hh4b.pairing_efficiency(d[0], np.zeros((600, 4), int)),
            r"pairing has shape \(600, 4\), expected \(600, 2, 2\)",
        ),
        "pairing of real numbers": (
            lambda d, t, s: hh4b.pairing_efficiency(d[0], np.zeros((600, 2, 2))),
            "pairing is of type float64, expected whole numbers",
        ),
        "signal as background": (
            lambda d, t, s: hh4b.train(signal=t[2], background=t[:2]),
            "four_b.h5 was given as signal but is labelled as background; are signal and",
        ),
        "datasets in place of tables": (
            lambda d, t, s: hh4b.train(signal=d[0], background=t[2]),
            "signal is a Dataset, expected one FeatureTable or a list",
        ),
        "a setting of files": (
            lambda d, t, s: hh4b.train(signal=t[0], background=t[2], share=0.5),
            "share is for files",
        ),
        "an unknown setting": (
            lambda d, t, s: hh4b.train(signal=t[0], background=t[2], epochs=3),
            "epochs",
        ),
        "swapped model and table": (
            lambda d, t, s: hh4b.predict(t[0], s[0], [1.0]),
            "table is a ScoredTable, expected a FeatureTable",
        ),
        "no network": (
            lambda d, t, s: hh4b.predict(d[0], t[0], [1.0]),
            "model is a Dataset, expected what hh4b.train",
        ),
        "kappa as one number": (
            lambda d, t, s: hh4b.predict(None, t[0], 1.0),
            r"kappa_values has shape \(\), expected \(K,\)",
        ),
        "background without process": (
            lambda d, t, s: hh4b.make_templates(signal=s[:2], background=s[2], threshold=0.5),
            "background is a ScoredTable, expected scored samples by process",
        ),
        "an unknown process": (
            lambda d, t, s: hh4b.make_templates(
                signal=s[:2], background={"ttbar": s[2]}, threshold=0.5, kappa_values=SCAN
            ),
            "'ttbar' is no background among processes",
        ),
        "a hypothesis without score": (
            lambda d, t, s: hh4b.make_templates(
                signal=s[:2], background={"four_b": s[2]}, threshold=0.5
            ),
            "scores hold no column at kappa_lambda = -10",
        ),
        "tables in place of templates": (
            lambda d, t, s: hh4b.find_limit(s[0]),
            "templates is a ScoredTable, expected a TemplateSet",
        ),
        "eta and pt swapped": (
            lambda d, t, s: hh4b.make_jets(
                pt=d[0].jets.eta, eta=d[0].jets.pt, phi=d[0].jets.phi, mass=d[0].jets.mass,
                btag=d[0].jets.btag,
            ),
            "'INPUTS/Source/pt' is -",
        ),
        "phi and pt swapped, all above zero": (
            lambda d, t, s: hh4b.make_jets(
                pt=[[4, 3, 2, 1]], phi=[[90, 80, 70, 60]], eta=[[0] * 4], mass=[[1] * 4],
                btag=[[1] * 4],
            ),
            "phi of jet 0 in event 0 is 90, expected an angle in rad.*swapped",
        ),
        "jets of different lengths": (
            lambda d, t, s: hh4b.make_jets(
                pt=[[4, 3], [2]], phi=[[1, 1], [1]], eta=[[0] * 2], mass=[[1] * 2], btag=[[1] * 2]
            ),
            r"pt has shape \(2,\), expected \(event, jet\)",
        ),
        "an unknown method": (lambda d, t, s: hh4b.pair(d[0], "nearest"), "nearest"),
        "swapped jets and method": (
            lambda d, t, s: hh4b.pair("min_dr", "min_dr"),
            "events is the str 'min_dr', expected a KeptJets",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", wrong_calls())
def test_a_wrong_call_is_one_sentence(name, signal, background, tables, scored):
    call, said = wrong_calls()[name]
    with pytest.raises((ConfigError, ContractError), match=said) as raised:
        call([*signal, background], tables, scored)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, Hh4bError)


def test_import_is_fast_and_loads_nothing_heavy():
    code = (
        "import sys; import hh4b; assert 'train' in dir(hh4b);"
        "heavy = {'numpy', 'torch', 'pyhf', 'h5py', 'awkward', 'pydantic', 'typer'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_all_public_names_exist_and_are_documented():
    for name in hh4b.__all__:
        assert getattr(hh4b, name).__doc__, name
    functions = {n for n in hh4b.__all__ if n.islower() and n not in {"__version__", "spanet"}}
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    assert {name for name in functions if f"`hh4b.{name}" not in text} == set()
    with pytest.raises(AttributeError, match="no attribute 'pear'"):
        hh4b.pear  # noqa: B018


def test_the_declared_types_are_the_names():
    """What type checkers see is what there is."""
    text = (ROOT / "src/hh4b/__init__.py").read_text(encoding="utf-8")
    for name, home in hh4b._HOMES.items():
        assert f"    from hh4b.{home} import {name} as {name}\n" in text


def test_the_first_block_of_the_docs_runs(files, tmp_path, monkeypatch):
    """As it stands, where a study would have its datasets."""
    (tmp_path / "results/datasets").mkdir(parents=True)
    for name, place in (("hh_1", "hh_kl1"), ("hh_5", "hh_kl5"), ("four_b", "four_b")):
        (tmp_path / f"results/datasets/{place}.h5").symlink_to(files / f"{name}.h5")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    block = text.split("```python\n")[1].split("```")[0]
    assert len([line for line in block.splitlines() if line.strip()]) <= 24
    found = {}
    exec(compile(block, "docs/api.md", "exec"), found)
    assert found["limit"].content["status"] == "ok"


@pytest.mark.slow
def test_the_example_runs():
    script = ROOT / "docs/examples/interval.py"
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("<Dataset hh_-1.h5: 3000 events of signal> event efficiency 0.")
    assert lines[-1].startswith("score above 0.")
    assert "None" not in lines[-1]

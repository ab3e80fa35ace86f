"""The commands: from samples to a working point, and what they say to bad input."""

import csv
import json
import subprocess
import sys

import h5py
import pytest
from typer.testing import CliRunner

from hh4b.cli import groups
from hh4b.core.errors import ConfigError, ContractError, Hh4bError, InputFileError


def run(*arguments):
    """Call `hh4b`; errors of the project come out as they are."""
    result = CliRunner().invoke(groups.app, [str(argument) for argument in arguments])
    if isinstance(result.exception, Hh4bError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


SMALL = ["--hidden-dim", 16, "--batch-size", 128, "--max-epochs", 2, "--threads", 1]


def test_commands_go_from_datasets_to_working_point(samples, tmp_path):
    signal = ["--signal", samples[1.0].pair, "--signal", samples[5.0].pair]
    background = ["--background", samples["background"].pair]
    run("dnn", "train", *signal, *background, "-o", tmp_path / "dnn", *SMALL, "--seed", 2)
    with (tmp_path / "dnn/metrics.csv").open() as file:
        curves = list(csv.DictReader(file))
    assert len(curves) == 2
    training = json.loads((tmp_path / "dnn/training.json").read_text())
    assert training["options"]["hidden_dim"] == 16
    assert training["provenance"]["seed"] == 2

    pairs = {}
    for key in (1.0, 5.0, "background"):
        sample, output = samples[key], tmp_path / f"{key}.h5"
        values = ("--kappa-values", "-5,1,5")
        score = ("--score", f"{sample.dataset}:{sample.features}:{output}")
        run("dnn", "predict", tmp_path / "dnn", *score, *values)
        pairs[key] = f"{sample.dataset}:{output}"
    given = ["--signal", pairs[1.0], "--signal", pairs[5.0], "--background", pairs["background"]]
    run("dnn", "evaluate", *given, "-o", tmp_path / "metrics.json")
    found = json.loads((tmp_path / "metrics.json").read_text())
    assert found["auc"] > 0.7
    assert 0 < found["auc_error"] < 0.05
    assert len(found["roc"]["signal_efficiency"]) <= 500

    run("working-point", *given, "-o", tmp_path / "wp.json", "--min-background-events", 10)
    point = json.loads((tmp_path / "wp.json").read_text())
    assert len(point["scan"]["threshold"]) == 101
    assert 0 < point["threshold"] < 1


def scores_of(samples, scored):
    return ["--signal", scored[1.0], "--background", scored["background"]]


def test_cuts_and_baselines_speak_the_language_of_classifiers(samples, tmp_path):
    pairs = {}
    for key in (1.0, "background"):
        sample, output = samples[key], tmp_path / f"{key}.h5"
        files = (sample.dataset, sample.pairing, "-o", output, "--cutflow", tmp_path / "flow.json")
        run("select", "cuts", *files, "--kappa-values=-5,1,5")
        pairs[key] = f"{sample.dataset}:{output}"
    given = ["--signal", pairs[1.0], "--background", pairs["background"]]
    run("evaluate-classifier", *given, "-o", tmp_path / "cuts.json")
    found = json.loads((tmp_path / "cuts.json").read_text())
    assert found["recall"] > 0.1
    assert found["specificity"] > 0.9
    # One threshold: recall and specificity are the whole curve.
    assert found["auc"] == pytest.approx(found["accuracy"])
    flow = json.loads((tmp_path / "flow.json").read_text())
    assert flow["provenance"]["settings"]["x_hh_max"] == 1.6

    features = [
        "--signal", samples[1.0].pair, "--background", samples["background"].pair
    ]  # fmt: skip
    jobs = []
    for key in (1.0, "background"):
        jobs += ["--score", f"{samples[key].pair}:{tmp_path / f'lda{key}.h5'}"]
        pairs[key] = f"{samples[key].dataset}:{tmp_path / f'lda{key}.h5'}"
    run(
        "baseline", "train", "--method", "linear_discriminant",
        *features, *jobs, "--kappa-values", "-5,1,5",
    )  # fmt: skip
    given = ["--signal", pairs[1.0], "--background", pairs["background"]]
    run("working-point", *given, "-o", tmp_path / "wp.json", "--threshold", 0.5,
        "--signal-fb", 11.8, "--luminosity-ifb", 139)  # fmt: skip
    point = json.loads((tmp_path / "wp.json").read_text())
    assert point["threshold"] == 0.5
    assert point["normalisation"]["signal_fb"] == 11.8


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_search_and_sensitivity_write_files(samples, trained, tmp_path):
    given = ["--signal", samples[1.0].pair, "--background", samples["background"].pair]
    run(
        "dnn", "search", *given, "--storage", tmp_path / "s.log", "--trials", 1,
        "--max-epochs", 1, "-o", tmp_path / "best.json",
    )  # fmt: skip
    run("dnn", "train", *given, "--search", tmp_path / "best.json", "--max-epochs", 2,
        "-o", tmp_path / "dnn")  # fmt: skip
    best = json.loads((tmp_path / "best.json").read_text())["options"]
    used = json.loads((tmp_path / "dnn/training.json").read_text())["options"]
    assert used == best | {"max_epochs": 2}
    with pytest.raises(ContractError, match=r"training.json is no outcome of `hh4b dnn search`"):
        run("dnn", "train", *given, "--search", samples_file(tmp_path), "-o", tmp_path / "dnn")
    run("dnn", "sensitivity", tmp_path / "dnn", *given, "-o", tmp_path / "ranking.json")
    assert len(json.loads((tmp_path / "ranking.json").read_text())["columns"]) == 21


def samples_file(tmp_path):
    path = tmp_path / "training.json"
    path.write_text('{"options": {"hidden_dim": 3}}')
    return path


def test_kappa_values_are_numbers_given_once(samples, tmp_path):
    sample = samples[1.0]
    for text, words in (("1,x", "'x' is no number"), ("1,1", "given twice"), ("nan", "not finite")):
        with pytest.raises(ConfigError, match=words):
            run("select", "cuts", sample.dataset, sample.pairing, "-o", tmp_path / "s.h5",
                f"--kappa-values={text}")  # fmt: skip
    with pytest.raises(ConfigError, match="kappa_values: .* given twice"):
        run("select", "cuts", sample.dataset, sample.pairing, "-o", tmp_path / "s.h5",
            "--settings", '{"kappa_values": [1, 1]}')  # fmt: skip
    with pytest.raises(ConfigError, match="kappa_values: is missing"):
        run("select", "cuts", sample.dataset, sample.pairing, "-o", tmp_path / "s.h5")


def test_bad_input_ends_in_one_line_and_leaves_no_file(samples, scored, trained, tmp_path):
    sample, output = samples[1.0], tmp_path / "out"
    with pytest.raises(InputFileError, match=r"none.h5: no such file"):
        run("features", tmp_path / "none.h5", sample.pairing, "-o", output)
    with pytest.raises(InputFileError, match=r"none/model.pt|none: no such file"):
        values = ("--kappa-values", "1")
        score = ("--score", f"{sample.pair}:{output}")
        run("dnn", "predict", tmp_path / "none", *score, *values)
    with pytest.raises(ConfigError, match=r"learning_rate: value 7.0"):
        run("dnn", "train", "--signal", sample.pair, "--background", samples["background"].pair,
            "-o", output, "--learning-rate", 7)  # fmt: skip
    with pytest.raises(ConfigError, match="x_hh_max"):
        run("select", "cuts", sample.dataset, sample.pairing, "-o", output, "--kappa-values", "1",
            "--x-hh-max", -1)  # fmt: skip
    with pytest.raises(ContractError, match="no threshold leaves enough"):
        run("working-point", *scores_of(samples, scored), "-o", output,
            "--min-background-events", 10000)  # fmt: skip
    cut = tmp_path / "cut.h5"
    cut.write_bytes(sample.features.read_bytes()[:5000])
    with pytest.raises(InputFileError, match=r"cut.h5: truncated"):
        score = ("--score", f"{sample.dataset}:{cut}:{output}")
        run("dnn", "predict", trained, *score, "--kappa-values", "1")
    with pytest.raises(ConfigError, match="is not of the form DATASET.h5:FEATURES.h5:SCORES.h5"):
        run("dnn", "predict", trained, "--score", sample.pair, "--kappa-values", "1")
    assert not output.exists()


def test_scores_that_are_no_number_are_refused(samples, scored, tmp_path):
    dataset, scores = scored[1.0].split(":")
    broken = tmp_path / "broken.h5"
    with h5py.File(scores) as source, h5py.File(broken, "w") as target:
        for name in source:
            source.copy(name, target)
        target["score"][3, 0] = float("nan")
    with pytest.raises(ContractError, match=r"broken.h5: column 'score' is nan in event 3"):
        run("evaluate-classifier", "--signal", f"{dataset}:{broken}",
            "--background", scored["background"], "-o", tmp_path / "m.json")  # fmt: skip


def test_commands_load_no_heavy_library():
    code = (
        "import sys, hh4b.commands.selection;"
        "print([m for m in ('numpy', 'torch', 'h5py', 'sklearn', 'optuna') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

"""From samples to scores, metrics and a working point by the command line."""

import csv
import json

from typer.testing import CliRunner

from hh4b.cli import groups
from hh4b.errors import Hh4bError


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
        run(
            "dnn",
            "predict",
            tmp_path / "dnn",
            sample.dataset,
            sample.features,
            "-o",
            output,
            *values,
        )
        pairs[key] = f"{sample.dataset}:{output}"
    given = ["--signal", pairs[1.0], "--signal", pairs[5.0], "--background", pairs["background"]]
    run("dnn", "evaluate", *given, "-o", tmp_path / "metrics.json")
    found = json.loads((tmp_path / "metrics.json").read_text())
    assert found["auc"] > 0.7
    assert 0 < found["auc_error"] < 0.05
    assert len(found["roc"]["signal_efficiency"]) <= 500

    run("working-point", *given, "-o", tmp_path / "wp.json")
    point = json.loads((tmp_path / "wp.json").read_text())
    assert len(point["scan"]["threshold"]) == 101
    assert 0 < point["threshold"] < 1

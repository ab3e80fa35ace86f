"""The model as a file, and the command that fits it."""

import json

import numpy as np
import pytest
from small_models import small_model

from hh4b import cli
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json
from hh4b.likelihood.fit_stage import fit_content, make_fit
from hh4b.likelihood.fits import CompiledModel
from hh4b.likelihood.model_file import (
    model_content,
    model_from_content,
    read_model,
    write_model,
)
from hh4b.likelihood.settings import LikelihoodFitSettings

SHORT = {"scan_step": 1.0, "impact_step": 1.0, "contour_points": 5}


def test_model_goes_through_its_file(tmp_path):
    model = small_model()
    path = tmp_path / "model.json"
    write_model(path, model, Provenance("test", {}))
    again = read_model(path)
    assert model_content(again) == model_content(model)
    kappa = np.array([-3.0, 2.0])
    alpha = np.full((2, 6), 0.7)
    assert np.array_equal(
        CompiledModel.of(again).expected(kappa, 1.0, alpha),
        CompiledModel.of(model).expected(kappa, 1.0, alpha),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("norms"), "'norms' is missing"),
        (lambda c: c.update(kind="other"), "is no likelihood model"),
        (lambda c: c["parameters"][0].update(constraint="flat"), "constraint 'flat' is not known"),
        (lambda c: c["shapes"][0]["up"].pop(), "need the same bins"),
        (lambda c: c["channels"][0].update(bin_edges_gev=[1.0] * 6), "do not rise"),
        (lambda c: c["backgrounds"].update(four_b=["x"]), "no whole likelihood model"),
        (lambda c: c.update(data=[1.0]), "data must be 10 counts"),
    ],
)
def test_broken_files_are_refused(change, message):
    content = model_content(small_model())
    change(content)
    with pytest.raises(ContractError, match=message):
        model_from_content(content, where="model.json")


def test_command_writes_the_result(tmp_path, monkeypatch):
    path, output = tmp_path / "model.json", tmp_path / "fit.json"
    write_model(path, small_model(), Provenance("test", {}))
    settings = json.dumps(SHORT)
    arguments = ["hh4b", "likelihood", "fit", str(path), "--settings", settings, "-o", str(output)]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    content = read_json(output)
    assert content["status"] == "ok"
    assert set(content["intervals"]) == {"0.68", "0.95"}
    assert set(content["pulls"]) == set(content["impacts"]["0.95"])
    matrix = np.array(content["correlation"]["matrix"])
    assert content["correlation"]["names"] == list(content["pulls"])
    assert np.array_equal(matrix, matrix.T)
    assert np.diag(matrix).tolist() == [1.0] * len(matrix)
    assert np.linalg.eigvalsh(matrix)[0] > 0
    # The shared normalisation and a nuisance of the same background pull against each other.
    assert np.abs(matrix - np.eye(len(matrix))).max() > 0.05
    assert len(content["mu_limits"]["expected"]) == len(content["curve"]["kappa_lambda"]) == 26
    profiled, frozen = (
        np.array(content["curve"][name]) for name in ("minus_2_delta_log_l", "statistics_only")
    )
    # Parameters that are kept at their best values make the curve steeper.
    assert frozen[0] > profiled[0]
    assert frozen[-1] > profiled[-1]
    assert content["significance"]["expected"] > 0
    assert content["significance"]["observed"] is None
    assert content["fisher"]["kappa_lambda_bound"] > 0
    assert np.array(content["contour"]["minus_2_delta_log_l"]).shape == (5, 5)
    assert content["breakdown"]["0.95"]["total"]["interval"] == pytest.approx(
        content["intervals"]["0.95"]["interval"]
    )


def test_threads_are_no_part_of_the_result(tmp_path):
    path = tmp_path / "model.json"
    write_model(path, small_model(), Provenance("test", {}))
    few = {**SHORT, "impacts": False, "mu_limits": False, "contour_mu_max": 0}
    texts = [
        make_fit(path, None, LikelihoodFitSettings.checked({**few, "threads": threads}))
        for threads in (1, 2)
    ]
    assert texts[0] == texts[1]


def test_other_data():
    compiled = CompiledModel.of(small_model())
    few = {**SHORT, "impacts": False, "mu_limits": False, "contour_mu_max": 0}
    user = {**few, "asimov": "user", "asimov_kappa": 4.0, "scan_step": 0.5}
    content = fit_content(compiled, LikelihoodFitSettings.checked(user))
    assert content["best"] == pytest.approx(4.0, abs=0.05)
    assert content["mu_limits"] is None
    with pytest.raises(ContractError, match="no observed data"):
        fit_content(compiled, LikelihoodFitSettings.checked({**few, "asimov": "observed"}))


def test_settings():
    points = LikelihoodFitSettings().points()
    assert len(points) == 251
    assert points[0] == -10.0
    assert points[-1] == 15.0
    with pytest.raises(ConfigError, match="fewer than four points"):
        LikelihoodFitSettings.checked({"scan_min": 0, "scan_max": 0.2})

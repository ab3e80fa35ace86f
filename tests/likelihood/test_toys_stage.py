import json
from dataclasses import replace

import numpy as np
import pytest
from toy_models import small_model

from hh4b import cli
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.likelihood.injection import inject
from hh4b.likelihood.model_file import model_content, write_model
from hh4b.likelihood.redrawn import KIND
from hh4b.likelihood.settings import LikelihoodToySettings
from hh4b.likelihood.toys import PseudoExperiments
from hh4b.likelihood.toys_stage import make_toys, toys_content

SMALL = {
    "belt_kappas": [-4, -2, 0, 1, 2, 3, 4, 6, 8],
    "belt_toys": 60,
    "coverage_kappas": [1, 5],
    "coverage_toys": 60,
    "injection_kappas": [5],
    "injection_toys": 40,
    "interval_step": 0.5,
}


def test_command_writes_belt_coverage_and_injections(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in ("model.json", "replica.json", "toys.json")]
    model = small_model()
    write_model(paths[0], model, Provenance("test", {}))
    background = model.backgrounds["four_b"] * np.array([1, 1.1, 0.9, 1.1, 1])
    off = replace(model, backgrounds={"four_b": background})
    noise = np.eye(len(model.parameters))
    replicas = {"kind": KIND, "models": [model_content(off)], "fold_models": []}
    replicas["noise"] = noise.tolist()
    write_json(paths[1], replicas, Provenance("t", {}))
    arguments = ["hh4b", "likelihood", "toys", str(paths[0]), "--settings", json.dumps(SMALL)]
    arguments += ["--redrawn", str(paths[1]), "-o", str(paths[2])]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    content = read_json(paths[2])
    assert [one["level"] for one in content["belt"]] == [0.6827, 0.95]
    assert len(content["belt"][0]["smooth"]) == 9
    assert [(one["kappa_lambda"], one["level"]) for one in content["coverage"]] == [
        (1, 0.6827), (1, 0.95), (5, 0.6827), (5, 0.95)
    ]  # fmt: skip
    for one in content["coverage"]:
        assert abs(one["feldman_cousins"]["pull"]) < 5
    # Templates that are 10 % off cost coverage.
    plain, off = content["coverage"][1], content["coverage_redrawn"][1]
    assert off["asymptotic"]["share"] < plain["asymptotic"]["share"] - 0.2
    assert content["interval"]["0.95"]["feldman_cousins"]["segments"]
    assert content["injections"][0]["kappa_lambda"] == 5
    assert content["provenance"]["seed"] == 1


def test_result_depends_on_the_seed_only():
    model = small_model()
    one = toys_content(model, LikelihoodToySettings(**SMALL))
    assert toys_content(model, LikelihoodToySettings(**SMALL, threads=2)) == one
    other = toys_content(model, LikelihoodToySettings(**SMALL, seed=2))
    assert other["coverage"] != one["coverage"]
    about = toys_content(model, LikelihoodToySettings(**SMALL, belt_parameters="profiled"))
    assert about["belt"] != one["belt"]


def test_injections_are_unbiased_or_name_the_second_minimum():
    lab = PseudoExperiments.of(small_model(), (-15.0, 20.0), seed=2)
    far = inject(lab, 10.0, 300)
    assert far.asimov_best == pytest.approx(10, abs=5e-3)
    assert far.unbiased
    assert far.second_share == 0.0
    assert far.cause == "none"
    assert far.beyond_least_share == 0.0
    assert far.sigma == pytest.approx(np.std(lab.run(10.0, 300, "x").best_kappa), rel=0.25)
    one_shape = PseudoExperiments.of(small_model(same_shape=True), (-15.0, 20.0), seed=2)
    both = inject(one_shape, 5.0, 300)
    # sigma(kappa) is the same at the mirror image of 5.
    assert both.second_kappa == pytest.approx(50.4 / 11.1 - 5, abs=0.01)
    assert both.second_t == pytest.approx(0, abs=1e-3)
    assert both.second_share == pytest.approx(0.5, abs=0.15)
    assert "second minimum at kappa_lambda = -0.46" in both.statement
    assert abs(both.near_bias_sigma) < 0.25


def test_the_second_minimum_of_experiments_is_named():
    # Shapes tell so little that a fluctuation makes or takes the second minimum.
    told, untold = (small_model(luminosity=5.0, same_shape=one) for one in (False, True))
    model = replace(told, signal=0.6 * told.signal + 0.4 * untold.signal)
    lab = PseudoExperiments.of(model, (-15.0, 20.0), seed=2)
    found = inject(lab, 1.0, 300)
    assert found.second_kappa is None
    assert not found.unbiased
    assert 0.1 < found.toys_two_share < 0.9
    results = lab.run(1.0, 300, "injection")
    two = np.isfinite(results.second_kappa)
    assert found.toys_two_share == np.mean(two)
    both = np.stack([results.best_kappa[two], results.second_kappa[two]])
    farther = both[np.abs(both - 1).argmax(axis=0), np.arange(both.shape[1])]
    assert found.toys_second_kappa == pytest.approx(np.median(farther))
    # The vertex of the summed parabola, and who lies beyond or near it.
    assert found.least_kappa == pytest.approx(50.4 / 22.2)
    assert found.beyond_least_share == np.mean(results.best_kappa > found.least_kappa)
    near = np.abs(results.best_kappa - found.least_kappa) < 0.1 * found.sigma
    assert found.least_share == np.mean(near)
    assert found.least_share_gaussian == pytest.approx(0.077, abs=0.001)
    assert found.signal_bias_sigma > 0
    assert abs(found.near_bias_sigma) < abs(found.bias_sigma)
    assert found.cause == "second minimum"
    assert "Asimov data have one minimum" in found.statement
    assert f"beyond the least signal at kappa_lambda = {found.least_kappa:.2f}" in found.statement
    assert found.as_dict()["cause"] == "second minimum"
    unexplained = replace(found, near_bias_sigma=0.9)
    assert unexplained.cause == "unexplained"
    assert replace(found, sigma=None, bias_sigma=None, near_bias_sigma=None).cause == "unexplained"


def test_bad_input_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="rising order"):
        LikelihoodToySettings.checked({"belt_kappas": [1, 0, 2, 3]})
    with pytest.raises(ConfigError, match="outside of belt_kappas"):
        LikelihoodToySettings.checked({**SMALL, "coverage_kappas": [9]})
    with pytest.raises(ConfigError, match="must hold every"):
        LikelihoodToySettings.checked({**SMALL, "injection_kappas": [30]})
    with pytest.raises(ContractError, match="no observed data"):
        toys_content(small_model(), LikelihoodToySettings(**SMALL, toy_asimov="observed"))
    path = tmp_path / "model.json"
    path.write_text("{}")
    with pytest.raises(ContractError):
        make_toys(path, None, LikelihoodToySettings(**SMALL))

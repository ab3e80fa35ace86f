"""One background and one observation for all hypotheses: what a stock user of pyhf finds."""

import json

import numpy as np
import pyhf
import pytest

from hh4b.core.errors import ConfigError
from hh4b.core.kappa import kappa_name
from hh4b.statistics.settings import Statistics, TemplateSettings, WorkspaceSettings
from hh4b.statistics.workspace_stage import make_workspaces

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")
NORM = {"background_normalisation": {"effect": "norm", "processes": ["four_b"], "size": 0.05}}
FIXED = {"kappa_input": "fixed", "background_kappa": "fixed"}


@pytest.mark.parametrize("luminosity", [139, 3000])
@pytest.mark.parametrize(
    ("systematics", "optimizer", "step"),
    # The optimizer that `pyhf cls` takes without options stops early in a model with nuisances.
    [(None, "scipy", 1), ({}, "minuit", 5), (NORM, "minuit", 5)],
)
def test_observed_is_expected_on_asimov_data(
    template_path, tmp_path, luminosity, systematics, optimizer, step
):
    path = tmp_path / "workspace.json"
    settings = WorkspaceSettings.checked(
        {
            "model": "note" if systematics is None else "complete",
            "systematics": systematics or {},
            "sqrt_s_tev": [13],
            "luminosities_ifb": [luminosity],
        }
    )
    make_workspaces([template_path], str(path), settings)
    workspace = pyhf.Workspace(json.loads(path.read_text()))
    pyhf.set_backend("numpy", optimizer)
    names = [measurement["name"] for measurement in workspace["measurements"]]
    assert len(names) == 26
    for name in names[::step]:
        model = workspace.model(measurement_name=name)
        data = workspace.data(model)
        observed, expected = pyhf.infer.hypotest(1.0, data, model, return_expected=True)
        assert np.isfinite(observed)
        assert float(observed) == pytest.approx(float(expected), abs=1e-5), name
    pyhf.set_backend("numpy", "scipy")


def test_a_fixed_input_needs_a_value_that_was_trained():
    trained = {"background_kappa_values": [-5.0, 1.0, 5.0]}
    settings = TemplateSettings.checked({**FIXED, **trained, "fixed_kappa_input": 5.0})
    assert settings.fixed_kappa_input == 5
    with pytest.raises(ConfigError, match=r"3 was never trained, only \[-5.0, 1.0, 5.0\]"):
        TemplateSettings.checked({**FIXED, **trained, "fixed_kappa_input": 3.0})
    with pytest.raises(ConfigError, match="fixed_kappa_input is missing"):
        Statistics.checked(FIXED)
    with pytest.raises(ConfigError, match="neither kappa_input nor background_kappa is fixed"):
        Statistics.checked({"fixed_kappa_input": 3.0})


def by_hypothesis(content):
    """Let the background depend on kappa_lambda, in size and in shape."""
    (common,) = content["backgrounds"]["four_b"]
    tilt = np.linspace(1.0, 0.6, len(common["sum_weights"]))
    content["backgrounds"]["four_b"] = [
        {
            **common,
            "kappa_lambda": one["kappa_lambda"],
            "sum_weights": (
                np.array(common["sum_weights"]) * (2 + tilt * one["kappa_lambda"] / 10)
            ).tolist(),
        }
        for one in content["signal"]
    ]
    return content


@pytest.mark.parametrize("model", ["note", "complete"])
def test_each_hypothesis_has_a_file_with_its_own_observation(template_content, tmp_path, model):
    templates = tmp_path / "templates.json"
    templates.write_text(json.dumps(by_hypothesis(template_content)))
    values = {"model": model, "sqrt_s_tev": [13], "luminosities_ifb": [139]}
    settings = WorkspaceSettings.checked(values)
    make_workspaces([templates], str(tmp_path / "all.json"), settings)
    make_workspaces([templates], str(tmp_path / "at_{kappa_lambda}.json"), settings)
    assert len(list(tmp_path.glob("at_*.json"))) == 26
    pyhf.set_backend("numpy", "scipy" if model == "note" else "minuit")
    together = pyhf.Workspace(json.loads((tmp_path / "all.json").read_text()))
    for kappa in (-10.0, 1.0, 5.0):
        path = tmp_path / f"at_{kappa_name(kappa)}.json"
        workspace = pyhf.Workspace(json.loads(path.read_text()))
        (measurement,) = workspace["measurements"]
        model_here = workspace.model(measurement_name=measurement["name"])
        observed, expected = pyhf.infer.hypotest(
            1.0, workspace.data(model_here), model_here, return_expected=True
        )
        assert float(observed) == pytest.approx(float(expected), abs=1e-5), kappa
        # The expectation is that of the workspace of all; the observation there is another's.
        model_there = together.model(measurement_name=measurement["name"])
        counts = model_here.expected_data(model_here.config.suggested_init())
        others = model_there.expected_data(model_there.config.suggested_init())
        assert counts[:10] == pytest.approx(others[:10])
        same = workspace.data(model_here)[:10] == pytest.approx(together.data(model_there)[:10])
        assert same == (kappa == 1)
    pyhf.set_backend("numpy", "scipy")


def test_a_file_of_all_hypotheses_says_what_it_is_not(template_content, tmp_path, caplog):
    templates = tmp_path / "templates.json"
    templates.write_text(json.dumps(by_hypothesis(template_content)))
    settings = WorkspaceSettings.checked({"sqrt_s_tev": [13], "luminosities_ifb": [139]})
    with caplog.at_level("INFO"):
        make_workspaces([templates], str(tmp_path / "all.json"), settings)
    assert "`pyhf cls` is right for that measurement only" in caplog.text

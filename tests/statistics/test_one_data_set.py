"""One background and one observation for all hypotheses: what a stock user of pyhf finds."""

import json

import numpy as np
import pyhf
import pytest

from hh4b.core.errors import ConfigError
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

"""cabinetry reads the HistFactory files: prediction and fit."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cabinetry
import numpy as np
import pytest
from exchange_example import example_model, expected

from hh4b.likelihood.expectation import CompiledModel
from hh4b.likelihood.histfactory import histfactory_workspace
from hh4b.likelihood.mu_limits import find_mu_limits
from hh4b.statistics.workspace_format import quiet_pyhf


def test_cabinetry_predicts_and_fits():
    ours = example_model()
    workspace = histfactory_workspace(ours, [1.0], asimov="sm")
    with quiet_pyhf():
        model, data = cabinetry.model_utils.model_and_data(workspace)
        fit = cabinetry.fit.fit(model, data)
    prediction = cabinetry.model_utils.prediction(model)
    nominal = {one.name: one.nominal for one in ours.parameters}
    wanted = expected(ours, 1.0, 0.0, nominal)
    for name, rows in zip(model.config.channels, prediction.model_yields, strict=True):
        np.testing.assert_allclose(np.sum(rows, axis=0), wanted[ours.bins_of(name)], rtol=1e-12)
    best = dict(zip(fit.labels, zip(fit.bestfit, fit.uncertainty, strict=True), strict=True))
    # Asimov data of the Standard Model are fitted by it, to what cabinetry asks of the minimum.
    for name, value in {**nominal, "mu_kappa_lambda_1": 1.0}.items():
        assert abs(best[name][0] - value) < 0.05 * best[name][1], name


@pytest.mark.slow
def test_the_example_gives_our_limits(tmp_path):
    model = example_model()
    written = histfactory_workspace(model, [0.0, 1.0, 4.0], asimov="background")
    (tmp_path / "hf.json").write_text(json.dumps(written))
    script = Path(__file__).parents[2] / "docs/examples/cabinetry_limit.py"
    # What has cabinetry, and nothing of ours, is enough.
    alone = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    text = subprocess.run(
        [sys.executable, str(script), "hf.json", "kappa_lambda=4"], cwd=tmp_path, env=alone,
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = [float(word) for word in re.search(r"\[(.*)\]", text)[1].split()]
    ours = find_mu_limits(CompiledModel.of(model), [4.0]).expected[0]
    np.testing.assert_allclose(found, ours, atol=0.006, rtol=2e-4)  # printed with two digits

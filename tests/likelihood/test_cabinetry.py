"""cabinetry reads the HistFactory files: prediction and fit."""

import cabinetry
import numpy as np
from exchange_example import example_model, expected

from hh4b.likelihood.histfactory import histfactory_workspace
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

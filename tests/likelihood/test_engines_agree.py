"""The fast fits and stock pyhf find the same profiled likelihood in the files."""

import numpy as np
import pyhf
import pytest
from exchange_example import example_model, expected, random_points

from hh4b.likelihood.exchange_statement import observed
from hh4b.likelihood.fits import CompiledModel, fit_fixed
from hh4b.likelihood.histfactory import histfactory_workspace
from hh4b.statistics.workspace_format import quiet_pyhf


@pytest.fixture
def minuit():
    before = pyhf.get_backend()
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-5))
    yield
    pyhf.set_backend(*before)


def test_fast_expectation_is_the_one_written_out():
    model = example_model()
    compiled = CompiledModel.of(model)
    for kappa, mu, values in random_points(model, 20):
        alpha = np.array([[values[name] for name in compiled.parameter_names]])
        found = compiled.expected(np.array([kappa]), np.array([mu]), alpha)[0]
        np.testing.assert_allclose(found, expected(model, kappa, mu, values), rtol=1e-11)


def test_fast_fits_profile_as_pyhf(minuit):
    model = example_model()
    kappas = [-4.0, -1.0, 1.0, 3.0, 6.0]
    compiled = CompiledModel.of(model)
    data = observed(model, "sm")
    own = fit_fixed(compiled, np.array(kappas), np.ones(len(kappas)), data).minus_2_log_l
    theirs = []
    for kappa in kappas:
        # A workspace of one hypothesis fits much faster than one of all.
        with quiet_pyhf():
            workspace = pyhf.Workspace(histfactory_workspace(model, [kappa], asimov="sm"))
            point = workspace.model()
            counts = workspace.data(point)
            _, value = pyhf.infer.mle.fixed_poi_fit(1.0, counts, point, return_fitted_val=True)
        theirs.append(float(value))
    np.testing.assert_allclose(own - own[2], np.array(theirs) - theirs[2], atol=1e-5)

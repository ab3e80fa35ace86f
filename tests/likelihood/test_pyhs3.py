"""pyhs3 reads the files, and finds the likelihood that is meant."""

import logging

import numpy as np
import pytest
from exchange_example import example_model, minus_2_log_l, random_points
from pytensor.compile.maker import function
from pytensor.graph.traversal import explicit_graph_inputs

from hh4b.likelihood.hs3 import hs3_workspace


@pytest.fixture
def pyhs3():
    """Return the module; when first imported it silences all loggers that there are."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    silent = [one.disabled for one in loggers]
    import pyhs3

    for one, before in zip(loggers, silent, strict=True):
        one.disabled = before
    return pyhs3


@pytest.mark.parametrize("basis", [[0.0, 1.0, 10.0]])
def test_pyhs3_evaluates_the_same_likelihood(basis, pyhs3):
    ours = example_model()
    data = sum(ours.backgrounds.values()) + ours.signal.sum(axis=0)
    workspace = pyhs3.Workspace(**hs3_workspace(ours, basis, asimov="sm"))
    # Python, not C: a test compiles nothing.
    theirs = workspace.model("kappa_lambda", progress=False, mode="FAST_COMPILE")
    inputs = [one for one in explicit_graph_inputs([theirs.log_prob]) if one.name is not None]
    compiled = function(inputs, theirs.log_prob, mode="FAST_COMPILE", on_unused_input="ignore")
    differences = []
    for kappa, mu, values in random_points(ours, 20):
        point = {**values, "kappa_lambda": kappa, "mu": mu}
        found = float(np.asarray(compiled(*[point[one.name] for one in inputs])).sum())
        differences.append(-2 * found - minus_2_log_l(ours, kappa, mu, values, data))
    assert np.ptp(differences) < 1e-8

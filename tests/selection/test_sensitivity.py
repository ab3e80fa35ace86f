"""Derivatives: the worked Jacobian by both modes, and gradients of the network."""

import json
import math

import numpy as np
import pytest
import torch

from hh4b.core.errors import ContractError
from hh4b.selection.dnn import DenseNetwork, NetworkConfig
from hh4b.selection.samples import LabelledFeatures
from hh4b.selection.sensitivity import (
    importance,
    importance_from_files,
    input_gradients,
    jacobian,
    kappa_slope,
)
from hh4b.selection.settings import SensitivitySettings

# torch builds its forward-mode rules with its own deprecated compiler, at the first use.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


@pytest.fixture
def network():
    made = DenseNetwork(
        NetworkConfig(columns=("a", "b"), hidden_dim=9, n_layers=2),
        torch.Generator().manual_seed(3),
    )
    made.standardise.mean.copy_(torch.tensor([1.0, -2.0, 0.5]))
    made.standardise.scale.copy_(torch.tensor([2.0, 0.5, 4.0]))
    return made.eval()


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobian_of_the_worked_example(mode):
    def function(x):
        return torch.stack(
            [
                x[0] * x[2] + torch.log(x[1] + x[0]) * torch.exp(-x[2]),
                torch.exp(-x[1]) + torch.cos(x[0] * x[2]),
            ]
        )

    point = torch.tensor([3.0, 5.0, 1.0], dtype=torch.float64)
    expected = [
        [1.0459849301, 0.0459849301, 2.2350162077],
        [-0.1411200081, -0.0067379470, -0.4233600242],
    ]
    found = jacobian(function, point, mode=mode)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)


def test_gradients_agree_with_finite_differences(network):
    network.double()
    inputs = torch.randn(11, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = input_gradients(network, inputs, rows_at_once=4).detach()
    for column, scale in enumerate([2.0, 0.5, 4.0]):
        step = torch.zeros(3, dtype=torch.float64)
        step[column] = 1e-6
        slope = (network(inputs + step) - network(inputs - step)).detach() / 2e-6
        torch.testing.assert_close(found[:, column], slope * scale, rtol=1e-5, atol=1e-7)


def test_forward_and_reverse_mode_agree_on_kappa(network):
    features = torch.randn(7, 2, generator=torch.Generator().manual_seed(2))
    inputs = torch.cat([features, torch.full((7, 1), 2.4)], dim=1)
    by_reverse = input_gradients(network, inputs)[:, 2] / 4.0
    torch.testing.assert_close(kappa_slope(network, features, 2.4), by_reverse)


def test_importance_ranks_what_the_network_uses(network):
    with torch.no_grad():
        network.hidden[0].weight[:, 1] = 0
    features = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    weight = np.ones(50)
    events = LabelledFeatures(
        features, np.ones(50, np.float32), np.arange(50) < 25, weight, ("a", "b")
    )
    found = importance(network, events)
    assert found["columns"] == ["a", "b", "kappa_lambda"]
    assert found["importance"][1] == 0
    assert found["importance"][0] > 0
    assert found["importance"][0] >= abs(found["mean_gradient"][0])
    assert found["importance_error"][0] < found["importance"][0]
    assert math.isfinite(found["kappa_slope_at_1"])
    rows = np.repeat(np.arange(50), 2)
    twice = LabelledFeatures(
        features[rows], events.kappa[rows], events.label[rows], weight[rows] / 2, ("a", "b"), rows
    )
    copies = importance(network, twice)
    for name in ("importance", "importance_error", "mean_gradient"):
        assert copies[name] == pytest.approx(found[name], rel=1e-6)
    other = LabelledFeatures(features, events.kappa, events.label, weight, ("a", "c"))
    with pytest.raises(ContractError, match="the network wants"):
        importance(network, other)


def test_importance_of_a_trained_network(trained, samples):
    found = importance_from_files(
        trained, [samples[1.0].pair], [samples["background"].pair], SensitivitySettings()
    )
    json.dumps(found)
    ranking = dict(zip(found["columns"], found["importance"], strict=True))
    # Signal has two candidates near 118 GeV and tags tell nothing here: all are 1.
    assert ranking["h1_mass"] > ranking["met_phi"]
    assert min(ranking.values()) >= 0

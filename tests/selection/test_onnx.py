"""The dense network as ONNX."""

import json

import numpy as np
import pytest
import torch

from hh4b.core.files import Provenance
from hh4b.selection.checkpoint import save_network
from hh4b.selection.dnn import DenseNetwork, NetworkConfig
from hh4b.selection.dnn_stage import score_at_kappas
from hh4b.selection.onnx_stage import SignalProbability, export_to_file

COLUMNS = ("h1_pt", "h1_phi", "mine")


@pytest.fixture
def network():
    config = NetworkConfig(columns=COLUMNS, hidden_dim=8, n_layers=2)
    made = DenseNetwork(config, torch.Generator().manual_seed(1))
    made.standardise.mean.uniform_(0, 2)
    made.standardise.scale.uniform_(0.5, 3)
    return made.eval()


def events():
    rng = np.random.default_rng(1)
    features = rng.normal(1, 2, (37, 3)).astype(np.float32)
    features[5] = np.nan
    return features, rng.choice([-5, 1, 5], 37).astype(np.float32)


def wanted(network, features, kappa):
    at = score_at_kappas(network, features, np.unique(kappa).astype(float))
    return at[np.arange(len(kappa)), np.searchsorted(np.unique(kappa), kappa)]


def test_the_module_gives_the_score(network):
    features, kappa = events()
    with torch.no_grad():
        found = SignalProbability(network)(torch.from_numpy(features), torch.from_numpy(kappa))
    np.testing.assert_allclose(found, wanted(network, features, kappa), rtol=0, atol=1e-6)
    assert found[5] == 0


@pytest.mark.slow
def test_onnx_gives_the_score(network, tmp_path):
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    save_network(tmp_path / "model.pt", network, {}, Provenance("test", {}))
    export_to_file(tmp_path, tmp_path / "model.onnx")
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    features, kappa = events()
    for rows in (slice(None), slice(4, 5)):
        given = {"features": features[rows], "kappa_lambda": kappa[rows]}
        (score,) = session.run(["score"], given)
        np.testing.assert_allclose(score, wanted(network, features, kappa)[rows], rtol=0, atol=1e-5)
    told = {one.key: one.value for one in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert json.loads(told["features"]) == [
        {"name": "h1_pt", "unit": "GeV"},
        {"name": "h1_phi", "unit": "rad"},
        {"name": "mine", "unit": "not recorded"},
    ]

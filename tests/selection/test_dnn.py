"""The network: formulas, the linear trick, standardisation, files."""

import math
import pickle
from functools import partial

import numpy as np
import pytest
import torch

from hh4b.core.contracts import FEATURES, SCORES, read_table, write_table
from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.core.files import Provenance
from hh4b.selection.checkpoint import load_network, save_network
from hh4b.selection.dnn import DenseNetwork, NetworkConfig, Standardisation, probability
from hh4b.selection.dnn_stage import predict_to_file, score_at_kappas
from hh4b.selection.scoring import parse_job, write_scores
from hh4b.selection.settings import (
    DnnSearchSettings,
    DnnSettings,
    DnnTrainSettings,
    ScoreSettings,
)

COLUMNS = ("a", "b", "c")


@pytest.fixture
def network():
    made = DenseNetwork(
        NetworkConfig(columns=COLUMNS, hidden_dim=7, n_layers=3), torch.Generator().manual_seed(1)
    )
    made.standardise.mean.copy_(torch.tensor([1.0, -2.0, 30.0, 0.5]))
    made.standardise.scale.copy_(torch.tensor([2.0, 0.5, 11.0, 4.0]))
    return made.eval()


def test_logistic_function_of_nine():
    weights = torch.tensor([4.0, -2, 5, -3, 11, 9])
    logit = weights @ torch.tensor([6.0, 8, 2, 7, -3, 5])
    assert logit.item() == 9
    assert float(f"{probability(logit).item():.5g}") == 0.99988


def test_forward_is_the_layered_formula(network):
    inputs = torch.tensor([[3.0, -1.0, 8.0, 5.0], [0.0, -2.5, 50.0, -5.0]])
    values = (inputs.double().numpy() - [1, -2, 30, 0.5]) / [2, 0.5, 11, 4]
    for layer in network.hidden:
        weight, bias = (p.detach().double().numpy() for p in (layer.weight, layer.bias))
        values = np.maximum(0, values @ weight.T + bias)
    weight, bias = (p.detach().double().numpy() for p in network.output.parameters())
    expected = (values @ weight.T + bias)[:, 0]
    np.testing.assert_allclose(network(inputs).detach().numpy(), expected, rtol=1e-5)


def test_scores_at_all_kappas_equal_one_pass_each(network):
    rng = np.random.default_rng(2)
    features = rng.normal(0, 20, (29, 3)).astype(np.float32)
    kappas = np.array([-10.0, 0.0, 1.0, 2.4, 15.0])
    found = score_at_kappas(network, features, kappas, rows_at_once=17)
    for number, kappa in enumerate(kappas):
        column = np.full((29, 1), kappa, dtype=np.float32)
        inputs = torch.from_numpy(np.column_stack([features, column]))
        expected = probability(network(inputs)).detach().numpy()
        np.testing.assert_allclose(found[:, number], expected, rtol=2e-5)
    assert np.ptp(found, axis=1).max() > 0.01
    np.testing.assert_allclose(score_at_kappas(network, features, kappas), found, rtol=1e-5)


def test_one_hidden_layer_has_the_same_trick():
    network = DenseNetwork(NetworkConfig(columns=COLUMNS, hidden_dim=5, n_layers=1)).eval()
    features = torch.randn(4, 3)
    kappa = torch.tensor([2.5])
    inputs = torch.cat([features, kappa.expand(4, 1)], dim=1)
    torch.testing.assert_close(network.at_kappas(features, kappa)[:, 0], network(inputs))


def test_events_without_pairing_score_zero(network):
    features = np.ones((3, 3), dtype=np.float32)
    features[1] = np.nan
    scores = score_at_kappas(network, features, np.array([1.0, 5.0]))
    assert (scores[1] == 0).all()
    assert (scores[[0, 2]] > 0).all()


def test_standardisation_is_weighted_and_spares_constants():
    inputs = torch.tensor([[1.0, 7.0], [3.0, 7.0], [100.0, 7.0]])
    layer = Standardisation(2)
    layer.fit(inputs, torch.tensor([1.0, 1.0, 0.0]))
    torch.testing.assert_close(layer.mean, torch.tensor([2.0, 7.0]))
    torch.testing.assert_close(layer.scale, torch.tensor([1.0, 1.0]))
    expected = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [98.0, 0.0]])
    torch.testing.assert_close(layer(inputs), expected)


def test_initial_weights_follow_the_generator_only():
    config = NetworkConfig(columns=COLUMNS, hidden_dim=16, n_layers=2)
    one, two, other = (
        DenseNetwork(config, torch.Generator().manual_seed(seed)).state_dict() for seed in (4, 4, 5)
    )
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["output.weight"], other["output.weight"])
    assert one["hidden.1.weight"].abs().max() <= 1 / math.sqrt(16)


def test_file_holds_the_network_and_is_the_same_each_time(network, tmp_path):
    made = Provenance("dnn train", {}, seed=1)
    for name in ("one.pt", "two.pt"):
        save_network(tmp_path / name, network, {"auc": 0.5}, made)
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()
    loaded = load_network(tmp_path / "one.pt")
    assert loaded.config == network.config
    inputs = torch.randn(5, 4)
    torch.testing.assert_close(loaded(inputs), network(inputs), rtol=0, atol=0)


def test_what_is_no_network_is_refused(network, tmp_path):
    with pytest.raises(InputFileError, match="no such file"):
        load_network(tmp_path / "none.pt")
    path = tmp_path / "model.pt"
    save_network(path, network, {}, Provenance("dnn train", {}))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputFileError, match=r"model.pt is damaged or"):
        load_network(tmp_path)
    path.write_bytes(pickle.dumps({"format": print}))
    with pytest.raises(InputFileError, match="damaged"):
        load_network(tmp_path)
    torch.save({"state_dict": {}}, path)
    with pytest.raises(InputFileError, match="no network of"):
        load_network(tmp_path)


def job(sample, features, output):
    return parse_job(f"{sample.dataset}:{features}:{output}")


def test_prediction_checks_columns_and_events(trained, samples, tmp_path):
    sample = samples[1.0]
    narrow = tmp_path / "narrow.h5"
    features = read_table(sample.features, FEATURES)["features"][:, :3]
    write_table(
        narrow, FEATURES, {"features": features}, Provenance("test", {}), columns=["a", "b", "c"]
    )
    at_one, output = ScoreSettings(kappa_values=[1.0]), tmp_path / "s.h5"
    with pytest.raises(ContractError, match=r"narrow.h5 has the columns .* the training"):
        predict_to_file([trained], job(sample, narrow, output), at_one)
    write_table(narrow, FEATURES, {"features": features}, Provenance("test", {}))
    with pytest.raises(ContractError, match="attribute 'columns' is missing"):
        predict_to_file([trained], job(sample, narrow, output), at_one)
    other = sample._replace(dataset=sample.pairing)
    with pytest.raises(ContractError, match="'INPUTS/Source/pt' is missing"):
        predict_to_file([trained], job(other, sample.features, output), at_one)
    assert not output.exists()


def test_prediction_does_not_depend_on_chunks(trained, samples, tmp_path, monkeypatch):
    sample, settings = samples[5.0], ScoreSettings(kappa_values=[-10.0, 2.4, 15.0])
    for name, rows in (("one.h5", 10000), ("many.h5", 101)):
        chunked = partial(write_scores, chunk_rows=rows)
        monkeypatch.setattr("hh4b.selection.dnn_stage.write_scores", chunked)
        predict_to_file([trained], job(sample, sample.features, tmp_path / name), settings)
    one, many = (read_table(tmp_path / name, SCORES) for name in ("one.h5", "many.h5"))
    assert one["score"].shape == (600, 3)
    np.testing.assert_allclose(many["score"], one["score"], rtol=1e-5, atol=1e-7)
    assert one["kappa_lambda"].tolist() == settings.kappa_values


def test_defaults_are_those_of_the_configuration():
    assert DnnTrainSettings().network() == {
        "hidden_dim": 256, "n_layers": 2, "learning_rate": 0.005, "batch_size": 512,
        "patience": 10, "max_epochs": 100, "validation_fraction": 0.05,
    }  # fmt: skip
    assert DnnSearchSettings().network() == DnnTrainSettings().network()


def test_outcome_of_a_search_changes_what_it_varied_and_nothing_else():
    settings = DnnTrainSettings(patience=4, seed=9)
    best = {"hidden_dim": 64, "n_layers": 3, "learning_rate": 0.002, "patience": 1, "max_epochs": 2}
    found = settings.with_outcome({"options": best, "value": 0.4}, where="best.json")
    changed = {name: best[name] for name in ("hidden_dim", "n_layers", "learning_rate")}
    assert found == settings.model_copy(update=changed)
    with pytest.raises(ContractError, match=r"best.json is no outcome"):
        settings.with_outcome({"value": 1}, where="best.json")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"hiden_dim": 64}, "hiden_dim: unknown key"),
        ({"learning_rate": -1}, "learning_rate: value -1.*greater than 0"),
        ({"validation_fraction": 1}, "validation_fraction: value 1"),
    ],
)
def test_impossible_settings_are_named(values, words):
    with pytest.raises(ConfigError, match=words):
        DnnSettings.checked(values)

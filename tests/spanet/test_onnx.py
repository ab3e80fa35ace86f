"""The network on padded tensors, in torch and in onnxruntime, against the one that predicts."""

import json
import sys

import h5py
import numpy as np
import pytest
import torch
from spanet_toys import event_of, write_events

from hh4b.core.errors import ConfigError
from hh4b.spanet import checkpoints, load
from hh4b.spanet.data import read_events
from hh4b.spanet.network import Network
from hh4b.spanet.onnx_stage import export_to_file, output_names
from hh4b.spanet.options import Options
from hh4b.spanet.padded import PaddedNetwork
from hh4b.spanet.prediction import predict
from hh4b.training.onnx_file import weights_digest

SMALL = {
    "hidden_dim": 16, "initial_embedding_dim": 8, "position_embedding_dim": 4,
    "num_encoder_layers": 1, "num_branch_embedding_layers": 1, "num_branch_encoder_layers": 1,
    "num_attention_heads": 2,
}  # fmt: skip
KINDS = {
    "pairs": {"pair_features": 2},
    "standard": {"transformer_type": "standard", "linear_block_type": "basic"},
    "normfirst": {"transformer_type": "normfirst", "linear_block_type": "gated"},
    "products": {"num_jet_encoder_layers": 1, "num_jet_embedding_layers": 1},
    "full": {"split_symmetric_attention": False},
}


def small(**changes):
    torch.manual_seed(3)
    options = Options.from_mapping({**SMALL, **changes})
    network = Network(options, event_of("published"), {"EVENT/signal": 2})
    for embedding in network.embeddings:
        embedding.mean.uniform_(0, 2)
        embedding.std.uniform_(0.5, 2)
    return network.eval()


def tensors_of(path, event, rows=slice(None), vectors=None):
    """Return raw features and masks of a file, with NaN in the padding."""
    found = []
    with h5py.File(path) as file:
        for item in event.inputs:
            group = file[f"INPUTS/{item.name}"]
            values = np.stack([group[f.name][rows] for f in item.features], axis=-1)
            values = values.astype(np.float32)
            if item.sequential:
                mask = group["MASK"][rows]
                values[~mask] = np.nan
                found += [values[:, :vectors], mask[:, :vectors]]
            else:
                found.append(values)
    return found


def require_same(outputs, reference, network, atol):
    names = output_names(network)
    assert len(outputs) == len(names)
    found = dict(zip(names, map(np.asarray, outputs), strict=True))
    for number, particle in enumerate(network.event.particles):
        np.testing.assert_array_equal(found[f"{particle.name}_jets"], reference.jets[number])
    for name in ("assignment_probability", "detection_probability"):
        np.testing.assert_allclose(found[name].T, getattr(reference, name), rtol=0, atol=atol)
    for name, wanted in reference.classes.items():
        one = found[name.replace("/", "_") + "_probability"]
        np.testing.assert_allclose(one, wanted, rtol=0, atol=atol)
    for name, wanted in reference.regressions.items():
        np.testing.assert_allclose(found[name.replace("/", "_")], wanted, rtol=1e-5, atol=atol)


def flat(output):
    listed = []
    for part in output:
        listed += part if isinstance(part, list) else [part]
    return [tensor.detach().numpy() for tensor in listed]


@pytest.mark.parametrize("kind", KINDS)
def test_padded_tensors_give_what_packed_vectors_give(kind, tmp_path):
    network = small(**KINDS[kind])
    write_events(tmp_path / "events.h5", 60, seed=5, jets=(0, 1, 2, 3, 4, 6, 10))
    events = read_events(tmp_path / "events.h5", network.event, targets=False)
    given = map(torch.from_numpy, tensors_of(tmp_path / "events.h5", network.event))
    with torch.no_grad():
        found = flat(PaddedNetwork(network).eval()(*given))
    require_same(found, predict(network, events), network, 1e-5)


def test_reference_networks_as_padded_ones(reference_network, tmp_path):
    """All networks of the reference, with other symmetries and three products, padded."""
    network = reference_network.network.eval()
    rng = np.random.default_rng(2)
    events, given, path = 20, [], tmp_path / "events.h5"
    with h5py.File(path, "w") as file:
        for item in network.event.inputs:
            shape = (events, 8) if item.sequential else (events,)
            mask = np.arange(8) < rng.integers(3, 9, events)[:, None]
            if item.sequential:
                file[f"INPUTS/{item.name}/MASK"] = mask
            columns = []
            for feature in item.features:
                values = rng.uniform(0.1, 2, shape).astype(np.float32)
                file[f"INPUTS/{item.name}/{feature.name}"] = values
                columns.append(values)
            given.append(torch.from_numpy(np.stack(columns, axis=-1)))
            if item.sequential:
                given.append(torch.from_numpy(mask))
    read = read_events(path, network.event, targets=False)
    with torch.no_grad():
        found = flat(PaddedNetwork(network).eval()(*given))
    require_same(found, predict(network, read), network, 1e-5)


def test_regressions_on_padded_tensors(regressed):
    file, network = regressed.folder / "events.h5", regressed.network.eval()
    events = read_events(file, network.event, targets=False)
    given = map(torch.from_numpy, tensors_of(file, network.event))
    with torch.no_grad():
        found = flat(PaddedNetwork(network).eval()(*given))
    reference = predict(network, events)
    assert len(reference.regressions) == 4
    require_same(found, reference, network, 1e-5)


def test_a_wrong_number_of_tensors_is_told(tmp_path):
    with pytest.raises(ValueError, match="1 tensors, expected 3: Source, Source_valid, Kappa"):
        PaddedNetwork(small())(torch.zeros(2, 4, 5))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A small checkpoint with pair features, and its ONNX file."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    folder = tmp_path_factory.mktemp("onnx")
    network = small(**KINDS["pairs"])
    made = checkpoints.Provenance("test", {})
    kappas = (-5.0, 1.0, 5.0)
    checkpoint = checkpoints.Checkpoint(network, trained_kappas=kappas)
    checkpoints.save(folder / "model.pt", checkpoint, made)
    export_to_file(folder / "model.pt", folder / "model.onnx")
    return folder, network


@pytest.mark.slow
def test_onnx_gives_what_the_network_gives(exported, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    folder, network = exported
    session = runtime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    write_events(tmp_path / "events.h5", 60, seed=5, jets=(0, 1, 2, 3, 4, 6, 10))
    events = read_events(tmp_path / "events.h5", network.event, targets=False)
    names = [one.name for one in session.get_inputs()]
    # Another number of events and of places than the export had; and one event alone.
    for rows in (slice(None), slice(4, 5)):
        given = dict(
            zip(names, tensors_of(tmp_path / "events.h5", network.event, rows), strict=True)
        )
        require_same(
            session.run(output_names(network), given),
            predict(network, events.select(rows)), network, 1e-5,
        )  # fmt: skip


@pytest.mark.slow
def test_onnx_says_what_it_takes(exported):
    onnx = pytest.importorskip("onnx")
    folder, network = exported
    model = onnx.load(folder / "model.onnx")
    told = {entry.key: entry.value for entry in model.metadata_props}
    inputs = json.loads(told["inputs"])
    assert inputs["Source"][0] == {"name": "mass", "unit": "GeV"}
    assert {one["name"]: one["unit"] for one in inputs["Source"]}["phi"] == "rad"
    assert inputs["Kappa"] == [{"name": "kappa", "unit": "1"}]
    assert json.loads(told["outputs"]) == [one.name for one in model.graph.output]
    assert json.loads(told["trained_kappas"]) == [-5.0, 1.0, 5.0]
    assert told["weights_digest"] == weights_digest(network)
    assert json.loads(told["provenance"])["stage"] == "spanet export-onnx"
    assert [one.name for one in model.graph.input] == ["Source", "Source_valid", "Kappa"]


def test_a_missing_package_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ConfigError, match=r"needs the package onnx.*pip install 'hh4b\[onnx\]'"):
        export_to_file(tmp_path / "model.pt", tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_load_gives_a_plain_module(tmp_path):
    network = small()
    checkpoints.save(
        tmp_path / "model.pt",
        checkpoints.Checkpoint(network),
        checkpoints.Provenance("test", {}),
    )
    module = load(tmp_path)
    assert isinstance(module, torch.nn.Module)
    assert not module.training
    assert module.input_names == ("Source", "Source_valid", "Kappa")
    out = module(torch.rand(2, 5, 5), torch.ones(2, 5, dtype=torch.bool), torch.ones(2, 1))
    assert out.assignment_probability.shape == (2, 2)

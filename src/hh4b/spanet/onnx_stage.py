"""A checkpoint in, an ONNX file out, for programs without torch."""

import logging
from pathlib import Path
from typing import Any

import torch

from hh4b.core.columns import DATASET
from hh4b.core.files import Provenance
from hh4b.spanet import checkpoints, native
from hh4b.spanet.devices import identity_of
from hh4b.spanet.network import Network
from hh4b.spanet.padded import PaddedNetwork, trained_regressors
from hh4b.training.onnx_file import Axes, require_onnx, weights_digest, write_onnx

log = logging.getLogger(__name__)
#: Sizes of the example that the exporter follows; any sizes go through the graph it finds.
EVENTS, VECTORS = 3, 6
_UNITS = {column.name: column.unit for column in DATASET}


def export_to_file(model: Path, output: Path) -> None:
    """Write a trained network as ONNX, see docs/spanet.md.

    Args:
        model: checkpoint, or folder of a training.
        output: file to write.

    Raises:
        ConfigError: if a package for ONNX is missing.
        InputFileError: if there is no checkpoint of ours.
    """
    require_onnx()
    checkpoint = checkpoints.load(model)
    network = checkpoint.network
    module = PaddedNetwork(network).eval()
    inputs, axes = _example(network)
    identity = identity_of(checkpoint)
    metadata = {
        "format": "hh4b spanet onnx 1",
        "inputs": _described(network),
        "outputs": output_names(network),
        "particles": {p.name: list(p.products) for p in network.event.particles},
        "classes": network.classes,
        "regressions": list(trained_regressors(network)),
        "trained_kappas": checkpoint.trained_kappas,
        "weights_digest": weights_digest(network),
        "configuration": network.configuration(),
    }
    with native.switched_off():
        write_onnx(
            output, module, inputs, axes, output_names(network), metadata,
            Provenance("spanet export-onnx", identity),
        )  # fmt: skip


def output_names(network: Network) -> list[str]:
    """Return the names of the outputs of the file, in the order of `PaddedOutput`."""
    particles = [particle.name for particle in network.event.particles]
    return [
        *(f"{name}_jets" for name in particles),
        "assignment_probability",
        "detection_probability",
        *(f"{name}_log_probability" for name in particles),
        *(name.replace("/", "_") + "_probability" for name in network.classes),
        *(name.replace("/", "_") for name in trained_regressors(network)),
    ]


def _example(network: Network) -> tuple[dict[str, torch.Tensor], list[Axes]]:
    """Return tensors of the right shape by name, and which of their axes are free."""
    inputs: dict[str, torch.Tensor] = {}
    axes: list[Axes] = []
    for number, item in enumerate(network.event.inputs):
        width = len(item.features)
        if not item.sequential:
            inputs[item.name] = torch.ones(EVENTS, width)
            axes.append({0: "events"})
            continue
        # Each input has a length of its own, and no two sizes are the same by chance.
        vectors = VECTORS + number
        inputs[item.name] = torch.rand(EVENTS, vectors, width)
        inputs[f"{item.name}_valid"] = torch.ones(EVENTS, vectors, dtype=torch.bool)
        axes += [{0: "events", 1: f"{item.name}_vectors"}] * 2
    return inputs, axes


def _described(network: Network) -> dict[str, Any]:
    """Return the raw features of every input with their units, in the order of their column."""
    return {
        item.name: [
            {
                "name": feature.name,
                "unit": _UNITS.get(f"INPUTS/{item.name}/{feature.name}", "not recorded"),
            }
            for feature in item.features
        ]
        for item in network.event.inputs
    }

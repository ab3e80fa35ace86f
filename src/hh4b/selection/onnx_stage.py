"""A trained dense network in, an ONNX file out, for programs without torch."""

from pathlib import Path

import torch
from torch import Tensor, nn

from hh4b.core.files import Provenance
from hh4b.selection.checkpoint import load_network
from hh4b.selection.dnn import DenseNetwork, probability
from hh4b.selection.features import OWN
from hh4b.training.onnx_file import require_onnx, weights_digest, write_onnx


class SignalProbability(nn.Module):
    """Raw features and kappa_lambda to the score that `hh4b dnn predict` writes."""

    def __init__(self, network: DenseNetwork) -> None:
        """Take a trained network."""
        super().__init__()
        self.network = network

    def forward(self, *tensors: Tensor) -> Tensor:
        """Return scores (event,) of features (event, F) and kappa_lambda (event,).

        Events with a feature that is not a number have no pairing and score 0.
        """
        features, kappa = tensors
        paired = ~torch.isnan(features).any(dim=1)
        inputs = torch.cat([torch.where(paired[:, None], features, 0.0), kappa[:, None]], dim=1)
        score = probability(self.network(inputs))
        return torch.where(paired, score, torch.zeros_like(score))


def export_to_file(model: Path, output: Path) -> None:
    """Write a trained network as ONNX, see docs/data.md.

    Args:
        model: file of `hh4b dnn train`, or its folder.
        output: file to write.

    Raises:
        ConfigError: if a package for ONNX is missing.
        InputFileError: if there is no network.
    """
    require_onnx()
    network = load_network(model)
    columns = network.config.columns
    inputs = {"features": torch.ones(3, len(columns)), "kappa_lambda": torch.ones(3)}
    metadata = {
        "format": "hh4b dnn onnx 1",
        "features": [
            {"name": name, "unit": OWN[name].unit if name in OWN else "not recorded"}
            for name in columns
        ],
        "weights_digest": weights_digest(network),
        "configuration": network.config.model_dump_json(),
    }
    made = Provenance("dnn export-onnx", {"network": weights_digest(network)})
    write_onnx(
        output, SignalProbability(network).eval(), inputs, [{0: "events"}] * 2, ["score"], metadata,
        made,
    )  # fmt: skip

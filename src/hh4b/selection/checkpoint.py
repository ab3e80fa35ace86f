"""A trained network as one file: weights, configuration, metrics and seed, as plain data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hh4b.core.errors import InputFileError
from hh4b.core.files import Provenance
from hh4b.core.strict_json import parse_json, to_json
from hh4b.selection.dnn import DenseNetwork, NetworkConfig
from hh4b.training.saved_tensors import fill, read_saved, taken_from
from hh4b.training.tensors import save_tensors

FORMAT = "hh4b dnn 1"
MODEL_FILE = "model.pt"


def save_network(
    path: Path | str, network: DenseNetwork, metrics: Mapping[str, Any], provenance: Provenance
) -> None:
    """Write a network; the same network gives the same bytes.

    Args:
        path: file to write.
        network: the trained network.
        metrics: plain numbers that describe the training.
        provenance: how it was made, with the seed.
    """
    content = {
        "format": FORMAT,
        "network": network.config.model_dump_json(),
        "metrics": to_json(metrics, sort_keys=True),
        "provenance": provenance.as_json(),
        "state": {name: value.cpu() for name, value in network.state_dict().items()},
    }
    save_tensors(path, content)


def load_network(path: Path | str) -> DenseNetwork:
    """Read a network for prediction, on the CPU.

    Args:
        path: the file, or the directory that holds it as ``model.pt``.

    Raises:
        InputFileError: if it is missing, truncated or no network of this package.
    """
    path = Path(path)
    path = path / MODEL_FILE if path.is_dir() else path
    if not path.exists():
        raise InputFileError(f"cannot read {path}: no such file; run `hh4b dnn train`")
    what = "network of `hh4b dnn train`"
    content = read_saved(path, what=what, advice="train it again")
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputFileError(f"{path} holds no {what}; train it again")
    with taken_from(path, what=what):
        network = DenseNetwork(NetworkConfig.model_validate(parse_json(content["network"])))
        fill(network, content["state"])
    return network.eval()

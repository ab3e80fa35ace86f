"""A trained network as one file: weights, configuration, metrics and seed, as plain data."""

import json
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from hh4b.core.errors import InputFileError
from hh4b.core.files import Provenance
from hh4b.selection.dnn import DenseNetwork, NetworkConfig
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
        "metrics": json.dumps(metrics, sort_keys=True),
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
    if path.exists() and not zipfile.is_zipfile(path):
        raise InputFileError(f"{path} is damaged or of another kind; train it again")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise InputFileError(f"{path} holds no network of `hh4b dnn train`; train it again")
        network = DenseNetwork(NetworkConfig.model_validate_json(content["network"]))
        network.load_state_dict(content["state"])
    except FileNotFoundError as error:
        raise InputFileError(f"cannot read {path}: no such file; run `hh4b dnn train`") from error
    except (OSError, RuntimeError, KeyError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputFileError(f"{path} is damaged ({reason[:80]}); train it again") from error
    except ValidationError as error:
        raise InputFileError(f"{path}: {error.errors()[0]['msg']}; train it again") from error
    return network.eval()

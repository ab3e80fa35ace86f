"""Checkpoints: weights, configuration and how they came about, in one file of plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance
from hh4b.spanet.event import EventDescription
from hh4b.spanet.network import Network
from hh4b.training.saved_tensors import fill, read_saved, taken_from
from hh4b.training.tensors import save_tensors

FORMAT = "hh4b-spanet-1"
BEST = "model.pt"
LAST = "last.pt"


@dataclass(frozen=True)
class Checkpoint:
    """A network at some point of its training.

    Attributes:
        network: with its weights, in evaluation mode.
        epoch: finished epochs.
        step: finished steps.
        metrics: validation metrics at that point.
        seed: of the training; None for imported networks.
        trained_kappas: kappa inputs of the training's signal; None where that is not known, or
            there is no such input.
        extra: state of optimiser and generators if the training can go on from here.
    """

    network: Network
    epoch: int = 0
    step: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    seed: int | None = None
    trained_kappas: tuple[float, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def save(path: Path | str, checkpoint: Checkpoint, provenance: Provenance) -> None:
    """Write a checkpoint, whole or not at all."""
    content = {
        "format": FORMAT,
        "configuration": checkpoint.network.configuration(),
        "weights": checkpoint.network.state_dict(),
        "epoch": checkpoint.epoch,
        "step": checkpoint.step,
        "metrics": dict(checkpoint.metrics),
        "seed": checkpoint.seed,
        "trained_kappas": (
            None if checkpoint.trained_kappas is None else list(checkpoint.trained_kappas)
        ),
        "extra": dict(checkpoint.extra),
        "provenance": provenance.as_json(),
    }
    save_tensors(path, content)


def locate(path: Path | str) -> Path:
    """Return the checkpoint file meant by a file or by the folder of a training.

    Raises:
        InputFileError: if there is none.
    """
    path = Path(path)
    if path.is_dir():
        path = path / BEST
    if not path.is_file():
        raise InputFileError(
            f"no checkpoint at {path}; give a file, or the folder that `hh4b spanet train` wrote"
        )
    return path


def load(path: Path | str, *, event: EventDescription | None = None) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: file, or folder of a training (its best checkpoint).
        event: what the caller expects the network to be for.

    Raises:
        InputFileError: if there is no checkpoint of ours.
        ContractError: if it was made for another topology than ``event``.
    """
    path = locate(path)
    what = "checkpoint of this project"
    advice = "for one of the reference run `hh4b spanet import-checkpoint` first"
    content = read_saved(path, what=what, advice=advice)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputFileError(f"{path} is not a {what}; {advice}")
    with taken_from(path, what=what):
        found = _checkpoint(content)
    if event is not None:
        require_topology(found.network.event, event, where=str(path))
    return found


def _checkpoint(content: Mapping[str, Any]) -> Checkpoint:
    """Take the content of a file apart."""
    configuration, weights = content["configuration"], content["weights"]
    _require_size(configuration["options"], weights)
    network = Network.from_configuration(configuration)
    fill(network, weights)
    seed, kappas = content["seed"], content.get("trained_kappas")
    return Checkpoint(
        network.eval(),
        int(content["epoch"]),
        int(content["step"]),
        dict(content["metrics"]),
        None if seed is None else int(seed),
        None if kappas is None else tuple(float(kappa) for kappa in kappas),
        dict(content["extra"]),
    )


def _require_size(options: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> None:
    """Check, before a network is built, that it is no larger than its weights."""
    numbers = sum(weight.numel() for weight in weights.values())
    layers = [value for key, value in options.items() if key.endswith("_layers")]
    if options["hidden_dim"] ** 2 > numbers or max(layers, default=0) > max(len(weights), 100):
        raise ValueError("its options are those of a network of another size")


def require_topology(have: EventDescription, want: EventDescription, *, where: str) -> None:
    """Compare descriptions.

    Raises:
        ContractError: naming the first difference.
    """
    for name in ("inputs", "particles", "group", "classifications", "regressions"):
        if getattr(have, name) != getattr(want, name):
            raise ContractError(
                f"{where} is for another topology: its {name} are {_short(getattr(have, name))},"
                f" the event file has {_short(getattr(want, name))}"
            )


def _short(value: Any) -> str:
    names = [getattr(item, "name", item) for item in value]
    details = [getattr(item, "products", ()) for item in value]
    if any(details):
        return ", ".join(f"{n}({','.join(d)})" for n, d in zip(names, details, strict=True))
    return ", ".join(map(str, names)) or "none"

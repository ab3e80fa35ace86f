"""Where networks compute: threads of the CPU, or GPUs."""

from pathlib import Path
from typing import Any

import torch

from hh4b.core.errors import ConfigError
from hh4b.spanet import checkpoints
from hh4b.spanet.checkpoints import Checkpoint
from hh4b.spanet.network import Network
from hh4b.spanet.settings import SpanetDevices


def use_threads(threads: int) -> None:
    """Let torch use so many threads; 0 leaves it as many as there are cores."""
    if threads > 0:
        torch.set_num_threads(threads)


def choose_devices(num_gpu: int) -> list[torch.device]:
    """Return so many GPUs, or the CPU for 0.

    Raises:
        ConfigError: if there are fewer GPUs than asked for.
    """
    if num_gpu == 0:
        return [torch.device("cpu")]
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if there < num_gpu:
        raise ConfigError(
            f"num_gpu = {num_gpu}, but torch {torch.__version__} finds {there} GPUs here;"
            " give --num-gpu 0 to compute on the CPU"
        )
    return [torch.device("cuda", number) for number in range(num_gpu)]


def open_network(model: Path, settings: SpanetDevices) -> tuple[Network, dict[str, Any]]:
    """Read a checkpoint and put its network where it is to compute.

    Args:
        model: checkpoint, or folder of a training.
        settings: threads and GPUs; they change no result and identify nothing.

    Returns:
        The network, and what identifies it in the provenance of what it predicts.

    Raises:
        InputFileError: if there is no checkpoint of ours.
        ConfigError: if there are fewer GPUs than asked for.
    """
    found = open_checkpoint(model, settings)
    return found.network, identity_of(found)


def open_checkpoint(model: Path, settings: SpanetDevices) -> Checkpoint:
    """Read a checkpoint; its network is where it is to compute. See `open_network`."""
    use_threads(settings.threads)
    found = checkpoints.load(model)
    found.network.to(choose_devices(settings.num_gpu)[0])
    return found


def identity_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what identifies a network in the provenance of what it predicts."""
    return {
        **checkpoint.network.configuration(),
        "epoch": checkpoint.epoch,
        "training_seed": checkpoint.seed,
    }

"""Start a training on the CPU, on one GPU, or with a process for every GPU."""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch import distributed as dist
from torch.multiprocessing.spawn import spawn

from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options
from hh4b.spanet.preparation import Preparation
from hh4b.spanet.training import Workers, choose_devices, train

log = logging.getLogger(__name__)


def run(
    options: Options,
    event: EventDescription,
    data: Preparation,
    folder: Path,
    *,
    seed: int,
    restart: bool = False,
    devices: Sequence[torch.device] | None = None,
) -> None:
    """Train on the devices of the options.

    Args:
        options: see `Options`.
        event: see `EventDescription`.
        data: events, read and checked.
        folder: where results go.
        seed: fixes weights, order and dropout.
        restart: do not go on with an interrupted training.
        devices: instead of those of the options (tests of several processes without GPUs).

    Raises:
        ConfigError: if there are fewer GPUs than asked for.
        TrainingFailed: if the loss is not finite.
    """
    chosen = list(devices or choose_devices(options))
    for key, why in options.without_effect().items():
        log.info("option %s has no effect: %s", key, why)
    if len(chosen) == 1:
        train(
            options, event, data, folder, seed=seed, workers=Workers(device=chosen[0]),
            restart=restart,
        )  # fmt: skip
        return
    folder.mkdir(parents=True, exist_ok=True)
    meeting = folder / ".processes"
    meeting.unlink(missing_ok=True)
    try:
        spawn(  # type: ignore[no-untyped-call]
            _worker,
            (options, event, data, folder, seed, restart, chosen, str(meeting.resolve())),
            nprocs=len(chosen),
        )
    finally:
        meeting.unlink(missing_ok=True)


def _worker(  # noqa: PLR0913, PLR0917 (spawn passes by position)
    rank: int,
    options: Options,
    event: EventDescription,
    data: Preparation,
    folder: Path,
    seed: int,
    restart: bool,
    devices: Sequence[torch.device],
    meeting: str,
) -> None:
    """Train as one of several processes."""
    device = devices[rank]
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        init_method=f"file://{meeting}",
        rank=rank,
        world_size=len(devices),
    )

    def average(gradients: list[Tensor]) -> None:
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= len(devices)
        for gradient, part in zip(
            gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))

    try:
        workers = Workers(rank, len(devices), device, average, dist.barrier)
        train(options, event, data, folder, seed=seed, workers=workers, restart=restart)
    finally:
        dist.destroy_process_group()

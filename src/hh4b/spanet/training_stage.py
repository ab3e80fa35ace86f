"""Files of a training: options and events in, a folder with checkpoints and metrics out.

It runs on the CPU, on one GPU, or with a process for every GPU.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch import distributed as dist
from torch.multiprocessing.spawn import spawn

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import read_json
from hh4b.spanet.devices import choose_devices, use_threads
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options
from hh4b.spanet.preparation import Preparation, prepare
from hh4b.spanet.settings import SpanetTrainSettings
from hh4b.spanet.training import Workers
from hh4b.spanet.training_run import train

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SpanetTrainFiles:
    """Files of a training.

    Attributes:
        options: JSON, in the format of the reference implementation.
        event: YAML, in the format of the reference implementation.
        folder: where results go.
        training: HDF5 file; None: that of the options.
        validation: HDF5 file; None: that of the options, or a part of the training file.
        search: outcome of a search, which changes the options.
    """

    options: Path
    event: Path
    folder: Path
    training: Path | None = None
    validation: Path | None = None
    search: Path | None = None


def train_to_folder(
    files: SpanetTrainFiles, settings: SpanetTrainSettings, *, restart: bool = False
) -> None:
    """Train a network; a training that was interrupted goes on where it was.

    Args:
        files: what is read, and where results go.
        settings: what differs from the options file, and where it is computed.
        restart: do not go on with an interrupted training.

    Raises:
        ConfigError, ContractError, InputFileError: naming what is wrong with a file or an option.
        TrainingFailed: if the loss is not finite, or there are too few events.
    """
    use_threads(settings.threads)
    options = training_options(files, settings)
    event = EventDescription.read(files.event)
    devices = choose_devices(options.num_gpu)
    training = files.training or (Path(options.training_file) if options.training_file else None)
    if training is None:
        raise ConfigError("no training file; give --train or set training_file in the options")
    data = prepare(options, event, training, files.validation or options.validation_file or None)
    run(options, event, data, files.folder, seed=settings.seed, restart=restart, devices=devices)


def training_options(files: SpanetTrainFiles, settings: SpanetTrainSettings) -> Options:
    """Return the options file with its changes, over them a search's, over all the settings.

    Raises:
        ConfigError: naming the option that is unknown or wrong.
        ContractError: if the outcome of a search holds no options.
        InputFileError: if a file cannot be read.
    """
    options = Options.read(files.options, settings.changes)
    if files.search is not None:
        found = read_json(files.search).get("options")
        if not isinstance(found, dict):
            raise ContractError(f"{files.search} is no outcome of a search; run the search again")
        options = options.changed(**found)
    given = settings.model_dump(include={"epochs", "batch_size", "num_gpu"}, exclude_none=True)
    if settings.kappa_balance:
        given["kappa_balance"] = True
    return options.changed(**given)


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
        devices: instead of those of the options.

    Raises:
        ConfigError: if there are fewer GPUs than asked for.
        TrainingFailed: if the loss is not finite.
    """
    chosen = list(devices or choose_devices(options.num_gpu))
    for key, why in options.without_effect().items():
        log.info("option %s has no effect: %s", key, why)
    if options.regression_loss_scale and not event.regressions:
        log.info("option regression_loss_scale has no effect: the event file has no REGRESSIONS")
    if event.regressions and not options.regression_loss_scale:
        log.warning("REGRESSIONS are not learned: set regression_loss_scale in the options")
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

"""A whole training: epochs, metrics and checkpoints, and going on after an interruption."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from hh4b.core.files import Provenance, canonical_hash
from hh4b.core.logs import tell_cpu_time_before, used_cpu_time
from hh4b.spanet import checkpoints, native
from hh4b.spanet.checkpoints import Checkpoint
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options
from hh4b.spanet.preparation import Preparation
from hh4b.spanet.recording import Recorder
from hh4b.spanet.training import BestState, Training, Workers
from hh4b.training.saved_tensors import fill, taken_from

log = logging.getLogger(__name__)


def train(
    options: Options,
    event: EventDescription,
    data: Preparation,
    folder: Path,
    *,
    seed: int,
    workers: Workers | None = None,
    restart: bool = False,
) -> Path:
    """Train, or go on with a training that was interrupted; return the best checkpoint's file.

    The folder gets ``model.pt`` (best by validation), ``last.pt`` (to go on from), ``metrics.csv``
    and TensorBoard events. An interrupted training ends as if it had never stopped.

    Raises:
        TrainingFailed: if the loss is not finite.
    """
    native.keep_freed_memory()
    begin = used_cpu_time()
    training = Training(options, event, data, seed=seed, workers=workers)
    settings = {**training.network.configuration(), "data": data.digest}
    provenance = Provenance(
        "spanet train",
        settings,
        seed,
        {"n_training": len(data.training), "n_validation": len(data.validation)},
    )
    identity = canonical_hash([settings, seed])
    rows, before = ([], 0.0) if restart else _resume(training, folder, identity, provenance)
    master = training.workers.rank == 0
    recorder = Recorder(folder, finished_epochs=training.epoch) if master else None
    try:
        if recorder is not None:
            recorder.restore(rows)
        while training.epoch < options.epochs:
            row = {"learning_rate": training.learning_rate(training.step), **training.run_epoch()}
            if recorder is not None:
                row |= training.validate()
                recorder.record(training.epoch, training.step, row)
                used = before + used_cpu_time() - begin
                extra = {"identity": identity, "rows": recorder.rows, "cpu_s": used}
                _save(training, folder, row, provenance, extra)
            training.workers.wait()
    finally:
        if recorder is not None:
            recorder.close()
    if before and master:
        tell_cpu_time_before(before)
    return folder / checkpoints.BEST


def _save(
    training: Training,
    folder: Path,
    metrics: dict[str, float],
    provenance: Provenance,
    extra: dict[str, Any],
) -> None:
    """Write the best checkpoint if it is a new one, and the last one.

    The last one holds the best one and the metrics of all epochs too, so that a training can go on
    from it alone: Snakemake removes the outputs of a job that was killed.
    """
    value = training.monitored(metrics)
    now = Checkpoint(
        training.network, training.epoch, training.step, metrics, training.seed,
        training.trained_kappas,
    )  # fmt: skip
    if value > training.best or training.kept is None:
        training.best = max(value, training.best)
        weights = {k: v.detach().cpu().clone() for k, v in training.network.state_dict().items()}
        training.kept = BestState(weights, training.epoch, training.step, dict(metrics))
        checkpoints.save(folder / checkpoints.BEST, now, provenance)
        log.info("epoch %d is the best so far: %.4f", training.epoch, value)
    last = replace(
        now,
        extra={
            **extra,
            "optimizer": training.optimizer.state_dict(),
            "best": training.best,
            "kept": vars(training.kept),
        },
    )
    checkpoints.save(folder / checkpoints.LAST, last, provenance)


def _resume(
    training: Training, folder: Path, identity: str, provenance: Provenance
) -> tuple[list[dict[str, str]], float]:
    """Go on from the last checkpoint if it belongs to the same training; else say why not.

    Returns:
        The metrics of the finished epochs, and the CPU time in s that they took.
    """
    path = folder / checkpoints.LAST
    if not path.exists():
        return [], 0.0
    saved = checkpoints.load(path)
    if saved.extra.get("identity") != identity:
        log.info("%s is of another configuration, data or seed: starting anew", path)
        return [], 0.0
    with taken_from(path, what="checkpoint to go on from (--restart begins anew)"):
        training.network.load_state_dict(saved.network.state_dict())
        training.optimizer.load_state_dict(saved.extra["optimizer"])
        training.epoch, training.best = saved.epoch, saved.extra["best"]
        kept = training.kept = BestState(**saved.extra["kept"])
        fill(saved.network, kept.weights)
        rows, before = list(saved.extra["rows"]), float(saved.extra.get("cpu_s", 0.0))
    if training.workers.rank == 0:
        best = Checkpoint(
            saved.network, kept.epoch, kept.step, kept.metrics, training.seed,
            training.trained_kappas,
        )  # fmt: skip
        checkpoints.save(folder / checkpoints.BEST, best, provenance)
    log.info("going on after epoch %d of %s", saved.epoch, path)
    return rows, before

"""Search for the hyper-parameters of the dense network."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from numpy.typing import NDArray

from hh4b.core.files import Provenance, canonical_hash, write_json
from hh4b.core.rows_per_shower import RowDraw
from hh4b.selection.dnn import DenseNetwork
from hh4b.selection.samples import LabelledFeatures, read_labelled
from hh4b.selection.settings import DnnSearchSettings, DnnSettings
from hh4b.selection.training import Epoch, split_validation, to_batch, train, train_until
from hh4b.training.gains import keep_influence, mean_influence
from hh4b.training.halving import Contender, run_halving
from hh4b.training.search_ranges import DnnRanges
from hh4b.training.trials import StudyPlan, log_gain, run_trials

log = logging.getLogger(__name__)


def search(
    events: LabelledFeatures, settings: DnnSearchSettings, plan: StudyPlan, *, worker: int
) -> dict[str, Any]:
    """Minimise the validation loss over ``settings.ranges``; see `run_trials`.

    Every trial trains with the same seed, so that all see the same validation events. A trial is
    given up when its smallest validation loss so far is worse than the median of the others, or
    with `DnnSearchSettings.halving` as `run_halving` says.

    Returns:
        The outcome of the study, with the whole of the best ``options``.
    """

    def objective(trial: optuna.Trial) -> float:
        chosen = settings.model_copy(update=settings.ranges.suggest(trial))
        smallest = float("inf")

        def report(number: int, epoch: Epoch) -> None:
            nonlocal smallest
            smallest = min(smallest, epoch["validation_loss"])
            trial.report(smallest, number)
            if trial.should_prune():
                raise optuna.TrialPruned

        trained = train(events, chosen, seed=plan.seed, on_epoch=report)
        influence = loss_influence(trained.network, events, chosen, seed=plan.seed)
        keep_influence(plan.influence(trial.number), influence)
        return smallest

    def go_on(entry: Contender, epochs: int) -> float:
        chosen = settings.model_copy(update=entry.parameters)
        trained = train_until(events, chosen, epochs, entry.state, seed=plan.seed)
        influence = loss_influence(trained.network, events, chosen, seed=plan.seed)
        keep_influence(entry.influence, influence)
        return min(epoch["validation_loss"] for epoch in trained.epochs)

    if settings.halving:
        suggest = settings.ranges.suggest
        outcome = run_halving(plan, settings.max_epochs, suggest, go_on, worker=worker)
    else:
        outcome = run_trials(plan, objective, worker=worker)
    best = {**settings.network(), **outcome.pop("best")}
    return {"options": best, **outcome}


@torch.no_grad()
def loss_influence(
    network: DenseNetwork, events: LabelledFeatures, settings: DnnSettings, *, seed: int
) -> NDArray[np.float64]:
    """Return the influence of the validation events on the loss, see `hh4b.training.gains`.

    Args:
        network: trained on these events.
        events: those of the training.
        settings: of the training: which events validate.
        seed: of the training.
    """
    rows = split_validation(events, settings.validation_fraction, seed)[1]
    chosen = to_batch(events, "cpu").take(rows)
    logits = network.eval()(chosen.inputs)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, chosen.label, reduction="none"
    )
    ids = None if events.events is None else events.events[rows.numpy()]
    return mean_influence(loss.double().numpy(), chosen.weight.double().numpy(), ids)


def search_to_file(
    signal: Sequence[str],
    background: Sequence[str],
    output: Path | str,
    settings: DnnSearchSettings,
    *,
    storage: Path,
    worker: int = 0,
) -> dict[str, Any]:
    """Search on the training events of samples; write what `hh4b dnn train --search` reads.

    Args:
        signal: ``"[PROCESS=]DATASET.h5:FEATURES.h5"`` of each sample.
        background: the same.
        output: JSON to write.
        settings: ranges and trials; everything that is not searched, and the first trial.
        storage: journal file shared by the workers.
        worker: number of this worker.

    Raises:
        ConfigError, ContractError, InputFileError: if samples or storage cannot be used.
        TrainingFailed: if no trial was completed.
    """
    weights = settings.background_weights
    if settings.held_out is not None:
        settings = settings.model_copy(update={"validation_fraction": settings.held_out})
    events = read_labelled(
        signal,
        background,
        background_weights=weights,
        folds=settings,
        draw=RowDraw.of(settings),
    )
    options = settings.network()
    decided: dict[str, Any] = {
        "options": {name: options[name] for name in options if name not in DnnRanges.model_fields},
        "ranges": settings.ranges.model_dump(),
        "columns": list(events.columns),
        **({"background_weights": weights} if weights else {}),
        **settings.told(),
    }
    # Numbers of events and their sum tell other samples, whatever their paths.
    data = [len(events.label), float(events.features.sum(dtype=float)), float(events.kappa.sum())]
    seed = settings.seed
    plan = StudyPlan(
        name="dnn search",
        storage=storage,
        direction="minimize",
        identity={**decided, "data": canonical_hash(data), "seed": seed},
        trials=settings.trials,
        seed=seed,
        first=settings.ranges.inside(options),
        start={name: options[name] for name in DnnRanges.model_fields},
    )
    found = search(events, settings, plan, worker=worker)
    counts = {"n_events": len(events.label), "n_trials": found["n_trials"]}
    write_json(output, found, Provenance("dnn search", decided, seed=seed, counts=counts))
    log_gain(found)
    log.info("best of %d trials: %.5f with %s", found["n_trials"], found["value"], found["options"])
    return found

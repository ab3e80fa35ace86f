"""Files of a search for hyper-parameters: options, events and journal in, its outcome out."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hh4b.core.files import Provenance, write_json
from hh4b.spanet.devices import use_threads
from hh4b.spanet.event import EventDescription
from hh4b.spanet.options import Options
from hh4b.spanet.preparation import prepare
from hh4b.spanet.search import search
from hh4b.spanet.settings import SpanetSearchSettings
from hh4b.training.search_ranges import SpanetRanges
from hh4b.training.trials import StudyPlan, log_gain

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SpanetSearchFiles:
    """Files of a search.

    Attributes:
        options: JSON of everything that is not searched, and of the first trial.
        event: YAML that describes the events.
        training: HDF5 file with the events.
        storage: journal shared by the workers.
        outcome: JSON to write.
    """

    options: Path
    event: Path
    training: Path
    storage: Path
    outcome: Path


def search_to_file(
    files: SpanetSearchFiles, settings: SpanetSearchSettings, *, worker: int = 0
) -> dict[str, Any]:
    """Search, and write what `hh4b spanet train --search` reads.

    Args:
        files: what is read and written.
        settings: what is varied, how long, and where.
        worker: number of this worker among those that share the journal.

    Returns:
        What was written.

    Raises:
        ConfigError, ContractError, InputFileError: naming what is wrong with a file or an option.
        TrainingFailed: if no trial was completed.
    """
    use_threads(settings.threads)
    options = Options.read(
        files.options,
        settings.changes | {"epochs": settings.epochs, "num_gpu": settings.num_gpu},
    )
    if settings.held_out is not None:
        options = options.changed(train_validation_split=1 - settings.held_out)
    if settings.kappa_balance:
        options = options.changed(kappa_balance=True)
    event = EventDescription.read(files.event)
    data = prepare(options, event, files.training)
    varied = {
        "options": options.model_dump(exclude=set(SpanetRanges.model_fields)),
        "ranges": settings.ranges.model_dump(),
    }
    plan = StudyPlan(
        "spanet search",
        files.storage,
        "maximize",
        {**varied, "data": data.digest, "seed": settings.seed},
        settings.trials,
        settings.seed,
        settings.ranges.inside(options.model_dump()),
        options.model_dump(include=set(SpanetRanges.model_fields)),
    )
    found = search(
        options, event, data, plan, settings.ranges, worker=worker, halving=settings.halving
    )
    counts = {"n_training": len(data.training), "n_trials": found["n_trials"]}
    made = Provenance("spanet search", varied, seed=settings.seed, counts=counts)
    write_json(files.outcome, found, made)
    log_gain(found)
    log.info("best of %d trials: %.5f with %s", found["n_trials"], found["value"], found["options"])
    return found

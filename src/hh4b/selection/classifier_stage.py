"""Classical classifiers on files: train once, score every sample."""

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # comes with sklearn

from hh4b.core.files import Provenance
from hh4b.core.joined import SampleFiles
from hh4b.selection.classifier_training import train_classifier
from hh4b.selection.samples import read_labelled
from hh4b.selection.scoring import write_scores
from hh4b.selection.settings import ClassifierSettings

log = logging.getLogger(__name__)


def train_and_score(
    signal: Sequence[str],
    background: Sequence[str],
    jobs: Sequence[SampleFiles],
    settings: ClassifierSettings,
) -> dict[str, int]:
    """Fit a classifier on the training events and write the scores of every sample.

    Args:
        signal: ``"[PROCESS=]DATASET.h5:FEATURES.h5"`` of each sample.
        background: the same.
        jobs: dataset, features and scores of samples to score, training and testing events alike.
        settings: the classifier, and the values of the kappa input.

    Returns:
        Numbers of signal and background events of the training.

    Raises:
        ConfigError, ContractError, InputFileError: if classifier or files cannot be used.
        TrainingFailed: if the classifier cannot be fitted.
    """
    weights, kappas = settings.background_weights, np.array(settings.kappa_values)
    events = read_labelled(signal, background, part="training", background_weights=weights)
    counts = {
        "n_signal": int(events.label.sum()),
        "n_background": int((~events.label).sum()),
    }
    log.info("%s on %d signal and %d background events", settings.method, *counts.values())
    decided = {
        **settings.model_dump(exclude={"seed", "threads"}),
        "columns": list(events.columns),
    }
    provenance = Provenance("baseline train", decided, seed=settings.seed, counts=counts)
    with threadpool_limits(limits=settings.threads):
        fitted = train_classifier(
            settings.method, events, seed=settings.seed, options=settings.options
        )

        def score(features: NDArray[np.float32]) -> NDArray[np.float32]:
            return fitted.score_at_kappas(features, kappas)

        for job in jobs:
            write_scores(job, fitted.columns, score, kappas, provenance)
    return counts

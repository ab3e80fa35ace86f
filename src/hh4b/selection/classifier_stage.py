"""Classical classifiers on files: train once, score every sample."""

import logging
from collections.abc import Sequence
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # comes with sklearn

from hh4b.core.files import Provenance
from hh4b.core.folds import FoldPart
from hh4b.core.joined import SampleFiles
from hh4b.core.rows_per_shower import RowDraw
from hh4b.selection.classifier_training import FittedClassifier, train_classifier
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
        settings: the classifier, the values of the kappa input, and the folds: with them it is
            fitted once without each, and scores its events.

    Returns:
        Numbers of signal and background events of the training, of the first one with folds.

    Raises:
        ConfigError, ContractError, InputFileError: if classifier or files cannot be used.
        TrainingFailed: if the classifier cannot be fitted.
    """
    with threadpool_limits(limits=settings.threads):
        trained = [
            _train(signal, background, settings, repeat) for repeat in range(max(1, settings.folds))
        ]
        classifiers = [fitted for fitted, _ in trained]
        counts = trained[0][1]
        kappas = np.array(settings.kappa_values)
        decided = {
            **settings.decided(exclude={"seed", "threads"}),
            "columns": list(classifiers[0].columns),
        }
        provenance = Provenance("baseline train", decided, seed=settings.seed, counts=counts)
        scorers = [partial(fitted.score_at_kappas, kappas=kappas) for fitted in classifiers]
        columns = [fitted.columns for fitted in classifiers]
        for job in jobs:
            write_scores(job, columns, scorers, settings, provenance)
    return counts


def _train(
    signal: Sequence[str], background: Sequence[str], settings: ClassifierSettings, repeat: int
) -> tuple[FittedClassifier, dict[str, int]]:
    """Fit the classifier of a fold, or the only one; return it and its numbers of events."""
    fold = repeat if settings.folds else None
    events = read_labelled(
        signal,
        background,
        background_weights=settings.background_weights,
        folds=FoldPart.of(settings, fold=fold),
        draw=RowDraw.of(settings, seed=settings.seed + repeat),
    )
    counts = {
        "n_signal": int(events.label.sum()),
        "n_background": int((~events.label).sum()),
    }
    log.info("%s on %d signal and %d background events", settings.method, *counts.values())
    seed = settings.seed + repeat
    fitted = train_classifier(settings.method, events, seed=seed, options=settings.options)
    return fitted, counts

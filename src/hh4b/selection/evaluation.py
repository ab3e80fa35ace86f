"""How well a classifier tells signal from background, for any source of scores."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from hh4b.core.errors import ContractError
from hh4b.core.folds import Folds
from hh4b.core.grouping import count_events
from hh4b.selection.samples import (
    ReadScores,
    ScoredSample,
    joint_events,
    read_score_file,
    read_scored,
    signal_kappas,
)
from hh4b.selection.settings import EvaluationSettings
from hh4b.training import metrics
from hh4b.training.calibration import calibration
from hh4b.training.error_parts import trainings_of_folds, with_fold_errors

log = logging.getLogger(__name__)
ROC_POINTS = 500


def evaluate(
    signal: Sequence[str],
    background: Sequence[str],
    settings: EvaluationSettings,
    *,
    read: ReadScores = read_score_file,
) -> dict[str, Any]:
    """Compare the scores of signal and background samples, each event at its own kappa input.

    The classes are balanced; in a class every sample has the same total weight, unless cross
    sections weigh the background processes.

    Args:
        signal: ``"[PROCESS=]DATASET.h5:SCORES.h5"`` of each sample.
        background: the same.
        settings: which events, threshold, beta, weights of processes.
        read: what turns the second path of a pair into scores; see `read_scored`.

    Returns:
        The classifier metrics of docs/architecture.md, and the further metrics of `compute`; None
        for those that are not defined, such as the precision where nothing is called signal.

    Raises:
        ConfigError, ContractError, InputFileError: if the samples cannot be used.
    """
    signals, backgrounds = (
        read_scored(signal, label=True, part=settings.part, read=read, folds=settings),
        read_scored(
            background,
            label=False,
            part=settings.part,
            kappas=signal_kappas(signal),
            weights=settings.background_weights,
            read=read,
            folds=settings,
        ),
    )
    found = compute(signals, backgrounds, threshold=settings.threshold, beta=settings.beta)
    if settings.fold is None:
        found = _with_training(found, signals, backgrounds, settings.threshold)
    log.info(
        "accuracy %.4f +- %s, AUC %.4f +- %s on %d signal and %d background events",
        found["accuracy"], _short(found["accuracy_error"]), found["auc"],
        _short(found["auc_error"]),
        found["n_signal"], found["n_background"],
    )  # fmt: skip
    return {**found, "part": settings.part}


def compute(
    signal: Sequence[ScoredSample],
    background: Sequence[ScoredSample],
    *,
    threshold: float = 0.5,
    beta: float = 2.0,
) -> dict[str, Any]:
    """Return the metrics of scored samples (see `evaluate`).

    Errors: of the accuracy from the weighted binomial variances of the two efficiencies, of the
    AUC by DeLong's method with weights; both are statistical errors of the events evaluated.
    """
    score = np.concatenate([sample.score for sample in (*signal, *background)])
    weight = np.concatenate([_shares(signal), _shares(background)])
    label = np.zeros(len(score), dtype=bool)
    label[: sum(len(sample.score) for sample in signal)] = True
    events = joint_events([*signal, *background])
    n_signal, n_background = (
        int(part.sum()) if events is None else count_events(events[part])
        for part in (label, ~label)
    )
    effective = (
        metrics.effective_number(weight[part], None if events is None else events[part])
        for part in (label, ~label)
    )
    n_signal_effective, n_background_effective = effective

    accuracy = metrics.balanced_accuracy(label, score, weight, threshold=threshold, events=events)
    area = metrics.auc(label, score, weight, events)
    table = metrics.confusion(label, score, weight, threshold=threshold)
    reliability = calibration(label, score, weight, events=events)
    curve = metrics.thin(metrics.roc_curve(label, score, weight), ROC_POINTS)
    return {
        "accuracy": accuracy.value,
        "accuracy_error": accuracy.error,
        "auc": area.value,
        "auc_error": area.error,
        "error_method": "accuracy: weighted binomial; AUC: DeLong with event weights",
        "roc": {name: field.tolist() for name, field in curve._asdict().items()},
        "n_signal": n_signal,
        "n_background": n_background,
        "n_signal_effective": n_signal_effective,
        "n_background_effective": n_background_effective,
        "threshold": threshold,
        "precision": _defined(table.precision),
        "recall": _defined(table.recall),
        "specificity": _defined(table.specificity),
        "f1": _defined(table.f1),
        "beta": beta,
        "f_beta": _defined(table.f_beta(beta)),
        "matthews": _defined(table.matthews),
        "log_loss": metrics.log_loss(label, score, weight),
        "calibration": reliability.as_json(),
    }


def _with_training(
    found: dict[str, Any],
    signals: Sequence[ScoredSample],
    backgrounds: Sequence[ScoredSample],
    threshold: float,
) -> dict[str, Any]:
    """Return metrics whose errors hold the training, where networks of folds gave the scores.

    Raises:
        ContractError: if samples were scored by networks of other folds.
    """
    samples = [*signals, *backgrounds]
    choices = {(one.folds.folds, one.folds.fold_seed) if one.folds else (0, 0) for one in samples}
    choice = samples[0].folds
    if len(choices) > 1:
        raise ContractError(
            f"scores are of networks of {sorted(number for number, _ in choices)} folds; predict"
            " all samples with the same"
        )
    if choice is None or not choice.folds:
        return found
    parts = []
    for fold in range(choice.folds):
        signal, background = (
            [one for sample in side if len((one := _of_fold(sample, choice, fold)).score)]
            for side in (signals, backgrounds)
        )
        parts.append(_trained(signal, background, threshold) if signal and background else {})
    result = with_fold_errors(found, parts, ("accuracy", "auc"))
    return {**result, "trainings": trainings_of_folds(choice.folds)}


def _of_fold(sample: ScoredSample, folds: Folds, fold: int) -> ScoredSample:
    rows = np.concatenate([one.folds(folds) for one in sample.shower]) == fold
    return ScoredSample(sample.score[rows], sample.kappa[rows], sample.weight[rows], True)


def _trained(
    signal: Sequence[ScoredSample], background: Sequence[ScoredSample], threshold: float
) -> dict[str, float]:
    """Return accuracy and AUC."""
    score = np.concatenate([sample.score for sample in (*signal, *background)])
    weight = np.concatenate([_shares(signal), _shares(background)])
    label = np.zeros(len(score), dtype=bool)
    label[: sum(len(sample.score) for sample in signal)] = True
    accuracy = metrics.balanced_accuracy(label, score, weight, threshold=threshold)
    return {"accuracy": accuracy.value, "auc": metrics.auc(label, score, weight).value}


def _short(error: float | None) -> str:
    return "unknown" if error is None else f"{error:.4f}"


def _defined(value: float) -> float | None:
    """Return None for what a confusion matrix does not define, as JSON has no NaN."""
    return value if np.isfinite(value) else None


def _shares(samples: Sequence[ScoredSample]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return weights in which every sample counts the same and the class sums to one."""
    return np.concatenate(
        [sample.weight / (sample.weight.sum() * len(samples)) for sample in samples]
    )

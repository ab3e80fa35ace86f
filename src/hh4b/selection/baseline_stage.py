"""Classical classifiers on files: train once, score every sample."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # comes with sklearn

from hh4b.core.contracts import SCORES, TableWriter, open_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance
from hh4b.selection.baselines import Baseline, train_baseline
from hh4b.selection.dnn_stage import count_rows
from hh4b.selection.samples import read_columns, read_events

log = logging.getLogger(__name__)


class ScoreJob(NamedTuple):
    """Files of one sample to score."""

    dataset: str
    features: str
    scores: str


def parse_job(text: str) -> ScoreJob:
    """Split ``"DATASET.h5:FEATURES.h5:SCORES.h5"``.

    Raises:
        ConfigError: if there are not three paths.
    """
    parts = text.split(":")
    if len(parts) != 3 or not all(parts):
        raise ConfigError(f"{text!r} are not three files; write DATASET.h5:FEATURES.h5:SCORES.h5")
    return ScoreJob(*parts)


def train_and_score(
    name: str,
    signal: Sequence[str],
    background: Sequence[str],
    jobs: Sequence[ScoreJob],
    kappas: NDArray[np.float64],
    *,
    seed: int,
    threads: int = 1,
) -> dict[str, int]:
    """Fit a method on the training events and write the scores of every sample.

    Args:
        name: of the method, see `hh4b.selection.baselines.METHODS`.
        signal: pairs ``"DATASET.h5:FEATURES.h5"``.
        background: the same.
        jobs: samples to score, training and testing events alike.
        kappas: values of the kappa input, shape (K,).
        seed: of everything random.
        threads: at most so many at a time.

    Returns:
        Numbers of signal and background events of the training.

    Raises:
        ConfigError, ContractError, InputFileError: if the files cannot be used.
        TrainingFailed: if the method cannot be fitted.
    """
    events = read_events(signal, background, part="training")
    counts = {
        "n_signal": int(events.label.sum()),
        "n_background": int((~events.label).sum()),
    }
    log.info("%s on %d signal and %d background events", name, *counts.values())
    settings = {"method": name, "columns": list(events.columns), "kappa_lambda": kappas.tolist()}
    provenance = Provenance("baseline train", settings, seed=seed, counts=counts)
    with threadpool_limits(limits=threads):
        baseline = train_baseline(name, events, seed=seed)
        for job in jobs:
            _write_scores(baseline, job, kappas, provenance)
    return counts


def _write_scores(
    baseline: Baseline,
    job: ScoreJob,
    kappas: NDArray[np.float64],
    provenance: Provenance,
    chunk_rows: int = 65536,
) -> None:
    if read_columns(job.features) != baseline.columns:
        raise ContractError(
            f"{job.features} has other columns than the training, {baseline.columns}; make the"
            " features alike"
        )
    rows = count_rows(job.features, job.dataset)
    path = Path(job.scores)
    with TableWriter(path, SCORES) as writer, open_table(job.features) as file:
        for start in range(0, max(rows, 1), chunk_rows):
            part = file["features"][start : start + chunk_rows]
            score = baseline.score_at_kappas(part, kappas)
            writer.append({"kappa_lambda": kappas, "score": score})
        writer.set_attributes(provenance)
    log.info("%s: %d events at %d kappas", path, rows, len(kappas))

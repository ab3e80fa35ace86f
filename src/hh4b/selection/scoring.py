"""Scores of any classifier for the events of a feature file."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import FEATURES, SCORES, TableWriter, open_table, read_rows, read_table
from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance
from hh4b.core.folds import Folds
from hh4b.core.joined import SampleFiles, split_files
from hh4b.core.logs import progress
from hh4b.core.parts import fold_attributes, fold_numbers
from hh4b.selection.samples import read_columns
from hh4b.selection.settings import ScoreSettings

log = logging.getLogger(__name__)
#: Features of shape (event, F) to scores of shape (event, K).
Scorer = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def parse_job(text: str) -> SampleFiles:
    """Split ``"DATASET.h5:FEATURES.h5:SCORES.h5"``, the last to be written.

    Raises:
        ConfigError: if there are not three paths.
    """
    return split_files(text, ("DATASET.h5", "FEATURES.h5", "SCORES.h5"))


def write_scores(
    files: SampleFiles,
    columns: Sequence[tuple[str, ...]],
    scorers: Sequence[Scorer],
    settings: ScoreSettings,
    provenance: Provenance,
    *,
    chunk_rows: int = 65536,
) -> int:
    """Score the events of a file, in constant memory; return their number.

    Args:
        files: dataset, features, scores to write.
        columns: names of the features that each classifier was trained with.
        scorers: one classifier; with folds one for each, which scores the events of its fold.
        settings: values of the kappa input, and the folds.
        provenance: how the scores are made; the number of events is added.
        chunk_rows: events at a time.

    Raises:
        ConfigError: if there are not as many classifiers as folds.
        InputFileError: if a file cannot be read.
        ContractError: if the columns or numbers of events disagree.
    """
    dataset, features, output = files.paths
    settings.require_models(len(scorers))
    for trained in columns:
        if read_columns(features) != trained:
            raise ContractError(
                f"{features} has the columns {read_columns(features)}, the training had {trained};"
                " make the features as for the training"
            )
    rows = count_rows(features, dataset)
    folds = fold_numbers(dataset, rows, settings) if settings.folds else np.zeros(rows, np.int8)
    kappas = np.array(settings.kappa_values)
    with TableWriter(output, SCORES) as writer, open_table(features) as file:
        starts = range(0, max(rows, 1), chunk_rows)
        for start in progress(starts, total=rows, what="events scored", size=chunk_rows):
            chunk = slice(start, start + chunk_rows)
            found = read_rows(file, FEATURES, ("features",), chunk)["features"]
            score = _by_fold(found, folds[chunk], scorers)
            writer.append({"kappa_lambda": kappas, "score": score})
        counted = replace(provenance, counts={**provenance.counts, "n_events": rows})
        writer.set_attributes(counted, **fold_attributes(Folds.of(settings)))
    log.info("%s: %d events at %d kappas", output, rows, len(kappas))
    return rows


def _by_fold(
    features: NDArray[np.float32], folds: NDArray[np.int8], scorers: Sequence[Scorer]
) -> NDArray[np.float32]:
    """Return the scores of all events, each by the classifier of its fold."""
    if len(scorers) == 1:
        return scorers[0](features)
    found = [scorer(features[folds == fold]) for fold, scorer in enumerate(scorers)]
    scores = np.empty((len(features), found[0].shape[1]), dtype=np.float32)
    for fold, part in enumerate(found):
        scores[folds == fold] = part
    return scores


def count_rows(features: Path, dataset: Path) -> int:
    """Return the number of events of a feature file, checked against its dataset.

    Raises:
        ContractError: if they differ.
    """
    with open_table(features) as file:
        if "features" not in file:
            read_table(features, FEATURES)  # names the missing column
        rows = len(file["features"])
    with open_table(dataset) as file:
        name = "INPUTS/Source/pt"
        if name not in file:
            raise ContractError(f"{dataset}: column {name!r} is missing; no dataset")
        if len(file[name]) != rows:
            raise ContractError(
                f"{features} has {rows} events, {dataset} has {len(file[name])}; make the features"
                " again"
            )
    return rows

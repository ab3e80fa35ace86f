"""Scores of any classifier for the events of a feature file."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import FEATURES, SCORES, TableWriter, open_table, read_table
from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance
from hh4b.core.joined import SampleFiles, split_files
from hh4b.selection.samples import read_columns

log = logging.getLogger(__name__)


def parse_job(text: str) -> SampleFiles:
    """Split ``"DATASET.h5:FEATURES.h5:SCORES.h5"``, the last to be written.

    Raises:
        ConfigError: if there are not three paths.
    """
    return split_files(text, ("DATASET.h5", "FEATURES.h5", "SCORES.h5"))


def write_scores(
    files: SampleFiles,
    columns: tuple[str, ...],
    score: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    kappas: NDArray[np.float64],
    provenance: Provenance,
    *,
    chunk_rows: int = 65536,
) -> int:
    """Score the events of a file, in constant memory; return their number.

    Args:
        files: dataset, features, scores to write.
        columns: names of the features that the classifier was trained with.
        score: features of shape (event, F) to scores of shape (event, K).
        kappas: values of the kappa input, shape (K,).
        provenance: how the scores are made; the number of events is added.
        chunk_rows: events at a time.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if the columns or numbers of events disagree.
    """
    dataset, features, output = files.paths
    if read_columns(features) != columns:
        raise ContractError(
            f"{features} has the columns {read_columns(features)}, the training had {columns};"
            " make the features as for the training"
        )
    rows = count_rows(features, dataset)
    with TableWriter(output, SCORES) as writer, open_table(features) as file:
        for start in range(0, max(rows, 1), chunk_rows):
            part = file["features"][start : start + chunk_rows]
            writer.append({"kappa_lambda": kappas, "score": score(part)})
        writer.set_attributes(replace(provenance, counts={**provenance.counts, "n_events": rows}))
    log.info("%s: %d events at %d kappas", output, rows, len(kappas))
    return rows


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

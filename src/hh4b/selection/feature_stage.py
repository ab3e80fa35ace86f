"""Dataset and pairing files in, feature files out, in memory that does not grow with the files."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, FEATURES, PAIRING, TableWriter, open_table, read_rows
from hh4b.core.errors import ContractError
from hh4b.core.files import Provenance
from hh4b.pairing.jets import JET_FIELDS, KeptJets
from hh4b.selection.features import (
    EVENT_COLUMNS,
    EventObservables,
    compute_features,
    find_features,
)
from hh4b.selection.settings import FeatureSettings

log = logging.getLogger(__name__)


def require(file: Any, path: Path | str, *names: str) -> None:
    """Check that an open HDF5 file has the columns ``names``.

    Raises:
        ContractError: naming the file and the first column that is missing.
    """
    missing = [name for name in names if name not in file]
    if missing:
        raise ContractError(
            f"{path}: column {missing[0]!r} is missing; the file is of another kind or stage"
        )


@contextmanager
def located(path: Path | str) -> Iterator[None]:
    """Put the name of a file before what is wrong with its events."""
    try:
        yield
    except ContractError as error:
        raise ContractError(f"{path}: {error}") from error


def iterate_jets(
    dataset_path: Path | str, pairing_path: Path | str, *, chunk_rows: int = 16384
) -> Iterator[tuple[int, Any, KeptJets, NDArray[Any]]]:
    """Go through a dataset and its pairing.

    Yields:
        First row, the open dataset file, the jets and the pairing of a chunk of rows.

    Raises:
        InputFileError: if a file cannot be read.
        ContractError: if a column is missing, or the files do not belong together.
    """
    with open_table(dataset_path) as dataset, open_table(pairing_path) as pairing:
        require(dataset, dataset_path, *JET_FIELDS.values())
        require(pairing, pairing_path, "jets")
        rows, paired = len(dataset[JET_FIELDS["pt"]]), len(pairing["jets"])
        if rows != paired:
            raise ContractError(
                f"{pairing_path} pairs {paired} events, {dataset_path} has {rows}; pair it again"
            )
        for start in range(0, rows, chunk_rows):
            part = slice(start, start + chunk_rows)
            chosen = read_rows(pairing, PAIRING, ("jets",), part)["jets"]
            found = read_rows(dataset, DATASET, tuple(JET_FIELDS.values()), part)
            jets = KeptJets(**{field: found[name] for field, name in JET_FIELDS.items()})
            yield start, dataset, jets, chosen


def write_features(
    dataset_path: Path | str,
    pairing_path: Path | str,
    output_path: Path | str,
    settings: FeatureSettings,
) -> dict[str, int]:
    """Compute the features of a dataset under a pairing and write them.

    Args:
        dataset_path: file of contract `DATASET`.
        pairing_path: file of contract `PAIRING`, same events.
        output_path: file of contract `FEATURES` to write.
        settings: which columns.

    Returns:
        Numbers of events in all and of events with a pairing.

    Raises:
        ConfigError: if an extra feature cannot be used.
        ContractError: if the dataset lacks a column that is asked for, the files disagree, or a
            feature is not what it should be.
    """
    counts = {"n_events": 0, "n_paired": 0}
    features = find_features(settings)
    _check_observables(dataset_path, settings.event_observables)
    with TableWriter(output_path, FEATURES) as writer:
        for start, dataset, jets, pairing in iterate_jets(dataset_path, pairing_path):
            part = slice(start, start + len(pairing))
            event = None
            if settings.event_observables:
                event = EventObservables(*(dataset[f"HH4B/{name}"][part] for name in EVENT_COLUMNS))
            with located(dataset_path):
                table = compute_features(jets, pairing, event, features=features, first_row=start)
            writer.append({"features": table})
            counts["n_events"] += len(table)
            counts["n_paired"] += int(np.isfinite(table[:, 0]).sum())
        if not counts["n_events"]:
            writer.append({"features": np.empty((0, len(features)), dtype=np.float32)})
        writer.set_attributes(
            Provenance("features", settings.model_dump(), counts=counts),
            columns=[entry.name for entry in features],
            units=[entry.unit for entry in features],
        )
    log.info("%s: %d events, %d with a pairing", output_path, *counts.values())
    return counts


def _check_observables(dataset_path: Path | str, wanted: bool) -> None:
    if not wanted:
        return
    with open_table(dataset_path) as file:
        missing = [name for name in EVENT_COLUMNS if f"HH4B/{name}" not in file]
    if missing:
        raise ContractError(
            f"{dataset_path}: column 'HH4B/{missing[0]}' is missing; give --no-event-observables"
            " to leave missing momentum and leptons out"
        )

"""Columns of datasets and features of one or more samples, for figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core import contracts
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.shower_events import joined_ids, row_events

Floats = NDArray[np.float64]
EventIds = NDArray[np.int64] | None


def event_weights(path: Path | str) -> Floats:
    """Return the event weights of a dataset, shape (N,): one each where the file has none."""
    with contracts.open_table(path) as file:
        if "HH4B/weight" in file:
            return np.asarray(file["HH4B/weight"][()], dtype=float)
        if "INPUTS/Source/MASK" not in file:
            raise ContractError(f"{path}: no INPUTS/Source/MASK; it is no dataset")
        return np.ones(len(file["INPUTS/Source/MASK"]))


def row_event_ids(path: Path | str) -> EventIds:
    """Return the shower event of each row of a dataset; None where every row is an event."""
    with contracts.open_table(path) as file:
        return row_events(file)


def feature_names(path: Path | str) -> list[str]:
    """Return the column names of a feature file, in order."""
    return [_text(name) for name in contracts.read_attributes(path).get("columns", [])]


def feature_columns(path: Path | str, names: Sequence[str]) -> dict[str, Floats]:
    """Return columns of a feature file by name, shape (N,) each.

    Raises:
        ContractError: if the file lacks a column.
    """
    columns = feature_names(path)
    table = contracts.read_table(path, contracts.FEATURES)["features"]
    missing = [name for name in names if name not in columns]
    if missing:
        raise ContractError(f"{path}: no feature {missing[0]!r}; it has {', '.join(columns)}")
    return {name: table[:, columns.index(name)].astype(float) for name in names}


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def weighted_features(
    feature_paths: Sequence[Path], dataset_paths: Sequence[Path], names: Sequence[str]
) -> tuple[dict[str, Floats], Floats, EventIds]:
    """Return features, weights and shower events of samples taken together.

    Events without a pairing are left out. Shower events are None where every row is one.

    Each sample counts by the mean weight that its events have, so that samples are comparable only
    if their weights are.

    Args:
        feature_paths: one feature file per sample.
        dataset_paths: the dataset of each, in the same order.
        names: features wanted.

    Raises:
        ConfigError: if the lists differ in length.
        ContractError: if a pair of files differs in its number of events.
    """
    if len(feature_paths) != len(dataset_paths):
        raise ConfigError(
            f"{len(feature_paths)} feature files with {len(dataset_paths)} datasets;"
            " give one dataset for each, in the same order"
        )
    parts, weights, events = [], [], []
    for features, dataset in zip(feature_paths, dataset_paths, strict=True):
        columns, weight = feature_columns(features, names), event_weights(dataset)
        rows = len(columns[names[0]])
        if rows != len(weight):
            raise ContractError(f"{features} has {rows} events, {dataset} has {len(weight)}")
        parts.append(columns)
        weights.append(weight)
        events.append(row_event_ids(dataset))
    joined = {name: np.concatenate([part[name] for part in parts]) for name in names}
    paired = np.all([np.isfinite(column) for column in joined.values()], axis=0)
    ids = joined_ids(events, [len(weight) for weight in weights])
    return (
        {name: column[paired] for name, column in joined.items()},
        np.concatenate(weights)[paired],
        None if ids is None else ids[paired],
    )

"""Labelled events for training and evaluation, read from dataset, feature and score files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, FEATURES, SCORES, open_table, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.training.kappa_input import pick_kappa

Part = Literal["training", "testing", "all"]
ReadScores = Callable[[str], tuple[NDArray[np.float32], NDArray[np.float64]]]
_SPLIT = {"training": 0, "testing": 1}
_KAPPA = "INPUTS/Kappa/kappa"
_DRAW = "HH4B/kappa_draw"
_LABEL = "CLASSIFICATIONS/EVENT/signal"


@dataclass(frozen=True)
class Events:
    """Labelled events of one or more samples.

    Attributes:
        features: shape (event, F), see `columns`.
        kappa: the kappa input, shape (event,).
        label: True = signal, shape (event,).
        weight: shape (event,), every sample summing to 1 / (samples of its class).
        columns: names of the F columns.
    """

    features: NDArray[np.float32]
    kappa: NDArray[np.float32]
    label: NDArray[np.bool_]
    weight: NDArray[np.float64]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class ScoredSample:
    """Events of one file with the classifier's score at their own kappa input.

    Attributes:
        score: shape (event,).
        kappa: the kappa input, shape (event,).
        weight: shape (event,), scaled so that their sum is the efficiency of all cuts that made
            the dataset, whatever part of it is chosen.
        generated: whether that efficiency is known; if not, it counts as 1.
    """

    score: NDArray[np.float32]
    kappa: NDArray[np.float32]
    weight: NDArray[np.float64]
    generated: bool


def split_pair(text: str) -> tuple[str, str]:
    """Split ``"DATASET.h5:OTHER.h5"`` into its two paths.

    Raises:
        ConfigError: if there is not exactly one colon with text on both sides.

    >>> split_pair("a.h5:b.h5")
    ('a.h5', 'b.h5')
    """
    parts = text.split(":")
    if len(parts) != 2 or not all(parts):
        raise ConfigError(f"{text!r} is no pair of files; write DATASET.h5:OTHER.h5")
    return parts[0], parts[1]


def read_columns(features_path: Path | str) -> tuple[str, ...]:
    """Return the column names of a feature file.

    Raises:
        ContractError: if the file does not name them.
    """
    columns = read_attributes(features_path).get("columns")
    if not isinstance(columns, list):
        raise ContractError(
            f"{features_path}: attribute 'columns' is missing; make it with `hh4b features`"
        )
    return tuple(str(name) for name in columns)


def read_events(
    signal: Sequence[str], background: Sequence[str], *, part: Part = "training"
) -> Events:
    """Read labelled features; every sample of a class enters with the same total weight.

    Events without a pairing are left out: they have no features.

    Args:
        signal: pairs ``"DATASET.h5:FEATURES.h5"`` of signal samples.
        background: the same of background samples.
        part: which events; a dataset without ``HH4B/split`` belongs to every part.

    Raises:
        ConfigError: if a class has no sample.
        ContractError: if files disagree, or a sample has no event or weight left.
    """
    parts: list[tuple[NDArray[Any], ...]] = []
    kappas = signal_kappas(signal)
    columns: tuple[str, ...] | None = None
    for label, pairs in ((True, signal), (False, background)):
        _require_samples(pairs, label)
        for pair in pairs:
            dataset, path = split_pair(pair)
            names = read_columns(path)
            if columns is not None and names != columns:
                raise ContractError(f"{path}: columns {names} differ from {columns} of the others")
            columns = names
            features = read_table(path, FEATURES)["features"]
            kappa, weight, keep = _read_rows(dataset, path, len(features), label, part, kappas)
            keep &= np.isfinite(features).all(axis=1)
            share = _share(weight[keep], dataset) / len(pairs)
            chosen = features[keep]
            parts.append((chosen, kappa[keep], np.full(len(chosen), label), share))
    features, kappa, labels, weights = (np.concatenate(field) for field in zip(*parts, strict=True))
    return Events(features, kappa, labels, weights, columns or ())


def signal_kappas(pairs: Sequence[str]) -> tuple[float, ...]:
    """Return the values of the kappa input in the datasets of signal pairs, ``"DATASET.h5:…"``."""
    values: set[float] = set()
    for pair in pairs:
        kappa = read_table(split_pair(pair)[0], DATASET, columns=[_KAPPA])[_KAPPA]
        values.update(np.unique(kappa).tolist())
    return tuple(sorted(values))


def read_score_file(path: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the scores of a file of contract `SCORES`, (event, K), and their kappas, (K,)."""
    table = read_table(path, SCORES)
    return table["score"], table["kappa_lambda"]


def read_scored(
    pairs: Sequence[str],
    *,
    label: bool,
    part: Part,
    kappas: Sequence[float] = (),
    read: ReadScores = read_score_file,
) -> list[ScoredSample]:
    """Read samples of one class with the score of every event at its own kappa input.

    Args:
        pairs: ``"DATASET.h5:SCORES.h5"`` of each sample.
        label: True where they are signal; a dataset that says otherwise is refused.
        part: which events; a dataset without ``HH4B/split`` belongs to every part.
        kappas: for background, the kappa inputs of the signal it stands against.
        read: what turns the second path of a pair into scores and their kappas.

    Raises:
        ConfigError: if there is no sample.
        ContractError: if files disagree, or a sample has no event or weight left.
    """
    _require_samples(pairs, label)
    samples = []
    for pair in pairs:
        dataset, path = split_pair(pair)
        scores, available = read(path)
        kappa, weight, keep = _read_rows(dataset, path, len(scores), label, part, kappas)
        column = _kappa_columns(kappa, available, path)
        score = scores[np.arange(len(kappa)), column]
        generated = read_attributes(dataset).get("sum_weights_generated")
        scale = 1.0 if generated is None else weight.sum() / float(generated)
        share = _share(weight[keep], dataset) * scale
        samples.append(ScoredSample(score[keep], kappa[keep], share, generated is not None))
    return samples


def _require_samples(pairs: Sequence[str], label: bool) -> None:
    if not pairs:
        kind = "signal" if label else "background"
        raise ConfigError(f"no {kind} sample; give at least one --{kind} DATASET.h5:OTHER.h5")


def _read_rows(
    dataset: str, path: str, rows: int, label: bool, part: Part, kappas: Sequence[float]
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_]]:
    """Return kappa input, weight and the choice of ``part`` for every row of a dataset."""
    with open_table(dataset) as file:
        extra = [name for name in ("HH4B/weight", "HH4B/split", _DRAW) if name in file]
    table = read_table(dataset, DATASET, columns=[_KAPPA, _LABEL, *extra])
    kappa = table[_KAPPA]
    if not label and kappas and _DRAW in table:
        kappa = pick_kappa(table[_DRAW], kappas)
    if len(kappa) != rows:
        raise ContractError(f"{path} has {rows} events, {dataset} has {len(kappa)}; make it again")
    if (table[_LABEL] != int(label)).any():
        event = int(np.argmax(table[_LABEL] != int(label)))
        raise ContractError(
            f"{dataset}: event {event} is labelled {int(table[_LABEL][event])} in {_LABEL!r} but"
            f" the sample was given as {'signal' if label else 'background'}"
        )
    weight = np.asarray(table.get("HH4B/weight", np.ones(rows)), dtype=np.float64)
    keep = np.ones(rows, dtype=bool)
    if part != "all" and "HH4B/split" in table:
        keep = np.asarray(table["HH4B/split"] == _SPLIT[part])
    return kappa, weight, keep


def _share(weight: NDArray[np.float64], dataset: str) -> NDArray[np.float64]:
    """Scale weights to a sum of one."""
    if (weight < 0).any() or not weight.sum() > 0:
        raise ContractError(
            f"{dataset}: the chosen {len(weight)} events have a negative weight or no weight at"
            " all; give more events or another part"
        )
    return np.asarray(weight / weight.sum())


def _kappa_columns(
    kappa: NDArray[np.float32], available: NDArray[np.float64], path: str
) -> NDArray[np.int64]:
    """Return for each event the score column that belongs to its kappa input."""
    if not len(kappa):
        return np.zeros(0, dtype=np.int64)
    values, inverse = np.unique(kappa, return_inverse=True)
    distance = np.abs(values[:, None] - available[None, :])
    nearest = np.argmin(distance, axis=1)
    # The input is float32: the values agree to its rounding or they are different points.
    far = distance.min(axis=1) > 1e-5 * (1 + np.abs(values))
    if far.any():
        raise ContractError(
            f"{path}: no score at kappa input {float(values[far][0]):g}, only at"
            f" {available.tolist()}; predict at that value too"
        )
    return np.asarray(nearest[inverse], dtype=np.int64)

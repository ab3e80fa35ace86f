"""Labelled events for training and evaluation, read from dataset, feature and score files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, FEATURES, SCORES, open_table, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.folds import FoldPart, Folds
from hh4b.core.joined import SampleFiles
from hh4b.core.kappa import same_kappa
from hh4b.core.parts import folds_of_networks, part_mask, require_folds_of_scores
from hh4b.core.row_draws import draw_rows
from hh4b.core.rows_per_shower import RowDraw
from hh4b.core.settings import Part
from hh4b.core.share_of_events import inside_share
from hh4b.core.shower_events import ShowerEvents, event_index, joined_ids
from hh4b.events.kappa_input import pick_kappa
from hh4b.selection.mixture import class_weights, mixture_factors, split_samples, warn_unweighed

ReadScores = Callable[[Path], tuple[NDArray[np.float32], NDArray[np.float64]]]
_KAPPA = "INPUTS/Kappa/kappa"
_DRAW = "HH4B/kappa_draw"
_LABEL = "CLASSIFICATIONS/EVENT/signal"


@dataclass(frozen=True)
class LabelledFeatures:
    """Labelled events of one or more samples.

    Attributes:
        features: shape (event, F), see `columns`.
        kappa: the kappa input, shape (event,).
        label: True = signal, shape (event,).
        weight: shape (event,), summing to 1 in each class.
        columns: names of the F columns.
        events: which shower event each row is of, shape (event,); None = each row is one.
    """

    features: NDArray[np.float32]
    kappa: NDArray[np.float32]
    label: NDArray[np.bool_]
    weight: NDArray[np.float64]
    columns: tuple[str, ...]
    events: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class ScoredSample:
    """Events of one file with the classifier's score at their own kappa input.

    Attributes:
        score: shape (event,).
        kappa: the kappa input, shape (event,).
        weight: shape (event,), scaled so that their sum is the efficiency of all cuts that made
            the dataset, whatever part of it is chosen.
        generated: whether that efficiency is known; if not, it counts as 1.
        shower: which shower event each row is of, by sample, with the rows in order.
        folds: of the networks behind the scores, where there are several.
    """

    score: NDArray[np.float32]
    kappa: NDArray[np.float32]
    weight: NDArray[np.float64]
    generated: bool
    shower: tuple[ShowerEvents, ...] = ()
    folds: Folds | None = None


def joint_events(samples: Sequence[ScoredSample]) -> NDArray[np.int64] | None:
    """Return the shower event of each row of samples one behind the other; None = each is one."""
    ids = [event_index(sample.shower) for sample in samples]
    return joined_ids(ids, [len(sample.score) for sample in samples])


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


def read_labelled(
    signal: Sequence[str],
    background: Sequence[str],
    *,
    part: Part = "training",
    background_weights: Mapping[str, float] | None = None,
    folds: FoldPart | None = None,
    draw: RowDraw | None = None,
) -> LabelledFeatures:
    """Read labelled features; both classes enter with the same total weight.

    Every sample of a class weighs the same, unless cross sections weigh the background processes
    (see `hh4b.selection.mixture`). Events without a pairing are left out: they have no features.

    Args:
        signal: ``"[PROCESS=]DATASET.h5:FEATURES.h5"`` of signal samples.
        background: the same of background samples.
        part: which events.
        background_weights: cross section by background process in fb; empty or None = not used.
        folds: with folds, ``part`` is that of one fold, see `part_mask`.
        draw: how many rows of each shower event, of those with a pairing, and the share of events;
            None = all.

    Raises:
        ConfigError: if a class has no sample, or a background process no cross section.
        ContractError: if files disagree, or a sample has no event or weight left.
    """
    parts: list[tuple[NDArray[Any], ...]] = []
    showers: list[ShowerEvents] = []
    kappas = signal_kappas(signal)
    columns: tuple[str, ...] | None = None
    for label, texts in ((True, signal), (False, background)):
        samples = _class_samples(texts, "FEATURES", label)
        if not label:
            warn_unweighed(samples, background_weights)
        found = []
        for sample in samples:
            names = read_columns(sample.paths[1])
            if columns is not None and names != columns:
                raise ContractError(
                    f"{sample.paths[1]}: columns {names} differ from {columns} of the others"
                )
            columns = names
            found.append(_read_features(sample, label, part, kappas, folds, draw or RowDraw()))
        showers += [entry[4] for entry in found]
        shares, sums = [entry[2] for entry in found], [entry[3] for entry in found]
        weights = class_weights(samples, shares, sums, None if label else background_weights)
        parts += [
            (features, kappa, np.full(len(kappa), label), weight)
            for (features, kappa, *_), weight in zip(found, weights, strict=True)
        ]
    features, kappa, labels, weight = (np.concatenate(field) for field in zip(*parts, strict=True))
    return LabelledFeatures(features, kappa, labels, weight, columns or (), event_index(showers))


def _read_features(
    sample: SampleFiles,
    label: bool,
    part: Part,
    kappas: Sequence[float],
    folds: FoldPart | None,
    draw: RowDraw,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64], float, ShowerEvents]:
    """Return features, kappa input, weight of sum one, the sum they stand for, shower events."""
    dataset, path = sample.paths
    features = read_table(path, FEATURES)["features"]
    kappa, weight, keep = _read_rows(dataset, path, len(features), label, part, kappas, folds)
    # What a part of the sample says is scaled to the whole of it.
    whole = weight.sum() / weight[keep].sum() if weight[keep].sum() > 0 else 1.0
    keep &= np.isfinite(features).all(axis=1)
    share = _share(weight[keep], dataset)
    shower = ShowerEvents.read(dataset)[keep]
    drawn, share = draw_rows(shower, share, draw, where=str(dataset))
    learned = inside_share(shower[drawn], draw.share, draw.seed, where=str(dataset))
    if not learned.all():
        drawn, share = drawn[learned], share[learned] * (share.sum() / share[learned].sum())
    rows = np.flatnonzero(keep)[drawn]
    return features[rows], kappa[rows], share, float(weight[keep].sum() * whole), shower[drawn]


def signal_kappas(texts: Sequence[str]) -> tuple[float, ...]:
    """Return the values of the kappa input in the datasets of signals, ``"DATASET.h5:OTHER"``."""
    values: set[float] = set()
    for sample in split_samples(texts, ("DATASET.h5", "OTHER.h5")):
        kappa = read_table(sample.paths[0], DATASET, columns=[_KAPPA])[_KAPPA]
        values.update(np.unique(kappa).tolist())
    return tuple(sorted(values))


def read_score_file(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the scores of a file of contract `SCORES`, (event, K), and their kappas, (K,)."""
    table = read_table(path, SCORES)
    return table["score"], table["kappa_lambda"]


def read_scored(
    texts: Sequence[str],
    *,
    label: bool,
    part: Part,
    kappas: Sequence[float] = (),
    weights: Mapping[str, float] | None = None,
    read: ReadScores = read_score_file,
    folds: FoldPart | None = None,
    fixed_kappa_input: float | None = None,
) -> list[ScoredSample]:
    """Read samples of one class with the score of every event at its own kappa input, or at one.

    Args:
        texts: ``"[PROCESS=]DATASET.h5:SCORES.h5"`` of each sample.
        label: True where they are signal; a dataset that says otherwise is refused.
        part: which events.
        kappas: for background, the kappa inputs of the signal it stands against.
        weights: cross section by process in fb; with them all samples come as one, whose weights
            sum to the efficiency of the mixture of processes.
        read: what turns the second path into scores and their kappas.
        folds: with folds, ``part`` is that of one fold, see `part_mask`.
        fixed_kappa_input: kappa input of all events; None = each its own.

    Raises:
        ConfigError: if there is no sample, or a process has no cross section.
        ContractError: if files disagree, scores are of other folds, or a sample has no event or
            weight left.
    """
    files = _class_samples(texts, "SCORES", label)
    if not label:
        warn_unweighed(files, weights)
    samples = []
    for dataset, path in (sample.paths for sample in files):
        if folds is not None:
            require_folds_of_scores(path, folds)
        scores, available = read(path)
        kappa, weight, keep = _read_rows(dataset, path, len(scores), label, part, kappas, folds)
        told = kappa if fixed_kappa_input is None else np.full_like(kappa, fixed_kappa_input)
        column = _kappa_columns(told, available, path)
        score = scores[np.arange(len(kappa)), column]
        generated = read_attributes(dataset).get("sum_weights_generated")
        scale = 1.0 if generated is None else weight.sum() / float(generated)
        share = _signed_share(weight[keep], dataset) * scale
        shower, made = (ShowerEvents.read(dataset)[keep],), folds_of_networks(path)
        samples.append(
            ScoredSample(score[keep], kappa[keep], share, generated is not None, shower, made)
        )
    return _pooled(samples, mixture_factors(files, weights)) if weights else samples


def _pooled(samples: Sequence[ScoredSample], factors: Sequence[float]) -> list[ScoredSample]:
    """Return one sample of all, each weighed by its factor."""
    weights = [sample.weight * factor for sample, factor in zip(samples, factors, strict=True)]
    return [
        ScoredSample(
            np.concatenate([sample.score for sample in samples]),
            np.concatenate([sample.kappa for sample in samples]),
            np.concatenate(weights),
            generated=True,
            shower=tuple(one for sample in samples for one in sample.shower),
            folds=samples[0].folds,
        )
    ]


def _class_samples(texts: Sequence[str], second: str, label: bool) -> list[SampleFiles]:
    if not texts:
        kind = "signal" if label else "background"
        raise ConfigError(f"no {kind} sample; give at least one --{kind} DATASET.h5:{second}.h5")
    return split_samples(texts, ("DATASET.h5", f"{second}.h5"))


def _read_rows(
    dataset: Path,
    path: Path,
    rows: int,
    label: bool,
    part: Part,
    kappas: Sequence[float],
    folds: FoldPart | None,
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
    return kappa, weight, part_mask(dataset, table.get("HH4B/split"), part, rows, folds=folds)


def _share(weight: NDArray[np.float64], dataset: Path) -> NDArray[np.float64]:
    """Scale weights to a sum of one, for a training: none of them may be negative."""
    share = _signed_share(weight, dataset)
    if (weight < 0).any():
        raise ContractError(
            f"{dataset}: {(weight < 0).sum()} of the chosen {len(weight)} events have a negative"
            " weight, with which nothing is trained; a selection by cuts, or a network trained on"
            " other samples, takes such events"
        )
    return share


def _signed_share(weight: NDArray[np.float64], dataset: Path) -> NDArray[np.float64]:
    """Scale weights, of whatever sign, to a sum of one."""
    if not weight.sum() > 0:
        raise ContractError(
            f"{dataset}: the chosen {len(weight)} events have no weight at all, or a negative sum"
            " of weights; give more events or another part"
        )
    return np.asarray(weight / weight.sum())


def _kappa_columns(
    kappa: NDArray[np.float32], available: NDArray[np.float64], path: Path
) -> NDArray[np.int64]:
    """Return for each event the score column that belongs to its kappa input."""
    if not len(kappa):
        return np.zeros(0, dtype=np.int64)
    values, inverse = np.unique(kappa, return_inverse=True)
    distance = np.abs(values[:, None] - available[None, :])
    nearest = np.argmin(distance, axis=1)
    # The input is float32: the values agree to its rounding or they are different points.
    far = ~same_kappa(available[nearest], values)
    if far.any():
        raise ContractError(
            f"{path}: no score at kappa input {float(values[far][0]):g}, only at"
            f" {available.tolist()}; predict at that value too"
        )
    return np.asarray(nearest[inverse], dtype=np.int64)

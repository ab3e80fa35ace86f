"""Features of paired events, the dense network on them, and scores of any network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hh4b.api.checks import require_array, require_kind, require_kinds, shown
from hh4b.api.datasets import Dataset
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.settings import Part
from hh4b.core.shower_events import event_index
from hh4b.events.kappa_input import pick_kappa
from hh4b.selection.features import compute_features as compute
from hh4b.selection.features import find_features
from hh4b.selection.samples import LabelledFeatures
from hh4b.selection.settings import DnnTrainSettings, FeatureSettings
from hh4b.statistics.templates import Scores

if TYPE_CHECKING:
    from hh4b.selection.training import Trained

#: How one gets a table of features.
MADE_BY = "hh4b.compute_features"


@dataclass(frozen=True)
class FeatureTable:
    """High-level observables of the events of a dataset under a pairing.

    Attributes:
        dataset: the events.
        values: shape (event, F); a row of NaN where there is no pairing.
        columns: names of the F columns.
        units: their units, ``"1"`` for none.
    """

    dataset: Dataset
    values: NDArray[np.float32]
    columns: tuple[str, ...]
    units: tuple[str, ...]

    def __getitem__(self, column: str) -> NDArray[np.float32]:
        """Return one column by name, shape (event,).

        Raises:
            ContractError: if there is none of that name.
        """
        if column not in self.columns:
            raise ContractError(f"no feature {column!r}, only {', '.join(self.columns)}")
        return self.values[:, self.columns.index(column)]


@dataclass(frozen=True)
class ScoredTable:
    """Scores of the events of a dataset.

    Attributes:
        table: the features of the events.
        scores: probability to be signal at each value of the kappa input, see `Scores`.
    """

    table: FeatureTable
    scores: Scores

    @property
    def dataset(self) -> Dataset:
        """The events."""
        return self.table.dataset


def compute_features(dataset: Dataset, pairing: Any, *, extra: Sequence[str] = ()) -> FeatureTable:
    """Compute the inputs of the dense network; H1 is the candidate with the larger pT.

    Missing momentum and leptons are among them where the dataset has them.

    Args:
        dataset: the events.
        pairing: of `pair`, shape (event, 2, 2); -1 = no pairing.
        extra: further features, e.g. ``path.py:name``.

    Raises:
        ConfigError: if an extra feature cannot be used.
        ContractError: if the pairing is not one of this dataset.
    """
    call = "compute_features"
    dataset = require_kind(call, "dataset", dataset, Dataset, "hh4b.read_dataset")
    jets = require_array(call, "pairing", pairing, (len(dataset), 2, 2), "i")
    event = dataset.event_observables
    settings = FeatureSettings(event_observables=event is not None, extra=list(extra))
    features = find_features(settings)
    values = compute(dataset.jets, jets, event, features=features)
    return FeatureTable(
        dataset,
        values,
        tuple(entry.name for entry in features),
        tuple(entry.unit for entry in features),
    )


def train(
    *,
    signal: FeatureTable | Sequence[FeatureTable],
    background: FeatureTable | Sequence[FeatureTable],
    part: Part = "training",
    **settings: Any,
) -> "Trained":
    """Train the dense network to tell signal from background.

    Both classes enter with the same weight, and so does every sample of a class. The network is
    told kappa_lambda: signal that of its generation, background one drawn from those of the signal.

    Args:
        signal: features of one or more samples of signal.
        background: features of one or more samples of background.
        part: events to train on: ``training``, ``testing`` or ``all``.
        settings: of the training, by name: ``seed``, ``max_epochs``, ``hidden_dim``, …; see
            `hh4b.selection.settings.DnnTrainSettings`.

    Returns:
        The network of the best epoch and the learning curves; ``network`` is a torch module.

    Raises:
        ConfigError: if a setting is unknown or out of range.
        ContractError: if the samples are of the wrong class or do not fit together.
        TrainingFailed: if there are too few events, or the training diverges.
    """
    chosen = DnnTrainSettings.checked(settings)
    for name in ("background_weights", "folds", "rows_per_shower", "share"):
        if name in settings:
            raise ConfigError(f"train: {name} is for files; use `hh4b dnn train`")
    signals = require_kinds("train", "signal", signal, FeatureTable, MADE_BY)
    backgrounds = require_kinds("train", "background", background, FeatureTable, MADE_BY)
    require_classes("train", signals, backgrounds)
    events = _labelled(signals, backgrounds, part)
    # Torch takes seconds to load.
    import torch

    from hh4b.selection.training import train as run

    torch.set_num_threads(chosen.threads)
    return run(events, chosen, seed=chosen.seed)


def require_classes(
    call: str, signals: Sequence[FeatureTable], backgrounds: Sequence[FeatureTable]
) -> None:
    """Check that signal is signal and background is background.

    Raises:
        ContractError: naming the dataset that is not.
    """
    for tables, wanted in ((signals, True), (backgrounds, False)):
        for table in tables:
            if table.dataset.is_signal != wanted:
                kinds = ("signal", "background") if wanted else ("background", "signal")
                raise ContractError(
                    f"{call}: {table.dataset.path} was given as {kinds[0]} but is labelled as"
                    f" {kinds[1]}; are signal and background swapped?"
                )


def told_kappa(dataset: Dataset, kappas: Sequence[float]) -> NDArray[np.float32]:
    """Return the kappa input of each event, shape (event,), of background drawn from ``kappas``."""
    draw = dataset.columns.get("HH4B/kappa_draw")
    if dataset.is_signal or draw is None:
        return dataset.kappa_input
    return pick_kappa(draw, kappas)


def signal_inputs(signals: Sequence[FeatureTable]) -> list[float]:
    """Return the values of the kappa input of signals, rising."""
    told = np.concatenate([table.dataset.kappa_input for table in signals])
    return [float(kappa) for kappa in np.unique(told)]


def _labelled(
    signals: Sequence[FeatureTable], backgrounds: Sequence[FeatureTable], part: Part
) -> LabelledFeatures:
    """Return what `hh4b.selection.samples.read_labelled` reads of files of the same content."""
    kappas = signal_inputs(signals)
    parts, showers = [], []
    for label, tables in ((True, signals), (False, backgrounds)):
        for table in tables:
            dataset = table.dataset
            if table.columns != signals[0].columns:
                raise ContractError(
                    f"train: the features of {dataset.path} are {', '.join(table.columns)}, those"
                    f" of {signals[0].dataset.path} are {', '.join(signals[0].columns)}"
                )
            keep = dataset.rows(part) & np.isfinite(table.values).all(axis=1)
            weight = dataset.weight[keep].astype(np.float64)
            if (weight < 0).any() or not weight.sum() > 0:
                raise ContractError(
                    f"train: {dataset.path} has negative weights, or none, among the"
                    f" {len(weight)} events of the part {part!r} with a pairing"
                )
            share = weight / weight.sum() / len(tables)
            kappa = told_kappa(dataset, kappas)[keep]
            parts.append((table.values[keep], kappa, np.full(len(kappa), label), share))
            showers.append(dataset.shower[keep])
    features, kappa, labels, weight = (np.concatenate(field) for field in zip(*parts, strict=True))
    columns = signals[0].columns
    return LabelledFeatures(features, kappa, labels, weight, columns, event_index(showers))


def predict(model: Any, table: FeatureTable, kappa_values: Sequence[float]) -> ScoredTable:
    """Score the events of a table at each value of the kappa input.

    Args:
        model: of `train`, its ``network``, of `load_classifier`, or of `hh4b.spanet.load`.
        table: the events; SPANet2 reads their jets and not their features.
        kappa_values: values of kappa_lambda that the network is told, shape (K,).

    Returns:
        Scores of shape (event, K); 0 where an event has no pairing and the network needs one.

    Raises:
        ConfigError: if SPANet2 was not trained to classify.
        ContractError: if arguments are swapped, or the network was trained on other features.
    """
    table = require_kind("predict", "table", table, FeatureTable, MADE_BY)
    kappas = require_array("predict", "kappa_values", kappa_values, ("K",), "f")
    network = getattr(model, "network", model)
    if hasattr(network, "event"):
        values = _spanet_scores(network, table.dataset, kappas)
    elif hasattr(network, "at_kappas"):
        if network.config.columns != table.columns:
            raise ContractError(
                f"predict: the network was trained on {', '.join(network.config.columns)}, the"
                f" table has {', '.join(table.columns)}"
            )
        from hh4b.selection.dnn_stage import score_at_kappas

        values = score_at_kappas(network, table.values, kappas.astype(np.float64))
    else:
        raise ContractError(
            f"predict: model is {shown(model)}, expected what hh4b.train, hh4b.load_classifier or"
            " hh4b.spanet.load returns; are arguments swapped?"
        )
    return ScoredTable(table, Scores(kappas.astype(np.float64), values))


def _spanet_scores(
    network: Any, dataset: Dataset, kappas: NDArray[np.float64]
) -> NDArray[np.float32]:
    from hh4b.spanet.data import read_events
    from hh4b.spanet.kappa import KAPPA, SIGNAL, has_kappa_input
    from hh4b.spanet.prediction import class_probability

    if network.classes.get(SIGNAL) != 2:
        raise ConfigError(f"this network has no two classes {SIGNAL}; it gives no scores")
    events = read_events(dataset.path, network.event, targets=False)
    told = has_kappa_input(network.event)
    columns = [
        class_probability(network, events.with_feature(network.event, KAPPA, float(kappa)), SIGNAL)[
            :, 1
        ]
        for kappa in (kappas if told else kappas[:1])
    ]
    scores = np.stack(columns, axis=1)
    return scores if told else np.repeat(scores, len(kappas), axis=1)


def load_classifier(path: Any) -> Any:
    """Read a network of `hh4b dnn train`: a torch module on the features and kappa_lambda.

    Its ``forward`` takes raw inputs of shape (event, F + 1), kappa_lambda last, and returns logits
    of shape (event,); ``config.columns`` names the F features.

    Args:
        path: the file, or the folder that holds it as ``model.pt``.

    Raises:
        InputFileError: if there is no network there.
    """
    from hh4b.selection.checkpoint import load_network

    return load_network(path)

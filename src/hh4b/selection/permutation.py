"""How much a dense network loses when one of its inputs is shuffled among the events."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from hh4b.core import seeds
from hh4b.core.errors import ContractError
from hh4b.core.folds import FoldPart
from hh4b.core.rows_per_shower import RowDraw
from hh4b.selection.checkpoint import load_network
from hh4b.selection.dnn import DenseNetwork, probability
from hh4b.selection.samples import LabelledFeatures, read_labelled
from hh4b.selection.sensitivity import KAPPA
from hh4b.selection.settings import PermutationSettings
from hh4b.training.metrics import area_under_curve, roc_curve

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
#: Small enough for the cache.
ROWS_AT_ONCE = 4096


class Importance(NamedTuple):
    """What shuffling costs, for F features and then kappa_lambda.

    Attributes:
        columns: names of the F + 1 inputs.
        auc: of the inputs as they are, mean over the networks.
        loss: of AUC by network, input and repeat, shape (network, F + 1, repeat).
    """

    columns: tuple[str, ...]
    auc: float
    loss: NDArray[np.float64]

    @property
    def value(self) -> Floats:
        """Return the mean loss of each input, shape (F + 1,)."""
        return np.asarray(self.loss.mean(axis=(0, 2)))

    @property
    def repeat_error(self) -> Floats | None:
        """Return the error of the mean by its repeats, shape (F + 1,); None with one repeat."""
        number = self.loss.shape[2]
        if number < 2:
            return None
        return np.asarray(self.loss.mean(axis=0).std(axis=1, ddof=1) / np.sqrt(number))

    @property
    def fold_error(self) -> Floats | None:
        """Return that by the networks, each with its own events; None with one network.

        Events, training and shuffling all differ from fold to fold: it holds the error of repeats.
        """
        number = self.loss.shape[0]
        if number < 2:
            return None
        return np.asarray(self.loss.mean(axis=2).std(axis=0, ddof=1) / np.sqrt(number))

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""

        def plain(values: Floats | None) -> list[float] | None:
            return None if values is None else values.tolist()

        return {
            "columns": list(self.columns),
            "auc": self.auc,
            "auc_loss": plain(self.value),
            "repeat_error": plain(self.repeat_error),
            "fold_error": plain(self.fold_error),
            "repeats": self.loss.shape[2],
            "networks": self.loss.shape[0],
        }


def permutation_importance(
    networks: Sequence[DenseNetwork],
    parts: Sequence[LabelledFeatures],
    *,
    repeats: int,
    seed: int,
) -> Importance:
    """Return by how much the AUC falls when one input is shuffled among signal and background.

    A shuffled input keeps its distribution and tells nothing any more, neither of the class nor of
    the other inputs. What two inputs tell together is missed in both: shares do not add up.

    Args:
        networks: one, or that of each fold.
        parts: the events of each network, none of which it has seen.
        repeats: permutations of each input, at least 1.
        seed: decides the permutations.

    Raises:
        ContractError: if the columns are not those of the networks.
    """
    losses, areas = [], []
    for number, (network, events) in enumerate(zip(networks, parts, strict=True)):
        if events.columns != network.config.columns:
            raise ContractError(
                f"the features have the columns {events.columns}, the network wants"
                f" {network.config.columns}; make them as for its training"
            )
        kappa = events.kappa[:, None].astype(np.float32)
        inputs = np.concatenate([events.features, kappa], axis=1)
        area = _auc(network, inputs, events)
        found = np.empty((inputs.shape[1], repeats))
        for column in range(inputs.shape[1]):
            for repeat in range(repeats):
                stream = seeds.stream(seed, "permutation_importance", number, column, repeat)
                changed = inputs.copy()
                changed[:, column] = inputs[stream.permutation(len(inputs)), column]
                found[column, repeat] = area - _auc(network, changed, events)
        losses.append(found)
        areas.append(area)
    return Importance((*parts[0].columns, KAPPA), float(np.mean(areas)), np.stack(losses))


@torch.inference_mode()
def _auc(network: DenseNetwork, inputs: NDArray[np.float32], events: LabelledFeatures) -> float:
    blocks = torch.split(torch.from_numpy(inputs), ROWS_AT_ONCE)
    score = torch.cat([probability(network(block)) for block in blocks]).numpy()
    return area_under_curve(roc_curve(events.label, score, events.weight))


def importance_of_files(
    models: Sequence[Path | str],
    signal: Sequence[str],
    background: Sequence[str],
    settings: PermutationSettings,
) -> dict[str, Any]:
    """Return `permutation_importance` of trained networks on what they have not seen.

    Args:
        models: directory of `hh4b dnn train` or its model.pt; with folds one for each, in order.
        signal: ``"[PROCESS=]DATASET.h5:FEATURES.h5"`` of each sample.
        background: the same.
        settings: folds, repeats, seed, rows of a shower event, weights of background processes.

    Raises:
        ConfigError: if there are not as many models as folds.
        ContractError, InputFileError: if models or samples cannot be used.
    """
    settings.require_models(len(models))
    numbers = range(settings.folds) if settings.folds else (None,)
    parts = [
        read_labelled(
            signal,
            background,
            part="testing",
            background_weights=settings.background_weights,
            folds=FoldPart.of(settings, fold=number),
            draw=RowDraw.of(settings),
        )
        for number in numbers
    ]
    networks = [load_network(model) for model in models]
    found = permutation_importance(networks, parts, repeats=settings.repeats, seed=settings.seed)
    order = np.argsort(found.value)[::-1]
    log.info("what matters most: %s", ", ".join(found.columns[i] for i in order[:5]))
    return found.as_json()

"""Networks that share the events of a file: one for all, or each for the events of its fold."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.folds import Folds
from hh4b.core.parts import fold_attributes, fold_numbers
from hh4b.spanet.checkpoints import Checkpoint
from hh4b.spanet.data import Events, count_events
from hh4b.spanet.devices import identity_of, open_checkpoint
from hh4b.spanet.kappa import KAPPA, has_kappa_input, require_trained
from hh4b.spanet.network import Network
from hh4b.spanet.prediction import Prediction, class_probability, predict
from hh4b.spanet.settings import SpanetDevices, SpanetPredictSettings

log = logging.getLogger(__name__)
Share = tuple[NDArray[np.int64], Prediction]


@dataclass(frozen=True)
class Predictor:
    """What predicts the events of one file.

    Attributes:
        networks: one, or one for each fold.
        folds: the fold of every event of the file, shape (event,); None = one network for all.
        stated: what files of predictions say of the folds.
    """

    networks: tuple[Network, ...]
    folds: NDArray[np.int8] | None = None
    stated: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        """Return the first network, for what is the same in all."""
        return self.networks[0]

    def predict(self, rows: slice, events: Events, *, vectors: bool = False) -> Prediction:
        """Predict the events ``rows`` of the file."""
        if self.folds is None:
            return predict(self.network, events, vectors=vectors)
        return gather(
            [
                (index, predict(network, events.select(index), vectors=vectors))
                for index, network in self._shares(rows)
            ],
            len(events),
        )

    def class_probability(self, rows: slice, events: Events, name: str) -> NDArray[np.float32]:
        """Return the probability (N, classes) of one classification of the events ``rows``."""
        if self.folds is None:
            return class_probability(self.network, events, name)
        result = np.zeros((len(events), self.network.classes[name]), dtype=np.float32)
        for index, network in self._shares(rows):
            result[index] = class_probability(network, events.select(index), name)
        return result

    def _shares(self, rows: slice) -> Iterator[tuple[NDArray[np.int64], Network]]:
        assert self.folds is not None
        for number, network in enumerate(self.networks):
            index = np.flatnonzero(self.folds[rows] == number)
            if len(index):
                yield index, network


def open_predictor(
    models: Sequence[Path], dataset: Path, settings: SpanetPredictSettings
) -> tuple[Predictor, dict[str, Any]]:
    """Read the checkpoints that predict a file.

    Args:
        models: checkpoints or folders of trainings: one, or one for each fold, in their order.
        dataset: the file; its sample and event numbers say which event is in which fold.
        settings: the folds, the kappa input of the pairing, and where it is computed.

    Returns:
        The predictor, and what identifies it in the provenance of what it predicts.

    Raises:
        ConfigError: if there are not as many models as folds, or one of them cannot be told the
            kappa input of the pairing, or was never trained with it.
        ContractError: if the networks are not of one kind.
        InputFileError: if there is no checkpoint of ours.
    """
    settings.require_models(len(models))
    opened = _open_alike(models, settings)
    if settings.pairing_kappa is not None:
        for model, checkpoint in zip(models, opened, strict=True):
            _require_kappa(settings.pairing_kappa, checkpoint, where=str(model))
    networks = tuple(found.network for found in opened)
    identities = [identity_of(found) for found in opened]
    if not settings.folds:
        return Predictor(networks), identities[0]
    folds = fold_numbers(dataset, count_events(dataset, networks[0].event), settings)
    chosen = Folds.of(settings)
    predictor = Predictor(networks, folds, dict(fold_attributes(chosen)))
    return predictor, {**chosen.decided(), "networks": identities}


def open_networks(
    models: Sequence[Path], settings: SpanetDevices
) -> tuple[tuple[Network, ...], list[dict[str, Any]]]:
    """Read networks of one kind, and what identifies them, see `open_network`.

    Raises:
        ContractError: if they differ in more than their weights.
    """
    opened = _open_alike(models, settings)
    return tuple(found.network for found in opened), [identity_of(found) for found in opened]


def _open_alike(models: Sequence[Path], settings: SpanetDevices) -> list[Checkpoint]:
    """Read checkpoints of one kind, see `open_networks`."""
    opened = [open_checkpoint(model, settings) for model in models]
    for model, found in zip(models, opened, strict=True):
        if found.network.configuration() != opened[0].network.configuration():
            raise ContractError(
                f"{model} has other options or inputs than {models[0]}; the networks of folds"
                " differ by their events only"
            )
    return opened


def _require_kappa(kappa: float, checkpoint: Checkpoint, *, where: str) -> None:
    """Check that a network can be told a kappa input, and knows it.

    Raises:
        ConfigError: if not.
    """
    if not has_kappa_input(checkpoint.network.event):
        raise ConfigError(f"{where}: the network has no input {KAPPA}; leave out --pairing-kappa")
    if checkpoint.trained_kappas is None:
        log.warning(
            "%s does not say which kappa inputs it was trained with: %g is taken unchecked",
            where, kappa,
        )  # fmt: skip
    else:
        require_trained(kappa, checkpoint.trained_kappas, where=where)


def gather(shares: Sequence[Share], number: int) -> Prediction:
    """Put predictions of some events each into one of all.

    Args:
        shares: rows, shape (n,), and the prediction of their events.
        number: number of all events, each in one share.
    """

    def place(arrays: Sequence[NDArray[Any]], axis: int = 0) -> NDArray[Any]:
        order = np.argsort(np.concatenate([rows for rows, _ in shares]))
        return np.take(np.concatenate(arrays, axis=axis), order, axis=axis)

    assert sum(len(rows) for rows, _ in shares) == number
    found = [prediction for _, prediction in shares]
    if not found:
        raise ContractError("no event to predict")
    first = found[0]
    return Prediction(
        tuple(place([one.jets[n] for one in found]) for n in range(len(first.jets))),
        place([one.assignment_probability for one in found], axis=1),
        place([one.detection_probability for one in found], axis=1),
        {name: place([one.classes[name] for one in found]) for name in first.classes},
        {name: place([one.vectors[name] for one in found]) for name in first.vectors},
        {name: place([one.regressions[name] for one in found]) for name in first.regressions},
    )


def join_events(parts: Sequence[Events]) -> Events:
    """Return the events of several files one after another.

    Raises:
        ContractError: if one has columns that another lacks, or jets of another number.
    """

    def join(values: Sequence[Any]) -> Any:
        first = values[0]
        if isinstance(first, dict):
            return {name: join([value[name] for value in values]) for name in first}
        if isinstance(first, tuple):
            return tuple(join(column) for column in zip(*values, strict=True))
        return None if first is None else np.concatenate(values)

    try:
        return Events(**{f.name: join([getattr(p, f.name) for p in parts]) for f in fields(Events)})
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError(f"the files of the folds do not fit together: {error}") from error

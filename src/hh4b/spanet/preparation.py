"""From files and options to what a training needs: split, statistics, weights, targets."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hh4b.core.errors import ContractError, TrainingFailed
from hh4b.core.grouping import first_rows
from hh4b.spanet.batches import Batch, EventStore
from hh4b.spanet.data import Events, read_events, vectors_per_event
from hh4b.spanet.event import EventDescription
from hh4b.spanet.kappa import kappa_weights
from hh4b.spanet.losses import Balance, Targets
from hh4b.spanet.network import Network
from hh4b.spanet.options import Options
from hh4b.spanet.regressions import require_learnable
from hh4b.spanet.symmetries import require_invariant


@dataclass(frozen=True)
class Preparation:
    """Everything that a training reads.

    Attributes:
        training: events to learn from.
        validation: events to choose the best checkpoint by.
        classes: number of classes by classification.
        balance: weights by particles present, multiplicity and class.
        digest: fingerprint of the events.
    """

    training: Events
    validation: Events
    classes: dict[str, int]
    balance: Balance
    digest: str


def prepare(
    options: Options,
    event: EventDescription,
    training_file: Path | str,
    validation_file: Path | str | None = None,
) -> Preparation:
    """Read, check and split the events of a training as the reference does.

    Raises:
        ContractError: if a file lacks what the event description names, or holds wrong values, or
            with ``kappa_balance`` if a class is missing at a kappa input.
        ConfigError: if ``kappa_balance`` is asked of a network without kappa input, or
            ``random_symmetries`` of one that regresses directions.
        TrainingFailed: if too few events are left for one step.
    """
    assignments = bool(
        options.assignment_loss_scale or options.detection_loss_scale or options.kl_loss_scale
    )
    events = read_events(training_file, event, assignments=assignments)
    share = options.train_validation_split * options.dataset_limit
    if validation_file:
        training = events.select(_range(events, 0.0, options.dataset_limit, options))
        validation = read_events(validation_file, event, assignments=assignments)
    else:
        training = events.select(_range(events, 0.0, share, options))
        validation = events.select(_range(events, share, options.dataset_limit, options))
    if assignments and not options.partial_events:
        training = training.select(np.asarray(np.stack(training.target_valid).all(axis=0)))
    if options.limit_to_num_jets:
        training = _only(training, event, options.limit_to_num_jets)
        validation = _only(validation, event, options.limit_to_num_jets)
    step = options.batch_size * max(1, options.num_gpu)
    if len(training) < step:
        raise TrainingFailed(
            f"{training_file}: {len(training)} events for training, fewer than the {step} of one"
            " step; lower batch_size or give more events"
        )
    if len(validation) == 0:
        raise TrainingFailed(
            f"{training_file}: no event is left for validation; lower train_validation_split"
            " or give --validation"
        )
    if options.regression_loss_scale:
        require_learnable(training.regressions, where=str(training_file))
        if options.random_symmetries:
            require_invariant(training.regressions)
    classes = {}
    for name, values in training.classes.items():
        known = np.unique(values[values >= 0])
        if options.classification_loss_scale and len(known) < 2:
            raise ContractError(
                f"{training_file}: CLASSIFICATIONS/{name} holds only {known.tolist()};"
                " a classifier needs two classes"
            )
        classes[name] = max(2, int(known.max(initial=1)) + 1)
    if options.kappa_balance:
        # Refused here, before a network is built and processes start.
        loss_weights(training, event, options)
        kappa_weights(None, validation, event, lenient=True)
    balance = Balance.of(training, event, options)
    return Preparation(training, validation, classes, balance, _digest(training, validation))


def _range(events: Events, low: float, high: float, options: Options) -> NDArray[np.int64]:
    """Return the sorted rows of the events between two shares of the (shuffled) file."""
    if events.shower is None:
        return _places(len(events), low, high, options)
    first = np.flatnonzero(first_rows(events.shower))
    chosen = events.shower[first[_places(len(first), low, high, options)]]
    return np.flatnonzero(np.isin(events.shower, chosen))


def _places(number: int, low: float, high: float, options: Options) -> NDArray[np.int64]:
    start, stop = round(low * number), round(high * number)
    if options.dataset_randomization:
        # The same generator as the reference's, so that the same events are left out.
        legacy = np.random.RandomState(options.dataset_randomization)
        return np.sort(legacy.permutation(number)[start:stop])
    return np.arange(start, stop)


def _only(events: Events, event: EventDescription, vectors: int) -> Events:
    return events.select(vectors_per_event(events, event) == vectors)


def _digest(*parts: Events) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for events in parts:
        arrays = [*events.features, *events.valid, *events.targets, *events.classes.values()]
        for array in [*arrays, *events.regressions.values()]:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def set_statistics(network: Network, events: Events) -> None:
    """Put mean and deviation of the real vectors' features and of targets into the network.

    Features without "normalize" and those that do not vary keep mean 0 and deviation 1.
    """
    for name, regressor in network.regressors_by_name().items():
        regressor.set_targets(events.regressions[name])
    if not network.options.normalize_features:
        return
    for item, embedding, features, valid in zip(
        network.seen.inputs, network.embeddings, events.features, events.valid, strict=True
    ):
        real = features[valid].astype(np.float64)
        mean, std = real.mean(axis=0), real.std(axis=0, ddof=1)
        std[std < 1e-5] = 1
        off = [not feature.normalize for feature in item.features]
        mean[off], std[off] = 0, 1
        embedding.mean.copy_(torch.from_numpy(mean))  # type: ignore[operator]
        embedding.std.copy_(torch.from_numpy(std))  # type: ignore[operator]


def event_weights(events: Events, *, lenient: bool = False) -> NDArray[np.float32] | None:
    """Return the weights of the file, with mean 1 within each class and kappa of generation.

    Weights then tell how events of one sample relate to each other, and the numbers of events how
    much the samples count, as without weights. Cross sections, which differ by orders of magnitude
    between signal and background, drop out.

    Raises:
        ContractError: if the mean weight of a sample is not positive.
    """
    if events.weight is None:
        return None
    keys = [values.astype(np.float64) for values in events.classes.values()]
    if events.kappa_of_generation is not None:
        keys.append(np.nan_to_num(events.kappa_of_generation.astype(np.float64), nan=1e9))
    keys.append(np.zeros(len(events)))
    _, sample = np.unique(np.stack(keys, axis=1), axis=0, return_inverse=True)
    sample = sample.reshape(-1)
    mean = np.bincount(sample, weights=events.weight) / np.bincount(sample)
    if lenient:
        mean = np.where(mean > 0, mean, np.inf)
    if (mean <= 0).any():
        raise ContractError(
            f"HH4B/weight has the mean {mean.min():g} in a sample; it must be positive to train;"
            ' set "event_weights": "none" to go without'
        )
    return (events.weight / mean[sample]).astype(np.float32)


def loss_weights(
    events: Events, event: EventDescription, options: Options, *, lenient: bool = False
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Return weights of the events in all terms, and in those of particles if they are others.

    With ``kappa_balance`` the weights are those of `kappa_weights`. Terms of particles get them
    scaled to the mean 1 over events with a particle to be found: every kappa counts as much as any
    other, and assignment as much beside classification as without. With ``lenient`` events that
    have no such weight, of which a training may have none, count nothing.
    """
    weights = None
    if options.event_weights == "dataset":
        weights = event_weights(events, lenient=lenient)
    if not options.kappa_balance:
        return weights, None
    balanced = kappa_weights(weights, events, event, lenient=lenient)
    assigned = balanced
    if events.target_valid:
        some = np.stack(events.target_valid).any(axis=0)
        if some.any():
            assigned = balanced / balanced[some].mean()
    return balanced.astype(np.float32), assigned.astype(np.float32)


class TargetStore:
    """Targets of the events of a store, taken by batch."""

    def __init__(
        self,
        events: Events,
        store: EventStore,
        options: Options,
        group_of: EventDescription,
        *,
        lenient: bool = False,
    ) -> None:
        """Turn padded places into ranks among real vectors; see `loss_weights` for ``lenient``."""
        if events.targets:
            self.ranks = tuple(torch.from_numpy(store.ranks(t)) for t in events.targets)
            self.valid = torch.from_numpy(np.stack(events.target_valid))
            weight = np.stack(events.target_weight)
            self.weight = None if (weight == 1).all() else torch.from_numpy(weight)
        else:
            self.ranks = tuple(
                torch.zeros(len(events), p.degree, dtype=torch.int64) for p in group_of.particles
            )
            self.valid = torch.zeros(len(group_of.particles), len(events), dtype=torch.bool)
            self.weight = None
        self.classes = {name: torch.from_numpy(v) for name, v in events.classes.items()}
        self.regressions = {name: torch.from_numpy(v) for name, v in events.regressions.items()}
        weights, assigned = loss_weights(events, group_of, options, lenient=lenient)
        self.event_weight = None if weights is None else torch.from_numpy(weights)
        self.assignment_weight = None if assigned is None else torch.from_numpy(assigned)
        self.multiplicity = torch.from_numpy(store.n_sequential)

    def take(self, batch: Batch) -> Targets:
        """Return the targets of a batch, on the device of the batch."""
        rows = batch.events.cpu()
        device = batch.events.device

        def at(values: Tensor) -> Tensor:
            return values[rows].to(device)

        return Targets(
            ranks=tuple(at(r) for r in self.ranks),
            valid=self.valid[:, rows].to(device),
            weight=None if self.weight is None else self.weight[:, rows].to(device),
            classes={name: at(v) for name, v in self.classes.items()},
            regressions={name: at(v) for name, v in self.regressions.items()},
            event_weight=None if self.event_weight is None else at(self.event_weight),
            multiplicity=at(self.multiplicity),
            assignment_weight=(
                None if self.assignment_weight is None else at(self.assignment_weight)
            ),
        )

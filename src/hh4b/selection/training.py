"""Training of the dense network: one loop, which can be left and gone on with."""

import copy
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hh4b.core.errors import TrainingFailed
from hh4b.core.grouping import first_rows
from hh4b.core.seeds import derive_seed
from hh4b.selection.dnn import DenseNetwork, NetworkConfig, probability
from hh4b.selection.samples import LabelledFeatures
from hh4b.selection.settings import DnnSettings
from hh4b.training import metrics
from hh4b.training.saved_tensors import fill, read_saved, taken_from
from hh4b.training.tensors import save_tensors

log = logging.getLogger(__name__)
#: What one epoch leaves behind: number by column of the learning curves.
Epoch = dict[str, float]


@dataclass(frozen=True)
class Trained:
    """Outcome of a training.

    Attributes:
        network: with the weights of the best epoch.
        epochs: learning curves, one entry an epoch.
        best_epoch: index of the epoch with the smallest validation loss.
    """

    network: DenseNetwork
    epochs: list[Epoch]
    best_epoch: int


@dataclass(frozen=True)
class WeightedEvents:
    """Events on the device: inputs (event, F + 1), label (event,), weight (event,) of mean 1."""

    inputs: Tensor
    label: Tensor
    weight: Tensor

    def take(self, rows: Tensor) -> "WeightedEvents":
        """Return the chosen rows."""
        return WeightedEvents(self.inputs[rows], self.label[rows], self.weight[rows])

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.label)


def train(
    events: LabelledFeatures,
    settings: DnnSettings,
    *,
    seed: int,
    device: str = "cpu",
    on_epoch: Callable[[int, Epoch], None] | None = None,
) -> Trained:
    """Train a network to tell signal from background.

    The loss is the weighted binary cross-entropy with both classes of equal sum of weights. The
    same seed on the same machine with the same number of threads gives the same bits.

    Args:
        events: labelled features.
        settings: sizes, step, stopping.
        seed: decides initial weights, validation events and the order of the batches.
        device: where the tensors live.
        on_epoch: called with the number and the curves of each finished epoch; a search prunes by
            raising from it.

    Raises:
        TrainingFailed: if there are too few events, or the loss is no longer a number.
    """
    run = _Run(events, settings, seed=seed, device=device)
    run.go_on(settings.max_epochs, on_epoch)
    run.network.load_state_dict(run.best_state)
    return Trained(run.network.eval(), run.epochs, run.best_epoch)


def train_until(
    events: LabelledFeatures, settings: DnnSettings, epochs: int, path: Path, *, seed: int
) -> Trained:
    """Train until so many epochs, from what lies at ``path`` if there is something; keep it there.

    Returns:
        The network of the best epoch so far, and these epochs.

    Raises:
        TrainingFailed: as `train`.
    """
    run = _Run(events, settings, seed=seed, device="cpu")
    if path.exists():
        what = "state of a trial"
        state = read_saved(path, what=what)
        with taken_from(path, what=what):
            run.load_state_dict(state)
    run.go_on(epochs)
    save_tensors(path, run.state_dict())
    run.network.load_state_dict(run.best_state)
    return Trained(run.network.eval(), run.epochs[:epochs], run.best_epoch)


class _Run:
    """A training on its way."""

    def __init__(
        self, events: LabelledFeatures, settings: DnnSettings, *, seed: int, device: str
    ) -> None:
        everything = to_batch(events, device)
        fit_rows, validation_rows = split_validation(events, settings.validation_fraction, seed)
        self.fit, self.validation = everything.take(fit_rows), everything.take(validation_rows)
        self.settings = settings
        config = NetworkConfig(
            columns=events.columns, hidden_dim=settings.hidden_dim, n_layers=settings.n_layers
        )
        self.network = DenseNetwork(config, _generator(seed, "weights")).to(device)
        self.network.standardise.fit(self.fit.inputs, self.fit.weight)
        self.optimiser = make_optimiser(self.network, settings.learning_rate)
        self.order = _generator(seed, "order")
        self.epochs: list[Epoch] = []
        self.best_loss, self.best_epoch = float("inf"), -1
        self.best_state = self.network.state_dict()

    def go_on(self, until: int, on_epoch: Callable[[int, Epoch], None] | None = None) -> None:
        """Train until there are so many epochs, or no improvement for `DnnSettings.patience`."""
        patience = self.settings.patience
        while len(self.epochs) < until and len(self.epochs) - 1 - self.best_epoch < patience:
            number = len(self.epochs)
            train_loss = run_epoch(
                self.network, self.optimiser, self.fit, self.settings.batch_size, self.order
            )
            validated = validate(self.network, self.validation)
            epoch = {"epoch": number, "train_loss": train_loss, **validated}
            self.epochs.append(epoch)
            _require_finite(epoch, self.settings)
            if epoch["validation_loss"] < self.best_loss:
                self.best_loss, self.best_epoch = epoch["validation_loss"], number
                self.best_state = copy.deepcopy(self.network.state_dict())
            log.info(
                "epoch %d: loss %.4f, validation %.4f (best %.4f), accuracy %.4f, AUC %.4f",
                number, train_loss, epoch["validation_loss"], self.best_loss,
                epoch["validation_accuracy"], epoch["validation_auc"],
            )  # fmt: skip
            if on_epoch is not None:
                on_epoch(number, epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` goes on from, as plain data and tensors."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "order": self.order.get_state(),
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "best_state": self.best_state,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Be where the training of the state was."""
        fill(self.network, state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.order.set_state(state["order"])
        self.epochs, self.best_epoch = state["epochs"], state["best_epoch"]
        self.best_state = state["best_state"]
        self.best_loss = min(epoch["validation_loss"] for epoch in self.epochs)


def make_optimiser(network: DenseNetwork, learning_rate: float) -> torch.optim.Adam:
    """Return Adam with bias correction, beta = (0.9, 0.999), epsilon = 1e-8."""
    # foreach is not the default on the CPU, where it saves a third of an epoch.
    return torch.optim.Adam(network.parameters(), lr=learning_rate, foreach=True)


def run_epoch(
    network: DenseNetwork,
    optimiser: torch.optim.Optimizer,
    events: WeightedEvents,
    batch_size: int,
    order: torch.Generator,
) -> float:
    """Step the optimiser through the batches of a fresh permutation; return the mean loss."""
    network.train()
    total = torch.zeros((), device=events.label.device)
    permutation = torch.randperm(len(events), generator=order).to(events.label.device)
    for rows in torch.split(permutation, batch_size):
        batch = events.take(rows)
        optimiser.zero_grad(set_to_none=True)
        loss = weighted_loss(network(batch.inputs), batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total += loss.detach() * len(batch)
    return total.item() / len(events)


def weighted_loss(logits: Tensor, batch: WeightedEvents) -> Tensor:
    """Return the mean of w times -[y ln p + (1 - y) ln(1 - p)], p = sigma(logit)."""
    loss: Tensor = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, batch.label, weight=batch.weight
    )
    return loss


@torch.no_grad()
def validate(network: DenseNetwork, events: WeightedEvents) -> Epoch:
    """Return validation loss, balanced accuracy at 0.5 and AUC."""
    network.eval()
    logits = torch.cat([network(inputs) for inputs in torch.split(events.inputs, 8192)])
    loss = weighted_loss(logits, events).item() / events.weight.mean().item()
    score = probability(logits).cpu().numpy()
    label, weight = events.label.cpu().numpy() > 0, events.weight.double().cpu().numpy()
    accuracy = metrics.balanced_accuracy(label, score, weight, threshold=0.5)
    return {
        "validation_loss": loss,
        "validation_accuracy": accuracy.value,
        "validation_auc": metrics.auc(label, score, weight).value,
    }


def to_batch(events: LabelledFeatures, device: str) -> WeightedEvents:
    """Put events on the device, with weights of mean one."""
    inputs = np.column_stack([events.features, events.kappa])
    weight = events.weight * (len(events.weight) / events.weight.sum())
    return WeightedEvents(
        torch.from_numpy(inputs).to(device),
        torch.from_numpy(events.label.astype(np.float32)).to(device),
        torch.from_numpy(weight.astype(np.float32)).to(device),
    )


def split_validation(events: LabelledFeatures, fraction: float, seed: int) -> tuple[Tensor, Tensor]:
    """Return rows to fit and rows to validate on, the same fraction of each class.

    Rows of one shower event stay together; the fraction is of events.

    Raises:
        TrainingFailed: if a class does not give at least one row to each.
    """
    generator = _generator(seed, "validation")
    fit, validation = [], []
    for name, of_class in (("signal", events.label), ("background", ~events.label)):
        places = np.flatnonzero(of_class)
        if events.events is not None:
            places = places[first_rows(events.events[places])]
        rows = torch.from_numpy(places)
        rows = rows[torch.randperm(len(rows), generator=generator)]
        n_validation = max(1, round(fraction * len(rows)))
        if len(rows) - n_validation < 1:
            raise TrainingFailed(
                f"{len(rows)} {name} events with a pairing cannot be split into training and"
                f" validation ({fraction:g}); give more events"
            )
        validation.append(rows[:n_validation])
        fit.append(rows[n_validation:])
    fitted, validated = torch.cat(fit).sort().values, torch.cat(validation).sort().values
    if events.events is None:
        return fitted, validated
    chosen = np.isin(events.events, events.events[validated.numpy()])
    return torch.from_numpy(np.flatnonzero(~chosen)), torch.from_numpy(np.flatnonzero(chosen))


def _generator(seed: int, purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(derive_seed(seed, "dnn", purpose))


def _require_finite(epoch: Epoch, settings: DnnSettings) -> None:
    if not all(np.isfinite(value) for value in epoch.values()):
        raise TrainingFailed(
            f"the loss is {epoch['train_loss']} (validation {epoch['validation_loss']}) after epoch"
            f" {epoch['epoch']:.0f}; try a learning rate below {settings.learning_rate:g}"
        )


def summarise(trained: Trained) -> dict[str, Any]:
    """Return the numbers of the best epoch, for training.json and the checkpoint."""
    best = trained.epochs[trained.best_epoch]
    return {**best, "epochs_run": len(trained.epochs), "best_epoch": trained.best_epoch}

"""State and steps of a training; `training_run` goes through the epochs."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hh4b.core import seeds
from hh4b.core.errors import ConfigError, TrainingFailed
from hh4b.core.logs import progress
from hh4b.spanet import losses, pair_features
from hh4b.spanet.batches import EventStore
from hh4b.spanet.data import Events
from hh4b.spanet.evaluation import assignment_metrics, classification_metrics
from hh4b.spanet.event import EventDescription
from hh4b.spanet.kappa import kappa_weights, trained_kappas
from hh4b.spanet.network import Network, Parts
from hh4b.spanet.options import Options
from hh4b.spanet.prediction import predict
from hh4b.spanet.preparation import Preparation, TargetStore, set_statistics
from hh4b.spanet.regressions import regression_metrics
from hh4b.spanet.validation_loss import ValidationLoss

FINITE_CHECK_STEPS = 50
VALIDATION_LOSS = "validation/loss"


@dataclass(frozen=True)
class Workers:
    """How the work is shared among processes.

    Attributes:
        rank: number of this process.
        world: number of processes; each takes ``batch_size`` events a step.
        device: where this process computes.
        average: replaces gradients by their mean over processes.
        wait: returns once every process has come here.
    """

    rank: int = 0
    world: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    average: Callable[[list[Tensor]], None] = lambda _: None
    wait: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class BestState:
    """The best state so far, apart from the network that goes on learning.

    Attributes:
        weights: by name.
        epoch: finished epochs.
        step: finished steps.
        metrics: of the epoch.
    """

    weights: dict[str, Tensor]
    epoch: int
    step: int
    metrics: dict[str, float]


def make_optimizer(network: Network, options: Options) -> torch.optim.Optimizer:
    """Return the optimiser of the options; biases are not decayed, everything else is.

    Raises:
        ConfigError: if torch has no such optimiser, or it takes no weight decay.
    """
    kind = getattr(torch.optim, options.optimizer, None)
    if not isinstance(kind, type) or not issubclass(kind, torch.optim.Optimizer):
        raise ConfigError(f"optimizer = {options.optimizer!r} is no optimizer of torch.optim")
    groups = [
        {"params": [p for n, p in network.named_parameters() if "bias" not in n],
         "weight_decay": options.l2_penalty},
        {"params": [p for n, p in network.named_parameters() if "bias" in n],
         "weight_decay": 0.0},
    ]  # fmt: skip
    extra: dict[str, Any] = {"fused": True} if options.optimizer in {"Adam", "AdamW"} else {}
    try:
        return kind(groups, lr=options.learning_rate, **extra)  # type: ignore[call-arg]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"optimizer = {options.optimizer!r} cannot be used: {error}") from error


class Training:
    """State of a training: network, optimiser, position, best value so far."""

    def __init__(
        self,
        options: Options,
        event: EventDescription,
        data: Preparation,
        *,
        seed: int,
        workers: Workers | None = None,
    ) -> None:
        """Build the network with weights that depend on ``seed`` only."""
        self.options, self.event, self.data, self.seed = options, event, data, seed
        self.workers = workers or Workers()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds.derive_seed(seed, "spanet", "weights"))
            network = Network(options, event, data.classes)
        seen = pair_features.add(data.training, event, options.pair_features)
        set_statistics(network, seen)
        self.network = network.to(self.workers.device)
        # Asked for every step, they would be looked for in every layer.
        self._parameters = list(self.network.parameters())
        self.optimizer = make_optimizer(self.network, options)
        self.store = EventStore(seen, network.seen)
        self.targets = TargetStore(data.training, self.store, options, event)
        self.trained_kappas = trained_kappas(data.training, event)
        self.epoch = 0
        self.best = -math.inf
        self.kept: BestState | None = None
        self.steps_per_epoch = self.store.n_events // (options.batch_size * self.workers.world)
        self.parts = Parts(
            assignment=bool(options.assignment_loss_scale or options.kl_loss_scale),
            detection=bool(options.detection_loss_scale),
            classification=bool(options.classification_loss_scale and event.classifications),
            regression=bool(options.regression_loss_scale and event.regressions),
        )
        self._validation: ValidationLoss | None = None
        if not any(vars(self.parts).values()):
            raise TrainingFailed("nothing to learn: every loss scale of the options is 0")

    @property
    def step(self) -> int:
        """Return the number of finished steps."""
        return self.epoch * self.steps_per_epoch

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        options, per_epoch = self.options, self.steps_per_epoch
        factor = losses.learning_rate_factor(
            step,
            warmup=round(per_epoch * options.learning_rate_warmup_epochs),
            total=per_epoch * options.epochs,
            cycles=options.learning_rate_cycles,
        )
        return options.learning_rate * factor

    def run_epoch(self) -> dict[str, float]:
        """Go once through the training events; return mean losses and the rate."""
        size, workers = self.options.batch_size, self.workers
        order = seeds.stream(self.seed, "spanet", "order", self.epoch).permutation(
            self.store.n_events
        )
        if self.options.random_symmetries:
            self.store.turn(seeds.stream(self.seed, "spanet", "turn", self.epoch))
        self.network.train()
        sums: dict[str, Tensor] = {}
        start = time.perf_counter()
        steps = range(self.steps_per_epoch)
        total = self.steps_per_epoch * size * workers.world
        shown = (
            progress(steps, total=total, what=f"events of epoch {self.epoch + 1}",
                     size=size * workers.world)
            if workers.rank == 0
            else steps
        )  # fmt: skip
        for number in shown:
            first = (number * workers.world + workers.rank) * size
            parts = self.run_step(order[first : first + size], self.step + number)
            for name, value in parts.items():
                sums[name] = sums[name] + value if name in sums else value
            if (number + 1) % FINITE_CHECK_STEPS == 0:
                losses.check_finite({k: float(v) for k, v in sums.items()}, step=number)
        self.epoch += 1
        means = {f"loss/{name}": float(v) / len(steps) for name, v in sums.items()}
        losses.check_finite(means, step=self.step)
        return {**means, "events_per_second": total / (time.perf_counter() - start)}

    def run_step(self, index: Any, step: int) -> dict[str, Tensor]:
        """Learn from the events ``index``; return the losses."""
        options = self.options
        torch.manual_seed(
            seeds.derive_seed(self.seed, "spanet", "dropout", step, self.workers.rank)
        )
        rate = self.learning_rate(step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        batch = self.store.batch(index).to(self.workers.device)
        targets = self.targets.take(batch)
        with torch.autocast(
            self.workers.device.type,
            dtype=torch.bfloat16,
            enabled=options.precision == "bfloat16",
        ):
            output = self.network(batch, self.parts)
        found = losses.compute(output, targets, batch, self.event, options, self.data.balance)
        self.optimizer.zero_grad(set_to_none=True)
        found.total.backward()  # type: ignore[no-untyped-call]
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        self.workers.average(gradients)
        if options.gradient_clip:
            torch.nn.utils.clip_grad_norm_(self._parameters, options.gradient_clip)
        self.optimizer.step()
        return {"total": found.total.detach(), **{k: v.detach() for k, v in found.parts.items()}}

    def validate(self) -> dict[str, float]:
        """Return metrics of the validation events, and their loss."""
        if self._validation is None:
            self._validation = ValidationLoss(
                self.network, self.data.validation, self.data.balance, self.parts
            )
        loss = self._validation.total(self.network)
        found = {} if loss is None else {VALIDATION_LOSS: loss}
        weight = self.validation_weight()
        return found | validation_metrics(self.network, self.data.validation, weight)

    def validation_weight(self) -> NDArray[np.float64] | None:
        """Return the weights of the validation events in the metrics of classes; None = 1."""
        if not self.options.kappa_balance:
            return None
        # Otherwise a network that knows the sizes of the samples would seem better.
        return kappa_weights(None, self.data.validation, self.event, lenient=True)

    def monitored(self, metrics: dict[str, float]) -> float:
        """Return the number by which the best checkpoint is chosen; larger is better."""
        name: str = self.options.best_checkpoint_metric
        if name == "last":
            return float(self.epoch)
        if name == "auto":
            only_numbers = self.parts.regression and not self.parts.classification
            others = "average_r_squared" if only_numbers else "auc"
            name = "average_jet_accuracy" if self.parts.assignment else others
        sign = -1 if name == "loss" else 1
        for key, value in metrics.items():
            if key.rsplit("/", 1)[-1] == name:
                return sign * value if math.isfinite(value) else -math.inf
        raise ConfigError(
            f"best_checkpoint_metric = {name!r} cannot be computed from the validation events;"
            f" there are {sorted(metrics)}"
        )


def validation_metrics(
    network: Network, events: Events, weight: NDArray[np.float64] | None = None
) -> dict[str, float]:
    """Return metrics of assignment, classification and regression as flat names.

    Args:
        network: with its weights.
        events: to validate on.
        weight: of the events in the metrics of classes, shape (N,); None = 1.
    """
    prediction = predict(network, events)
    result: dict[str, float] = {}
    if events.target_valid and any(valid.any() for valid in events.target_valid):
        found = assignment_metrics(network.event, events, prediction.jets)
        result |= {f"validation/{name}": value for name, value in found.items()}
    weight = np.ones(len(events)) if weight is None else weight
    for name, probability in prediction.classes.items():
        found = classification_metrics(probability, events.classes[name], weight)
        result |= {
            f"validation/{name}/{key}": value
            for key, value in found.items()
            if not key.endswith("_error")
        }
    shares = []
    for name, values in prediction.regressions.items():
        found = regression_metrics(values, events.regressions[name], weight)
        result |= {f"validation/{name}/{key}": value for key, value in found.items()}
        if "r_squared" in found:
            shares.append(found["r_squared"])
    if shares:
        result["validation/average_r_squared"] = math.fsum(shares) / len(shares)
    return result

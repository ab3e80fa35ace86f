"""Losses: symmetric assignment and detection, classification, regression, divergence."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hh4b.core.errors import TrainingFailed
from hh4b.spanet import permutations, regressions
from hh4b.spanet.batches import Batch
from hh4b.spanet.data import Events, vectors_per_event
from hh4b.spanet.event import EventDescription
from hh4b.spanet.network import NetworkOutput
from hh4b.spanet.options import Options


@dataclass(frozen=True)
class Targets:
    """What the events of a batch should give, in the order of the batch.

    Attributes:
        ranks: by particle (events, products), rank among the real vectors; 0 where missing.
        valid: (particles, events), True = to be found.
        weight: (particles, events) float64, or None for 1.
        classes: name -> (events,), -1 = unknown.
        event_weight: (events,) or None for 1.
        assignment_weight: (events,) of the terms of particles; None: ``event_weight``.
        regressions: name -> (events,), NaN = unknown.
        multiplicity: (events,) number of real sequential vectors.
    """

    ranks: tuple[Tensor, ...]
    valid: Tensor
    weight: Tensor | None
    classes: dict[str, Tensor]
    event_weight: Tensor | None
    multiplicity: Tensor
    assignment_weight: Tensor | None = None
    regressions: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Balance:
    """Weights from the training set.

    Attributes:
        particles: (2^particles,) by the bit pattern of particles present, or None.
        multiplicity: weight by number of vectors, or None.
        classes: name -> weight by class.
    """

    particles: Tensor | None = None
    multiplicity: Tensor | None = None
    classes: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Events, event: EventDescription, options: Options) -> "Balance":
        """Compute what ``options`` ask for."""
        particles = multiplicity = None
        if options.balance_particles and options.partial_events and events.target_valid:
            particles = particle_balance(np.stack(events.target_valid), event)
        if options.balance_jets:
            counts = np.bincount(vectors_per_event(events, event))
            multiplicity = _effective(counts, int(np.count_nonzero(counts.cumsum())))
        classes = {}
        # Balanced at each kappa input the classes are balanced altogether.
        if options.balance_classifications and not options.kappa_balance:
            for name, values in events.classes.items():
                counts = np.bincount(values[values >= 0])
                classes[name] = _effective(counts, len(counts)).float()
        return cls(particles, multiplicity, classes)


def _effective(counts: NDArray[np.int64], norm: int) -> Tensor:
    """Weights by effective counts (arXiv:1901.05555) whose sum is ``norm``; 0 without events."""
    beta = 1 - 1 / counts.sum()
    weights = np.where(counts > 0, (1 - beta) / (1 - beta ** np.maximum(counts, 1)), 0.0)
    return torch.from_numpy(norm * weights / weights.sum())


def particle_balance(valid: NDArray[np.bool_], event: EventDescription) -> Tensor:
    """Return weights by bit pattern of the particles present (arXiv:1901.05555).

    Patterns that the event's symmetry maps into each other share a weight; the weights of the
    classes have the mean 1.
    """
    n_particles, n_events = valid.shape
    bits = 1 << np.arange(n_particles)
    counts = np.bincount(bits @ valid, minlength=1 << n_particles)
    classes = permutations.subsets_up_to_symmetry(n_particles, event.group)
    patterns = [[sum(1 << i for i in subset) for subset in members] for members in classes]
    beta = 1 - 1 / n_events
    raw = [(1 - beta) / (1 - beta ** (int(counts[p].sum()) + 1)) for p in patterns]
    weights = np.zeros(1 << n_particles)
    for members, weight in zip(patterns, raw, strict=True):
        weights[members] = len(raw) * weight / sum(raw)
    return torch.from_numpy(weights.astype(np.float32))


@dataclass(frozen=True)
class Losses:
    """Loss of a batch.

    Attributes:
        total: what is minimised: the mean of the terms.
        parts: every term by name, before its scale for all but those of particles.
    """

    total: Tensor
    parts: dict[str, Tensor]


def compute(
    output: NetworkOutput,
    targets: Targets,
    batch: Batch,
    event: EventDescription,
    options: Options,
    balance: Balance,
) -> Losses:
    """Return the losses of a batch.

    Raises:
        TrainingFailed: if the options turn every part off.
    """
    terms: list[Tensor] = []
    parts: dict[str, Tensor] = {}
    if options.assignment_loss_scale or options.detection_loss_scale or options.kl_loss_scale:
        terms += _particle_terms(output, targets, batch, event, options, balance, parts)
    if options.classification_loss_scale:
        for name, logits in output.classification.items():
            loss = _cross_entropy(
                logits, targets.classes[name], targets.event_weight, balance.classes.get(name)
            )
            parts[f"classification/{name}"] = loss
            terms.append(options.classification_loss_scale * loss)
    if options.regression_loss_scale:
        for one in event.regressions:
            loss = regressions.mean_loss(
                one.kind, output.regression[one.name], targets.regressions[one.name],
                output.scales[one.name], targets.event_weight,
            )  # fmt: skip
            parts[f"regression/{one.name}"] = loss
            terms.append(options.regression_loss_scale * loss)
    if not terms:
        raise TrainingFailed(
            "nothing to learn: every loss scale of the options is 0, or the event file has no"
            " classification or regression; set assignment_loss_scale, classification_loss_scale"
            " or regression_loss_scale"
        )
    total = torch.stack([term.double() for term in terms]).mean()
    return Losses(total, parts)


def _cross_entropy(
    logits: Tensor, target: Tensor, weight: Tensor | None, class_weight: Tensor | None
) -> Tensor:
    """Mean cross entropy over known classes, weighted by class and event."""
    logits = logits.float()
    if class_weight is not None:
        class_weight = class_weight.to(logits.device)
    if weight is None:
        return functional.cross_entropy(logits, target, ignore_index=-1, weight=class_weight)
    known = target >= 0
    safe = target.clamp(min=0)
    total = weight * known
    if class_weight is not None:
        total = total * class_weight[safe]
    loss = functional.cross_entropy(logits, safe, reduction="none")
    return (total * loss).sum() / total.sum()


def _particle_terms(
    output: NetworkOutput,
    targets: Targets,
    batch: Batch,
    event: EventDescription,
    options: Options,
    balance: Balance,
    parts: dict[str, Tensor],
) -> list[Tensor]:
    """Terms of assignment, detection and divergence; see `combine` for the permutations."""
    losses = _losses_by_permutation(output, targets, batch, event, options)
    combined, best = combine(losses, options.combine_pair_loss)
    group = torch.tensor(event.group, device=best.device)
    present = targets.valid.gather(0, group[best].T)
    weights = torch.ones_like(combined[0, 0])
    if balance.particles is not None:
        bits = 1 << torch.arange(len(present), device=best.device)
        weights = weights * balance.particles.to(best.device)[(bits[:, None] * present).sum(dim=0)]
    if balance.multiplicity is not None:
        weights = weights * balance.multiplicity.to(best.device)[targets.multiplicity]
    event_weight = targets.event_weight
    if targets.assignment_weight is not None:
        event_weight = targets.assignment_weight
    if event_weight is not None:
        weights = weights * event_weight
    counts = present.sum(dim=1).clamp(min=1)
    means = (weights * combined).sum(dim=2) / counts[:, None]
    terms: list[Tensor] = []
    for number, (kind, scale) in enumerate(
        (("assignment", options.assignment_loss_scale), ("detection", options.detection_loss_scale))
    ):
        for particle, value in zip(event.particles, means[:, number], strict=True):
            parts[f"{particle.name}/{kind}"] = value
            if scale:
                terms.append(value)
    if options.kl_loss_scale:
        pairs = permutations.transpositions(event.group)
        if pairs:
            overlaps = [_overlap(output, batch, i, j, present) for i, j in pairs]
            # The reference sums the weights of all particles and both kinds of loss.
            factor = 2 * len(present) * weights
            value = (factor * torch.stack(overlaps).mean(dim=0)).sum() / present.sum()
            parts["divergence"] = value
            terms.append(options.kl_loss_scale * value)
    return terms


def combine(losses: Tensor, how: str) -> tuple[Tensor, Tensor]:
    """Reduce losses of all allowed pairings of particles with targets to one per event.

    Args:
        losses: (permutations, particles, kinds, events).
        how: ``min`` (and ``none``) take the pairing with the least sum, ``mean`` the average,
            ``softmin`` the average weighted with exp(-sum).

    Returns:
        Losses (particles, kinds, events), and the number of the best permutation (events,).
    """
    sums = losses.sum(dim=(1, 2))
    best = sums.argmin(dim=0)
    if how == "mean":
        return losses.mean(dim=0), best
    if how == "softmin":
        return (functional.softmin(sums, dim=0)[:, None, None] * losses).sum(dim=0), best
    index = best.expand(1, *losses.shape[1:])
    return losses.gather(0, index)[0], best


def _losses_by_permutation(
    output: NetworkOutput,
    targets: Targets,
    batch: Batch,
    event: EventDescription,
    options: Options,
) -> Tensor:
    """Return losses (permutations, particles, 2, events) in float64: assignment, detection."""
    found: dict[tuple[int, int], Tensor] = {}

    def loss(particle: int, target: int) -> Tensor:
        if (particle, target) not in found:
            valid = targets.valid[target]
            parts = []
            if options.assignment_loss_scale and output.assignment:
                value = _log_probability_at(output, batch, particle, targets.ranks[target])
                value = value + float(np.log(len(event.particles[particle].group)))
                value = value.masked_fill(~valid, 0.0)
                focal = _focal(value, options.focal_gamma)
                parts.append(-options.assignment_loss_scale * (value * focal).double())
            else:
                parts.append(torch.zeros(valid.shape, dtype=torch.float64, device=valid.device))
            if output.detection is not None and options.detection_loss_scale:
                value = functional.binary_cross_entropy_with_logits(
                    output.detection[particle].double(), valid.double(), reduction="none"
                )
                parts.append(options.detection_loss_scale * value)
            else:
                parts.append(torch.zeros_like(parts[0]))
            both = torch.stack(parts)
            if targets.weight is not None:
                both = both * targets.weight[target]
            found[particle, target] = both
        return found[particle, target]

    return torch.stack(
        [torch.stack([loss(p, t) for p, t in enumerate(element)]) for element in event.group]
    )


def _focal(log_probability: Tensor, gamma: float) -> Tensor | float:
    """Return (1 - p)^gamma; the bound keeps the gradient finite at p = 1."""
    if not gamma:
        return 1.0
    return (-torch.expm1(log_probability)).clamp(min=1e-12) ** gamma


def _log_probability_at(
    output: NetworkOutput, batch: Batch, particle: int, ranks: Tensor
) -> Tensor:
    """Return the log-probability (events,) that a particle's head gives to targets."""
    values = []
    sizes = [group.events for group in batch.groups]
    for one, mine, group in zip(
        output.assignment[particle], torch.split(ranks, sizes), batch.groups, strict=True
    ):
        if group.sequential == 0:
            values.append(one.new_full((group.events,), -torch.inf))
            continue
        flat = mine[:, 0]
        for product in mine.unbind(dim=1)[1:]:
            flat = flat * group.sequential + product
        values.append(one.flatten(1).gather(1, flat[:, None])[:, 0])
    return torch.cat(values)


def _overlap(output: NetworkOutput, batch: Batch, i: int, j: int, present: Tensor) -> Tensor:
    """Return exp(-JS^2) of two particles' assignments where both are present, else 0.

    As in the reference, only the mixture carries a gradient.
    """
    values = []
    for a, b in zip(output.assignment[i], output.assignment[j], strict=True):
        log_p, log_q = a.flatten(1), b.flatten(1)
        real = torch.isfinite(log_p)
        log_p, log_q = log_p.masked_fill(~real, 0.0), log_q.masked_fill(~real, 0.0)
        mixture = torch.logaddexp(log_p, log_q) - float(np.log(2))
        p, q = log_p.detach(), log_q.detach()
        divergence = (p.exp() * (p - mixture) + q.exp() * (q - mixture)).masked_fill(~real, 0.0)
        values.append(torch.exp(-((divergence.sum(dim=1) / 2) ** 2)))
    return torch.cat(values) * present[i] * present[j]


def check_finite(parts: dict[str, float], *, step: int) -> None:
    """Stop a training that has diverged.

    Raises:
        TrainingFailed: naming the term and the step.
    """
    for name, value in parts.items():
        if not np.isfinite(value):
            raise TrainingFailed(
                f"the loss {name} is {value} at step {step}: the training has diverged;"
                " lower learning_rate or set gradient_clip"
            )


def learning_rate_factor(step: int, *, warmup: int, total: int, cycles: int) -> float:
    """Return the learning rate of a step over its peak.

    Linear from 0 over ``warmup`` steps, then ``cycles`` half cosines from 1 to 0, or with 0 cycles
    one straight line to 0.

    >>> [learning_rate_factor(s, warmup=2, total=4, cycles=1) for s in (0, 1, 2, 4)]
    [0.0, 0.5, 1.0, 0.0]
    """
    if step < warmup:
        return step / max(1, warmup)
    progress = (step - warmup) / max(1, total - warmup)
    if cycles < 1:
        return max(0.0, 1.0 - progress)
    if progress >= 1:
        return 0.0
    return max(0.0, 0.5 * (1 + float(np.cos(np.pi * ((cycles * progress) % 1.0)))))

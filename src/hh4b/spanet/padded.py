"""The network on padded tensors of raw features: plain torch from end to end, for other programs.

Same weights and same results as `Network`, which packs real vectors one behind the other and is
what trains and predicts here. This form has one fixed graph for events of any size, so that it can
be written as ONNX, and it takes features as they stand in a dataset: logarithms, masses and
distances of pairs and the normalisation are inside.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from hh4b.spanet.event import EVENT, PARTICLE, Input
from hh4b.spanet.network import FullAttention, Network, SplitAttention, contract, symmetrize
from hh4b.spanet.pair_features import NEEDED
from hh4b.spanet.regressions import Regressor
from hh4b.spanet.transformers import Attention, Encoder, GatedLayer, StandardLayer

#: Below the logarithm of any probability, and finite: a softmax over nothing else is no NaN.
_NEVER = -1e30


class PaddedOutput(NamedTuple):
    """Results for padded events.

    Attributes:
        jets: by particle (event, product), place among the sequential vectors; -1 = none.
        assignment_probability: (event, particle).
        detection_probability: (event, particle).
        log_probability: by particle (event, vector, ..., vector) of every ordered assignment; about
            -1e30 where it cannot be.
        classes: by classification (event, class) probabilities.
        numbers: by regression (event,), in the unit of its target; none that was not trained.
    """

    jets: list[Tensor]
    assignment_probability: Tensor
    detection_probability: Tensor
    log_probability: list[Tensor]
    classes: list[Tensor]
    numbers: list[Tensor]


def trained_regressors(network: Network) -> dict[str, Regressor]:
    """Return what predicts each regression that was trained, by name."""
    return network.regressors_by_name() if network.options.regression_loss_scale else {}


class PaddedNetwork(nn.Module):
    """A trained `Network` as a function of padded tensors.

    Attributes:
        network: with its weights.
        input_names: of the tensors that `forward` takes, in order: the features of each input of
            the event file, with ``_valid`` behind it which vectors of a sequential input are real.
    """

    def __init__(self, network: Network) -> None:
        """Take the weights of ``network``; it must be in evaluation mode when this is called."""
        super().__init__()
        self.network = network
        self.event = network.event
        names: list[str] = []
        for item in self.event.inputs:
            names += [item.name, f"{item.name}_valid"] if item.sequential else [item.name]
        self.input_names = tuple(names)

    def forward(self, *tensors: Tensor) -> PaddedOutput:
        """Return assignments and classes of events.

        Args:
            tensors: as `input_names`: features (event, vector, feature) in the units of the dataset
                and True = real vector, (event, vector); of an input that is no sequence (event,
                feature). What stands in the padding is not read.
        """
        features, valid = self._prepare(tensors)
        network, particles = self.network, self.event.particles
        embedded = [
            embed(x.flatten(0, 1)).unflatten(1, x.shape[:2])
            for embed, x in zip(network.embeddings, features, strict=True)
        ]
        # In an event sequential vectors come first, as in a batch.
        order = sorted(
            range(len(embedded)), key=lambda place: not self.event.inputs[place].sequential
        )
        joined = torch.cat([embedded[place] for place in order], dim=2)
        real = torch.cat([valid[place] for place in order], dim=1)
        sequential = torch.cat(
            [valid[place] for place in order if self.event.inputs[place].sequential], dim=1
        )
        x = _by_row(network.unify, joined)
        encoded, summary = _encode(network.encoder, x, real)
        branches, of_particle = _encode(
            network.branches, encoded.expand(len(particles), -1, -1, -1), real
        )
        places = sequential.shape[1]
        logits, of_product = self._attend(branches[:, :, :places], sequential)
        vectors = {EVENT: summary[0]}
        for number, particle in enumerate(particles):
            vectors[f"{particle.name}/{PARTICLE}"] = of_particle[number]
        names = [f"{p.name}/{product}" for p in particles for product in p.products]
        vectors.update(zip(names, of_product, strict=False))
        log_probability = [
            _log_probability(one, particle.group, sequential)
            for one, particle in zip(logits, particles, strict=True)
        ]
        jets, probability = self._decode(log_probability)
        classes = [
            head(vectors[name.rsplit("/", 1)[0]].unsqueeze(0))[0].softmax(dim=1)
            for name, head in zip(network.classes, network.classifiers.values(), strict=True)
        ]
        detection = network.detection(of_particle)[..., 0].sigmoid().transpose(0, 1)
        numbers = [
            regressor(vectors[name.rsplit("/", 1)[0]])
            for name, regressor in trained_regressors(network).items()
        ]
        return PaddedOutput(jets, probability, detection, log_probability, classes, numbers)

    def _prepare(self, tensors: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Return features as the network embeds them, and masks, by input; padding is zero."""
        if len(tensors) != len(self.input_names):
            raise ValueError(
                f"{len(tensors)} tensors, expected {len(self.input_names)}:"
                f" {', '.join(self.input_names)}"
            )
        given = iter(tensors)
        features, valid = [], []
        for item in self.event.inputs:
            x = next(given)
            if item.sequential:
                mask = next(given)
            else:
                x = x.unsqueeze(1)
                mask = torch.ones_like(x[..., 0], dtype=torch.bool)
            raw = torch.where(mask.unsqueeze(2), x, torch.zeros_like(x))
            logs = torch.tensor([feature.log for feature in item.features], device=x.device)
            seen = torch.where(logs, torch.log(torch.where(logs, raw, 0.0) + 1), raw)
            if self.network.options.pair_features and _has_momenta(item):
                pairs = pair_features(raw, mask, item, self.network.options.pair_features)
                seen = torch.cat([seen, pairs], dim=2)
            features.append(seen)
            valid.append(mask)
        return features, valid

    def _attend(self, y: Tensor, valid: Tensor) -> tuple[list[Tensor], Sequence[Tensor]]:
        """Map (particle, event, vector, width) to logits by particle, and vectors by product."""
        attention, particles = self.network.attention, self.event.particles
        if isinstance(attention, FullAttention):
            return [
                contract(symmetrize(weight, particle.group, first=0), one)
                for weight, particle, one in zip(attention.weights, particles, y, strict=True)
            ], ()
        assert isinstance(attention, SplitAttention)
        of_product = torch.stack([y[owner] for owner in attention.owner])
        of_product, summary = _encode(attention.encoder, of_product, valid)
        of_product = _by_row(attention.output, of_product)
        logits, start = [], 0
        for particle in particles:
            mine = of_product[start : start + particle.degree]
            start += particle.degree
            logits.append(_joint_product(mine) * mine.shape[-1] ** (-particle.degree / 2))
        return logits, list(summary)

    def _decode(self, log_probability: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Assign greedily, as `decoding.decode` does: the largest probability takes its vectors."""
        particles = self.event.particles
        scores = list(log_probability)
        events, size = scores[0].shape[0], scores[0].shape[1]
        done = torch.zeros_like(scores[0].flatten(1)[:, :1], dtype=torch.bool)
        done = done.expand(events, len(particles))
        jets = [
            torch.full_like(done[:, :1], -1, dtype=torch.int64).expand(events, p.degree)
            for p in particles
        ]
        found = torch.full_like(done, _NEVER, dtype=scores[0].dtype)
        column = torch.arange(len(particles), device=done.device)
        for _ in particles:
            tops = [score.flatten(1).max(dim=1) for score in scores]
            values = torch.stack([top.values for top in tops], dim=1)
            values = torch.where(done, torch.full_like(values, 2 * _NEVER), values)
            best = values.max(dim=1)
            wins = (best.indices.unsqueeze(1) == column) & (best.values > _NEVER / 2).unsqueeze(1)
            used = torch.zeros_like(scores[0].reshape(events, size, -1)[:, :, 0], dtype=torch.bool)
            for number, particle in enumerate(particles):
                chosen = _unravel(tops[number].indices, size, particle.degree)
                mine = wins[:, number : number + 1]
                jets[number] = torch.where(mine, chosen, jets[number])
                taken = (chosen.unsqueeze(2) == torch.arange(size, device=done.device)).any(dim=1)
                used = used | (taken & mine)
            found = torch.where(wins, values, found)
            done = done | wins
            scores = [_forbid(score, used) for score in scores]
        sizes = torch.tensor([len(p.group) for p in particles], device=found.device)
        return jets, torch.exp(found) * sizes


def pair_features(raw: Tensor, valid: Tensor, item: Input, leading: int) -> Tensor:
    """Return log(1 + mass / GeV) and distance of each vector and the leading ones.

    In double precision, as `hh4b.spanet.pair_features.add` on arrays.

    Args:
        raw: features (event, vector, feature), zero in the padding.
        valid: (event, vector), True = real.
        item: the input with pt, eta, phi and mass.
        leading: how many vectors of largest pt.
    """
    names = [feature.name for feature in item.features]
    pt, eta, phi, mass = (raw[..., names.index(name)].double() for name in NEEDED)
    # ONNX Runtime knows neither sinh nor arctan in double precision.
    px, py, pz = pt * torch.cos(phi), pt * torch.sin(phi), pt * (eta.exp() - (-eta).exp()) / 2
    energy = torch.sqrt(px**2 + py**2 + pz**2 + mass**2)
    # Vectors of equal pt come in their order, as in a stable sort.
    ahead = pt.unsqueeze(1) > pt.unsqueeze(2)
    position = torch.arange(pt.shape[1], device=pt.device)
    earlier = (pt.unsqueeze(1) == pt.unsqueeze(2)) & (position < position.unsqueeze(1))
    rank = ((ahead | earlier) & valid.unsqueeze(1)).sum(dim=2)
    masses, distances = [], []
    for place in range(leading):
        one = ((rank == place) & valid).unsqueeze(2).double()
        there = valid & (one.sum(dim=1) > 0)

        def of(values: Tensor, one: Tensor = one) -> Tensor:
            return (values.unsqueeze(2) * one).sum(dim=1)

        parts = [p + of(p) for p in (energy, px, py, pz)]
        square = parts[0] ** 2 - parts[1] ** 2 - parts[2] ** 2 - parts[3] ** 2
        turn = phi - of(phi)
        turn = turn - 2 * torch.pi * torch.round(turn / (2 * torch.pi))
        distance = torch.sqrt((eta - of(eta)) ** 2 + turn**2)
        zero = torch.zeros_like(distance)
        masses.append(torch.where(there, torch.log1p(torch.sqrt(square.clamp(min=0))), zero))
        distances.append(torch.where(there, distance, zero))
    return torch.stack([*masses, *distances], dim=2).to(raw.dtype)


def _has_momenta(item: Input) -> bool:
    return item.sequential and set(NEEDED) <= {feature.name for feature in item.features}


def _by_row(module: nn.Module, x: Tensor) -> Tensor:
    """Apply what works on (copy, row, width) to (copy, event, vector, width)."""
    y: Tensor = module(x.flatten(1, 2))
    return y.reshape(y.shape[0], x.shape[1], x.shape[2], y.shape[2])


def _encode(encoder: Encoder, x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Encode as `Encoder` does; x is (copy, event, vector, width), valid (event, vector).

    Returns:
        Vectors of the same shape, and summaries (copy, event, width).
    """
    for block in encoder.blocks:
        x = _by_row(block, x)
    summary = encoder.summary.unsqueeze(1).expand(-1, x.shape[1], -1, -1)
    x = torch.cat([summary, x], dim=2)
    seen = torch.cat([torch.ones_like(valid[:, :1]), valid], dim=1)
    for layer in encoder.layers:
        x = _layer(layer, x, seen)
    return x[:, :, 1:], x[:, :, 0]


def _layer(layer: nn.Module, x: Tensor, seen: Tensor) -> Tensor:
    """Do one transformer layer on (copy, event, vector, width)."""
    if isinstance(layer, GatedLayer):
        attended = _attention(layer.attention, _by_row(layer.normalization, x), seen)
        gated = layer.gate(attended.flatten(1, 2), x.flatten(1, 2)).unflatten(1, x.shape[1:3])
        return _by_row(layer.block, gated)
    assert isinstance(layer, StandardLayer)
    if layer.before:
        x = x + _attention(layer.attention, _by_row(layer.normalization_1, x), seen)
        return x + _feed_forward(layer, _by_row(layer.normalization_2, x))
    x = _by_row(layer.normalization_1, x + _attention(layer.attention, x, seen))
    return _by_row(layer.normalization_2, x + _feed_forward(layer, x))


def _feed_forward(layer: StandardLayer, x: Tensor) -> Tensor:
    return _by_row(layer.contract, layer.activation(_by_row(layer.expand, x)))


def _attention(attention: Attention, x: Tensor, seen: Tensor) -> Tensor:
    """Attend to the real vectors of each event only."""
    copies, events, vectors, width = x.shape
    heads = attention.heads
    qkv = _by_row(attention.project, x)
    qkv = qkv.reshape(copies, events, vectors, 3, heads, width // heads).permute(3, 0, 1, 4, 2, 5)
    scores = (qkv[0] @ qkv[1].transpose(-1, -2)) * (width // heads) ** -0.5
    scores = torch.where(seen[:, None, None, :], scores, torch.full_like(scores, _NEVER))
    y = scores.softmax(dim=-1) @ qkv[2]
    return _by_row(attention.output, y.transpose(2, 3).reshape(copies, events, vectors, width))


def _joint_product(y: Tensor) -> Tensor:
    """Return sum_d y[0,e,i,d] y[1,e,j,d] … for (degree, event, n, d), shape (event, n, …)."""
    result = y[0]
    for right in y[1:]:
        # (event, n, …, n, d) by (event, 1, …, n, d): one axis more for each product.
        shape = [right.shape[0], *[1] * (result.dim() - 2), right.shape[1], right.shape[2]]
        result = result.unsqueeze(-2) * right.reshape(shape)
    return result.sum(dim=-1)


def _possible(valid: Tensor, degree: int) -> Tensor:
    """Return which tuples are of different real vectors, shape (event, n, …, n)."""
    place = torch.arange(valid.shape[1], device=valid.device).unsqueeze(0)
    views = [_spread(place, axis, degree) for axis in range(degree)]
    masks = [_spread(valid, axis, degree) for axis in range(degree)]
    result = masks[0]
    for axis in range(1, degree):
        result = result & masks[axis]
        for other in range(axis):
            result = result & (views[axis] != views[other])
    return result


def _spread(values: Tensor, axis: int, degree: int) -> Tensor:
    """Put (event, n) along one axis of (event, n, …, n)."""
    for other in range(degree):
        if other != axis:
            values = values.unsqueeze(1 + other)
    return values


def _forbid(score: Tensor, used: Tensor) -> Tensor:
    """Take out every tuple that names a used vector."""
    degree = score.dim() - 1
    for axis in range(degree):
        score = torch.where(_spread(used, axis, degree), torch.full_like(score, _NEVER), score)
    return score


def _log_probability(logits: Tensor, group: tuple[tuple[int, ...], ...], valid: Tensor) -> Tensor:
    """Turn logits into log-probabilities over tuples of different real vectors."""
    possible = _possible(valid, logits.dim() - 1)
    masked = torch.where(possible, symmetrize(logits, group, first=1), _NEVER)
    result = functional.log_softmax(masked.flatten(1), dim=1).reshape(masked.shape)
    return torch.where(possible, result, _NEVER)


def _unravel(flat: Tensor, size: int, degree: int) -> Tensor:
    """Turn places in a flat (n, …, n) array into (event, degree) indices."""
    place = torch.arange(size, device=flat.device).unsqueeze(0)
    grids = [
        _spread(place, axis, degree).expand(1, *[size] * degree).flatten() for axis in range(degree)
    ]
    return torch.stack([grid[flat] for grid in grids], dim=1)

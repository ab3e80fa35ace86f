"""Checkpoints of the reference implementation: reading them, and where each weight belongs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hh4b.core.errors import ContractError, InputFileError
from hh4b.spanet.blocks import BasicBlock, GatedBlock, GruBlock, ResnetBlock
from hh4b.spanet.event import EventDescription
from hh4b.spanet.layers import BatchNorm, GruGate, LayerNorm, Linear, PReLU
from hh4b.spanet.losses import Balance
from hh4b.spanet.network import FullAttention, Head, Network, SplitAttention
from hh4b.spanet.options import Options
from hh4b.spanet.transformers import Attention, Encoder, GatedLayer, StandardLayer
from hh4b.training.saved_tensors import read_saved_by_others


def read_state(path: Path | str) -> dict[str, Tensor]:
    """Return the weights of a Lightning checkpoint by name.

    Only tensors and plain data are read, see `hh4b.training.saved_tensors`.

    Raises:
        InputFileError: if the file is no checkpoint with a ``state_dict`` of tensors.
    """
    what = "Lightning checkpoint with a state_dict"
    content = read_saved_by_others(path, what=what)
    state = content.get("state_dict") if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state:
        raise InputFileError(f"{path} is not a {what}; give the .ckpt file of a training")
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise InputFileError(f"{path}: the weight {name!r} of its state_dict is no tensor")
        if not bool(torch.isfinite(value).all()):
            raise InputFileError(f"{path}: the weight {name!r} is not finite; train it again")
    return {str(name): value.detach() for name, value in state.items()}


def import_network(
    state: dict[str, Tensor], options: Options, event: EventDescription, *, where: str
) -> tuple[Network, Balance]:
    """Build our network with the weights of a reference network.

    Raises:
        ContractError: naming the weight that is missing, left over, or of another shape, if
            options or event are not those of the checkpoint.
    """
    taker = _Taker(state, where)
    classes = {}
    for name in event.classifications:
        key = f"classification_decoder.networks.{name}.output_layer.bias"
        classes[name] = len(taker.look(key))
    network = Network(options, event, classes)
    with torch.no_grad():
        _fill_network(taker, network)
    balance = _balance(taker, event)
    taker.finish()
    return network.eval(), balance


class _Taker:
    """Hands out tensors by name, and knows which were never asked for."""

    def __init__(self, state: dict[str, Tensor], where: str) -> None:
        self.state, self.where = state, where
        self.left = set(state)

    def look(self, name: str) -> Tensor:
        if name not in self.state:
            raise ContractError(
                f"{self.where} has no weight {name!r}: it is of another topology or other options"
                " than were given"
            )
        return self.state[name]

    def fill(self, target: Tensor, names: Sequence[str], part: slice = slice(None)) -> None:
        """Copy the tensors ``names``, one for each copy, into rows ``part`` of ``target``."""
        for copy, name in enumerate(names):
            source = self.look(name)
            place = target[copy][part] if target.dim() else target
            if source.numel() != place.numel():
                raise ContractError(
                    f"{self.where}: weight {name!r} has shape {tuple(source.shape)}, the given"
                    f" options and event need {tuple(place.shape)}"
                )
            place.copy_(source.reshape(place.shape))
            self.left.discard(name)

    def finish(self) -> None:
        if self.left:
            raise ContractError(
                f"{self.where} has the weight {min(self.left)!r} and {len(self.left) - 1} more for"
                " which the given options and event have no place"
            )


def _each(prefixes: Sequence[str], name: str) -> list[str]:
    return [f"{prefix}.{name}" for prefix in prefixes]


def _fill_network(taker: _Taker, network: Network) -> None:
    for number, (item, embedding) in enumerate(
        zip(network.event.inputs, network.embeddings, strict=True)
    ):
        prefix = f"embedding.vector_embedding_layers.{number}"
        inner = "vector_embeddings" + ("" if item.sequential else ".embedding")
        blocks: Any = embedding.blocks
        for layer, block in enumerate(blocks):
            _block(taker, [f"{prefix}.{inner}.embedding_stack.embedding_layers.{layer}"], block)
        one: Any = embedding
        taker.fill(one.position[None], [f"{prefix}.position_embedding.position_embedding"])
        if network.options.normalize_features:
            taker.fill(one.mean[None], [f"{prefix}.normalizer.mean"])
            taker.fill(one.std[None], [f"{prefix}.normalizer.std"])
    _block(taker, ["embedding.final_embedding_layer"], network.unify)
    _encoder(taker, ["encoder"], network.encoder)
    branches = [f"branch_decoders.{n}" for n in range(len(network.event.particles))]
    _encoder(taker, _each(branches, "encoder"), network.branches)
    if isinstance(network.attention, SplitAttention):
        degrees = [range(p.degree) for p in network.event.particles]
        own = [(branch, k) for branch, ks in zip(branches, degrees, strict=True) for k in ks]
        encoder = network.attention.encoder
        _encoder(taker, [f"{b}.attention.encoders.{k}" for b, k in own], encoder)
        linears = [f"{b}.attention.linear_layers.{k}" for b, k in own]
        _linear(taker, linears, network.attention.output)
    elif isinstance(network.attention, FullAttention):
        for branch, weight in zip(branches, network.attention.weights, strict=True):
            taker.fill(weight[None], [f"{branch}.attention.weights"])
    _head(taker, _each(branches, "detection_classifier"), network.detection)
    for name, head in zip(network.classes, network.classifiers.values(), strict=True):
        _head(taker, [f"classification_decoder.networks.{name}"], head)
    for name, regressor in network.regressors_by_name().items():
        prefix = f"regression_decoder.networks.{name}"
        taker.fill(regressor.mean, [f"{prefix}.mean"])
        taker.fill(regressor.std, [f"{prefix}.std"])
        _head(taker, [f"{prefix}.linear"], regressor.head)


def _linear(taker: _Taker, prefixes: Sequence[str], layer: Any) -> None:
    taker.fill(layer.weight, _each(prefixes, "weight"))
    if layer.bias is not None:
        taker.fill(layer.bias, _each(prefixes, "bias"))


def _norm(
    taker: _Taker, prefixes: Sequence[str], layer: nn.Module, *, wrapped: bool = True
) -> None:
    if isinstance(layer, nn.Identity):
        return
    if isinstance(layer, LayerNorm | BatchNorm):
        # The masked batch norm of the reference is not wrapped in a module of its own.
        if wrapped and not (isinstance(layer, BatchNorm) and layer.detached):
            prefixes = _each(prefixes, "normalization")
        taker.fill(layer.weight, _each(prefixes, "weight"))
        taker.fill(layer.bias, _each(prefixes, "bias"))
        if isinstance(layer, BatchNorm):
            taker.fill(layer.running_mean, _each(prefixes, "running_mean"))
            taker.fill(layer.running_var, _each(prefixes, "running_var"))
            taker.fill(layer.num_batches_tracked, _each(prefixes, "num_batches_tracked"))


def _activation(taker: _Taker, prefixes: Sequence[str], layer: nn.Module) -> None:
    if isinstance(layer, PReLU):
        taker.fill(layer.weight, _each(prefixes, "weight"))


def _gate(taker: _Taker, prefixes: Sequence[str], gate: GruGate) -> None:
    d = gate.width
    for number, letter in enumerate("rzg"):
        part = slice(number * d, (number + 1) * d)
        taker.fill(gate.update.weight, _each(prefixes, f"linear_W_{letter}.weight"), part)
        if gate.update.bias is not None:
            taker.fill(gate.update.bias, _each(prefixes, f"linear_W_{letter}.bias"), part)
        if letter != "g":
            taker.fill(gate.residual.weight, _each(prefixes, f"linear_U_{letter}.weight"), part)
    taker.fill(gate.candidate.weight, _each(prefixes, "linear_U_g.weight"))
    taker.fill(gate.gate_bias, _each(prefixes, "gate_bias"))


def _block(taker: _Taker, prefixes: Sequence[str], block: nn.Module) -> None:
    if isinstance(block, BasicBlock):
        _linear(taker, _each(prefixes, "linear"), block.linear)
        _activation(taker, _each(prefixes, "activation"), block.activation)
        _norm(taker, _each(prefixes, "normalization"), block.normalization)
    elif isinstance(block, ResnetBlock):
        for n in (1, 2):
            inner = _each(prefixes, f"block_{n}")
            _linear(taker, _each(inner, "linear"), getattr(block, f"linear_{n}"))
            _activation(taker, _each(inner, "activation"), getattr(block, f"activation_{n}"))
            _norm(taker, _each(inner, "normalization"), getattr(block, f"normalization_{n}"))
    elif isinstance(block, GatedBlock):
        _linear(taker, _each(prefixes, "linear_2"), block.expand)
        _linear(taker, _each(prefixes, "linear_1"), block.contract)
        _activation(taker, _each(prefixes, "activation"), block.activation)
        _norm(taker, _each(prefixes, "normalization"), block.normalization)
        _linear(taker, _each(prefixes, "gate.linear_1"), block.gate)
        _linear(taker, _each(prefixes, "gate.linear_2"), block.value)
    elif isinstance(block, GruBlock):
        _norm(taker, _each(prefixes, "normalization"), block.normalization)
        _linear(taker, _each(prefixes, "linear_1.0"), block.expand)
        _activation(taker, _each(prefixes, "linear_1.1"), block.activation_1)
        _linear(taker, _each(prefixes, "linear_2.0"), block.contract)
        _activation(taker, _each(prefixes, "linear_2.1"), block.activation_2)
        _gate(taker, _each(prefixes, "gru"), block.gate)
    residual = getattr(block, "residual", None)
    if isinstance(residual, Linear):
        _linear(taker, _each(prefixes, "residual"), residual)


def _attention(taker: _Taker, prefixes: Sequence[str], layer: Attention) -> None:
    taker.fill(layer.project.weight, _each(prefixes, "in_proj_weight"))
    if layer.project.bias is not None:
        taker.fill(layer.project.bias, _each(prefixes, "in_proj_bias"))
    _linear(taker, _each(prefixes, "out_proj"), layer.output)


def _encoder(taker: _Taker, prefixes: Sequence[str], encoder: Encoder) -> None:
    taker.fill(encoder.summary, _each(prefixes, "particle_vector"))
    for number, block in enumerate(encoder.blocks):
        _block(taker, _each(prefixes, f"embedding.layers.{number}"), block)
    for number, layer in enumerate(encoder.layers):
        if isinstance(layer, GatedLayer):
            inner = _each(prefixes, f"encoder.layers.{number}")
            _norm(taker, _each(inner, "attention_norm"), layer.normalization, wrapped=False)
            _attention(taker, _each(inner, "attention"), layer.attention)
            _gate(taker, _each(inner, "attention_gate"), layer.gate)
            _block(taker, _each(inner, "feed_forward"), layer.block)
        elif isinstance(layer, StandardLayer):
            inner = _each(prefixes, f"encoder.transformer.layers.{number}")
            _attention(taker, _each(inner, "self_attn"), layer.attention)
            _norm(taker, _each(inner, "norm1"), layer.normalization_1, wrapped=False)
            _norm(taker, _each(inner, "norm2"), layer.normalization_2, wrapped=False)
            _linear(taker, _each(inner, "linear1"), layer.expand)
            _linear(taker, _each(inner, "linear2"), layer.contract)


def _head(taker: _Taker, prefixes: Sequence[str], head: Any) -> None:
    if isinstance(head, Head):
        for number, block in enumerate(head.blocks):
            _block(taker, _each(prefixes, f"hidden_layers.layers.{number}"), block)
        _norm(taker, _each(prefixes, "output_norm"), head.normalization, wrapped=False)
        _linear(taker, _each(prefixes, "output_layer"), head.output)


def _balance(taker: _Taker, event: EventDescription) -> Balance:
    """Return the weights of the training set that the reference keeps in its checkpoint."""

    def take(name: str) -> Tensor | None:
        taker.left.discard(name)
        return taker.state.get(name)

    permutations = take("event_permutation_tensor")
    if permutations is not None and tuple(permutations.shape) != (
        len(event.group),
        len(event.particles),
    ):
        raise ContractError(
            f"{taker.where}: the checkpoint knows {tuple(permutations.shape)} permutations x"
            f" particles, the event file {(len(event.group), len(event.particles))}"
        )
    take("particle_index_tensor")
    classes = {name: take(f"classification_weights.{name}") for name in event.classifications}
    multiplicity = take("jet_weights_tensor")
    if multiplicity is not None:
        # The reference counts global inputs as vectors of the event.
        multiplicity = multiplicity[len(event.global_inputs) :]
    return Balance(
        take("particle_weights_tensor"),
        multiplicity,
        {name: weight for name, weight in classes.items() if weight is not None},
    )

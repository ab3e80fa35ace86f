"""Linear blocks: the kinds Basic, Resnet, Gated and GRU of the options, and stacks of them."""

from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from hh4b.spanet import fused, inference, native
from hh4b.spanet.layers import (
    Dropout,
    GruGate,
    LayerNorm,
    Linear,
    make_activation,
    make_normalization,
)
from hh4b.spanet.options import Options


class BasicBlock(nn.Module):
    """Linear, activation, skip connection, normalisation, dropout."""

    def __init__(
        self, options: Options, copies: int, inputs: int, outputs: int, *, skip: bool
    ) -> None:
        """Build for (copies, rows, inputs)."""
        super().__init__()
        self.skip = skip
        self.linear = Linear(copies, inputs, outputs)
        self.activation = make_activation(options.linear_activation, copies, outputs)
        self.normalization = make_normalization(options.normalization, copies, outputs)
        self.dropout = Dropout(options.dropout)
        self.residual = make_residual(copies, inputs, outputs, skip=skip)

    def forward(self, x: Tensor) -> Tensor:
        """Map (copies, rows, inputs) to (copies, rows, outputs)."""
        y = self.activation(self.linear(x))
        if self.skip:
            y = y + self.residual(x)
        out: Tensor = self.dropout(self.normalization(y))
        return out


class ResnetBlock(nn.Module):
    """Two layers of product without bias, normalisation and activation; the second skips."""

    def __init__(
        self, options: Options, copies: int, inputs: int, outputs: int, *, skip: bool
    ) -> None:
        """Build for (copies, rows, inputs)."""
        super().__init__()
        self.skip = skip
        self.linear_1 = Linear(copies, inputs, outputs, bias=False)
        self.normalization_1 = make_normalization(options.normalization, copies, outputs)
        self.activation_1 = make_activation(options.linear_activation, copies, outputs)
        self.linear_2 = Linear(copies, outputs, outputs, bias=False)
        self.normalization_2 = make_normalization(options.normalization, copies, outputs)
        self.activation_2 = make_activation(options.linear_activation, copies, outputs)
        self.dropout = Dropout(options.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (copies, rows, inputs) to (copies, rows, outputs)."""
        hidden = self.activation_1(self.normalization_1(self.linear_1(x)))
        y = self.normalization_2(self.linear_2(hidden))
        if self.skip:
            y = y + hidden
        out: Tensor = self.dropout(self.activation_2(y))
        return out


class GatedBlock(nn.Module):
    """Wide layer, gated linear unit, skip connection, normalisation."""

    def __init__(
        self, options: Options, copies: int, inputs: int, outputs: int, *, skip: bool
    ) -> None:
        """Build for (copies, rows, inputs)."""
        super().__init__()
        width = feed_forward_width(options, inputs)
        self.skip = skip
        self.expand = Linear(copies, inputs, width)
        self.activation = make_activation(options.linear_activation, copies, width)
        self.contract = Linear(copies, width, outputs)
        self.dropout = Dropout(options.dropout)
        self.gate = Linear(copies, outputs, outputs)
        self.value = Linear(copies, outputs, outputs)
        self.residual = make_residual(copies, inputs, outputs, skip=skip)
        self.normalization = make_normalization(options.normalization, copies, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (copies, rows, inputs) to (copies, rows, outputs)."""
        y = self.dropout(self.contract(self.activation(self.expand(x))))
        y = self.gate(y).sigmoid() * self.value(y)
        if self.skip:
            y = y + self.residual(x)
        out: Tensor = self.normalization(y)
        return out


class GruBlock(nn.Module):
    """Normalisation, two layers with activation and dropout, GRU gate with the input."""

    def __init__(
        self, options: Options, copies: int, inputs: int, outputs: int, *, skip: bool
    ) -> None:
        """Build for (copies, rows, inputs)."""
        super().__init__()
        width = feed_forward_width(options, inputs)
        self.skip = skip
        self.normalization = make_normalization(options.normalization, copies, inputs)
        self.expand = Linear(copies, inputs, width)
        self.activation_1 = make_activation(options.linear_activation, copies, width)
        self.contract = Linear(copies, width, outputs)
        self.activation_2 = make_activation(options.linear_activation, copies, outputs)
        self.dropout = Dropout(options.dropout)
        # The reference owns a gate and a residual even where nothing is skipped.
        self.gate = GruGate(copies, outputs)
        self.residual = make_residual(copies, inputs, outputs, skip=skip)

    @property
    def chainable(self) -> bool:
        """Whether the pass for prediction (`inference`) knows this block."""
        return (
            self.skip
            and isinstance(self.normalization, LayerNorm)
            and isinstance(self.activation_1, nn.GELU)
            and self.gate.width % inference.MULTIPLE == 0
        )

    @property
    def fusible(self) -> bool:
        """Whether the pass for training (`fused`) knows this block, too."""
        _, width, inputs = self.expand.weight.shape
        return self.chainable and fused.block_fits(inputs, width, self.gate.width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (copies, rows, inputs) to (copies, rows, outputs)."""
        if inference.blocks_fit([self], x):
            return inference.through_blocks([self], x)
        if self.fusible and native.usable(x):
            return self._fused(x)
        y = self.dropout(self.activation_1(self.expand(self.normalization(x))))
        y = self.dropout(self.activation_2(self.contract(y)))
        out: Tensor = self.gate(y, self.residual(x)) if self.skip else y
        return out

    def weights(self) -> tuple[Tensor | None, ...]:
        """Return the weights in the order of the compiled kernels."""
        norm: Any = self.normalization
        residual = self.residual
        return (
            norm.weight, norm.bias, self.expand.weight, self.expand.bias, self.contract.weight,
            self.contract.bias, *self.gate.weights(), getattr(residual, "weight", None),
            getattr(residual, "bias", None),
        )  # fmt: skip

    def _fused(self, x: Tensor) -> Tensor:
        """Do the same by a compiled kernel."""
        p = self.dropout.p if self.training else 0.0
        seeds = (fused.draw_seed(), fused.draw_seed()) if p else (0, 0)
        out: Tensor = fused.FusedBlock.apply(  # type: ignore[no-untyped-call]
            x, seeds, p, *self.weights()
        )
        return out


def feed_forward_width(options: Options, inputs: int) -> int:
    """Return the inner width of a block."""
    return round(options.transformer_dim_scale * inputs)


def make_residual(copies: int, inputs: int, outputs: int, *, skip: bool) -> nn.Module:
    """Return what brings a skipped input to the width of the output."""
    return nn.Identity() if inputs == outputs or not skip else Linear(copies, inputs, outputs)


BLOCKS = {"basic": BasicBlock, "resnet": ResnetBlock, "gated": GatedBlock, "gru": GruBlock}


def make_block(
    options: Options, copies: int, inputs: int, outputs: int, *, skip: bool
) -> nn.Module:
    """Return a block of the kind the options ask for."""
    return BLOCKS[options.linear_block_type](options, copies, inputs, outputs, skip=skip)


class Chain(nn.Sequential):
    """Blocks one after the other, in one pass where that is possible."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (copies, rows, inputs of the first) to (copies, rows, outputs of the last)."""
        blocks = list(self)
        if inference.blocks_fit(blocks, x):
            return inference.through_blocks(blocks, x)
        for block in blocks:
            x = block(x)
        return x


def make_stack(options: Options, copies: int, layers: int) -> nn.Sequential:
    """Return ``layers`` blocks of width hidden_dim."""
    width = options.hidden_dim
    return Chain(
        *(
            make_block(options, copies, width, width, skip=options.skip_connections)
            for _ in range(layers)
        )
    )


def make_embedding(options: Options, inputs: int) -> nn.Sequential:
    """Return blocks that widen ``inputs`` features by doublings up to hidden_dim."""
    widths = [inputs, options.initial_embedding_dim]
    for _ in range(options.num_embedding_layers):
        if 2 * widths[-1] >= options.hidden_dim:
            break
        widths.append(2 * widths[-1])
    widths.append(options.hidden_dim)
    skip = options.initial_embedding_skip_connections
    return Chain(*(make_block(options, 1, a, b, skip=skip) for a, b in pairwise(widths)))

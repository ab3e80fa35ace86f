"""Transformer layers (Standard, NormFirst, Gated) and encoders with a summary vector."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from hh4b.spanet import fused, inference, native
from hh4b.spanet.batches import Group, VectorLayout
from hh4b.spanet.blocks import GruBlock, feed_forward_width, make_stack
from hh4b.spanet.layers import Dropout, GruGate, InsertSummary, LayerNorm, Linear, take_rows
from hh4b.spanet.options import Options


class Attention(nn.Module):
    """Multi-head self-attention among the rows of each event."""

    def __init__(self, options: Options, copies: int) -> None:
        """Start like `torch.nn.MultiheadAttention`."""
        super().__init__()
        width = options.hidden_dim
        self.heads = options.num_attention_heads
        self.dropout = options.dropout
        self.project = Linear(copies, width, 3 * width)
        bound = math.sqrt(6 / (width + 3 * width))
        nn.init.uniform_(self.project.weight, -bound, bound)
        nn.init.zeros_(_bias(self.project))
        self.output = Linear(copies, width, width)
        nn.init.zeros_(_bias(self.output))

    def forward(self, x: Tensor, layout: VectorLayout) -> Tensor:
        """Attend within the events of ``layout``; shapes (copies, rows, width)."""
        projected = self.project(x)
        out: Tensor = self.output(self._attend(projected, layout))
        return out

    def _attend(self, projected: Tensor, layout: VectorLayout) -> Tensor:
        copies, total, width = projected.shape
        head = width // 3 // self.heads
        dropout = self.dropout if self.training else 0.0
        seed = fused.draw_seed() if dropout and projected.device.type == "cpu" else None
        results = []
        first = 0
        parts = torch.split(projected, [events * rows for events, rows in layout.sizes], dim=1)
        for part, (events, rows) in zip(parts, layout.sizes, strict=True):
            qkv = part.reshape(copies, events, rows, 3, self.heads, head).permute(3, 0, 1, 4, 2, 5)
            query, key, value = qkv.unbind()
            if seed is None:
                y = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
            else:
                scores = (query @ key.transpose(-1, -2)) * head**-0.5
                mask = self._mask(copies, total, first, events, rows, seed)
                y = (scores.softmax(dim=-1) * mask) @ value
            results.append(y.transpose(2, 3).reshape(copies, events * rows, width // 3))
            first += events * rows
        return torch.cat(results, dim=1)

    def _mask(
        self, copies: int, total: int, first: int, events: int, rows: int, seed: int
    ) -> Tensor:
        """Return the dropout mask (copies, events, heads, queries, keys)."""
        copy = torch.arange(copies).view(-1, 1, 1, 1, 1)
        event = torch.arange(events).view(-1, 1, 1, 1)
        query = torch.arange(rows).view(-1, 1)
        row = copy * total + first + event * rows + query
        index = row * self.heads + torch.arange(self.heads).view(-1, 1, 1)
        index = index * max(fused.MAX_KEYS, rows) + torch.arange(rows)
        return fused.dropout_mask(index, seed, self.dropout)


def _bias(layer: Linear) -> Tensor:
    if layer.bias is None:
        raise TypeError("a layer without bias has none to set")
    return layer.bias


class GatedLayer(nn.Module):
    """GTrXL layer (arXiv:1910.06764): normalised attention, GRU gate, GRU block."""

    def __init__(self, options: Options, copies: int) -> None:
        """Build for rows of width hidden_dim."""
        super().__init__()
        width = options.hidden_dim
        self.normalization = LayerNorm(copies, width)
        self.attention = Attention(options, copies)
        self.gate = GruGate(copies, width)
        self.block = GruBlock(options, copies, width, width, skip=True)

    def forward(self, x: Tensor, layout: VectorLayout) -> Tensor:
        """Map (copies, rows, width) to the same shape."""
        longest = max((rows for _, rows in layout.sizes), default=0)
        if native.usable(x) and fused.attention_fits(x.shape[2], self.attention.heads, longest):
            y = self._fused(x, layout)
        else:
            y = self.gate(self.attention(self.normalization(x), layout), x)
        out: Tensor = self.block(y)
        return out

    def weights(self) -> tuple[Tensor | None, ...]:
        """Return the weights of attention and gate in the order of the compiled kernels."""
        attention = self.attention
        return (
            self.normalization.weight, self.normalization.bias, attention.project.weight,
            attention.project.bias, attention.output.weight, attention.output.bias,
            *self.gate.weights(),
        )  # fmt: skip

    def _fused(self, x: Tensor, layout: VectorLayout) -> Tensor:
        """Do attention and gate by a compiled kernel."""
        attention = self.attention
        p = attention.dropout if self.training else 0.0
        out: Tensor = fused.FusedAttention.apply(  # type: ignore[no-untyped-call]
            x, layout.tiles, attention.heads, fused.draw_seed() if p else 0, p, *self.weights()
        )
        return out


class StandardLayer(nn.Module):
    """Transformer encoder layer (arXiv:1706.03762), normalised after or before each part."""

    def __init__(self, options: Options, copies: int) -> None:
        """Build for rows of width hidden_dim."""
        super().__init__()
        width = options.hidden_dim
        inner = feed_forward_width(options, width)
        self.before = options.transformer_type == "normfirst"
        self.attention = Attention(options, copies)
        self.normalization_1 = LayerNorm(copies, width)
        self.normalization_2 = LayerNorm(copies, width)
        self.expand = Linear(copies, width, inner)
        self.activation = nn.GELU() if options.transformer_activation == "gelu" else nn.ReLU()
        self.contract = Linear(copies, inner, width)
        self.dropout = Dropout(options.dropout)

    def forward(self, x: Tensor, layout: VectorLayout) -> Tensor:
        """Map (copies, rows, width) to the same shape."""
        if self.before:
            x = x + self.dropout(self.attention(self.normalization_1(x), layout))
            return x + self._feed_forward(self.normalization_2(x))
        x = self.normalization_1(x + self.dropout(self.attention(x, layout)))
        out: Tensor = self.normalization_2(x + self._feed_forward(x))
        return out

    def _feed_forward(self, x: Tensor) -> Tensor:
        y = self.contract(self.dropout(self.activation(self.expand(x))))
        out: Tensor = self.dropout(y)
        return out


class Encoder(nn.Module):
    """Linear blocks, then transformer layers that also see a learned summary vector."""

    def __init__(self, options: Options, copies: int, *, blocks: int, layers: int) -> None:
        """Build for rows of width hidden_dim."""
        super().__init__()
        self.summary = nn.Parameter(torch.randn(copies, 1, options.hidden_dim))
        self.blocks = make_stack(options, copies, blocks)
        layer = GatedLayer if options.transformer_type == "gated" else StandardLayer
        self.layers = nn.ModuleList(layer(options, copies) for _ in range(layers))

    def forward(
        self,
        x: Tensor,
        layout: VectorLayout,
        *,
        groups: Sequence[Group],
        sources: Sequence[int],
        summaries: bool,
        only: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Encode the vectors of each event.

        Args:
            x: (inputs, vectors, width).
            layout: where events start and end once the summary is inserted.
            groups: the same events as runs of equal ones.
            sources: for every copy which of ``inputs`` it reads.
            summaries: whether the encoded summary vectors are wanted.
            only: numbers of the sequential vectors, if only they are wanted.

        Returns:
            Encoded vectors (copies, vectors, width), summaries (copies, events, width) or None.
        """
        if inference.fits(self, groups, x):
            return inference.encode(
                self, x, sources, groups, everything=only is None, summaries=summaries
            )
        copies = len(sources)
        if len(x) == 1:
            x = x.expand(copies, -1, -1)
        elif list(sources) != list(range(len(x))):
            x = x.index_select(0, torch.tensor(sources, device=x.device))
        x = self.blocks(x)
        y: Tensor = InsertSummary.apply(  # type: ignore[no-untyped-call]
            x, self.summary, layout.rows, layout.summary_rows, layout.vector_rows
        )
        for layer in self.layers:
            y = layer(y, layout)
        summary = take_rows(y, layout.summary_rows) if summaries else None
        rows = layout.vector_rows if only is None else layout.vector_rows[only]
        return take_rows(y, rows), summary

"""Whole encoders and stacks of blocks in one compiled pass, for prediction.

Nothing is kept for a gradient.
"""

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from hh4b.spanet import fused, native
from hh4b.spanet.batches import Group

if TYPE_CHECKING:
    from hh4b.spanet.transformers import Encoder


#: What the outputs of a block in the kernels are a multiple of.
MULTIPLE = 8


def evaluating(module: nn.Module, x: Tensor) -> bool:
    """Whether a module is to be evaluated, on the CPU, where the kernels exist."""
    return not module.training and not torch.is_grad_enabled() and native.usable(x)


def blocks_fit(blocks: Sequence[Any], x: Tensor) -> bool:
    """Whether the kernel computes these blocks: GRU blocks, evaluation on the CPU.

    Args:
        blocks: one after the other.
        x: the input of the first.
    """
    return len(blocks) > 0 and all(
        evaluating(block, x) and getattr(block, "chainable", False) for block in blocks
    )


def through_blocks(blocks: Sequence[Any], x: Tensor) -> Tensor:
    """Take every row through blocks for which `blocks_fit` holds.

    Args:
        blocks: one after the other.
        x: (copies, rows, inputs).

    Returns:
        Shape (copies, rows, outputs of the last).
    """
    x = x.contiguous()
    copies, rows, _ = x.shape
    dims = [copies, rows, len(blocks)]
    for block in blocks:
        dims += [block.expand.weight.shape[2], *block.contract.weight.shape[:0:-1]]
    out = x.new_empty(copies, rows, dims[-1])
    pointers = _pointers([weight for block in blocks for weight in block.weights()], copies)
    kernel = _library()
    kernel.rows_forward(
        _longs(dims), pointers, x.data_ptr(), out.data_ptr(), torch.get_num_threads()
    )
    return out


def fits(encoder: "Encoder", groups: Sequence[Group], x: Tensor) -> bool:
    """Whether the kernel computes this encoder: gated layers, GRU blocks, evaluation on the CPU.

    Args:
        encoder: an `Encoder` (transformers.py).
        groups: of the events.
        x: the encoder's input.
    """
    if not evaluating(encoder, x):
        return False
    blocks: list[Any] = list(encoder.blocks)
    layers: list[Any] = list(encoder.layers)
    parts = [*blocks, *(layer.block for layer in layers if hasattr(layer, "block"))]
    longest = max((g.sequential + g.others for g in groups), default=0) + 1
    return (
        len(layers) > 0
        and len(parts) == len(blocks) + len(layers)
        and all(getattr(part, "chainable", False) for part in parts)
        and all(fused.attention_fits(x.shape[2], o.attention.heads, longest) for o in layers)
    )


def encode(
    encoder: "Encoder",
    x: Tensor,
    sources: Sequence[int],
    groups: Sequence[Group],
    *,
    everything: bool,
    summaries: bool,
) -> tuple[Tensor, Tensor | None]:
    """Encode the vectors of each event.

    Args:
        encoder: for which `fits` holds.
        x: (inputs, vectors, width).
        sources: for every copy of the encoder which of ``inputs`` it reads.
        groups: of the events.
        everything: whether all vectors are wanted, or the sequential ones only.
        summaries: whether the encoded summary vectors are wanted.

    Returns:
        Encoded vectors (copies, vectors, width), and summaries (copies, events, width) or None.
    """
    x = x.contiguous()
    copies, width = len(sources), x.shape[2]
    units, heads, hidden = _units(encoder)
    tiles = make_tiles(groups, everything=everything)
    events = sum(g.events for g in groups)
    given = x.shape[1] if everything else sum(g.events * g.sequential for g in groups)
    out = x.new_empty(copies, given, width)
    summary = x.new_empty(copies, events, width) if summaries else None
    longest = max((g.sequential + g.others for g in groups), default=0) + 1
    dims = (copies, width, hidden, heads, len(encoder.blocks), len(encoder.layers), longest)
    pointers = _pointers([encoder.summary, *units], copies)
    kernel = _library()
    kernel.encoder_forward(
        _longs(dims), pointers, _longs(sources),
        tiles.data_ptr(), len(tiles), x.data_ptr(), x.shape[1], out.data_ptr(), given, everything,
        None if summary is None else summary.data_ptr(), events, torch.get_num_threads(),
    )  # fmt: skip
    return out, summary


def _units(encoder: "Encoder") -> tuple[list[Tensor | None], int, int]:
    """Return the weights in the kernel's order, the number of heads and the inner width."""
    found: list[Tensor | None] = []
    blocks: list[Any] = list(encoder.blocks)
    layers: list[Any] = list(encoder.layers)
    for block in blocks:
        found += block.weights()
    for layer in layers:
        found += [*layer.weights(), *layer.block.weights()]
    return found, layers[0].attention.heads, layers[0].block.expand.weight.shape[1]


def _pointers(weights: Sequence[Tensor | None], copies: int) -> ctypes.Array[ctypes.c_void_p]:
    """Return the address of every weight for every copy; null where there is none."""
    starts = [(None, 0) if w is None else (w.data_ptr(), w[0].numel() * 4) for w in weights]
    found = [
        None if start is None else start + copy * size
        for copy in range(copies)
        for start, size in starts
    ]
    return (ctypes.c_void_p * len(found))(*found)


def _library() -> ctypes.CDLL:
    kernel = native.library()
    if kernel is None:
        raise RuntimeError("no compiled kernels; ask first whether they fit")
    return kernel


def make_tiles(groups: Sequence[Group], *, everything: bool) -> Tensor:
    """Cut events into tiles of equal events: the rows of `Tile` in kernels/encoder.h."""
    kernel = native.library()
    step = 1 if kernel is None else int(kernel.tile_events())
    tiles = []
    first_in = first_out = first_event = 0
    for group in groups:
        vectors = group.sequential + group.others
        given = vectors if everything else group.sequential
        for start in range(0, group.events, step):
            tile = (first_in + start * vectors, first_out + start * given, first_event + start)
            number = min(step, group.events - start)
            tiles.append((number, group.sequential, group.others, *tile))
        first_in += group.events * vectors
        first_out += group.events * given
        first_event += group.events
    return torch.tensor(tiles, dtype=torch.int64).reshape(-1, 6)


def _longs(values: Sequence[int]) -> ctypes.Array[ctypes.c_long]:
    return (ctypes.c_long * len(values))(*values)

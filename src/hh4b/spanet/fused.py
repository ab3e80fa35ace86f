"""Autograd around the compiled kernels, and dropout whose mask is a function of position."""

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hh4b.spanet import native

#: Pieces into which the rows of all copies are cut to sum gradients: enough for many threads, and
#: fixed, so that the sum does not depend on them.
CHUNKS = 16
TILE_ROWS = 96
#: Rows of the longest event that the kernels put into one lane of a vector.
WIDE_ROWS = 16
MAX_KEYS = 64
_MASK = 0xFFFFFFFF


def draw_seed() -> int:
    """Return 32 random bits from torch's generator."""
    return int(torch.randint(1 << 32, ()))


def counter_bits(index: Tensor, seed: int) -> Tensor:
    """Return 32 random bits (int64) for each element number: Murmur3's finaliser.

    The same integers as `Dropout` in kernels/simd.h.
    """
    x = (index * 0x9E3779B1 + seed) & _MASK
    x = x ^ (x >> 16)
    x = (x * 0x85EBCA6B) & _MASK
    x = x ^ (x >> 13)
    x = (x * 0xC2B2AE35) & _MASK
    return x ^ (x >> 16)


def dropout_mask(index: Tensor, seed: int, p: float) -> Tensor:
    """Return 0 with probability ``p`` and else 1/(1-p), by element number."""
    kept = counter_bits(index, seed) >= int(p * (1 << 32))
    return kept.to(torch.float32) * (1 / (1 - p))


def dropout(x: Tensor, seed: int, p: float) -> Tensor:
    """Drop elements of ``x`` by their place in memory order."""
    index = torch.arange(x.numel(), device=x.device).view(x.shape)
    return x * dropout_mask(index, seed, p).to(x.dtype)


class _Pool:
    """Buffers for what a forward pass keeps: as large as hundreds of MB, needed again every step.

    Memory fresh from the system costs more time than the arithmetic that fills it.
    """

    def __init__(self) -> None:
        self._free: list[Tensor] = []

    def take(self, size: int) -> Tensor:
        fitting = [b for b in self._free if size <= b.numel() <= 2 * size + 65536]
        if not fitting:
            return torch.empty(size + size // 16)
        best = min(fitting, key=Tensor.numel)
        self._free = [b for b in self._free if b is not best]
        return best

    def give(self, buffer: Tensor) -> None:
        self._free.append(buffer)
        if len(self._free) > 256:
            self._free.pop(0)


_pool = _Pool()


def release_memory() -> None:
    """Forget buffers that training kept for its next step."""
    _pool._free.clear()


def _addresses(tensors: Sequence[Tensor | None]) -> Any:
    return (ctypes.c_void_p * len(tensors))(*[None if t is None else t.data_ptr() for t in tensors])


def _longs(values: Sequence[int]) -> Any:
    return (ctypes.c_long * len(values))(*values)


def _chunks(copies: int) -> int:
    return max(1, CHUNKS // copies)


def _split(flat: Tensor, weights: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Cut gradients (copies, all) into the shapes of the weights."""
    shapes = [weight.shape for weight in weights if weight is not None]
    sizes = [math.prod(shape[1:]) for shape in shapes]
    parts = iter(torch.split(flat, sizes, dim=1))
    given = iter(shapes)
    return [None if w is None else next(parts).reshape(next(given)) for w in weights]


class FusedBlock(torch.autograd.Function):
    """GRU block in one pass over the rows; weights in the order of `block_weights`."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, seeds: tuple[int, int], p: float, *weights: Tensor | None
    ) -> Tensor:
        """Return the block's output (copies, rows, outputs)."""
        x = x.contiguous()
        copies, rows, inputs = x.shape
        hidden, outputs = _shape(weights[2])[1], _shape(weights[4])[1]
        dims = _longs([copies, rows, inputs, hidden, outputs, int(weights[11] is not None)])
        out = x.new_empty(copies, rows, outputs)
        need = any(ctx.needs_input_grad)
        keep = _pool.take(copies * rows * (hidden + 4 * outputs)) if need else None
        ctx.numbers = (dims, p)
        ctx.keep = keep
        ctx.save_for_backward(x, *weights)
        _kernels().block_forward(
            dims, _addresses(weights), x.data_ptr(), out.data_ptr(),
            None if keep is None else keep.data_ptr(), _seeds(seeds), p, torch.get_num_threads(),
        )  # fmt: skip
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        """Return the gradients of input and weights."""
        x, *weights = ctx.saved_tensors
        dims, p = ctx.numbers
        grad = grads[0].contiguous()
        dx = torch.empty_like(x)
        copies, chunks = x.shape[0], _chunks(x.shape[0])
        sums = x.new_empty(copies, _kernels().block_weight_count(dims))
        _kernels().block_backward(
            dims, _addresses(weights), x.data_ptr(), ctx.keep.data_ptr(), grad.data_ptr(),
            dx.data_ptr(), sums.data_ptr(), chunks, p, torch.get_num_threads(),
        )  # fmt: skip
        _pool.give(ctx.keep)
        ctx.keep = None
        return dx, None, None, *_split(sums, weights)


class FusedAttention(torch.autograd.Function):
    """Normalised attention with its gate in one pass over the events."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, tiles: Tensor, heads: int, seed: int, p: float, *weights: Tensor
    ) -> Tensor:
        """Return the gated attention (copies, rows, width)."""
        x = x.contiguous()
        copies, rows, width = x.shape
        dims = _longs([copies, rows, width, heads])
        out = torch.empty_like(x)
        need = any(ctx.needs_input_grad)
        keep = _pool.take(copies * rows * 7 * width) if need else None
        ctx.numbers = (dims, seed, p)
        ctx.keep = keep
        ctx.save_for_backward(x, tiles, *weights)
        _kernels().attention_forward(
            dims, _addresses(weights), tiles.data_ptr(), len(tiles), x.data_ptr(), out.data_ptr(),
            None if keep is None else keep.data_ptr(), _seeds((seed,)), p, torch.get_num_threads(),
        )  # fmt: skip
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        """Return the gradients of input and weights."""
        x, tiles, *weights = ctx.saved_tensors
        dims, seed, p = ctx.numbers
        grad = grads[0].contiguous()
        dx = torch.empty_like(x)
        copies, chunks = x.shape[0], _chunks(x.shape[0])
        sums = x.new_empty(copies, _kernels().attention_weight_count(dims))
        _kernels().attention_backward(
            dims, _addresses(weights), tiles.data_ptr(), len(tiles), x.data_ptr(),
            ctx.keep.data_ptr(), grad.data_ptr(), dx.data_ptr(), sums.data_ptr(), chunks,
            _seeds((seed,)), p, torch.get_num_threads(),
        )  # fmt: skip
        _pool.give(ctx.keep)
        ctx.keep = None
        return dx, None, None, None, None, *_split(sums, weights)


def move_rows(x: Tensor, index: Tensor, filling: Tensor | None = None) -> Tensor:
    """Return the rows ``index`` of every copy; the number of rows as index gives ``filling``.

    Args:
        x: (copies, rows, width).
        index: (wanted rows,) in memory.
        filling: (copies, 1, width); None = zeros.
    """
    if not native.usable(x):
        if filling is None:
            filling = x.new_zeros(len(x), 1, x.shape[2])
        return torch.cat([x, filling], dim=1).index_select(1, index)
    x = x.contiguous()
    copies, rows, width = x.shape
    out = x.new_empty(copies, len(index), width)
    filling = None if filling is None else filling.contiguous()
    _kernels().move_rows(
        _longs([copies, rows, len(index), width]), index.data_ptr(), x.data_ptr(),
        None if filling is None else filling.data_ptr(), out.data_ptr(), torch.get_num_threads(),
    )  # fmt: skip
    return out


def _shape(weight: Tensor | None) -> torch.Size:
    if weight is None:
        raise TypeError("this weight always exists")
    return weight.shape


def _kernels() -> Any:
    return native.library()


def _seeds(values: Sequence[int]) -> Any:
    return (ctypes.c_uint32 * len(values))(*values)


def block_fits(inputs: int, hidden: int, outputs: int) -> bool:
    """Whether the widths are multiples of a vector."""
    found = native.library()
    if found is None:
        return False
    lanes: int = found.vector_length()
    return all(n % lanes == 0 for n in (inputs, hidden, outputs))


def attention_fits(width: int, heads: int, longest: int) -> bool:
    """Whether width, width of a head and length of the longest event are among those compiled."""
    return (
        block_fits(width, width, width) and width // heads in {4, 8, 16, 32} and longest <= MAX_KEYS
    )


def make_tiles(sizes: Sequence[tuple[int, int]]) -> Tensor:
    """Cut the events of a layout into tiles (first row, events, rows of an event).

    Short events go by multiples of a vector's lanes, so that none stays empty.
    """
    found = native.library()
    lanes = 16 if found is None else int(found.vector_length())
    tiles = []
    row = 0
    for events, rows in sizes:
        step = lanes if rows <= WIDE_ROWS else 1
        per_tile = step * max(1, TILE_ROWS // (rows * step))
        for start in range(0, events, per_tile):
            number = min(per_tile, events - start)
            tiles.append((row + start * rows, number, rows))
        row += events * rows
    return torch.tensor(tiles, dtype=torch.int64).reshape(-1, 3)

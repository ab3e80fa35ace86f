"""Elementary layers with a leading dimension of independent copies.

Branches of different particles have equal structure and separate weights. Their weights are
stacked, so that one batched product serves all of them. Shapes are (copies, rows, width); a row is
a real vector, padding never gets here.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hh4b.spanet import fused


class Linear(nn.Module):
    """Affine map of every copy, started like `torch.nn.Linear`."""

    def __init__(self, copies: int, inputs: int, outputs: int, *, bias: bool = True) -> None:
        """Create weights (copies, outputs, inputs)."""
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(copies, outputs, inputs).uniform_(-bound, bound))
        self.bias = (
            nn.Parameter(torch.empty(copies, outputs).uniform_(-bound, bound)) if bias else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (copies, rows, inputs) to (copies, rows, outputs)."""
        return linear(x, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x W^T + b for every copy."""
    if len(weight) == 1:
        # squeeze, not [0]: the gradient of an element taken by number is filled up with zeros.
        return functional.linear(x, weight.squeeze(0), None if bias is None else bias.squeeze(0))
    if bias is None:
        return torch.bmm(x, weight.transpose(1, 2))
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))


class LayerNorm(nn.Module):
    """Normalise every row to mean 0 and deviation 1, then scale and shift by copy."""

    def __init__(self, copies: int, width: int) -> None:
        """Start as the plain normalisation."""
        super().__init__()
        self.weight = nn.Parameter(torch.ones(copies, width))
        self.bias = nn.Parameter(torch.zeros(copies, width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (copies, rows, width)."""
        if len(self.weight) == 1:
            weight, bias = self.weight.squeeze(0), self.bias.squeeze(0)
            return functional.layer_norm(x, x.shape[-1:], weight, bias)
        plain = functional.layer_norm(x, x.shape[-1:])
        return torch.addcmul(self.bias.unsqueeze(1), plain, self.weight.unsqueeze(1))


class BatchNorm(nn.Module):
    """Normalise every column over the rows of the batch; running statistics when evaluating.

    ``detached`` is the reference's MaskedBatchNorm: statistics carry no gradient, the variance is
    the unbiased one, and the first batch sets the running values. In both kinds padding does not
    count, while the reference's plain BatchNorm counts it in training.
    """

    EPSILON = 1e-5
    MOMENTUM = 0.1

    def __init__(self, copies: int, width: int, *, detached: bool = False) -> None:
        """Start as the plain normalisation."""
        super().__init__()
        self.detached = detached
        self.weight = nn.Parameter(torch.ones(copies, width))
        self.bias = nn.Parameter(torch.zeros(copies, width))
        self.running_mean: Tensor
        self.running_var: Tensor
        self.num_batches_tracked: Tensor
        self.register_buffer("running_mean", torch.zeros(copies, width))
        self.register_buffer("running_var", torch.ones(copies, width))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (copies, rows, width)."""
        if not self.training:
            mean, variance = self.running_mean, self.running_var
        else:
            mean = x.mean(dim=1)
            variance = x.var(dim=1, correction=int(self.detached))
            self._track(x.shape[1], mean.detach(), variance.detach())
            if self.detached:
                mean, variance = mean.detach(), variance.detach()
        scale = self.weight / torch.sqrt(variance + self.EPSILON)
        return torch.addcmul((self.bias - mean * scale).unsqueeze(1), x, scale.unsqueeze(1))

    @torch.no_grad()
    def _track(self, rows: int, mean: Tensor, variance: Tensor) -> None:
        first = self.detached and int(self.num_batches_tracked) == 0
        if not self.detached:
            variance = variance * rows / max(rows - 1, 1)
        momentum = 1.0 if first else self.MOMENTUM
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), momentum)
        self.running_var.lerp_(variance.to(self.running_var.dtype), momentum)
        self.num_batches_tracked += 1


class Dropout(nn.Module):
    """Dropout whose mask is a function of a drawn seed and the element's place.

    The compiled kernels make the same mask, so a training does not depend on their being there.
    """

    def __init__(self, p: float) -> None:
        """Drop elements with probability ``p`` in training."""
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Drop elements of ``x`` and scale the others."""
        if not self.training or not self.p:
            return x
        if x.device.type != "cpu":
            return functional.dropout(x, self.p)
        return fused.dropout(x, fused.draw_seed(), self.p)


class PReLU(nn.Module):
    """Leaky rectifier with a learned slope for every column."""

    def __init__(self, copies: int, width: int) -> None:
        """Start with the slope 0.25."""
        super().__init__()
        self.weight = nn.Parameter(torch.full((copies, width), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (copies, rows, width)."""
        return torch.where(x >= 0, x, x * self.weight.unsqueeze(1))


class GruGate(nn.Module):
    """Gate between an update ``v`` and a residual ``x`` as in a GRU (GTrXL, arXiv:1910.06764).

    r = sigma(W_r v + b_r + U_r x), z = sigma(W_z v + b_z + U_z x - b),
    h = tanh(W_g v + b_g + U_g (r x)), result (1 - z) x + z h. The matrices W_r, W_z, W_g are
    stacked in ``update``, U_r, U_z in ``residual``.
    """

    START = 2.0

    def __init__(self, copies: int, width: int) -> None:
        """Start nearly closed: the gate bias b is 2."""
        super().__init__()
        self.width = width
        self.update = Linear(copies, width, 3 * width)
        self.residual = Linear(copies, width, 2 * width, bias=False)
        self.candidate = Linear(copies, width, width, bias=False)
        self.gate_bias = nn.Parameter(torch.full((copies, width), self.START))

    def weights(self) -> tuple[Tensor | None, ...]:
        """Return the weights in the order of the compiled kernels."""
        return (
            self.update.weight, self.update.bias, self.residual.weight, self.candidate.weight,
            self.gate_bias,
        )  # fmt: skip

    def forward(self, v: Tensor, x: Tensor) -> Tensor:
        """Combine (copies, rows, width) each."""
        r_v, z_v, g_v = self.update(v).split(self.width, dim=2)
        r_x, z_x = self.residual(x).split(self.width, dim=2)
        r = torch.sigmoid(r_v + r_x)
        z = torch.sigmoid(z_v + z_x - self.gate_bias.unsqueeze(1))
        h = torch.tanh(g_v + self.candidate(r * x))
        return x + z * (h - x)


def make_normalization(kind: str, copies: int, width: int) -> nn.Module:
    """Return the layer an options file calls ``kind``."""
    if kind == "layernorm":
        return LayerNorm(copies, width)
    if kind in {"batchnorm", "maskedbatchnorm"}:
        return BatchNorm(copies, width, detached=kind == "maskedbatchnorm")
    return nn.Identity()


def make_activation(kind: str, copies: int, width: int) -> nn.Module:
    """Return the layer an options file calls ``kind``."""
    if kind == "prelu":
        return PReLU(copies, width)
    makers: dict[str, Callable[[], nn.Module]] = {
        "relu": nn.ReLU, "elu": nn.ELU, "celu": nn.CELU, "gelu": nn.GELU,
    }  # fmt: skip
    return makers.get(kind, nn.Identity)()


class TakeRows(torch.autograd.Function):
    """Rows of (copies, rows, width) by number, each at most once, with a cheap gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor) -> Tensor:
        """Return x[:, rows]."""
        ctx.save_for_backward(rows)
        ctx.rows = x.shape[1]
        return x.index_select(1, rows)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Put the gradient back in its rows; zero elsewhere."""
        (rows,) = ctx.saved_tensors
        (grad,) = grads
        back = rows.new_full((ctx.rows,), len(rows))
        back[rows] = torch.arange(len(rows), device=rows.device)
        return fused.move_rows(grad, back), None


def take_rows(x: Tensor, rows: Tensor) -> Tensor:
    """Return x[:, rows]; no row may occur twice."""
    if not torch.is_grad_enabled() or not x.requires_grad:
        return x.index_select(1, rows)
    result: Tensor = TakeRows.apply(x, rows)  # type: ignore[no-untyped-call]
    return result


class InsertSummary(torch.autograd.Function):
    """Put one summary vector before the vectors of every event."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, summary: Tensor, rows: Tensor, summary_rows: Tensor, vectors: Tensor
    ) -> Tensor:
        """Return (copies, vectors + events, width)."""
        ctx.save_for_backward(summary_rows, vectors)
        return fused.move_rows(x, rows, summary)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        """Take the gradients apart; the summary's is the sum over events."""
        summary_rows, vectors = ctx.saved_tensors
        (grad,) = grads
        own = grad.index_select(1, summary_rows).sum(dim=1, keepdim=True)
        return grad.index_select(1, vectors), own, None, None, None

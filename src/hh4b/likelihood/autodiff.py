"""The likelihood once more in PyTorch: gradient, Hessian and Fisher information by autodiff.

Float64 on the processor. The point is one vector: kappa_lambda, mu, then the parameters. It is
written from the model itself, not from the arrays of the fits, so that each checks the other.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from hh4b.core.errors import FitFailed
from hh4b.likelihood.expectation import CompiledModel
from hh4b.likelihood.interpolation import factor_coefficients
from hh4b.likelihood.model import SIGNAL, NormEffect, ShapeEffect

Floats = NDArray[np.float64]


def expected_events(compiled: CompiledModel, point: Tensor) -> Tensor:
    """Return expected events, (B,), at a point (kappa_lambda, mu, alpha ...), (2 + P,)."""
    model = compiled.model
    kappa, mu = point[0], point[1]
    powers = torch.stack([torch.ones_like(kappa), kappa, kappa**2])
    total = torch.zeros(model.n_bins, dtype=torch.float64)
    rows = {SIGNAL: model.signal, **model.backgrounds}
    for process, nominal in rows.items():

        def events(values: Floats, process: str = process) -> Tensor:
            tensor = torch.as_tensor(values, dtype=torch.float64)
            return powers @ tensor if process == SIGNAL else tensor

        shifted = events(nominal)
        for shape in model.shapes:
            if shape.process == process:
                x = point[2 + compiled.index(shape.parameter)]
                shifted = shifted + _shift(x, shape, events, nominal)
        for norm in model.norms:
            if norm.process == process:
                shifted = shifted * _factors(compiled, norm, point)
        total = total + (mu * shifted if process == SIGNAL else shifted)
    return total


def _shift(
    x: Tensor, shape: ShapeEffect, events: Callable[[Floats], Tensor], nominal: Floats
) -> Tensor:
    up, down = (events(values - nominal) for values in (shape.up, shape.down))
    if x.detach() > 1:
        return x * up
    if x.detach() < -1:
        return -x * down
    square = x**2
    inside = square * (square * (3 * square - 10) + 15)
    return x * 0.5 * (up - down) + inside * 0.0625 * (up + down)


def _factors(compiled: CompiledModel, norm: NormEffect, point: Tensor) -> Tensor:
    """Return the factor of a parameter in every bin, (B,)."""
    place = compiled.index(norm.parameter)
    x = point[2 + place]
    parts = []
    for channel in compiled.model.channels:
        if channel.name not in norm.up:
            factor = torch.ones((), dtype=torch.float64)
        elif not compiled.constrained[place]:
            factor = x
        else:
            factor = _factor(x, norm.up[channel.name], norm.down[channel.name])
        parts.append(factor.expand(channel.n_bins))
    return torch.cat(parts)


def _factor(x: Tensor, up: float, down: float) -> Tensor:
    if x.detach() >= 1:
        return torch.exp(x * np.log(up))
    if x.detach() <= -1:
        return torch.exp(-x * np.log(down))
    coefficients = factor_coefficients(np.array(up), np.array(down))
    powers = torch.stack([x**power for power in range(1, 7)])
    return 1 + torch.as_tensor(coefficients) @ powers


def minus_2_log_likelihood_at(
    compiled: CompiledModel, point: Tensor, data: Floats, auxiliary: ArrayLike = 0.0
) -> Tensor:
    """Return -2 ln L, zero for a perfect fit; inf where a bin expects less than nothing.

    Args:
        compiled: the model.
        point: kappa_lambda, mu and parameters, (2 + P,), float64.
        data: counts, (B,).
        auxiliary: centres of the Gaussians, (P,).
    """
    expected = expected_events(compiled, point)
    counts = torch.as_tensor(np.array(data, dtype=np.float64))
    if bool(((expected < 0) | ((expected == 0) & (counts > 0))).any()):
        return torch.tensor(np.inf, dtype=torch.float64)
    seen = counts > 0
    safe = torch.where(seen, counts, torch.ones_like(counts))
    ratio = torch.where(seen, expected / safe, torch.ones_like(counts))
    poisson = 2 * torch.sum(expected - counts - counts * torch.log(ratio))
    centres = np.broadcast_to(np.asarray(auxiliary, np.float64), compiled.nominal.shape)
    pull = point[2:] - torch.as_tensor(centres.copy())
    return poisson + torch.sum(pull[torch.as_tensor(compiled.constrained)] ** 2)


def gradient_and_hessian(
    compiled: CompiledModel, point: ArrayLike, data: Floats, auxiliary: ArrayLike = 0.0
) -> tuple[Floats, Floats]:
    """Return the derivatives of -2 ln L, (2 + P,) and (2 + P, 2 + P)."""
    start = torch.as_tensor(np.array(point, dtype=np.float64)).requires_grad_()

    def value(where: Tensor) -> Tensor:
        return minus_2_log_likelihood_at(compiled, where, data, auxiliary)

    (gradient,) = torch.autograd.grad(value(start), start)
    hessian = torch.autograd.functional.hessian(value, start.detach())  # type: ignore[no-untyped-call]
    return gradient.numpy(), np.asarray(hessian.numpy())


@dataclass(frozen=True)
class FisherInformation:
    """What the data of a hypothesis can tell on average.

    Attributes:
        names: of kappa_lambda and the parameters; mu is not among them.
        matrix: expected information, (1 + P, 1 + P).
        bound: Cramer-Rao bound on the error of an unbiased estimate of kappa_lambda; None where the
            signal does not depend on kappa_lambda to first order.
        bound_without_parameters: the same with all parameters known.
    """

    names: tuple[str, ...]
    matrix: Floats
    bound: float | None
    bound_without_parameters: float | None

    def as_dict(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return {
            "names": list(self.names),
            "matrix": self.matrix.tolist(),
            "kappa_lambda_bound": self.bound,
            "kappa_lambda_bound_without_parameters": self.bound_without_parameters,
        }


def fisher_information(
    compiled: CompiledModel, kappa: float = 1.0, mu: float = 1.0, alpha: ArrayLike | None = None
) -> FisherInformation:
    """Return the expected information on kappa_lambda and the parameters at a hypothesis.

    Poisson counts give sum_i dn_i dn_i / n_i, each Gaussian adds 1.

    Args:
        compiled: the model.
        kappa: kappa_lambda.
        mu: signal strength, kept.
        alpha: parameters, (P,); None for nominal ones.

    Raises:
        FitFailed: if a bin expects nothing or less.
    """
    values = compiled.nominal if alpha is None else np.asarray(alpha, np.float64)
    point = torch.as_tensor(np.concatenate([[kappa, mu], values]))
    expected = expected_events(compiled, point).numpy()
    if not (expected > 0).all():
        raise FitFailed(f"bin {int(np.argmin(expected))} expects nothing; no information there")
    jacobian = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
        lambda where: expected_events(compiled, where), point
    ).numpy()
    jacobian = np.delete(jacobian, 1, axis=1)
    matrix = jacobian.T @ (jacobian / expected[:, None])
    matrix[np.diag_indices_from(matrix)] += np.append(0.0, compiled.constrained.astype(float))
    return FisherInformation(
        ("kappa_lambda", *compiled.parameter_names),
        np.asarray(matrix),
        _bound(matrix),
        _bound(matrix[:1, :1]),
    )


def _bound(matrix: Floats) -> float | None:
    if matrix[0, 0] <= 0:
        return None
    rest, cross = matrix[1:, 1:], matrix[1:, 0]
    left = matrix[0, 0] - cross @ np.linalg.pinv(rest, hermitian=True) @ cross
    # What is left of the information is a difference: below rounding there is none.
    return float(1 / np.sqrt(left)) if left > 1e-12 * matrix[0, 0] else None

"""Regressions: numbers that a network predicts, how it learns them, and how well it does.

The kind says what the errors of a target are taken to be like, as in the reference:

* ``gaussian``: the output is normalised by mean and deviation, the loss is ((p - t) / deviation)^2;
* ``laplacian``: by median and mean distance from it, the loss is |p - t| / distance;
* ``log_gaussian``: by mean and deviation of arsinh(t / 2), which is the logarithm of large numbers
  with their sign; the loss is (p - t)^2 of the numbers themselves, so its size depends on the unit.

A target that is NaN is unknown and counts nowhere.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hh4b.core.errors import ContractError

Values = NDArray[np.floating]


def location_and_scale(kind: str, values: Values) -> tuple[float, float]:
    """Return by what the output of a network is normalised.

    Args:
        kind: of the regression.
        values: known targets, shape (N,), at least one.
    """
    known = values.astype(np.float64)
    if kind == "laplacian":
        # The lower one of two middle values, as torch and the reference have it.
        middle = float(np.sort(known)[(len(known) - 1) // 2])
        return middle, float(np.abs(known - middle).mean())
    if kind == "log_gaussian":
        known = np.arcsinh(known / 2)
    return float(known.mean()), float(known.std())


class Regressor(nn.Module):
    """A head with one output, brought to the unit of its target."""

    def __init__(self, kind: str, head: nn.Module) -> None:
        """Start without normalisation, see `set_targets`.

        Args:
            kind: of the regression.
            head: maps (1, events, hidden_dim) to (1, events, 1).
        """
        super().__init__()
        self.kind, self.head = kind, head
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("std", torch.tensor(1.0))

    def set_targets(self, values: Values) -> None:
        """Normalise by the targets of the training set; the scale stays 1 if they do not vary.

        Args:
            values: shape (N,), NaN = unknown.
        """
        known = values[~np.isnan(values)]
        if len(known):
            mean, std = location_and_scale(self.kind, known)
            self.mean.fill_(mean)
            self.std.fill_(std if std > 0 else 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Map vectors (events, hidden_dim) to predictions (events,)."""
        plain = self.head(x.unsqueeze(0))[0, :, 0].to(self.std.dtype) * self.std + self.mean
        return 2 * torch.sinh(plain) if self.kind == "log_gaussian" else plain


def mean_loss(
    kind: str, prediction: Tensor, target: Tensor, scale: Tensor, weight: Tensor | None
) -> Tensor:
    """Return the mean loss of known targets; 0 where a batch has none.

    Args:
        kind: of the regression.
        prediction: shape (events,).
        target: shape (events,), NaN = unknown.
        scale: deviation of the targets of the training set.
        weight: of the events, or None.
    """
    known = ~target.isnan()
    # An unknown target is put to the prediction, so that it has neither a loss nor a gradient.
    difference = prediction - torch.where(known, target, prediction.detach())
    if kind == "laplacian":
        loss = difference.abs() / scale
    else:
        loss = (difference if kind == "log_gaussian" else difference / scale).square()
    counted = known.to(loss.dtype) if weight is None else known * weight
    total = counted.sum()
    return (counted * loss).sum() / torch.where(total == 0, 1.0, total)


def require_learnable(targets: Mapping[str, Values], *, where: str) -> None:
    """Check that every regression has known targets that differ.

    Args:
        targets: name -> (N,), NaN = unknown.
        where: for messages.

    Raises:
        ContractError: naming the first that has not.
    """
    for name, values in targets.items():
        known = values[~np.isnan(values)]
        if len(known) == 0:
            raise ContractError(
                f"{where}: 'REGRESSIONS/{name}' is unknown (NaN) in all training events; give"
                " targets or take it out of the event file"
            )
        if known.min() == known.max():
            raise ContractError(
                f"{where}: 'REGRESSIONS/{name}' is {known[0]:g} in all training events; there is"
                " nothing to learn, take it out of the event file"
            )


def regression_metrics(
    prediction: Values, target: Values, weight: NDArray[np.float64]
) -> dict[str, float]:
    """Return how far predictions are from known targets, as weighted means over events.

    ``absolute_deviation`` is the mean of |p - t|, ``relative_deviation`` that of |p / t - 1| over
    targets other than 0 (the reference calls them absolute_error and percent_error), ``bias`` the
    mean of p - t, ``rms_deviation`` the root of the mean of (p - t)^2, and ``r_squared`` the share
    of the targets' variance that is predicted: 0 for their mean, 1 without any deviation. What
    cannot be computed is left out.

    Args:
        prediction: shape (N,).
        target: shape (N,), NaN = unknown.
        weight: of the events, shape (N,).
    """
    known = ~np.isnan(target) & (weight != 0)
    found, true = prediction[known].astype(np.float64), target[known].astype(np.float64)
    weight = weight[known]
    if not weight.sum() > 0:
        return {}

    def mean(values: Values, chosen: NDArray[np.bool_] | slice = slice(None)) -> float:
        return float((weight[chosen] * values).sum() / weight[chosen].sum())

    delta = found - true
    square, variance = mean(delta**2), mean((true - mean(true)) ** 2)
    result = {
        "absolute_deviation": mean(np.abs(delta)),
        "bias": mean(delta),
        "rms_deviation": float(np.sqrt(max(square, 0.0))),
    }
    finite = true != 0
    if weight[finite].sum() > 0:
        result["relative_deviation"] = mean(np.abs(delta[finite] / true[finite]), finite)
    if variance > 0:
        result["r_squared"] = 1 - square / variance
    return result

"""The dense network on high-level features: a function of its configuration."""

import math
from itertools import pairwise
from typing import Annotated, cast

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn


class NetworkConfig(BaseModel):
    """What the network looks like."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[str, ...] = Field(min_length=1, description="names of the input features")
    hidden_dim: Annotated[int, Field(ge=1)] = Field(
        default=256, description="width of the hidden layers"
    )
    n_layers: Annotated[int, Field(ge=1)] = Field(default=2, description="number of hidden layers")


class Standardisation(nn.Module):
    """Subtract the mean and divide by the spread, z = (x - mu) / sigma, of the training events."""

    mean: Tensor
    scale: Tensor

    def __init__(self, size: int) -> None:
        """Start as the identity on ``size`` inputs."""
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def fit(self, inputs: Tensor, weight: Tensor) -> None:
        """Take mean and spread from ``inputs`` of shape (event, size), weighted by (event,).

        A constant input keeps the scale 1: it carries nothing and must not divide by zero.
        """
        share = (weight / weight.sum()).double()[:, None]
        mean = (share * inputs).sum(dim=0)
        spread = (share * (inputs - mean) ** 2).sum(dim=0).sqrt()
        # Rounding leaves a constant column with a spread of the order of its epsilon.
        constant = spread <= 1e-6 * (1 + mean.abs())
        self.mean.copy_(mean)
        self.scale.copy_(torch.where(constant, torch.ones_like(spread), spread))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return standardised inputs of the same shape."""
        return (inputs - self.mean) / self.scale


class DenseNetwork(nn.Module):
    """Features and kappa_lambda to the logit of the signal probability.

    Hidden layers a = ReLU(W x + b), one linear output; the probability is sigma(logit).
    """

    def __init__(self, config: NetworkConfig, generator: torch.Generator | None = None) -> None:
        """Build the layers; ``generator`` draws the initial weights."""
        super().__init__()
        self.config = config
        inputs = len(config.columns) + 1
        self.standardise = Standardisation(inputs)
        widths = [inputs, *[config.hidden_dim] * config.n_layers]
        self.hidden = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.output = nn.Linear(config.hidden_dim, 1)
        self._initialise(generator)

    def _initialise(self, generator: torch.Generator | None) -> None:
        """Draw weights and biases uniformly within 1/sqrt(inputs), as `torch.nn.Linear` does."""
        for layer in (*self.hidden, self.output):
            bound = 1 / math.sqrt(layer.in_features)
            for parameter in (layer.weight, layer.bias):
                nn.init.uniform_(parameter, -bound, bound, generator=generator)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits of shape (event,) for raw inputs of shape (event, F + 1), kappa last."""
        values: Tensor = self.standardise(inputs)
        for layer in self.hidden:
            values = torch.relu(layer(values))
        return self._last(values)

    def at_kappas(self, features: Tensor, kappas: Tensor) -> Tensor:
        """Return logits of shape (event, K) for every event at every kappa.

        The first layer is linear, so kappa only shifts its pre-activation: the features pass it
        once, whatever the number of kappas.

        Args:
            features: raw features of shape (event, F).
            kappas: values of shape (K,).
        """
        first = cast(nn.Linear, self.hidden[0])
        mean, scale = self.standardise.mean, self.standardise.scale
        base = (features - mean[:-1]) / scale[:-1] @ first.weight[:, :-1].T + first.bias
        shift = ((kappas - mean[-1]) / scale[-1])[:, None] * first.weight[:, -1]
        values = torch.relu(base[:, None] + shift).flatten(0, 1)
        for layer in self.hidden[1:]:
            values = torch.relu(layer(values))
        return self._last(values).view(len(features), len(kappas))

    def _last(self, values: Tensor) -> Tensor:
        logits: Tensor = self.output(values)
        return logits.squeeze(-1)


def probability(logits: Tensor) -> Tensor:
    """Return the logistic sigmoid 1 / (1 + exp(-z)) of logits of any shape.

    >>> round(probability(torch.tensor(9.0)).item(), 5)
    0.99988
    """
    return torch.sigmoid(logits)

"""How much the network's answer moves with each of its inputs: gradients, exactly."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.func import jacfwd, jacrev, vmap

from hh4b.core.errors import ContractError
from hh4b.selection.checkpoint import load_network
from hh4b.selection.dnn import DenseNetwork
from hh4b.selection.samples import LabelledFeatures, read_labelled
from hh4b.selection.settings import SensitivitySettings
from hh4b.training.metrics import effective_number

log = logging.getLogger(__name__)
KAPPA = "kappa_lambda"


def jacobian(
    function: Callable[[Tensor], Tensor], point: Tensor, *, mode: Literal["forward", "reverse"]
) -> Tensor:
    """Return the matrix of first derivatives d f_i / d x_j by automatic differentiation.

    Forward mode pushes one tangent for each input and suits few inputs; reverse mode pulls one
    adjoint back from each output and suits few outputs. Both are exact to rounding.

    Args:
        function: of a tensor.
        point: where.
        mode: which way through the graph.

    Returns:
        Shape (outputs..., inputs...).
    """
    differentiate = jacfwd if mode == "forward" else jacrev
    derivative: Tensor = differentiate(function)(point)
    return derivative


def input_gradients(network: DenseNetwork, inputs: Tensor, *, rows_at_once: int = 8192) -> Tensor:
    """Return d logit / d z of every event for inputs z in units of their spread.

    One output and many inputs: reverse mode, all events of a block at once.

    Args:
        network: a trained network.
        inputs: raw, shape (event, F + 1), kappa last.
        rows_at_once: events in memory at a time.

    Returns:
        Shape (event, F + 1).
    """

    def logit(row: Tensor) -> Tensor:
        value: Tensor = network(row[None])[0]
        return value

    def gradient(row: Tensor) -> Tensor:
        return jacobian(logit, row, mode="reverse")

    blocks = [vmap(gradient)(block) for block in torch.split(inputs, rows_at_once)]
    return torch.cat(blocks) * network.standardise.scale


def kappa_slope(network: DenseNetwork, features: Tensor, kappa: float) -> Tensor:
    """Return d logit / d kappa of every event at one kappa.

    One input and an output for each event: forward mode, a single pass.

    Args:
        network: a trained network.
        features: raw, shape (event, F).
        kappa: where.

    Returns:
        Shape (event,).
    """

    def logits(value: Tensor) -> Tensor:
        return network.at_kappas(features, value[None])[:, 0]

    return jacobian(logits, torch.tensor(kappa), mode="forward")


def importance(network: DenseNetwork, events: LabelledFeatures) -> dict[str, Any]:
    """Rank the inputs by the mean of |d logit / d z| over events, both classes weighing the same.

    Args:
        network: a trained network.
        events: with the columns of its training.

    Returns:
        ``columns`` (features, then kappa_lambda), ``importance`` with its statistical error,
        ``mean_gradient`` (with sign), and ``kappa_slope_at_1`` (mean of d logit / d kappa).

    Raises:
        ContractError: if the columns are not those of the network.
    """
    if events.columns != network.config.columns:
        raise ContractError(
            f"the features have the columns {events.columns}, the network wants"
            f" {network.config.columns}; make them as for its training"
        )
    features = torch.from_numpy(events.features)
    inputs = torch.cat([features, torch.from_numpy(events.kappa)[:, None]], dim=1)
    gradients = input_gradients(network, inputs).detach().double().numpy()
    slope = kappa_slope(network, features, 1.0).detach().double().numpy()
    share = events.weight / events.weight.sum()
    size = np.abs(gradients)
    mean = share @ size
    spread = np.sqrt(share @ (size - mean) ** 2)
    error = spread / np.sqrt(effective_number(events.weight, events.events))
    return {
        "columns": [*events.columns, KAPPA],
        "importance": mean.tolist(),
        "importance_error": error.tolist(),
        "mean_gradient": (share @ gradients).tolist(),
        "kappa_slope_at_1": float(share @ slope),
    }


def importance_from_files(
    model: Path | str,
    signal: Sequence[str],
    background: Sequence[str],
    settings: SensitivitySettings,
) -> dict[str, Any]:
    """Return `importance` of a trained network on samples.

    Args:
        model: directory of `hh4b dnn train`.
        signal: ``"[PROCESS=]DATASET.h5:FEATURES.h5"`` of each sample.
        background: the same.
        settings: which events, and how background processes weigh.

    Raises:
        ConfigError, ContractError, InputFileError: if model or samples cannot be used.
    """
    events = read_labelled(
        signal,
        background,
        part=settings.part,
        background_weights=settings.background_weights,
        folds=settings,
    )
    found = importance(load_network(model), events)
    order = np.argsort(found["importance"])[::-1]
    log.info("most important inputs: %s", ", ".join(found["columns"][i] for i in order[:5]))
    return found

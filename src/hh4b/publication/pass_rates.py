"""Shares of generated events that pass the four-tag cut."""

import json
from pathlib import Path

import numpy as np

from hh4b.core import contracts
from hh4b.core.errors import ContractError
from hh4b.publication.event_files import event_weights
from hh4b.publication.inputs import Measured


def pass_rate(path: Path) -> Measured:
    """Return sum of weights in a dataset over the sum of all generated weights, and its error.

    The error is that of a sum of N independent weights of which the events not selected are zero:
    var = S₂ - S²/N, with S₂ the sum of squared weights.

    Raises:
        ContractError: if the dataset does not say how much was generated.
    """
    attributes = contracts.read_attributes(path)
    total, number = (attributes.get(n) for n in ("sum_weights_generated", "n_generated"))
    if not total or not number:
        raise ContractError(f"{path}: no attributes sum_weights_generated and n_generated")
    weights = event_weights(path)
    selected = float(weights.sum())
    variance = max(float((weights**2).sum()) - selected**2 / number, 0.0)
    provenance = json.loads(attributes.get("provenance", "{}"))
    return Measured(
        selected / total,
        float(np.sqrt(variance)) / total,
        "/".join(path.parts[-2:]),
        str(provenance.get("configuration_hash", "")),
    )

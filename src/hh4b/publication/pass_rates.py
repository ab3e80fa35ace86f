"""Shares of generated events that pass the four-tag cut."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hh4b.core import contracts
from hh4b.core.errors import ContractError
from hh4b.core.files import canonical_hash
from hh4b.core.grouping import group_sums
from hh4b.core.strict_json import parse_provenance
from hh4b.publication.event_columns import event_weights, row_event_ids
from hh4b.publication.inputs import Measured


def pass_rate(paths: Sequence[Path]) -> Measured:
    """Return sum of weights in datasets over the sum of all generated weights, and its error.

    The error is that of a sum of N independent weights of which the events not selected are zero:
    var = S₂ - S²/N, with S₂ the sum of squared weights, rows of one shower event joined. Samples of
    one process are pooled.

    Args:
        paths: datasets of one process.

    Raises:
        ContractError: if a dataset does not say how much was generated.
    """
    selected = generated = variance = 0.0
    hashes = []
    for path in paths:
        attributes = contracts.read_attributes(path)
        total, number = (attributes.get(n) for n in ("sum_weights_generated", "n_generated"))
        if not total or not number:
            raise ContractError(f"{path}: no attributes sum_weights_generated and n_generated")
        weights = event_weights(path)
        passed = float(weights.sum())
        events = row_event_ids(path)
        if events is not None:
            weights = group_sums(weights, events)
        variance += max(float((weights**2).sum()) - passed**2 / number, 0.0)
        selected, generated = selected + passed, generated + total
        provenance = parse_provenance(attributes, path)
        hashes.append(str(provenance.get("configuration_hash", "")))
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return Measured(
        selected / generated,
        float(np.sqrt(variance)) / generated,
        "/".join(paths[0].parts[-2:]) + more,
        hashes[0] if len(hashes) == 1 else canonical_hash(hashes),
    )

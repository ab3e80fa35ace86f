"""Bins of m_HH in which the background simulation has no events."""

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics.template_format import TemplateSet

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]


def merge_empty_bins(
    templates: TemplateSet, *, policy: str, minimum_effective_events: float = 0.0
) -> TemplateSet:
    """Deal with bins in which the background simulation has (nearly) no events.

    No simulated background does not mean no background: such a bin would exclude any signal. A bin
    without it is joined to its neighbour at lower mass (the first bin to the next above), which
    gives up shape and never sensitivity that is not there.

    Args:
        templates: the templates.
        policy: ``"merge"``, or ``"error"`` to refuse.
        minimum_effective_events: bins with fewer effective background events count as empty too.

    Raises:
        ContractError: with the policy ``"error"``, or if no bin has background.
    """
    if policy not in ("merge", "error"):
        raise ConfigError(f"empty background bins: unknown policy {policy!r}; merge or error")
    squared = templates.background_squared
    effective = np.divide(
        templates.background**2, squared, out=np.zeros_like(squared), where=squared > 0
    )
    filled = ((effective > 0) & (effective >= minimum_effective_events)).all(axis=0)
    needed = templates.signal.any(axis=0) | templates.background.any(axis=0)
    if (filled | ~needed).all() and filled.any():
        return templates
    edges = templates.bin_edges_gev
    listed = [f"[{edges[i]:g}, {edges[i + 1]:g}]" for i in np.flatnonzero(~filled & needed)]
    if not filled.any():
        raise ContractError(
            "no bin of m_HH has background events; loosen the threshold or generate more background"
        )
    if policy == "error":
        raise ContractError(
            f"too few background events for m_HH in {', '.join(listed)} GeV; generate more, use"
            " wider bins or --empty-background-bins merge"
        )
    starts = np.flatnonzero(filled)
    starts[0] = 0
    log.warning("m_HH bins %s GeV have no background and are merged downwards", ", ".join(listed))

    def join(values: Floats) -> Floats:
        return np.add.reduceat(values, starts, axis=-1)

    return replace(
        templates,
        bin_edges_gev=np.append(edges[starts], edges[-1]),
        signal=join(templates.signal),
        signal_squared=join(templates.signal_squared),
        background=join(templates.background),
        background_squared=join(templates.background_squared),
    )

"""Bins of m_HH in which the background simulation has no events."""

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.statistics.template_format import TemplateSet

log = logging.getLogger(__name__)


def merge_empty_bins(
    templates: TemplateSet,
    background_pb: Mapping[str, float],
    *,
    policy: str,
    minimum_effective_events: float = 0.0,
) -> TemplateSet:
    """Deal with bins in which the background simulation has (nearly) no events.

    No simulated background does not mean no background: such a bin would exclude any signal. A bin
    without it is joined to its neighbour at lower mass (the first bin to the next above), which
    gives up shape and never sensitivity that is not there. With several processes, a bin without
    events of the leading one counts as empty: what the others leave there is not the background.

    Args:
        templates: the templates.
        background_pb: cross section of each background, which weighs them against each other.
        policy: ``"merge"``, or ``"error"`` to refuse.
        minimum_effective_events: bins with fewer effective background events count as empty too.

    Raises:
        ContractError: with the policy ``"error"``, or if no bin has background.
    """
    filled = _filled_bins(templates, background_pb, minimum_effective_events)
    any_background = np.any([b.values.any(axis=0) for b in templates.backgrounds.values()], axis=0)
    needed = templates.signal.values.any(axis=0) | any_background
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
    return replace(
        templates,
        bin_edges_gev=np.append(edges[starts], edges[-1]),
        signal=templates.signal.joined(starts),
        backgrounds={name: b.joined(starts) for name, b in templates.backgrounds.items()},
        variations={
            systematic: {
                direction: {name: rows.joined(starts) for name, rows in processes.items()}
                for direction, processes in varied.items()
            }
            for systematic, varied in templates.variations.items()
        },
    )


def _filled_bins(
    templates: TemplateSet, background_pb: Mapping[str, float], minimum: float
) -> NDArray[np.bool_]:
    # Over the largest: a single process then counts exactly as it stands.
    largest = max(background_pb[name] for name in templates.backgrounds)
    scaled = {
        name: rows.scaled(background_pb[name] / largest)
        for name, rows in templates.backgrounds.items()
    }
    total = sum(rows.values for rows in scaled.values())
    variance = np.asarray(sum(rows.variance for rows in scaled.values()))
    effective = np.divide(
        np.asarray(total) ** 2, variance, out=np.zeros_like(variance), where=variance > 0
    )
    leading = max(scaled.values(), key=lambda rows: float(rows.values.sum(axis=1).max()))
    filled = (effective > 0) & (effective >= minimum) & (leading.values > 0)
    return np.asarray(filled.all(axis=0))

"""Bins of m_HH in which the background simulation has no events."""

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.settings import ModelChoices
from hh4b.statistics.template_format import MergedBin, TemplateSet

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def merge_bins(
    templates: TemplateSet, background_pb: Mapping[str, float], choices: ModelChoices
) -> TemplateSet:
    """Deal with bins of too little background, unless the whole selection has too little.

    With fewer than ``needed_effective_events`` in all, no interval will be found, and the bins stay
    as they are.

    Args:
        templates: the templates.
        background_pb: cross section of each background.
        choices: what counts as too little.

    Raises:
        ContractError: see `merge_empty_bins`.
    """
    pooled, _ = pooled_background(templates, background_pb)
    found = total_effective_events(pooled)
    if found < choices.needed_effective_events:
        log.warning(
            "%.3g effective background events are selected, %g are needed: no interval will be"
            " given; generate more background or loosen the threshold",
            found, choices.needed_effective_events,
        )  # fmt: skip
        return templates
    return merge_empty_bins(
        templates,
        background_pb,
        policy=choices.empty_background_bins,
        minimum_effective_events=choices.minimum_effective_events,
    )


def merge_empty_bins(
    templates: TemplateSet,
    background_pb: Mapping[str, float],
    *,
    policy: str,
    minimum_effective_events: float = 0.0,
) -> TemplateSet:
    """Deal with bins in which the background simulation has (nearly) no events.

    No simulated background does not mean no background: such a bin would exclude any signal. A bin
    without it is joined to its neighbour at lower mass (the first bins to the next above), which
    gives up shape and never sensitivity that is not there. Neighbours that have enough together
    stay a bin. With several processes, a bin without events of the leading one counts as empty:
    what the others leave there is not the background.

    Args:
        templates: the templates.
        background_pb: cross section of each background, which weighs them against each other.
        policy: ``"merge"``, or ``"error"`` to refuse.
        minimum_effective_events: bins with fewer effective background events count as empty too.

    Raises:
        ContractError: with the policy ``"error"``, or if no bin has background.
    """
    pooled, leading = pooled_background(templates, background_pb)
    filled = filled_bins(pooled.values, pooled.variance, leading, minimum_effective_events)
    any_background = np.any([b.values.any(axis=0) for b in templates.backgrounds.values()], axis=0)
    needed = templates.signal.values.any(axis=0) | any_background
    if (filled | ~needed).all() and filled.any():
        return templates
    edges = templates.bin_edges_gev
    effective = effective_numbers(pooled.values, pooled.variance).min(axis=0)
    lost = [
        MergedBin(float(edges[i]), float(edges[i + 1]), float(effective[i]))
        for i in np.flatnonzero(~filled & needed)
    ]
    listed = [f"[{one.low_gev:g}, {one.high_gev:g}]" for one in lost]
    if not filled.any():
        raise ContractError(
            "all bins of m_HH together have too few background events; loosen the threshold or"
            " generate more background"
        )
    if policy == "error":
        raise ContractError(
            f"too few background events for m_HH in {', '.join(listed)} GeV; generate more, use"
            " wider bins or --empty-background-bins merge"
        )
    starts = np.flatnonzero(filled)
    starts[0] = 0
    log.warning(
        "m_HH bins %s GeV have too few background events and are merged downwards",
        ", ".join(listed),
    )
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
        merged_bins=tuple(lost),
    )


def pooled_background(
    templates: TemplateSet, background_pb: Mapping[str, float]
) -> tuple[BinnedRows, Floats]:
    """Return all backgrounds together, and the values of the leading one, (1 or K, B) each.

    Each weighs by its cross section over the largest, so that a single process counts exactly as
    it stands.
    """
    largest = max(background_pb[name] for name in templates.backgrounds)
    scaled = [
        rows.scaled(background_pb[name] / largest) for name, rows in templates.backgrounds.items()
    ]
    leading = max(scaled, key=lambda rows: float(rows.values.sum(axis=1).max()))
    total = BinnedRows(
        np.asarray(sum(rows.values for rows in scaled)),
        np.asarray(sum(rows.variance for rows in scaled)),
        np.asarray(sum(rows.variance_of_sum for rows in scaled)),
    )
    return total, leading.values


def effective_numbers(values: Floats, variance: Floats) -> Floats:
    """Return value^2 / variance, zero where the variance is."""
    return np.divide(values**2, variance, out=np.zeros_like(variance), where=variance > 0)


def total_effective_events(background: BinnedRows) -> float:
    """Return the effective events of all bins, at the hypothesis with fewest.

    Bins that share events or a shape are correlated: the variance is that of their sum.
    """
    return float(
        effective_numbers(background.values.sum(axis=-1), background.variance_of_sum).min()
    )


def filled_bins(values: Floats, variance: Floats, leading: Floats, minimum: float) -> Bools:
    """Return the lowest bins of groups that have enough background at every hypothesis, (..., B).

    From the last bin downwards, bins are taken together until they have enough. Those at the lower
    end that do not are no group: they belong to the first.

    Args:
        values: all backgrounds together, shape (..., 1 or K, B).
        variance: their variance.
        leading: the leading background, likewise.
        minimum: effective events that a group needs.
    """
    filled = np.zeros((*values.shape[:-2], values.shape[-1]), np.bool_)
    parts = [np.moveaxis(array, -1, 0) for array in (values, variance, leading)]
    sums = [np.zeros(array.shape[1:]) for array in parts]
    for place in range(values.shape[-1] - 1, -1, -1):
        sums = [total + array[place] for total, array in zip(sums, parts, strict=True)]
        effective = effective_numbers(sums[0], sums[1])
        enough = ((effective > 0) & (effective >= minimum) & (sums[2] > 0)).all(axis=-1)
        filled[..., place] = enough
        closed = filled[..., place, None]
        sums = [np.where(closed, 0.0, total) for total in sums]
    return filled


def join_unfilled(values: Floats, filled: Bools) -> Floats:
    """Move the content of bins to neighbours as `merge_empty_bins` does, and leave zeros.

    Args:
        values: shape (R, K, B).
        filled: shape (R, B), at least one bin in each row.
    """
    joined = values.copy()
    first = filled.argmax(axis=1)
    rows = np.arange(len(values))
    for place in range(values.shape[-1] - 1, 0, -1):
        moved = ~filled[:, place]
        joined[moved, :, place - 1] += joined[moved, :, place]
        joined[moved, :, place] = 0.0
    # What lies below the first filled bin is now in bin 0.
    below = first > 0
    joined[rows[below], :, first[below]] += joined[below, :, 0]
    joined[below, :, 0] = 0.0
    return joined

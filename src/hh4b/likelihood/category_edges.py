"""Edges of score categories for the smallest expected interval on kappa_lambda.

The width is that of -2 Delta ln L below `BOUND` with Asimov data of kappa_lambda = 1, mu = 1 and
nothing uncertain. Edges are added greedily, the one first that narrows the interval most. They are
chosen on the showers of even number only, so that the other half has no part in the choice.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.likelihood.category_fill import category_layout, category_signal
from hh4b.likelihood.category_rows import CategoryChoice, CategoryRows, cell_sums

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
BOUND = 3.84
#: An edge that narrows the interval by less than this share of it is not worth a category.
WORTH = 0.002
_KAPPA = np.linspace(-30.0, 35.0, 1301)
_POWERS = np.vander(_KAPPA, 3, increasing=True)
_TRUE = int(np.abs(_KAPPA - 1.0).argmin())


def expected_width(signal: Floats, background: Floats) -> float:
    """Return the length in kappa_lambda on which -2 Delta ln L is below the bound.

    Args:
        signal: expected events of the components, shape (3, B).
        background: expected events, positive, shape (B,).
    """
    expected = _POWERS @ signal + background
    data = expected[_TRUE]
    log_ratio = np.log(np.maximum(expected, 1e-300) / data)
    distance = 2 * (expected - data - data * log_ratio).sum(axis=1)
    low = np.minimum(distance[1:], distance[:-1])
    high = np.maximum(distance[1:], distance[:-1])
    # The share of each step that is below, the curve being straight in it.
    below = np.clip((BOUND - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    return float(below.sum() * (_KAPPA[1] - _KAPPA[0]))


@dataclass(frozen=True)
class EdgeSearch:
    """Rows in many narrow categories, and what they are worth.

    Attributes:
        choice: the candidates for edges are its edges.
        signal: rows of the signal.
        backgrounds: rows by process.
        signal_events: expected events of the components at unit q_j, shape (3,).
        background_events: expected events at an efficiency of one, by process.
        minimum_effective_events: that a bin of a category needs.
    """

    choice: CategoryChoice
    signal: CategoryRows
    backgrounds: Mapping[str, CategoryRows]
    signal_events: Floats
    background_events: Mapping[str, float]
    minimum_effective_events: float

    def width(self, edges: Sequence[float]) -> float:
        """Return the expected width with these of the candidates as edges; infinite if unusable."""
        choice = replace(self.choice, score_edges=tuple(edges))
        places = np.searchsorted(self.choice.score_edges, edges)
        signal = _coarse(self.signal, places)
        backgrounds = {name: _coarse(rows, places) for name, rows in self.backgrounds.items()}
        try:
            layout = category_layout(
                choice, backgrounds, self.background_events, self.minimum_effective_events
            )
        except ContractError:
            return float("inf")
        n_cells = choice.n_categories * choice.n_bins
        total = np.zeros(n_cells)
        for name, rows in backgrounds.items():
            found, _ = cell_sums(
                rows.cells(choice.n_bins), rows.weight[:, None], rows.event, n_cells
            )
            total += self.background_events[name] * found[0]
        components = category_signal(signal, layout).components
        background = layout.joined(layout.unfolded(total))
        return expected_width(self.signal_events[:, None] * components, background)

    def choose(self, count: int) -> tuple[float, ...]:
        """Return up to ``count`` edges.

        Raises:
            ContractError: if no edge leaves enough background events.
        """
        edges: tuple[float, ...] = ()
        best = float("inf")
        while len(edges) < count:
            trials = {
                one: self.width(sorted((*edges, one)))
                for one in self.choice.score_edges
                if one not in edges
            }
            if not trials:
                break
            found = min(trials, key=lambda one: trials[one])
            if not trials[found] < best * (1 - WORTH):
                break
            edges, best = tuple(sorted((*edges, found))), trials[found]
            log.info("category edges %s: expected width %.3g", list(edges), best)
        if not edges:
            raise ContractError(
                "category_edges: no edge leaves enough effective background events; generate more"
                " or lower minimum_effective_events"
            )
        return edges


def _coarse(rows: CategoryRows, places: NDArray[np.intp]) -> CategoryRows:
    """Return the rows above the first edge, with categories of the chosen edges."""
    category = np.searchsorted(places, rows.category, side="right") - 1
    kept = category >= 0
    return replace(_chosen(rows, kept), category=category[kept].astype(np.int64))


def even_showers(rows: CategoryRows) -> CategoryRows:
    """Return the rows of showers of even number, with twice their weight."""
    found = _chosen(rows, rows.shower[1] % 2 == 0)
    components = None if found.components is None else 2 * found.components
    return replace(found, weight=2 * found.weight, components=components)


def _chosen(rows: CategoryRows, kept: NDArray[np.bool_]) -> CategoryRows:
    return CategoryRows(
        rows.category[kept], rows.bins[kept], rows.log_mass[kept], rows.weight[kept],
        rows.event[kept], (rows.shower[0][kept], rows.shower[1][kept]),
        None if rows.components is None else rows.components[kept],
    )  # fmt: skip


def candidates(scores: Floats, weight: Floats, number: int = 20) -> tuple[float, ...]:
    """Return rounded quantiles of the signal's scores, each once, rising.

    >>> candidates(np.linspace(0, 1, 1001), np.ones(1001), 3)
    (0.25, 0.5, 0.75)
    """
    order = np.argsort(scores)
    running = np.cumsum(weight[order])
    shares = np.arange(1, number + 1) / (number + 1)
    found = scores[order][np.searchsorted(running, shares * running[-1])]
    return tuple(sorted({round(float(one), 3) for one in found}))

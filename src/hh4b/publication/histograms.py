"""Weighted histograms with their statistical errors, and how they are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from hh4b.core.errors import ContractError
from hh4b.core.grouping import group_variance
from hh4b.publication.style import Look
from hh4b.statistics.histograms import fill

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WeightedHistogram:
    """Sums of weights in B bins.

    Attributes:
        edges: shape (B + 1,).
        sum_weights: shape (B,).
        sum_weights_squared: shape (B,).
        total: sum of all weights, also outside the edges.
        total_squared: sum of all squared weights.
    """

    edges: Floats
    sum_weights: Floats
    sum_weights_squared: Floats
    total: float
    total_squared: float

    @classmethod
    def fill(
        cls,
        values: ArrayLike,
        edges: ArrayLike,
        weights: ArrayLike | None = None,
        events: NDArray[np.int64] | None = None,
    ) -> "WeightedHistogram":
        """Histogram ``values`` of shape (N,); the last edge belongs to the last bin.

        Rows of one event, told by ``events`` of shape (N,), add up in a bin before they are
        squared; None = each row is an event.
        """
        data, borders = np.asarray(values, dtype=float), np.asarray(edges, dtype=float)
        w = np.ones(len(data)) if weights is None else np.asarray(weights, dtype=float)
        sums = np.histogram(data, borders, weights=w)[0]
        if events is not None:
            squares = _squares_by_event(data, borders, w, events)
            return cls(borders, sums, squares, float(w.sum()), float(group_variance(w, events)))
        return cls(
            borders,
            sums,
            np.histogram(data, borders, weights=w * w)[0],
            float(w.sum()),
            float((w * w).sum()),
        )

    @classmethod
    def from_json(cls, entry: Mapping[str, Any], *, where: str) -> "WeightedHistogram":
        """Read what `as_json` wrote; totals default to the sums over the bins.

        Raises:
            ContractError: if an array is missing or of the wrong length.
        """
        try:
            edges, sums, squares = (
                np.asarray(entry[name], dtype=float)
                for name in ("bin_edges", "sum_weights", "sum_weights_squared")
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError(f"{where}: no histogram ({error}); make the file again") from error
        if not len(edges) - 1 == len(sums) == len(squares):
            raise ContractError(
                f"{where}: {len(edges)} edges with {len(sums)} and {len(squares)} sums"
            )
        total = float(entry.get("total_weight", sums.sum()))
        return cls(
            edges, sums, squares, total, float(entry.get("total_weight_squared", squares.sum()))
        )

    def as_json(self) -> dict[str, Any]:
        """Return plain data for a JSON file."""
        return {
            "bin_edges": self.edges,
            "sum_weights": self.sum_weights,
            "sum_weights_squared": self.sum_weights_squared,
            "total_weight": self.total,
            "total_weight_squared": self.total_squared,
        }

    @property
    def centres(self) -> Floats:
        """Return the middle of every bin, shape (B,)."""
        return 0.5 * (self.edges[1:] + self.edges[:-1])

    def fractions(self) -> tuple[Floats, Floats]:
        """Return the fraction of all weight in each bin, and its error, shape (B,) each.

        The error is that of a ratio whose numerator is part of the denominator:
        var(S/T) = [(1 - f)² S₂ + f² (T₂ - S₂)] / T², f = S/T, subscript 2 for squared weights.
        """
        if self.total == 0:
            zero = np.zeros(len(self.sum_weights))
            return zero, zero
        fraction = self.sum_weights / self.total
        rest = np.maximum(self.total_squared - self.sum_weights_squared, 0.0)
        variance = (1 - fraction) ** 2 * self.sum_weights_squared + fraction**2 * rest
        return fraction, np.sqrt(variance) / abs(self.total)

    def bin_label(self, unit: str) -> str:
        """Return the label of an axis of fractions, e.g. ``Fraction / 25 GeV``.

        >>> WeightedHistogram.fill([1.0], [0, 25, 50]).bin_label("GeV")
        'Fraction / 25 GeV'
        """
        width = float(self.edges[1] - self.edges[0])
        if width == 1 and not unit:
            return "Fraction"
        return f"Fraction / {width:.3g} {unit}".rstrip()

    def merged(self, other: "WeightedHistogram") -> "WeightedHistogram":
        """Return the sum of two histograms with the same edges."""
        return WeightedHistogram(
            self.edges,
            self.sum_weights + other.sum_weights,
            self.sum_weights_squared + other.sum_weights_squared,
            self.total + other.total,
            self.total_squared + other.total_squared,
        )


def _squares_by_event(
    data: Floats, borders: Floats, weights: Floats, events: NDArray[np.int64]
) -> Floats:
    bins = np.searchsorted(borders, data, side="right") - 1
    bins[data == borders[-1]] = len(borders) - 2
    inside = (bins >= 0) & (bins < len(borders) - 1)
    return fill(np.where(inside, bins, -1), weights, len(borders) - 1, events).sum_weights_squared


def fraction_ratio(
    numerator: WeightedHistogram, denominator: WeightedHistogram
) -> tuple[Floats, Floats]:
    """Return the ratio of independent fractions and its error, NaN where one of them is zero."""
    (a, da), (b, db) = numerator.fractions(), denominator.fractions()
    filled = (a > 0) & (b > 0)
    ratio = np.full(len(a), np.nan)
    error = np.full(len(a), np.nan)
    ratio[filled] = a[filled] / b[filled]
    error[filled] = ratio[filled] * np.hypot(da[filled] / a[filled], db[filled] / b[filled])
    return ratio, error


def draw_fractions(
    axes: Axes, histogram: WeightedHistogram, look: Look, label: str, *, fill: bool = False
) -> float:
    """Draw fractions as steps with error bars; return the highest point with its error."""
    value, error = histogram.fractions()
    line = "-" if fill else look.line
    axes.stairs(value, histogram.edges, color=look.color, linestyle=line, label=label, zorder=2)
    if fill:
        axes.stairs(value, histogram.edges, color=look.color, alpha=0.18, fill=True, lw=0, zorder=1)
    shown = value > 0
    axes.errorbar(
        histogram.centres[shown], value[shown], yerr=error[shown], fmt="none", ecolor=look.color,
        elinewidth=0.8, zorder=3,
    )  # fmt: skip
    return float((value + error).max(initial=0.0))

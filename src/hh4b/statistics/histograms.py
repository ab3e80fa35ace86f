"""Binned sums of weights with their Monte Carlo variance."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ShapeNote:
    """How the shape of a background was made.

    Attributes:
        method: ``"tilted"``, or ``"direct"`` where that was not possible.
        reason: why it is direct, or what else is to be known.
        loose_threshold: lowest score that the shape is taken from.
        efficiency_factor: weight of the loose events over that of those that pass.
        tilt: power of m_HH on the loose events.
        tilt_error: its statistical error.
        effective_events_loose: effective number of loose events after the tilt.
        spread_pull: variance of ln m_HH of the events that pass minus that of the tilted ones, over
            its error: far from 0 a tilt is not enough.
    """

    method: str
    reason: str | None = None
    loose_threshold: float | None = None
    efficiency_factor: float | None = None
    tilt: float | None = None
    tilt_error: float | None = None
    effective_events_loose: float | None = None
    spread_pull: float | None = None


@dataclass(frozen=True)
class Histogram:
    """A binned sum of weights, shapes (B,).

    Attributes:
        sum_weights: sum of weights.
        sum_weights_squared: sum of squared weights, its variance.
        n_events: number of events that count, unweighted.
        shape: how the shape was made, where it is not simply that of the events.
        total_variance: variance of the sum over all bins, where bins share events or a shape; None
            = bins are independent.
    """

    sum_weights: Floats
    sum_weights_squared: Floats
    n_events: NDArray[np.int64]
    shape: ShapeNote | None = None
    total_variance: float | None = None

    @property
    def effective_events(self) -> Floats:
        """Number of unweighted events with the same relative error, shape (B,)."""
        return np.divide(
            self.sum_weights**2,
            self.sum_weights_squared,
            out=np.zeros_like(self.sum_weights),
            where=self.sum_weights_squared > 0,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        content: dict[str, Any] = {
            "sum_weights": self.sum_weights.tolist(),
            "sum_weights_squared": self.sum_weights_squared.tolist(),
            "n_events": self.n_events.tolist(),
            "effective_events": self.effective_events.tolist(),
        }
        if self.total_variance is not None:
            content["total_variance"] = self.total_variance
        return content if self.shape is None else {**content, "shape": asdict(self.shape)}


def fill(
    bins: NDArray[np.intp],
    weights: Floats,
    n_bins: int,
    events: NDArray[np.int64] | None = None,
) -> Histogram:
    """Sum weights into bins; bin -1 and weight 0 do not count.

    Args:
        bins: of each row, shape (N,).
        weights: of each row, shape (N,).
        n_bins: number of bins.
        events: which event each row is of, shape (N,): rows of one event in one bin are one entry,
            as they fluctuate together. None: each row is an event.
    """
    kept = (bins >= 0) & (weights != 0)
    bins, weights = bins[kept], weights[kept]
    total_variance = None
    if events is not None:
        _, of_event = np.unique(events[kept], return_inverse=True)
        total_variance = float((np.bincount(of_event, weights) ** 2).sum())
        bins, weights = _joined_rows(bins, weights, events[kept])
    return Histogram(
        np.bincount(bins, weights, n_bins).astype(np.float64),
        np.bincount(bins, weights**2, n_bins).astype(np.float64),
        np.bincount(bins, minlength=n_bins).astype(np.int64),
        total_variance=total_variance,
    )


def _joined_rows(
    bins: NDArray[np.intp], weights: Floats, events: NDArray[np.int64]
) -> tuple[NDArray[np.intp], Floats]:
    places, rows = np.unique(np.stack([bins, events]), axis=1, return_inverse=True)
    joined = np.bincount(rows.ravel(), weights, places.shape[1])
    return places[0].astype(np.intp), joined.astype(np.float64)


@dataclass(frozen=True)
class BinnedRows:
    """Binned numbers by hypothesis with their Monte Carlo variance.

    Attributes:
        values: shape (K, B), or (1, B) where they do not depend on the hypothesis.
        variance: shape of ``values``.
        total_variance: of the sums over bins, shape (K,) or (1,); None = bins are independent.
    """

    values: Floats
    variance: Floats
    total_variance: Floats | None = None

    @property
    def variance_of_sum(self) -> Floats:
        """Variance of the sum over bins, shape (K,) or (1,)."""
        if self.total_variance is not None:
            return self.total_variance
        return np.asarray(self.variance.sum(axis=-1))

    def scaled(self, factor: Floats | float) -> "BinnedRows":
        """Multiply by a number, or by one for each row, shape (K, 1)."""
        total = self.total_variance
        if total is not None:
            total = np.asarray((total[:, None] * factor**2)[:, 0])
        return BinnedRows(self.values * factor, self.variance * factor**2, total)

    def joined(self, starts: Sequence[int] | NDArray[np.intp]) -> "BinnedRows":
        """Join bins: each new one begins at an old one of ``starts``."""
        return BinnedRows(
            np.add.reduceat(self.values, starts, axis=-1),
            np.add.reduceat(self.variance, starts, axis=-1),
            self.total_variance,
        )

    def row(self, index: int) -> Floats:
        """Return the values at the hypothesis ``index``, shape (B,)."""
        return np.asarray(self.values[min(index, len(self.values) - 1)])

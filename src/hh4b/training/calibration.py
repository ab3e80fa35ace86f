"""Whether the score of a classifier is the probability to be signal: its reliability curve."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.training.metrics import EventIds, Flags, Values, efficiency

BINS = 10
Floats = NDArray[np.float64]


class CalibrationCurve(NamedTuple):
    """Share of signal against the score, in B bins of the score; NaN where there is none.

    Attributes:
        edges: of the bins, shape (B + 1,).
        mean_score: weighted mean score of a bin, shape (B,).
        signal_share: weighted share of signal in a bin, shape (B,).
        error: binomial error of the share, shape (B,); NaN where a bin holds one class alone.
        weight: share of all weight that is in a bin, shape (B,).
    """

    edges: Floats
    mean_score: Floats
    signal_share: Floats
    error: Floats
    weight: Floats

    @property
    def distance(self) -> float:
        """Return the mean of |share of signal - mean score|, bins counting by their weight."""
        filled = np.isfinite(self.signal_share)
        gap = np.abs(self.signal_share - self.mean_score)[filled]
        return float((self.weight[filled] * gap).sum() / self.weight[filled].sum())

    def as_json(self) -> dict[str, Any]:
        """Return plain data, None in place of NaN."""
        found: dict[str, Any] = {"bin_edges": self.edges.tolist()}
        for name in ("mean_score", "signal_share", "error", "weight"):
            values = getattr(self, name)
            found[name] = [float(v) if np.isfinite(v) else None for v in values]
        return {**found, "distance": self.distance}


def calibration(
    label: Flags, score: Values, weight: Values, *, bins: int = BINS, events: EventIds = None
) -> CalibrationCurve:
    """Return the share of signal in equal bins of the score from 0 to 1.

    A score is a probability for classes as frequent as in training: where both classes have the
    same total weight, 1/2 means as many of one as of the other. The error is that of
    `hh4b.training.metrics.efficiency`, sqrt(p (1 - p) / n) for unit weights.

    Args:
        label: True for signal.
        score: in [0, 1]; 1 belongs to the last bin.
        weight: of the events, with a positive sum.
        bins: how many.
        events: shower event of each row; None = each row is one.
    """
    edges = np.linspace(0, 1, bins + 1)
    # The edges in the type of the score: 0.3 as a float32 is not below 0.3.
    place = np.clip(
        np.searchsorted(edges.astype(score.dtype), score, side="right") - 1, 0, bins - 1
    )
    columns = np.full((4, bins), np.nan)
    total = weight.sum()
    for number in range(bins):
        rows = place == number
        inside = weight[rows]
        columns[3, number] = inside.sum() / total
        # Negative weights of a generator may leave nothing in a bin.
        if not inside.sum() > 0:
            continue
        share = efficiency(label[rows], inside, None if events is None else events[rows])
        columns[0, number] = (inside * score[rows]).sum() / inside.sum()
        columns[1, number] = share.value
        if label[rows].any() and not label[rows].all():
            columns[2, number] = share.error
    return CalibrationCurve(edges, *columns)

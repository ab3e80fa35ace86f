"""Metrics of a binary classifier on weighted events; definitions as in the usual formula sheets.

Everywhere ``label`` is True for signal, ``score`` in [0, 1] grows with it, ``weight`` >= 0 counts
an event; arrays have shape (event,). An event is called signal if its score exceeds the threshold.
``events`` tells which rows are of one event, where several may be, and None that each row is one:
rows of one event fluctuate together.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core.grouping import effective_events, group_variance

Flags = NDArray[np.bool_]
Values = NDArray[Any]
EventIds = NDArray[np.int64] | None


@dataclass(frozen=True)
class Confusion:
    """Sums of weights of true and false positives and negatives.

    Ratios whose denominator vanishes are NaN: there is nothing to estimate them from.

    >>> Confusion(tp=6, fp=2, tn=8, fn=4).accuracy
    0.7
    """

    tp: float
    fp: float
    tn: float
    fn: float

    @property
    def accuracy(self) -> float:
        """Return (TP + TN) / (TP + TN + FP + FN)."""
        return _ratio(self.tp + self.tn, self.tp + self.tn + self.fp + self.fn)

    @property
    def precision(self) -> float:
        """Return TP / (TP + FP)."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Return TP / (TP + FN), the signal efficiency."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """Return TN / (TN + FP), one minus the background efficiency."""
        return _ratio(self.tn, self.tn + self.fp)

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall."""
        return self.f_beta(1.0)

    def f_beta(self, beta: float) -> float:
        """Return (1 + beta^2) precision recall / (beta^2 precision + recall)."""
        precision, recall = self.precision, self.recall
        return _ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)

    @property
    def matthews(self) -> float:
        """Return the Matthews correlation coefficient of decision and truth."""
        tp, fp, tn, fn = self.tp, self.fp, self.tn, self.fn
        # Two roots instead of the root of one product: the product of four sums may underflow.
        denominator = np.sqrt((tp + fp) * (tp + fn)) * np.sqrt((tn + fp) * (tn + fn))
        return _ratio(tp * tn - fp * fn, float(denominator))


class RocCurve(NamedTuple):
    """Efficiencies above falling thresholds, both from 0 to 1, shape (point,)."""

    signal_efficiency: NDArray[np.float64]
    background_efficiency: NDArray[np.float64]


class ValueWithError(NamedTuple):
    """A value and its statistical error (one standard deviation)."""

    value: float
    error: float


def confusion(label: Flags, score: Values, weight: Values, *, threshold: float) -> Confusion:
    """Return the confusion matrix at a threshold."""
    chosen = score > np.asarray(threshold, dtype=score.dtype)
    sums = [
        float(weight[part].sum())
        for part in (label & chosen, ~label & chosen, ~label & ~chosen, label & ~chosen)
    ]
    return Confusion(*sums)


def log_loss(label: Flags, score: Values, weight: Values) -> float:
    """Return the binary cross-entropy -<y ln p + (1 - y) ln(1 - p)>, weighted mean, in nats.

    Scores are kept away from 0 and 1 by the resolution of float32, in which they are stored.
    """
    tiny = float(np.finfo(np.float32).eps)
    probability = np.clip(np.asarray(score, dtype=np.float64), tiny, 1 - tiny)
    loss = -np.where(label, np.log(probability), np.log1p(-probability))
    return float((weight * loss).sum() / weight.sum())


def roc_curve(label: Flags, score: Values, weight: Values) -> RocCurve:
    """Return the ROC curve, one point a distinct score, beginning at (0, 0).

    Each class is normalised by itself, so its total weight does not matter.
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True)
    curves = []
    for of_class in (label, ~label):
        share = np.where(of_class, weight, 0.0)[order] / weight[of_class].sum()
        curve = np.append(0.0, np.cumsum(share)[last_of_tie])
        curves.append(np.minimum(curve / curve[-1], 1.0))
    return RocCurve(*curves)


def area_under_curve(curve: RocCurve) -> float:
    """Return the integral of TPR over FPR by the trapezoidal rule (exact with ties)."""
    return float(np.trapezoid(curve.signal_efficiency, curve.background_efficiency))


def auc(label: Flags, score: Values, weight: Values, events: EventIds = None) -> ValueWithError:
    """Return the area under the ROC curve with DeLong's error, extended to weights.

    The area is the probability that a signal event scores above a background event, ties counting
    one half. Every event contributes its placement (the share of the other class it beats); the
    variance is sum w^2 (placement - AUC)^2 / (sum w)^2 of each class, which is DeLong et al.,
    Biometrics 44 (1988) 837, for unit weights, up to n/(n-1). Rows of one event add up before they
    are squared (Obuchowski, Biometrics 53 (1997) 567); no event has rows of both classes.
    """
    signal, background = score[label], score[~label]
    w_signal, w_background = weight[label], weight[~label]
    beats = placement(signal, background, w_background)
    beaten = 1 - placement(background, signal, w_signal)
    value = float((w_signal * beats).sum() / w_signal.sum())
    variance = _mean_variance(beats, w_signal, _of(events, label))
    variance += _mean_variance(beaten, w_background, _of(events, ~label))
    return ValueWithError(value, float(np.sqrt(variance)))


def balanced_accuracy(
    label: Flags, score: Values, weight: Values, *, threshold: float, events: EventIds = None
) -> ValueWithError:
    """Return the accuracy with both classes weighted alike: (recall + specificity) / 2.

    The error is that of the two efficiencies, see `efficiency`.
    """
    chosen = score > np.asarray(threshold, dtype=score.dtype)
    recall = efficiency(chosen[label], weight[label], _of(events, label))
    specificity = efficiency(~chosen[~label], weight[~label], _of(events, ~label))
    error = 0.5 * float(np.hypot(recall.error, specificity.error))
    return ValueWithError(0.5 * (recall.value + specificity.value), error)


def efficiency(passed: Values, weight: Values, events: EventIds = None) -> ValueWithError:
    """Return the maximum-likelihood estimate of a Bernoulli probability: the mean of outcomes.

    The error is sqrt(sum w^2 (y - p)^2) / sum w, which is sqrt(p (1 - p) / n) for unit weights.

    >>> efficiency(np.array([1, 0, 1, 1]), np.ones(4)).value
    0.75
    """
    outcomes = np.asarray(passed, dtype=np.float64)
    value = float((weight * outcomes).sum() / weight.sum())
    return ValueWithError(value, float(np.sqrt(_mean_variance(outcomes, weight, events))))


def effective_number(weight: Values, events: EventIds = None) -> float:
    """Return (sum w)^2 / sum w^2, the number of unweighted events of the same relative error."""
    if events is not None:
        return effective_events(weight, events)
    return _ratio(float(weight.sum()) ** 2, float((weight**2).sum()), empty=0.0)


def thin(curve: RocCurve, points: int) -> RocCurve:
    """Return at most ``points`` points of a curve, evenly spaced along it, ends included."""
    if len(curve.signal_efficiency) <= points:
        return curve
    steps = np.abs(np.diff(curve.signal_efficiency)) + np.abs(np.diff(curve.background_efficiency))
    length = np.append(0.0, np.cumsum(steps))
    wanted = np.searchsorted(length, np.linspace(0, length[-1], points))
    chosen = np.unique(np.minimum(wanted, len(length) - 1))
    return RocCurve(*(field[chosen] for field in curve))


def placement(score: Values, other: Values, weight: Values) -> NDArray[np.float64]:
    """Return for each score the share of ``other`` below it, equal scores counting one half."""
    order = np.argsort(other, kind="stable")
    cumulative = np.append(0.0, np.cumsum(weight[order]))
    below, up_to = (cumulative[np.searchsorted(other[order], score, side=side)] for side in _SIDES)
    return np.asarray((below + up_to) / (2 * cumulative[-1]))


_SIDES: Any = ("left", "right")


def _of(events: EventIds, rows: Flags) -> EventIds:
    return None if events is None else events[rows]


def _mean_variance(values: Values, weight: Values, events: EventIds) -> float:
    """Return the variance of the weighted mean of values, independent between events."""
    mean = (weight * values).sum() / weight.sum()
    if events is not None:
        return float(group_variance(weight * (values - mean), events) / weight.sum() ** 2)
    return float((weight**2 * (values - mean) ** 2).sum() / weight.sum() ** 2)


def _ratio(numerator: float, denominator: float, *, empty: float = float("nan")) -> float:
    return numerator / denominator if denominator else empty

"""Yields of signal and background above each threshold of a scan, with their errors."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.core.grouping import first_rows, running_variance
from hh4b.core.seeds import stream

Values = NDArray[np.float64]
REPLICAS = 400


@dataclass(frozen=True)
class Tail:
    """Events of one class above each threshold, arrays of shape (threshold,).

    Attributes:
        sum_weights: expected yield.
        sum_weights_squared: its variance from the number of simulated events.
        n_events: simulated events.
        n_rows: rows of these, where an event may have several; None = as many.
    """

    sum_weights: Values
    sum_weights_squared: Values
    n_events: NDArray[np.int64]
    n_rows: NDArray[np.int64] | None = None

    @property
    def n_effective(self) -> Values:
        """Return (sum w)^2 / sum w^2, zero where nothing is left."""
        empty = self.sum_weights_squared == 0
        return np.where(
            empty, 0.0, self.sum_weights**2 / np.where(empty, 1.0, self.sum_weights_squared)
        )

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Return where something is left; weights of both signs may sum to nothing, or to less."""
        return np.asarray((self.n_events > 0) & (self.sum_weights > 0))

    def scaled(self, factor: float) -> "Tail":
        """Return the tail of yields multiplied by ``factor``."""
        return replace(
            self,
            sum_weights=self.sum_weights * factor,
            sum_weights_squared=self.sum_weights_squared * factor**2,
        )

    def replicas(self, rng: np.random.Generator, number: int) -> Values:
        """Return sums of weights above each threshold in simulated repetitions.

        Each bin between thresholds fluctuates as (sum w^2 / sum w) times a Poisson number of mean
        (sum w)^2 / sum w^2, which has the mean and variance of a sum of weights.

        Returns:
            Shape (number, threshold).
        """
        content, squares = (
            np.maximum(-np.diff(field, append=0.0), 0.0)
            for field in (self.sum_weights, self.sum_weights_squared)
        )
        # Differences of sums leave rounding behind where a bin holds no event.
        filled = -np.diff(self.n_events if self.n_rows is None else self.n_rows, append=0) > 0
        # A bin in which weights of both signs sum to nothing, or to less, stays as it is.
        filled &= content > 0
        content, squares = (np.where(filled, field, 1.0) for field in (content, squares))
        mean = np.where(filled, content**2 / squares, 0.0)
        drawn = rng.poisson(mean, size=(number, len(mean))) * (squares / content)
        return np.asarray(np.cumsum(drawn[:, ::-1], axis=1)[:, ::-1])


@dataclass(frozen=True)
class ThresholdScan:
    """Yields above each threshold.

    Attributes:
        cuts: thresholds, rising, shape (threshold,).
        signal: above them.
        background: above them.
        min_background_events: effective number below which a threshold is not allowed.
    """

    cuts: Values
    signal: Tail
    background: Tail
    min_background_events: float

    @property
    def significance(self) -> tuple[Values, Values]:
        """Return S/sqrt(B) and its statistical error, NaN where no background is left.

        The squared relative error is var(S)/S^2 + var(B)/(4 B^2).
        """
        left = self.background.positive
        yields = np.where(left, self.background.sum_weights, np.nan)
        value = self.signal.sum_weights / np.sqrt(yields)
        number = np.where(left, self.background.n_effective, np.nan)
        error = np.sqrt(self.signal.sum_weights_squared / yields + value**2 / (4 * number))
        return value, error

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Return the thresholds that leave background, and enough of it."""
        enough = self.background.n_effective >= self.min_background_events
        return np.asarray(enough & self.background.positive)

    def error_of_place(self, seed: int) -> float:
        """Return the spread of the maximum's place over replicas of the simulated events.

        The thresholds allowed are those of the scan in every replica.
        """
        rng = stream(seed, "working-point", "replicas")
        signal, background = (
            tail.replicas(rng, REPLICAS) for tail in (self.signal, self.background)
        )
        usable = self.allowed & (background > 0)
        ratio = np.where(usable, signal / np.sqrt(np.where(usable, background, 1.0)), -1.0)
        return float(np.std(self.cuts[np.argmax(ratio, axis=1)]))

    def as_dict(self) -> dict[str, list[Any]]:
        """Return columns as plain lists; None where S/sqrt(B) does not exist."""
        value, error = self.significance
        return {
            "threshold": self.cuts.tolist(),
            "signal": self.signal.sum_weights.tolist(),
            "signal_error": np.sqrt(self.signal.sum_weights_squared).tolist(),
            "background": self.background.sum_weights.tolist(),
            "background_error": np.sqrt(self.background.sum_weights_squared).tolist(),
            "s_over_sqrt_b": [None if np.isnan(v) else float(v) for v in value],
            "s_over_sqrt_b_error": [None if np.isnan(v) else float(v) for v in error],
            "n_signal_effective": self.signal.n_effective.tolist(),
            "n_background": self.background.n_events.tolist(),
            "n_background_effective": self.background.n_effective.tolist(),
            "allowed": self.allowed.tolist(),
        }


def thresholds(step: float) -> Values:
    """Return thresholds from 0 to 1.

    Raises:
        ConfigError: unless ``step`` divides 1.
    """
    n_steps = round(1 / step) if 0 < step <= 1 else 0
    if n_steps < 1 or abs(n_steps * step - 1) > 1e-9:
        raise ConfigError(f"step {step} does not divide the range 0 to 1; try 0.01")
    return np.linspace(0.0, 1.0, n_steps + 1).round(12)


def tail_sums(
    score: NDArray[np.float32],
    weight: Values,
    cuts: Values,
    events: NDArray[np.int64] | None = None,
) -> Tail:
    """Sum events whose score exceeds each threshold.

    Thresholds are compared as float32, the type of the scores, as NumPy compares an array of
    scores with a Python number.

    Args:
        score: of each row, shape (N,).
        weight: of each row, shape (N,).
        cuts: thresholds, rising, shape (threshold,).
        events: which event each row is of, shape (N,); None = each row is one.
    """
    order = np.argsort(score, kind="stable")
    first = np.searchsorted(score[order], cuts.astype(score.dtype), side="right")
    sums = []
    for values in (weight, weight**2):
        # From the top down, so that small sums at high thresholds lose no digits.
        above = np.append(0.0, np.cumsum(values[order][::-1]))
        sums.append(above[len(score) - first])
    n_rows = (len(score) - first).astype(np.int64)
    if events is None:
        return Tail(sums[0], sums[1], n_rows)
    falling = order[::-1]
    variance = np.append(0.0, running_variance(weight[falling], events[falling]))
    number = np.append(0, np.cumsum(first_rows(events[falling])))
    return Tail(sums[0], variance[n_rows], number[n_rows].astype(np.int64), n_rows)

"""The score above which an event is selected: p_th."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.errors import ConfigError, ContractError
from hh4b.seeds import stream
from hh4b.selection.metrics import effective_number
from hh4b.selection.samples import Part, ScoredSample, read_scored

log = logging.getLogger(__name__)
Values = NDArray[np.float64]
REPLICAS = 400


@dataclass(frozen=True)
class Normalisation:
    """Overall factors of the yields; they move no maximum.

    Attributes:
        signal_fb: cross section times branching ratio of the signal.
        background_fb: cross section of the background.
        luminosity_ifb: integrated luminosity.
    """

    signal_fb: float = 1.0
    background_fb: float = 1.0
    luminosity_ifb: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is not positive.

        Raises:
            ConfigError: naming the factor.
        """
        for name, value in vars(self).items():
            if not (np.isfinite(value) and value > 0):
                raise ConfigError(f"{name} is {value}; a cross section or luminosity is above 0")


@dataclass(frozen=True)
class Choice:
    """How the threshold is chosen.

    Attributes:
        criterion: ``"s_over_sqrt_b"`` (largest S/sqrt(B)) or ``"fixed"``.
        threshold: the value for ``"fixed"``.
        step: of the scan from 0 to 1.
        min_background_events: effective number of simulated background events that must be left.
        kappa_lambda: kappa input of the signal events that count as S.
        part: which events of the datasets.
    """

    criterion: str = "s_over_sqrt_b"
    threshold: float | None = None
    step: float = 0.01
    min_background_events: float = 10.0
    kappa_lambda: float = 1.0
    part: Part = "testing"

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigError: naming the value.
        """
        if self.criterion not in ("s_over_sqrt_b", "fixed"):
            raise ConfigError(
                f"criterion {self.criterion!r} is unknown; choose s_over_sqrt_b or fixed"
            )
        if (self.criterion == "fixed") != (self.threshold is not None):
            raise ConfigError("a threshold belongs to the criterion 'fixed' and only to it")
        if self.threshold is not None and not 0 <= self.threshold < 1:
            raise ConfigError(f"threshold {self.threshold} is not in [0, 1)")
        if not self.min_background_events >= 0:
            raise ConfigError(f"min_background_events is {self.min_background_events}, below 0")


@dataclass(frozen=True)
class Tail:
    """Events of one class above each threshold, arrays of shape (threshold,).

    Attributes:
        sum_weights: expected yield.
        sum_weights_squared: its variance from the number of simulated events.
        n_events: simulated events.
    """

    sum_weights: Values
    sum_weights_squared: Values
    n_events: NDArray[np.int64]

    @property
    def n_effective(self) -> Values:
        """Return (sum w)^2 / sum w^2, zero where nothing is left."""
        empty = self.sum_weights_squared == 0
        return np.where(
            empty, 0.0, self.sum_weights**2 / np.where(empty, 1.0, self.sum_weights_squared)
        )


def thresholds(step: float) -> Values:
    """Return thresholds from 0 to 1.

    Raises:
        ConfigError: unless ``step`` divides 1.
    """
    n_steps = round(1 / step) if 0 < step <= 1 else 0
    if n_steps < 1 or abs(n_steps * step - 1) > 1e-9:
        raise ConfigError(f"step {step} does not divide the range 0 to 1; try 0.01")
    return np.linspace(0.0, 1.0, n_steps + 1)


def tail_sums(score: NDArray[np.float32], weight: Values, cuts: Values) -> Tail:
    """Sum events whose score exceeds each threshold.

    Thresholds are compared as float32, the type of the scores, as NumPy compares an array of
    scores with a Python number.
    """
    order = np.argsort(score, kind="stable")
    first = np.searchsorted(score[order], cuts.astype(score.dtype), side="right")
    sums = []
    for values in (weight, weight**2):
        # From the top down, so that small sums at high thresholds lose no digits.
        above = np.append(0.0, np.cumsum(values[order][::-1]))
        sums.append(above[len(score) - first])
    return Tail(sums[0], sums[1], (len(score) - first).astype(np.int64))


def significance(signal: Tail, background: Tail) -> tuple[Values, Values]:
    """Return S/sqrt(B) and its statistical error, NaN where no background is left.

    The relative error is the root of var(S)/S^2 + var(B)/(4 B^2).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = signal.sum_weights / np.sqrt(background.sum_weights)
        signal_part = signal.sum_weights_squared / background.sum_weights
        background_part = value**2 / (4 * background.n_effective)
        error = np.sqrt(signal_part + background_part)
    empty = background.sum_weights <= 0
    return np.where(empty, np.nan, value), np.where(empty, np.nan, error)


def find_working_point(
    signal: Sequence[str],
    background: Sequence[str],
    choice: Choice,
    *,
    normalisation: Normalisation | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Choose the threshold and keep the scan it came from.

    Args:
        signal: pairs ``"DATASET.h5:SCORES.h5"``; events at ``choice.kappa_lambda`` are the signal,
            others are left out.
        background: the same, every event at its own kappa input.
        choice: criterion, scan and events.
        normalisation: overall factors, default 1 fb and 1/fb.
        seed: of the replicas that give the error of the maximum's place.

    Returns:
        The working point of docs/architecture.md with errors and effective numbers.

    Raises:
        ConfigError, ContractError, InputFileError: if the samples cannot be used, or no threshold
            leaves enough background.
    """
    factors = normalisation or Normalisation()
    signals = read_scored(signal, label=True, part=choice.part)
    backgrounds = read_scored(background, label=False, part=choice.part)
    cuts = thresholds(choice.step)
    s_tail = tail_sums(*_merge(_at_kappa(signals, choice.kappa_lambda)), cuts)
    b_tail = tail_sums(*_merge(backgrounds), cuts)
    s_tail = _scaled(s_tail, factors.signal_fb * factors.luminosity_ifb)
    b_tail = _scaled(b_tail, factors.background_fb * factors.luminosity_ifb)
    value, error = significance(s_tail, b_tail)
    # Where no background event is left S/sqrt(B) has no value, whatever number is demanded.
    allowed = (b_tail.n_events > 0) & (b_tail.n_effective >= choice.min_background_events)
    threshold = _choose(choice, cuts, np.where(allowed, value, np.nan), allowed)
    log.info("threshold %.3f by %s", threshold, choice.criterion)
    known = all(sample.generated for sample in (*signals, *backgrounds))
    return {
        "threshold": threshold,
        "threshold_error": _place_error(s_tail, b_tail, allowed, cuts, seed=seed)
        if choice.criterion == "s_over_sqrt_b"
        else None,
        **{
            name: value for name, value in vars(choice).items() if name not in ("threshold", "step")
        },
        "normalisation": {**vars(factors), "preselection_efficiency_known": known},
        "scan": _scan(cuts, s_tail, b_tail, value, error, allowed),
    }


def _at_kappa(samples: Sequence[ScoredSample], kappa: float) -> list[ScoredSample]:
    """Keep the samples generated at ``kappa``.

    Raises:
        ContractError: if there is none.
    """
    chosen = []
    for sample in samples:
        keep = np.isclose(sample.kappa, kappa, atol=1e-5)
        if keep.any():
            total = sample.weight.sum() / sample.weight[keep].sum()
            weight = sample.weight[keep] * total
            chosen.append(
                ScoredSample(sample.score[keep], sample.kappa[keep], weight, sample.generated)
            )
    if not chosen:
        seen = sorted({float(k) for sample in samples for k in np.unique(sample.kappa)})
        raise ContractError(f"no signal event at kappa_lambda = {kappa:g}, only at {seen}")
    return chosen


def _merge(samples: Sequence[ScoredSample]) -> tuple[NDArray[np.float32], Values]:
    """Average samples of one process, each by its effective number of events."""
    numbers = np.array([effective_number(sample.weight) for sample in samples])
    shares = numbers / numbers.sum()
    weights = [s.weight * share for s, share in zip(samples, shares, strict=True)]
    return np.concatenate([sample.score for sample in samples]), np.concatenate(weights)


def _scaled(tail: Tail, factor: float) -> Tail:
    return Tail(tail.sum_weights * factor, tail.sum_weights_squared * factor**2, tail.n_events)


def _choose(choice: Choice, cuts: Values, value: Values, allowed: NDArray[np.bool_]) -> float:
    """Return the threshold; ``value`` is NaN where it is not allowed.

    Raises:
        ContractError: if too little background is left.
    """
    remedy = "give more background events or a lower --min-background-events"
    if choice.threshold is None:
        if not allowed.any():
            raise ContractError(f"no threshold leaves enough background events; {remedy}")
        return float(cuts[np.nanargmax(value)].round(12))
    # The next threshold of the scan has at most the events of the one asked for.
    next_cut = np.searchsorted(cuts, choice.threshold - 1e-9)
    if not allowed[next_cut]:
        raise ContractError(
            f"threshold {choice.threshold:g} leaves fewer than {choice.min_background_events:g}"
            f" effective background events; {remedy}"
        )
    return choice.threshold


def _place_error(
    signal: Tail, background: Tail, allowed: NDArray[np.bool_], cuts: Values, *, seed: int
) -> float:
    """Return the spread of the maximum's place over replicas of the simulated events.

    Each bin between thresholds fluctuates as a scaled Poisson number, (sum w^2 / sum w) times
    Poisson((sum w)^2 / sum w^2), which has the mean and variance of the weighted sum; the
    thresholds allowed are those of the scan.
    """
    rng = stream(seed, "working-point", "replicas")
    sums = []
    for tail in (signal, background):
        content, squares = (
            np.maximum(-np.diff(field, append=0.0), 0.0)
            for field in (tail.sum_weights, tail.sum_weights_squared)
        )
        safe = np.where(content > 0, content, 1.0)
        size = np.where(content > 0, squares / safe, 0.0)
        mean = np.where(squares > 0, content**2 / np.where(squares > 0, squares, 1.0), 0.0)
        replicas = rng.poisson(mean, size=(REPLICAS, len(cuts))) * size
        sums.append(np.cumsum(replicas[:, ::-1], axis=1)[:, ::-1])
    usable = allowed & (sums[1] > 0)
    ratio = np.where(usable, sums[0] / np.sqrt(np.where(usable, sums[1], 1.0)), -1.0)
    return float(np.std(cuts[np.argmax(ratio, axis=1)]))


def _scan(
    cuts: Values,
    signal: Tail,
    background: Tail,
    value: Values,
    error: Values,
    allowed: NDArray[np.bool_],
) -> dict[str, Any]:
    """Return the scan as JSON data; None where S/sqrt(B) does not exist."""
    return {
        "threshold": cuts.round(12).tolist(),
        "signal": signal.sum_weights.tolist(),
        "signal_error": np.sqrt(signal.sum_weights_squared).tolist(),
        "background": background.sum_weights.tolist(),
        "background_error": np.sqrt(background.sum_weights_squared).tolist(),
        "s_over_sqrt_b": [None if np.isnan(v) else float(v) for v in value],
        "s_over_sqrt_b_error": [None if np.isnan(v) else float(v) for v in error],
        "n_signal_effective": signal.n_effective.tolist(),
        "n_background": background.n_events.tolist(),
        "n_background_effective": background.n_effective.tolist(),
        "allowed": allowed.tolist(),
    }

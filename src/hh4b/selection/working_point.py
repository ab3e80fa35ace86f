"""The score above which an event is selected: p_th."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.selection.samples import Part, ScoredSample, read_scored, signal_kappas
from hh4b.selection.threshold_scan import Scan, tail_sums, thresholds
from hh4b.training.metrics import effective_number

log = logging.getLogger(__name__)
Values = NDArray[np.float64]


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
    backgrounds = read_scored(
        background, label=False, part=choice.part, kappas=signal_kappas(signal)
    )
    cuts = thresholds(choice.step)
    if choice.threshold is not None:
        cuts = np.union1d(cuts, choice.threshold)
    scan = Scan(
        cuts,
        tail_sums(*_merge(_at_kappa(signals, choice.kappa_lambda)), cuts).scaled(
            factors.signal_fb * factors.luminosity_ifb
        ),
        tail_sums(*_merge(backgrounds), cuts).scaled(
            factors.background_fb * factors.luminosity_ifb
        ),
        choice.min_background_events,
    )
    place = _choose(choice, scan)
    columns = scan.as_dict()
    error = None if choice.threshold is not None else scan.error_of_place(seed)
    log.info("threshold %.3f by %s", cuts[place], choice.criterion)
    settings = {k: v for k, v in vars(choice).items() if k not in ("threshold", "step")}
    known = all(sample.generated for sample in (*signals, *backgrounds))
    return {
        "threshold": float(cuts[place]),
        "threshold_error": error,
        "at_threshold": {name: values[place] for name, values in columns.items()},
        **settings,
        "normalisation": {**vars(factors), "preselection_efficiency_known": known},
        "scan": columns,
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


def _choose(choice: Choice, scan: Scan) -> int:
    """Return the position of the threshold in the scan.

    Raises:
        ContractError: if too little background is left.
    """
    remedy = "give more background events or a lower --min-background-events"
    if choice.threshold is None:
        if not scan.allowed.any():
            raise ContractError(f"no threshold leaves enough background events; {remedy}")
        return int(np.nanargmax(np.where(scan.allowed, scan.significance[0], np.nan)))
    place = int(np.searchsorted(scan.cuts, choice.threshold))
    if not scan.allowed[place]:
        raise ContractError(
            f"threshold {choice.threshold:g} leaves {scan.background.n_effective[place]:.3g}"
            f" effective background events, wanted {choice.min_background_events:g}; {remedy}"
        )
    return place

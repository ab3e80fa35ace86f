"""The score above which an event is selected: p_th."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.folds import Folds
from hh4b.core.kappa import same_kappa
from hh4b.core.replication import FoldReplicas, PoissonReplicas, Replication
from hh4b.core.shower_events import ShowerEvents
from hh4b.selection.samples import ScoredSample, joint_events, read_scored, signal_kappas
from hh4b.selection.settings import WorkingPointSettings
from hh4b.selection.threshold_replicas import ReplicatedScan
from hh4b.selection.threshold_scan import Tail, ThresholdScan, tail_sums, thresholds
from hh4b.training.metrics import effective_number

log = logging.getLogger(__name__)
Values = NDArray[np.float64]


def find_working_point(
    signal: Sequence[str], background: Sequence[str], settings: WorkingPointSettings
) -> dict[str, Any]:
    """Choose the threshold and keep the scan it came from.

    Args:
        signal: ``"[PROCESS=]DATASET.h5:SCORES.h5"``; events at ``settings.kappa_lambda`` are the
            signal, others are left out.
        background: the same; each event is scored at its own kappa input, or all at
            ``settings.fixed_kappa_input``.
        settings: criterion, scan, events and overall factors.

    Returns:
        The working point of docs/architecture.md with errors and effective numbers.

    Raises:
        ConfigError, ContractError, InputFileError: if the samples cannot be used, or no threshold
            leaves enough background.
    """
    part, told = settings.part, settings.fixed_kappa_input
    signals = read_scored(signal, label=True, part=part, folds=settings, fixed_kappa_input=told)
    backgrounds = read_scored(
        background,
        label=False,
        part=part,
        kappas=signal_kappas(signal),
        weights=settings.background_weights,
        folds=settings,
        fixed_kappa_input=told,
    )
    return working_point_of(signals, backgrounds, settings)


def working_point_of(
    signals: Sequence[ScoredSample],
    backgrounds: Sequence[ScoredSample],
    settings: WorkingPointSettings,
) -> dict[str, Any]:
    """Choose the threshold of samples in memory; see `find_working_point`.

    Args:
        signals: those generated at ``settings.kappa_lambda`` count.
        backgrounds: the background samples.
        settings: criterion, scan and overall factors; the events are chosen already.

    Raises:
        ContractError: if no threshold leaves enough background, or no signal is of that value.
    """
    fixed, told = settings.fixed_threshold, settings.fixed_kappa_input
    signals = _at_kappa(signals, settings.kappa_lambda)
    cuts = thresholds(settings.step)
    if fixed is not None:
        cuts = np.union1d(cuts, fixed)
    scan = ThresholdScan(
        cuts,
        _tail(signals, cuts, settings.signal_fb * settings.luminosity_ifb),
        _tail(backgrounds, cuts, settings.background_fb * settings.luminosity_ifb),
        settings.min_background_events,
    )
    place = _choose(fixed, scan)
    columns = scan.as_dict()
    criterion = "s_over_sqrt_b" if fixed is None else "fixed"
    log.info("threshold %.3f by %s", cuts[place], criterion)
    known = all(sample.generated for sample in (*signals, *backgrounds))
    return {
        "threshold": float(cuts[place]),
        "threshold_error": scan.error_of_place(settings.seed) if fixed is None else None,
        **_replicated(signals, backgrounds, cuts, settings),
        "at_threshold": {name: values[place] for name, values in columns.items()},
        "criterion": criterion,
        "min_background_events": settings.min_background_events,
        "kappa_lambda": settings.kappa_lambda,
        "fixed_kappa_input": told,
        "part": settings.part,
        "normalisation": {**settings.normalisation(), "preselection_efficiency_known": known},
        "scan": columns,
    }


def _tail(samples: Sequence[ScoredSample], cuts: Values, factor: float) -> Tail:
    return tail_sums(*_merge(samples), cuts, joint_events(samples)).scaled(factor)


def _replicated(
    signals: Sequence[ScoredSample],
    backgrounds: Sequence[ScoredSample],
    cuts: Values,
    settings: WorkingPointSettings,
) -> dict[str, Any]:
    """Return the thresholds that replicas of the shower events choose; None where not asked.

    With folds there is a scan without each of them, too.
    """
    asked = settings.fixed_threshold is None and settings.bootstrap_replicas > 0
    found: dict[str, Any] = {"threshold_bootstrap": None}

    def choose(replication: Replication) -> list[float | None]:
        scan = ReplicatedScan(cuts, replication)
        signal, background = (
            scan.tails(*_merge(samples), [one for sample in samples for one in sample.shower])
            for samples in (signals, backgrounds)
        )
        best = scan.best(signal, background, settings.min_background_events)
        return [None if np.isnan(value) else float(value) for value in best]

    if asked:
        poisson = PoissonReplicas(settings.bootstrap_seed, settings.bootstrap_replicas)
        found["threshold_bootstrap"] = {
            "seed": settings.bootstrap_seed,
            "thresholds": choose(poisson),
        }
    if asked and settings.folds:
        folds = Folds.of(settings)
        thresholds = choose(FoldReplicas(folds))
        found["threshold_folds"] = {**folds.model_dump(), "thresholds": thresholds}
    return found


def _at_kappa(samples: Sequence[ScoredSample], kappa: float) -> list[ScoredSample]:
    """Keep the samples generated at ``kappa``.

    Raises:
        ContractError: if there is none.
    """
    chosen = []
    for sample in samples:
        keep = same_kappa(sample.kappa, kappa)
        if keep.any():
            total = sample.weight.sum() / sample.weight[keep].sum()
            weight = sample.weight[keep] * total
            shower = _rows_of(sample.shower, keep)
            chosen.append(
                ScoredSample(
                    sample.score[keep], sample.kappa[keep], weight, sample.generated, shower
                )
            )
    if not chosen:
        seen = sorted({float(k) for sample in samples for k in np.unique(sample.kappa)})
        raise ContractError(f"no signal event at kappa_lambda = {kappa:g}, only at {seen}")
    return chosen


def _rows_of(shower: Sequence[ShowerEvents], keep: NDArray[np.bool_]) -> tuple[ShowerEvents, ...]:
    """Return the chosen rows of samples that stand one behind the other."""
    ends = np.cumsum([len(one.numbers) for one in shower])
    parts = np.split(keep, ends[:-1]) if len(shower) else []
    return tuple(one[part] for one, part in zip(shower, parts, strict=True))


def _merge(samples: Sequence[ScoredSample]) -> tuple[NDArray[np.float32], Values]:
    """Average samples of one process, each by its effective number of events."""
    numbers = np.array([effective_number(one.weight, joint_events([one])) for one in samples])
    shares = numbers / numbers.sum()
    weights = [s.weight * share for s, share in zip(samples, shares, strict=True)]
    return np.concatenate([sample.score for sample in samples]), np.concatenate(weights)


def _choose(fixed: float | None, scan: ThresholdScan) -> int:
    """Return the position of the threshold in the scan.

    Raises:
        ContractError: if too little background is left.
    """
    remedy = "give more background events or a lower min_background_events"
    if fixed is None:
        if not scan.allowed.any():
            raise ContractError(f"no threshold leaves enough background events; {remedy}")
        return int(np.nanargmax(np.where(scan.allowed, scan.significance[0], np.nan)))
    place = int(np.searchsorted(scan.cuts, fixed))
    if not scan.allowed[place]:
        raise ContractError(
            f"threshold {fixed:g} leaves {scan.background.n_effective[place]:.3g}"
            f" effective background events, wanted {scan.min_background_events:g}; {remedy}"
        )
    return place

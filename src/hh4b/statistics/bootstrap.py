"""Templates in replicas of the shower events: of the Poisson bootstrap, or without a fold.

A replica takes every shower event some number of times (`hh4b.core.replication`). The numbers are
those of the event: all its rows, hypotheses, selections and methods share them, so that what is
correlated in the templates is correlated in the replicas.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from hh4b.core.kappa import same_kappa
from hh4b.core.replication import Replication
from hh4b.core.shower_events import ShowerEvents
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.templates import (
    CutAndBins,
    SampleEvents,
    SignalEvents,
    balance_weights,
    evaluate,
)
from hh4b.statistics.tilted_templates import RowReplicas, replicate_tilted

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Rows:
    """Rows of one sample that can pass, for H hypotheses, or for all at once where H is 1.

    Attributes:
        bins: in m_HH, shape (N,).
        weights: if they pass, shape (N, H) or (N, 1).
        scores: what is compared with the threshold, shape (N, S).
        mean: whether a row counts with the share of its S scores that pass.
        shower: events of the rows.
        factors: of each replica on all weights, shape (R,).
    """

    bins: NDArray[np.intp]
    weights: Floats
    scores: NDArray[np.floating]
    mean: bool
    shower: ShowerEvents
    factors: Floats

    def passing(self, threshold: float) -> Floats:
        """Return the weights that pass, shape (N, H)."""
        passed = self.scores > threshold
        share = passed.mean(axis=1, keepdims=True) if self.mean else passed
        return np.asarray(self.weights * share)


@dataclass(frozen=True)
class Bootstrap:
    """Which replicas to make.

    Attributes:
        replication: how often each of R replicas takes an event.
        thresholds: of each replica, shape (R,); not a number where a replica has none.
        cut: bins and kappa input.
    """

    replication: Replication
    thresholds: Floats
    cut: CutAndBins


def replicate_process(
    samples: Sequence[LoadedSample],
    bootstrap: Bootstrap,
    settings: TemplateSettings,
    cross_section: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return sums of weights and of squared weights of a process in every replica.

    Args:
        samples: those of the process.
        bootstrap: the replicas.
        settings: of the templates.
        cross_section: coefficients of sigma(kappa) for the signal, None for a background.

    Returns:
        Twice shape (R, K, B).
    """
    kappas = np.sort(np.asarray(settings.kappa_values, dtype=np.float64))
    n_bins = len(bootstrap.cut.bin_edges_gev) - 1
    shape = (len(bootstrap.thresholds), len(kappas), n_bins)
    sums, squares = np.zeros(shape), np.zeros(shape)
    if cross_section is None and settings.background_shape == "tilted":
        sums[:], squares[:] = _tilted(samples, bootstrap, settings)
        return sums, squares
    for rows in _rows_of(samples, bootstrap, settings, kappas, cross_section):
        _add(rows, bootstrap, sums, squares)
    return sums, squares


def _tilted(
    samples: Sequence[LoadedSample], bootstrap: Bootstrap, settings: TemplateSettings
) -> tuple[Floats, Floats]:
    replication = bootstrap.replication
    counts = [replication.multiplicities(sample.shower[sample.rows]) for sample in samples]
    factors = [sample.share_factors(replication) for sample in samples]
    taken = RowReplicas(np.concatenate(counts), np.stack(factors), bootstrap.thresholds)
    return replicate_tilted([one.events for one in samples], bootstrap.cut, settings, taken)


def _rows_of(
    samples: Sequence[LoadedSample],
    bootstrap: Bootstrap,
    settings: TemplateSettings,
    kappas: Floats,
    cross_section: Floats | None,
) -> list[_Rows]:
    events = [sample.events for sample in samples]
    if cross_section is None:
        parts = [_background(one, bootstrap.cut, settings, kappas, events) for one in events]
    else:
        signals = cast(Sequence[SignalEvents], events)
        parts = _signals(signals, bootstrap.cut, settings, kappas, cross_section)
    finite = bootstrap.thresholds[np.isfinite(bootstrap.thresholds)]
    lowest = finite.min() if len(finite) else np.inf
    found = []
    for sample, (weights, scores, mean) in zip(samples, parts, strict=True):
        bins = bootstrap.cut.bins(sample.events.m_hh_gev)
        kept = (bins >= 0) & (scores > lowest).any(axis=1)
        shower = sample.shower[sample.rows][kept]
        factors = sample.share_factors(bootstrap.replication)
        found.append(_Rows(bins[kept], weights[kept], scores[kept], mean, shower, factors))
    return found


_Part = tuple[Floats, NDArray[np.floating], bool]


def _signals(
    samples: Sequence[SignalEvents],
    cut: CutAndBins,
    settings: TemplateSettings,
    kappas: Floats,
    cross_section: Floats,
) -> list[_Part]:
    weigh = _direct if settings.signal_method == "direct" else _reweighted(samples, cross_section)
    return [
        (weigh(samples, place, kappas), _columns(sample, kappas, cut.signal_input), False)
        for place, sample in enumerate(samples)
    ]


def _reweighted(
    samples: Sequence[SignalEvents], cross_section: Floats
) -> Callable[[Sequence[SignalEvents], int, Floats], Floats]:
    balance = balance_weights(samples, cross_section)

    def weigh(samples: Sequence[SignalEvents], place: int, kappas: Floats) -> Floats:
        density = evaluate(samples[place].polynomial, kappas) / evaluate(cross_section, kappas)
        return np.asarray(balance[place][:, None] * density)

    return weigh


def _direct(samples: Sequence[SignalEvents], place: int, kappas: Floats) -> Floats:
    sample = samples[place]
    generated = np.array([
        sum(s.n_generated for s in samples if same_kappa(s.kappa_lambda, kappa))
        for kappa in kappas
    ])  # fmt: skip
    own = same_kappa(kappas, sample.kappa_lambda)
    share = np.where(own, sample.n_generated / np.where(own, generated, 1.0), 0.0)
    return np.asarray(sample.efficiency_weight[:, None] * share)


def _columns(
    sample: SignalEvents, kappas: Floats, kappa_input: Callable[[SignalEvents, float], float]
) -> NDArray[np.floating]:
    """Return the score at the kappa input of each hypothesis, (N, K), or (N, 1) if all agree."""
    inputs = [kappa_input(sample, float(kappa)) for kappa in kappas]
    if len(sample.scores.kappa_lambda) == 1 or len(set(inputs)) == 1:
        inputs = inputs[:1]
    return np.stack([sample.scores.at(value) for value in inputs], axis=1)


def _background(
    sample: SampleEvents,
    cut: CutAndBins,
    settings: TemplateSettings,
    kappas: Floats,
    samples: Sequence[SampleEvents],
) -> _Part:
    share = sample.n_generated / sum(one.n_generated for one in samples)
    weights = (sample.efficiency_weight * share)[:, None]
    mode, scores = settings.background_kappa, sample.scores
    if mode == "drawn":
        return weights, scores.at_own(sample.input_kappa_lambda)[:, None], False
    inputs = kappas.tolist() if mode == "hypothesis" else settings.background_kappa_values
    if mode == "fixed" and cut.fixed_kappa_input is not None:
        inputs = [cut.fixed_kappa_input]
    columns = np.stack([scores.at(float(value)) for value in inputs], axis=1)
    return weights, columns, mode == "average"


def _add(rows: _Rows, bootstrap: Bootstrap, sums: Floats, squares: Floats) -> None:
    """Add the rows of a sample to all replicas; those of one threshold at once."""
    n_bins = sums.shape[2]
    counts = bootstrap.replication.multiplicities(rows.shower)
    for threshold in np.unique(bootstrap.thresholds[np.isfinite(bootstrap.thresholds)]):
        replicas = np.flatnonzero(bootstrap.thresholds == threshold)
        bins, weights, first = _entries(rows, rows.passing(float(threshold)))
        factors = rows.factors[replicas, None]
        for place in range(n_bins):
            chosen = bins == place
            if not chosen.any():
                continue
            taken = counts[np.ix_(first[chosen], replicas)].astype(np.float64).T
            sums[replicas, :, place] += factors * (taken @ weights[chosen])
            squares[replicas, :, place] += factors**2 * (taken @ weights[chosen] ** 2)


def _entries(rows: _Rows, weights: Floats) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Return bins and weights of entries, rows of one event in one bin joined, and a row of each.

    Entries without weight are left out.
    """
    used = np.flatnonzero((weights != 0).any(axis=1))
    if not rows.shower.repeated:
        return rows.bins[used], weights[used], used
    events = rows.shower.index[used]
    order = np.lexsort((events, rows.bins[used]))
    sorted_ = used[order]
    keys = rows.bins[sorted_], rows.shower.index[sorted_]
    new = np.ones(len(sorted_), np.bool_)
    new[1:] = (np.diff(keys[0]) != 0) | (np.diff(keys[1]) != 0)
    starts = np.flatnonzero(new)
    if not len(starts):
        return rows.bins[:0], weights[:0], used
    return keys[0][starts], np.add.reduceat(weights[sorted_], starts, axis=0), sorted_[starts]

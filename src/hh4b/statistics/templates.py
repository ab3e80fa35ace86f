"""Templates of m_HH in units of efficiency: signal at any kappa_lambda, and background.

Arrays in, arrays out; the files are read by `hh4b.statistics.template_inputs`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.kappa import same_kappa
from hh4b.core.shower_events import ShowerEvents
from hh4b.statistics.histograms import Histogram, fill

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: Smallest factor of a variation on a bin.
SMALLEST_FACTOR = 0.05


@dataclass(frozen=True)
class Scores:
    """Classifier output of the events of one sample.

    Attributes:
        kappa_lambda: values of the kappa input, shape (K,); one column means a classifier that
            does not look at kappa_lambda.
        values: score in [0, 1], shape (N, K).
    """

    kappa_lambda: Floats
    values: NDArray[np.floating]

    def at(self, kappa_lambda: float) -> NDArray[np.floating]:
        """Return the scores of all events at one value of the kappa input, shape (N,).

        Raises:
            ConfigError: if the scores were not made at that value.
        """
        if len(self.kappa_lambda) == 1:
            return self.values[:, 0]
        column = int(np.abs(self.kappa_lambda - kappa_lambda).argmin())
        if not same_kappa(self.kappa_lambda[column], kappa_lambda):
            raise ConfigError(
                f"scores hold no column at kappa_lambda = {kappa_lambda:g}, only at"
                f" {self.kappa_lambda.tolist()}; predict there or choose another kappa_lambda"
            )
        return self.values[:, column]

    def at_own(self, kappa_lambda: Floats) -> NDArray[np.floating]:
        """Return for each event the score at its own value of the kappa input, shape (N,)."""
        chosen = np.empty(len(self.values), dtype=self.values.dtype)
        for value in np.unique(kappa_lambda):
            rows = kappa_lambda == value
            chosen[rows] = self.at(float(value))[rows]
        return chosen


@dataclass(frozen=True)
class SampleEvents:
    """Events of one sample in one part (testing, say) of it.

    Attributes:
        name: for messages.
        efficiency_weight: event weight over the sum of weights generated, and over the share of
            the part, shape (N,): the sum over all events is the efficiency of the preselection.
        m_hh_gev: reconstructed mass of the pair in GeV, not a number where there is no pairing.
        scores: classifier output of the same events.
        input_kappa_lambda: the value of the kappa input that each event carries, shape (N,).
        n_generated: number of events generated, of all parts.
        shower: which shower event each row is of; None = each row is one.
    """

    name: str
    efficiency_weight: Floats
    m_hh_gev: NDArray[np.floating]
    scores: Scores
    input_kappa_lambda: Floats
    n_generated: float
    shower: ShowerEvents | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class SignalEvents(SampleEvents):
    """Events generated at one kappa_lambda.

    Attributes:
        kappa_lambda: of generation.
        polynomial: coefficients (p0, p1, p2) of the squared amplitude at the true kinematics of
            each event, shape (N, 3).
    """

    kappa_lambda: float
    polynomial: Floats


@dataclass(frozen=True)
class CutAndBins:
    """What makes an event count, and in which bin.

    Attributes:
        threshold: an event passes if its score is above.
        bin_edges_gev: edges of the m_HH bins, shape (B + 1,).
        overflow: ``"drop"`` leaves events outside the edges out, ``"include"`` counts them in the
            first or last bin.
        kappa_input: ``"hypothesis"`` scores a signal event at the tested kappa_lambda, ``"own"`` at
            that of its generation, ``"fixed"`` at ``fixed_kappa_input``.
        fixed_kappa_input: the one kappa input of all hypotheses.
    """

    threshold: float
    bin_edges_gev: Floats
    overflow: str = "drop"
    kappa_input: str = "hypothesis"
    fixed_kappa_input: float | None = None

    def signal_input(self, sample: SignalEvents, kappa_lambda: float) -> float:
        """Return the kappa input at which events of a signal sample are scored."""
        if self.kappa_input == "own":
            return sample.kappa_lambda
        if self.kappa_input == "fixed" and self.fixed_kappa_input is not None:
            return self.fixed_kappa_input
        return kappa_lambda

    def bins(self, m_hh_gev: NDArray[np.floating]) -> NDArray[np.intp]:
        """Return the bin of each event, -1 for none, shape (N,)."""
        edges = self.bin_edges_gev
        index = np.searchsorted(edges, m_hh_gev, side="right") - 1
        # As numpy.histogram does, the last bin holds its upper edge.
        index = np.where(m_hh_gev == edges[-1], len(edges) - 2, index)
        last = len(edges) - 2
        if self.overflow == "include":
            index = np.clip(index, 0, last)
        outside = (index < 0) | (index > last) | np.isnan(m_hh_gev)
        return np.where(outside, -1, index)


def mirrored_values(nominal: Floats, up: Floats) -> Floats:
    """Return what is as far from the nominal values as ``up`` the other way, kept positive.

    >>> mirrored_values(np.array([1.0, 1.0]), np.array([1.1, 3.0])).tolist()
    [0.9, 0.05]
    """
    return np.asarray(np.maximum(2 * nominal - up, SMALLEST_FACTOR * nominal))


def evaluate(coefficients: Floats, kappa_lambda: float | Floats) -> Floats:
    """Return c0 + c1 kappa + c2 kappa^2; the last axis of ``coefficients`` holds (c0, c1, c2)."""
    kappa = np.asarray(kappa_lambda, dtype=np.float64)
    powers = np.stack([np.ones_like(kappa), kappa, kappa**2], axis=-1)
    return np.asarray(coefficients @ np.moveaxis(powers, -1, 0))


def balance_weights(samples: Sequence[SignalEvents], cross_section: Floats) -> list[Floats]:
    """Return each event's weight over P(kappa)/sigma(kappa) in the balance heuristic.

    All samples are one sample of the mixture density ``sum_k N_k P_k / sigma_k``; dividing by it
    (Veach and Guibas, SIGGRAPH 1995) is unbiased at every kappa_lambda and close to the smallest
    variance that any combination of the samples has.

    Args:
        samples: signal samples.
        cross_section: coefficients (c0, c1, c2) of sigma(kappa), the integral of the polynomials up
            to one common factor.

    Returns:
        For each sample an array (N,).

    Raises:
        ContractError: if sigma or the squared amplitude is not positive.
    """
    kappas = np.array([sample.kappa_lambda for sample in samples])
    sigma = evaluate(cross_section, kappas)
    if (sigma <= 0).any():
        raise ContractError(
            f"sigma(kappa_lambda = {kappas[int(sigma.argmin())]:g}) is not positive with"
            f" coefficients {cross_section.tolist()}; use those of the generator"
        )
    share = np.array([sample.n_generated for sample in samples]) / sigma
    weights = []
    for sample in samples:
        mixture = evaluate(sample.polynomial, kappas) @ share
        if (mixture <= 0).any():
            raise ContractError(
                f"{sample.name}: the squared amplitude of event {int(mixture.argmin())} is not"
                " positive; check its true m_hh and cos theta*"
            )
        weights.append(sample.n_generated * sample.efficiency_weight / mixture)
    return weights


def signal_template(
    samples: Sequence[SignalEvents],
    kappa_lambda: float,
    selection: CutAndBins,
    cross_section: Floats,
    balance: Sequence[Floats] | None = None,
) -> Histogram:
    """Return the signal template at any kappa_lambda from all signal samples together.

    Args:
        samples: signal samples.
        kappa_lambda: the hypothesis.
        selection: threshold and bins.
        cross_section: coefficients (c0, c1, c2) of sigma(kappa), see `balance_weights`.
        balance: result of `balance_weights`, to save time in a scan.

    Returns:
        Histogram of efficiency: its sum is the share of generated events that are selected.
    """
    balance = balance_weights(samples, cross_section) if balance is None else balance
    sigma = float(evaluate(cross_section, kappa_lambda))
    masks, weights = [], []
    for sample, weight in zip(samples, balance, strict=True):
        passed = _passes_signal(sample, kappa_lambda, selection)
        density = evaluate(sample.polynomial[passed], kappa_lambda) / sigma
        masks.append(passed)
        weights.append(weight[passed] * density)
    return fill_rows(samples, masks, weights, selection)


def direct_signal_template(
    samples: Sequence[SignalEvents], kappa_lambda: float, selection: CutAndBins
) -> Histogram:
    """Return the signal template from the samples generated at that kappa_lambda only.

    Raises:
        ConfigError: if there is no such sample.
    """
    chosen = [sample for sample in samples if same_kappa(sample.kappa_lambda, kappa_lambda)]
    if not chosen:
        known = sorted(sample.kappa_lambda for sample in samples)
        raise ConfigError(
            f"no signal sample at kappa_lambda = {kappa_lambda:g}, only at {known}; take the method"
            " 'reweighted' or other values"
        )
    total = sum(sample.n_generated for sample in chosen)
    masks, weights = [], []
    for sample in chosen:
        passed = _passes_signal(sample, kappa_lambda, selection)
        masks.append(passed)
        weights.append(sample.efficiency_weight[passed] * (sample.n_generated / total))
    return fill_rows(chosen, masks, weights, selection)


def background_template(
    samples: Sequence[SampleEvents],
    selection: CutAndBins,
    *,
    kappa_input: str = "average",
    kappa_values: Sequence[float] = (),
) -> Histogram:
    """Return the background template.

    Args:
        samples: background samples of one process; each counts by its number of events generated.
        selection: threshold and bins.
        kappa_input: ``"average"``: an event counts with the share of ``kappa_values`` at which it
            passes, the expectation of a kappa input drawn from that list; ``"drawn"``: with the
            value it carries.
        kappa_values: the list; one value gives the background at that hypothesis.
    """
    if kappa_input == "average" and not kappa_values:
        raise ConfigError("background at an average kappa input needs a list of kappa_lambda")
    total = sum(sample.n_generated for sample in samples)
    masks, weights = [], []
    for sample in samples:
        if kappa_input == "drawn":
            own = sample.scores.at_own(sample.input_kappa_lambda)
            share = (own > selection.threshold).astype(np.float64)
        else:
            passes = [sample.scores.at(kappa) > selection.threshold for kappa in kappa_values]
            share = np.mean(passes, axis=0)
        masks.append(np.ones(len(share), np.bool_))
        weights.append(sample.efficiency_weight * share * (sample.n_generated / total))
    return fill_rows(samples, masks, weights, selection)


def _passes_signal(sample: SignalEvents, kappa_lambda: float, selection: CutAndBins) -> Bools:
    kappa_input = selection.signal_input(sample, kappa_lambda)
    return np.asarray(sample.scores.at(kappa_input) > selection.threshold)


def fill_rows(
    samples: Sequence[SampleEvents],
    masks: Sequence[Bools],
    weights: Sequence[Floats],
    selection: CutAndBins,
) -> Histogram:
    """Fill a histogram with the chosen rows of samples.

    Args:
        samples: of one process.
        masks: which rows of each sample count.
        weights: of these rows.
        selection: with the bins.
    """
    pairs = list(zip(samples, masks, strict=True))
    bins = [selection.bins(sample.m_hh_gev[mask]) for sample, mask in pairs]
    events = None
    if any(sample.shower is not None and sample.shower.repeated for sample in samples):
        events = _event_numbers(pairs)
    n_bins = len(selection.bin_edges_gev) - 1
    return fill(np.concatenate(bins), np.concatenate(weights), n_bins, events)


def _event_numbers(pairs: Sequence[tuple[SampleEvents, Bools]]) -> NDArray[np.int64]:
    """Number the events of the chosen rows; those of different samples differ."""
    numbers, first = [], 0
    for sample, mask in pairs:
        own = np.arange(len(mask)) if sample.shower is None else sample.shower.index
        numbers.append(first + own[mask])
        first += len(mask)
    return np.concatenate(numbers)

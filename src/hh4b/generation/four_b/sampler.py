"""Adaptation, integration and unweighting of one partonic channel."""

import logging
from dataclasses import dataclass

import numpy as np

from hh4b.generation.four_b.integrand import Integrand, Points
from hh4b.generation.four_b.mixture import N_RANDOM, Mixture, accumulate
from hh4b.generation.four_b.spinors import Real

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Adaptation:
    """How the density is fitted.

    Attributes:
        n_components: components of the mixture, half of each kind.
        n_bins: bins of each histogram.
        n_iterations: EM steps.
        n_points: points thrown in the later half of the steps; a quarter of them before.
        n_survey: points thrown afterwards, for cross section and maximum weight.
        power: the density is fitted to f (f/g)^(power - 1): above 1 it takes most care of the
            points with large weights, which decide on the unweighting efficiency.
        n_batch: points thrown at once afterwards.
        overweight: share of the cross section that may lie above the maximum weight; these events
            keep their excess as a weight above one.
    """

    n_components: int = 8
    n_bins: int = 32
    n_iterations: int = 10
    n_points: int = 20_000
    n_survey: int = 80_000
    n_batch: int = 20_000
    power: float = 1.5
    overweight: float = 1e-3


@dataclass(frozen=True)
class IntegralEstimate:
    """A sum of weights with its variance, per thrown point.

    Attributes:
        n: points thrown.
        total: sum of weights, pb.
        squares: sum of squared weights, pb².
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def plus(self, weights: Real, n: int) -> "IntegralEstimate":
        """Return the estimate after another batch of ``n`` points."""
        return IntegralEstimate(
            self.n + n, self.total + float(weights.sum()), self.squares + float(weights @ weights)
        )

    @property
    def value(self) -> float:
        """Return the integral in pb."""
        return self.total / self.n

    @property
    def error(self) -> float:
        """Return its standard error in pb."""
        return float(np.sqrt(max(self.squares / self.n - self.value**2, 0.0) / self.n))


@dataclass(frozen=True)
class Sampler:
    """A channel with its fitted density.

    Attributes:
        integrand: what is sampled.
        mixture: the density.
        maximum: weight (pb) at which an event is accepted for sure.
        biased: integral of sigma·b (pb) in the survey.
        cross_section: integral of sigma (pb) in the survey.
    """

    integrand: Integrand
    mixture: Mixture
    maximum: float
    biased: IntegralEstimate
    cross_section: IntegralEstimate

    def throw(self, n: int, rng: np.random.Generator) -> Points:
        """Return the allowed ones of ``n`` thrown points."""
        return _throw(self.integrand, self.mixture, n, rng)


def adapt(integrand: Integrand, rng: np.random.Generator, settings: Adaptation) -> Sampler:
    """Fit the density of one channel and survey it."""
    mixture = Mixture.start(settings.n_components, settings.n_bins, rng)
    histograms = np.zeros_like(mixture.grids)
    for step in range(settings.n_iterations):
        early = 2 * step < settings.n_iterations
        n = settings.n_points // 4 if early else settings.n_points
        points = _throw(integrand, mixture, n, rng)
        if len(points) == 0:
            continue
        # earlier steps count less and less: their points came from a worse density
        histograms *= 0.5
        emphasis = points.weights**settings.power
        accumulate(
            points.pt, points.eta, points.phi, emphasis / emphasis.sum(),
            integrand.cuts, mixture.shares, mixture.grids, histograms,
        )  # fmt: skip
        mixture = mixture.updated(histograms)
        log.debug("%s: EM step %d, shares %s", integrand.channel, step, mixture.shares.round(3))
    biased, plain, weights = IntegralEstimate(), IntegralEstimate(), []
    for start in range(0, settings.n_survey, settings.n_batch):
        n = min(settings.n_batch, settings.n_survey - start)
        points = _throw(integrand, mixture, n, rng)
        biased = biased.plus(points.weights, n)
        plain = plain.plus(points.weights / points.bias, n)
        weights.append(points.weights)
    maximum = maximum_weight(np.concatenate(weights), settings.overweight)
    log.info(
        "%s: %.2f +- %.2f pb, unweighting efficiency %.1f %%",
        integrand.channel, plain.value, plain.error, 100 * biased.value / maximum,
    )  # fmt: skip
    return Sampler(integrand, mixture, maximum, biased, plain)


def _throw(integrand: Integrand, mixture: Mixture, n: int, rng: np.random.Generator) -> Points:
    return integrand.points(rng.random((n, N_RANDOM)), mixture)


def maximum_weight(weights: Real, overweight: float) -> float:
    """Return the weight w_max above which lies the share ``overweight`` of the sum.

    The share is the sum of max(w - w_max, 0) over the sum of w; it falls linearly in w_max between
    two weights.
    """
    ordered = np.sort(weights)[::-1]
    cumulative = np.cumsum(ordered)
    excess = cumulative - ordered * np.arange(1, len(ordered) + 1)
    allowed = overweight * cumulative[-1]
    index = max(int(np.searchsorted(excess, allowed, side="right")) - 1, 0)
    return float((cumulative[index] - allowed) / (index + 1))

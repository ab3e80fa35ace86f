"""The signal at any kappa_lambda from samples of three values or more, without reweighting.

At any order in the strong coupling the cross section of every bin is a parabola in kappa_lambda.
Samples at three values fix it, whatever else is in their events: further partons, incoming quarks,
a higher order. With the cross section c(kappa), the efficiency e of a bin is fitted as

    e(kappa) = (Q0 + Q1 kappa + Q2 kappa^2) / c(kappa),

which goes through three samples, and as near as it can to more. The events of a sample then count
with a factor that depends on the hypothesis alone, and that may be negative.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.kappa import same_kappa
from hh4b.statistics.histograms import Histogram
from hh4b.statistics.kappa_components import powers
from hh4b.statistics.templates import CutAndBins, SignalEvents, evaluate, fill_rows

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
#: A bin below zero by less than so many of its errors is at zero.
_FLUCTUATION = 3.0


def interpolation_factors(
    generated: Sequence[float], kappa_values: Sequence[float], cross_section: Floats
) -> Floats:
    """Return by what the efficiency at each generated value counts at each hypothesis.

    Args:
        generated: different values of kappa_lambda with samples, at least three, shape (S,).
        kappa_values: hypotheses, shape (K,).
        cross_section: coefficients (c0, c1, c2) of c(kappa).

    Returns:
        Factors of shape (K, S).

    Raises:
        ConfigError: with fewer than three values.

    >>> interpolation_factors([0, 1, 2], [1, 3], np.array([1.0, 0.0, 0.0])).round(9) + 0.0
    array([[ 0.,  1.,  0.],
           [ 1., -3.,  3.]])
    """
    if len(generated) < 3:
        raise ConfigError(
            f"signal samples at kappa_lambda {sorted(generated)} do not fix a parabola; the method"
            " 'interpolated' needs samples of three values or more"
        )
    there, asked = (np.asarray(values, dtype=np.float64) for values in (generated, kappa_values))
    of_samples = powers(there) / evaluate(cross_section, there)[:, None]
    of_hypotheses = powers(asked) / evaluate(cross_section, asked)[:, None]
    return np.asarray(of_hypotheses @ np.linalg.pinv(of_samples))


def interpolated_templates(
    samples: Sequence[SignalEvents],
    selection: CutAndBins,
    kappa_values: Sequence[float],
    cross_section: Floats,
) -> list[Histogram]:
    """Return the signal template at each hypothesis.

    Args:
        samples: signal samples; those of one kappa_lambda count by their generated events.
        selection: threshold and bins.
        kappa_values: hypotheses.
        cross_section: coefficients (c0, c1, c2) of c(kappa).

    Raises:
        ConfigError: with samples of fewer than three values.
        ContractError: if a bin is negative beyond its statistical error.
    """
    values = sorted({sample.kappa_lambda for sample in samples})
    factors = interpolation_factors(values, kappa_values, cross_section)
    places = [values.index(sample.kappa_lambda) for sample in samples]
    totals = [
        sum(s.n_generated for s in samples if same_kappa(s.kappa_lambda, value)) for value in values
    ]
    shares = [s.n_generated / totals[place] for s, place in zip(samples, places, strict=True)]
    found = []
    for kappa, row in zip(kappa_values, factors, strict=True):
        masks, weights = [], []
        for sample, place, share in zip(samples, places, shares, strict=True):
            scores = sample.scores.at(selection.signal_input(sample, kappa))
            passed = np.asarray(scores > selection.threshold)
            masks.append(passed)
            weights.append(sample.efficiency_weight[passed] * share * row[place])
        found.append(_not_negative(fill_rows(samples, masks, weights, selection), kappa))
    return found


def _not_negative(histogram: Histogram, kappa_lambda: float) -> Histogram:
    """Return a template whose bins below zero, within their errors, are at zero."""
    values, error = histogram.sum_weights, np.sqrt(histogram.sum_weights_squared)
    below = values < 0
    if not below.any():
        return histogram
    if (values < -_FLUCTUATION * error).any():
        place = int(np.argmin(values + _FLUCTUATION * error))
        raise ContractError(
            f"interpolated signal at kappa_lambda = {kappa_lambda:g}: bin {place} is"
            f" {values[place]:.3g} ± {error[place]:.3g}; the samples do not belong to one process"
            " at several kappa_lambda, or their cross sections are not a parabola: check them"
        )
    log.warning(
        "interpolated signal at kappa_lambda = %g: %d bins are below zero within their errors and"
        " set to zero", kappa_lambda, int(below.sum()),
    )  # fmt: skip
    return replace(histogram, sum_weights=np.maximum(values, 0.0))

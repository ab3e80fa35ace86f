"""The complete statistical model: uncertain background normalisation and template statistics.

In HistFactory terms: ``normsys`` on the background with factors (1 + u)^(+-1), a ``staterror`` on
the background and one on the signal. At a fixed normalisation the bins are independent and the
profiled yield of a bin solves a quadratic equation (Barlow and Beeston, CPC 77 (1993) 219, in the
light form); the normalisation is one root search. `hh4b.statistics.pyhf_limits` does the same
through pyhf for workspaces with any modifiers.

The factors of background and signal in a bin act through their sum, so they are not kept positive
one by one: that matters only for data further below the expectation than the relative errors
allow (pyhf bounds them at zero).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import FitFailed
from hh4b.statistics.note_model import (
    BANDS,
    CONFIDENCE_LEVEL,
    Yields,
    band_targets,
    expected_upper_limits,
)
from hh4b.statistics.roots import find_roots

Floats = NDArray[np.float64]
#: Range of the normalisation's pull, as in pyhf.
PULL_RANGE = 5.0
MU_LIMIT = 1e6
NO_LIMIT = (
    "the template uncertainties allow any signal strength; generate more events or merge bins"
    " (--minimum-effective-events)"
)


@dataclass(frozen=True)
class UncertainYields:
    """Expected events with what is uncertain about them.

    Attributes:
        yields: expected events, shapes (..., K, B) and (..., 1 or K, B).
        signal_error: relative, Monte Carlo, shape of ``yields.signal``.
        background_error: relative, Monte Carlo, shape of ``yields.background``.
        background_uncertainty: relative, of the background normalisation.
    """

    yields: Yields
    signal_error: Floats
    background_error: Floats
    background_uncertainty: float


def _profiled_bins(
    model: UncertainYields, mu: Floats, pull: Floats, data: Floats
) -> tuple[Floats, Floats]:
    """Return -2 ln L minimised over the bins' factors, and its derivative in the pull.

    ``mu`` and ``pull`` have shape (..., K), ``data`` (..., K, B); so have the results (..., K).
    """
    log_width = np.log1p(model.background_uncertainty)
    background = model.yields.background * np.exp(pull * log_width)[..., None]
    signal = mu[..., None] * model.yields.signal
    nominal = background + signal
    from_background = (background * model.background_error) ** 2
    variance = from_background + (signal * model.signal_error) ** 2
    # lambda + (lambda - nominal)^2 / (2 variance) - n ln lambda is smallest at the positive root
    # of lambda^2 + (variance - nominal) lambda - n variance.
    half = 0.5 * (nominal - variance)
    expected = half + np.sqrt(half**2 + data * variance)
    expected = np.where(
        half < 0, data * variance / np.maximum(expected - 2 * half, 1e-300), expected
    )
    occupied = data > 0
    ratio = np.where(occupied, data / np.where(expected > 0, expected, 1.0), 0.0)
    poisson = 2 * (expected - data + data * np.log(np.where(occupied, ratio, 1.0)))
    # (lambda - nominal) / variance at the minimum, without dividing by a variance of zero.
    empty = np.where(half > 0, -1.0, -nominal / np.where(variance > 0, variance, 1.0))
    slope = np.where(occupied, ratio - 1, np.where(nominal > 0, empty, 0.0))
    value = np.sum(poisson + slope**2 * variance, axis=-1) + pull**2
    derivative = (
        -2 * log_width * np.sum(slope * background + slope**2 * from_background, axis=-1) + 2 * pull
    )
    return np.asarray(value), np.asarray(derivative)


def minus_2_log_likelihood(model: UncertainYields, mu: Floats, data: Floats) -> Floats:
    """Return -2 ln L profiled over all nuisances, zero for a perfect fit at nominal values.

    Args:
        model: the model.
        mu: signal strengths, shape (..., K).
        data: counts, shape (B,) or (..., 1 or K, B).

    Returns:
        Shape (..., K).
    """
    shape = np.broadcast_shapes(mu.shape, model.yields.signal.shape[:-1])
    edge = np.full(shape, PULL_RANGE)
    low, high = (_profiled_bins(model, mu, end, data)[1] for end in (-edge, edge))
    # A pull that leaves its range stays at the edge, as the bounds of pyhf make it do.
    outside = np.where(low >= 0, -edge, edge)
    inside = (low < 0) & (high > 0)

    def derivative(pull: Floats) -> Floats:
        slope = _profiled_bins(model, mu, pull, data)[1]
        return np.where(inside, slope, pull - outside)

    pull = find_roots(derivative, -edge - 1e-9, edge + 1e-9, what="background normalisation")
    return _profiled_bins(model, mu, pull, data)[0]


def expected_limits(
    model: UncertainYields,
    *,
    confidence_level: float = CONFIDENCE_LEVEL,
    bands: tuple[int, ...] = BANDS,
) -> Floats:
    """Return expected CLs upper limits on mu for background-only Asimov data at nominal values.

    Args:
        model: the model; arrays (..., K, B).
        confidence_level: of the limits.
        bands: which of `BANDS`.

    Returns:
        Shape (..., K, bands).

    Raises:
        FitFailed: if the uncertainties are so large that no mu is excluded.
    """
    targets = band_targets(confidence_level)
    lowest = expected_upper_limits(model.yields, confidence_level=confidence_level, bands=bands)
    columns = []
    for column, band in enumerate(bands):
        target = targets[BANDS.index(band)]

        def excess(log_mu: Floats, target: float = target) -> Floats:
            data = model.yields.background
            return minus_2_log_likelihood(model, np.exp(log_mu), data) - target

        # Every uncertainty weakens a limit: the one without them is the lower end.
        low = np.log(lowest[..., column]) - 1e-9
        high = low + np.log(2.0)
        while (short := excess(high) < 0).any():
            high = np.where(short, high + np.log(2.0), high)
            if (high > np.log(MU_LIMIT) + low).any():
                raise FitFailed(NO_LIMIT)
        columns.append(np.exp(find_roots(excess, low, high, tolerance=1e-9, what="limit on mu")))
    return np.stack(columns, axis=-1)

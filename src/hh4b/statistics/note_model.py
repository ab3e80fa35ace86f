"""The statistical model of the note: Poisson counts in bins of m_HH, nothing uncertain.

Expected yields in a bin are ``b + mu s(kappa)``. With the background-only Asimov data ``n = b``
all quantities below are sums over bins in closed form, or one bounded Newton search in mu, done
for all kappa_lambda (and all replicas of the templates) at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from hh4b.core.errors import ContractError, FitFailed

Floats = NDArray[np.float64]
#: Standard deviations of the expected-limit bands, in the order of pyhf.
BANDS = (-2, -1, 0, 1, 2)
PROFILE_THRESHOLD = 3.92
CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True)
class Yields:
    """Expected events.

    Attributes:
        kappa_lambda: the scan, shape (K,).
        signal: at mu = 1, shape (..., K, B).
        background: shape (..., K, B), or (..., 1, B) where it is the same at every kappa_lambda.
    """

    kappa_lambda: Floats
    signal: Floats
    background: Floats

    def check(self) -> None:
        """Refuse yields for which a limit has no meaning.

        Raises:
            ContractError: naming kappa_lambda and bin.
        """
        for name, yields in (("signal", self.signal), ("background", self.background)):
            if not (np.isfinite(yields).all() and (yields >= 0).all()):
                raise ContractError(f"{name} yields must be finite and not negative: {yields}")
        empty = (self.background <= 0) & (self.signal > 0)
        if empty.any():
            *_, row, column = np.argwhere(empty)[0]
            raise ContractError(
                f"bin {column} has no background but signal at kappa_lambda ="
                f" {self.kappa_lambda[row]:g}, which would exclude any signal; merge bins"
                " (--empty-background-bins merge) or generate more background"
            )
        none = ~(self.signal > 0).any(axis=-1)
        if none.any():
            raise ContractError(
                f"no signal is selected at kappa_lambda ="
                f" {self.kappa_lambda[np.argwhere(none)[0][-1]]:g}; loosen the selection"
            )


def minus_2_log_likelihood(yields: Yields, data: Floats | None = None) -> Floats:
    """Return -2 ln L(kappa, mu = 1) up to the constant that makes a perfect fit zero.

    Args:
        yields: the templates.
        data: counts, shape (B,) or (..., 1 or K, B); None for the background-only Asimov data.

    Returns:
        Shape (..., K).
    """
    expected = yields.background + yields.signal
    if data is None:
        return expected_test_statistic(yields, np.ones(yields.signal.shape[:-1]))
    observed = np.broadcast_to(data, expected.shape)
    if ((expected <= 0) & (observed > 0)).any():
        raise ContractError("events were observed in a bin where none is expected; merge bins")
    ratio = np.divide(observed, expected, out=np.ones_like(expected), where=observed > 0)
    return np.asarray(2 * np.sum(expected - observed + observed * np.log(ratio), axis=-1))


def expected_test_statistic(yields: Yields, mu: Floats) -> Floats:
    """Return q~_mu of the background-only Asimov data, Eq. (16) of arXiv:1007.1727.

    Args:
        yields: the templates.
        mu: signal strengths, shape (..., K).

    Returns:
        Shape (..., K).
    """
    signal = mu[..., None] * yields.signal
    return np.asarray(2 * np.sum(signal - _log1p_ratio(yields.background, signal), axis=-1))


def expected_cls(yields: Yields, mu: Floats) -> Floats:
    """Return the expected CLs values of the hypotheses mu in the asymptotic limit.

    Args:
        yields: the templates.
        mu: signal strengths, shape (..., K).

    Returns:
        Shape (..., K, 5), by `BANDS`.
    """
    root = np.sqrt(expected_test_statistic(yields, mu))[..., None]
    fluctuation = -np.asarray(BANDS, dtype=np.float64)
    return np.asarray(ndtr(-root - fluctuation) / ndtr(-fluctuation))


def band_targets(confidence_level: float = CONFIDENCE_LEVEL) -> Floats:
    """Return the q~ at which CLs reaches 1 - confidence level, by band, shape (5,).

    ``CLs = Phi(-sqrt(q) + N) / Phi(N)`` for a background fluctuation of N standard deviations.
    """
    bands = np.asarray(BANDS, dtype=np.float64)
    return np.asarray((bands - ndtri((1 - confidence_level) * ndtr(bands))) ** 2)


def expected_upper_limits(
    yields: Yields, *, confidence_level: float = CONFIDENCE_LEVEL, bands: tuple[int, ...] = BANDS
) -> Floats:
    """Return the expected CLs upper limits on mu.

    q~(mu) rises from zero and is convex, so Newton's iteration from any side lands above the
    solution after one step and then falls to it.

    Args:
        yields: the templates.
        confidence_level: of the limits.
        bands: which of `BANDS`.

    Returns:
        Shape (..., K, bands).

    Raises:
        FitFailed: if the iteration does not converge.
    """
    targets = band_targets(confidence_level)[[BANDS.index(band) for band in bands]]
    signal = yields.signal[..., None, :]
    background = yields.background[..., None, :]
    safe = np.where(background > 0, background, 1.0)
    # Small mu: q = mu^2 sum s^2/b, an upper bound on q and so a lower bound on mu.
    curvature = np.sum(np.where(background > 0, signal**2 / safe, 0.0), axis=-1)
    mu = np.sqrt(targets / curvature)
    for _ in range(100):
        shifted = mu[..., None] * signal
        value = 2 * np.sum(shifted - background * np.log1p(shifted / safe), axis=-1)
        slope = 2 * np.sum(signal * shifted / (background + shifted + (background <= 0)), axis=-1)
        step = (value - targets) / slope
        mu = mu - step
        if (np.abs(step) <= 1e-12 * mu).all():
            return np.asarray(mu)
    raise FitFailed("the upper limit on mu did not converge in 100 Newton steps; check the yields")


def _log1p_ratio(background: Floats, signal: Floats) -> Floats:
    """Return b ln(1 + s/b), zero where b is zero, broadcast."""
    safe = np.where(background > 0, background, 1.0)
    return np.asarray(background * np.log1p(signal / safe))

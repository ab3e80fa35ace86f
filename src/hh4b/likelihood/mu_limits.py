"""Limits on mu by CLs and the significance of a discovery, profiled, in the asymptotic limit.

The test statistics q~_mu and q_0 and what is expected of them are those of arXiv:1007.1727, as in
`hh4b.statistics.note_model`, here with every parameter profiled.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from hh4b.core.errors import FitFailed
from hh4b.likelihood.expectation import as_rows
from hh4b.likelihood.fits import CompiledModel, fit_fixed, fit_free_mu, require_converged
from hh4b.statistics.note_model import BANDS, CONFIDENCE_LEVEL, band_targets
from hh4b.statistics.roots import find_roots

Floats = NDArray[np.float64]
#: Limits beyond so many times what they are without uncertainties are none.
FARTHEST = 1e4
ROUNDS = 60
NO_LIMIT = "the uncertainties allow any signal strength"


@dataclass(frozen=True)
class MuLimits:
    """Upper limits on mu at each kappa_lambda; NaN where `NO_LIMIT` says why.

    Attributes:
        kappa_lambda: (K,).
        expected: of background only, by `BANDS`, (K, 5).
        observed: of data, (K,), or None.
    """

    kappa_lambda: Floats
    expected: Floats
    observed: Floats | None


def find_mu_limits(
    compiled: CompiledModel,
    kappa_lambda: ArrayLike,
    *,
    data: Floats | None = None,
    auxiliary: ArrayLike = 0.0,
    confidence_level: float = CONFIDENCE_LEVEL,
    threads: int = 1,
) -> MuLimits:
    """Return the CLs upper limits on mu.

    Args:
        compiled: the model.
        kappa_lambda: shape (K,).
        data: counts for observed limits, (B,). The expected ones then are those of the background
            fitted to them; without data, those of the nominal background.
        auxiliary: centres of the Gaussians of the data, (P,).
        confidence_level: of the limits.
        threads: how many share the fits.

    Raises:
        FitFailed: if a fit does not converge.
    """
    kappas = as_rows(kappa_lambda)[0]
    asimov, centres = compiled.asimov(), compiled.nominal
    if data is not None:
        background = fit_fixed(compiled, 0.0, 0.0, data, auxiliary)
        require_converged(background, "the background alone")
        centres = background.alpha[0]
        asimov = compiled.asimov(alpha=centres)
    targets = band_targets(confidence_level)
    expected = np.empty((len(kappas), len(BANDS)))
    mu, alpha = _first_guess(compiled, kappas, asimov, centres, targets[0]), centres
    for column, target in enumerate(targets):
        if column:
            # The square root of q is nearly linear in mu.
            mu = mu * np.sqrt(target / targets[column - 1])
        mu, alpha = _solve(compiled, kappas, asimov, centres, mu, alpha, target, threads)
        expected[:, column] = mu
    observed = None
    if data is not None:
        observed = _observed(
            compiled, kappas, (data, auxiliary), (asimov, centres),
            (expected[:, 2], 1 - confidence_level), threads,
        )  # fmt: skip
    return MuLimits(kappas, expected, observed)


def _first_guess(
    compiled: CompiledModel, kappa: Floats, asimov: Floats, centres: Floats, target: float
) -> Floats:
    """Return the limits with nothing uncertain and a signal much smaller than the background."""
    signal = compiled.expected(kappa, 1.0, centres) - compiled.expected(kappa, 0.0, centres)
    safe = np.where(asimov > 0, asimov, np.inf)
    information = np.sum(signal**2 / safe, axis=1)
    return np.asarray(np.sqrt(target / np.where(information > 0, information, np.nan)))


def _solve(
    compiled: CompiledModel,
    kappa: Floats,
    asimov: Floats,
    centres: Floats,
    mu: Floats,
    alpha: Floats,
    target: float,
    threads: int,
) -> tuple[Floats, Floats]:
    """Find where q reaches the target by Newton's method in its root, from rows of starts."""
    mu, low, high = mu.copy(), np.zeros(len(mu)), np.full(len(mu), np.inf)
    farthest = mu * FARTHEST
    alpha = np.array(np.broadcast_to(alpha, (len(kappa), compiled.n_parameters)))
    rows = np.flatnonzero(np.isfinite(mu))
    root = np.sqrt(target)
    for _ in range(ROUNDS):
        if len(rows) == 0:
            return mu, alpha
        fits = fit_fixed(
            compiled, kappa[rows], mu[rows], asimov, centres, start=alpha[rows], threads=threads
        )
        require_converged(fits, "the limit on mu")
        alpha[rows] = fits.alpha
        before, found = mu[rows], np.sqrt(np.maximum(fits.minus_2_log_l, 0.0))
        low[rows] = np.where(found <= root, before, low[rows])
        high[rows] = np.where(found > root, before, high[rows])
        step = 2 * found * (root - found) / np.maximum(fits.mu_slope, 1e-300)
        # Where q does not rise yet there is no slope to follow.
        step = np.where(found > 0, step, 3 * before)
        after = np.clip(before + step, before / 4, before * 4)
        outside = (after < low[rows]) | (after > high[rows])
        after = np.where(outside, np.sqrt(low[rows] * high[rows]), after)
        done = np.abs(step) <= 1e-9 * before
        mu[rows] = np.where(after > farthest[rows], np.nan, after)
        rows = rows[~done & np.isfinite(mu[rows])]
    raise FitFailed(f"the limit on mu did not converge at kappa_lambda = {kappa[rows[0]]:g}")


def _observed(
    compiled: CompiledModel,
    kappa: Floats,
    observation: tuple[Floats, ArrayLike],
    expectation: tuple[Floats, Floats],
    goal: tuple[Floats, float],
    threads: int,
) -> Floats:
    median, size = goal
    kept = np.flatnonzero(np.isfinite(median))
    result = np.full(len(kappa), np.nan)
    if len(kept) == 0:
        return result
    rows = kappa[kept]
    best = fit_free_mu(compiled, rows, *observation, threads=threads)
    require_converged(best, "mu of the data")

    def excess(log_mu: Floats) -> Floats:
        mu = np.exp(log_mu)
        fits = fit_fixed(compiled, rows, mu, *observation, threads=threads)
        asimov = fit_fixed(compiled, rows, mu, *expectation, threads=threads)
        for one in (fits, asimov):
            require_converged(one, "the observed limit on mu")
        q = np.where(mu > best.mu, np.maximum(fits.minus_2_log_l - best.minus_2_log_l, 0.0), 0.0)
        return np.asarray(np.log(asymptotic_cls(q, asimov.minus_2_log_l)) - np.log(size))

    centre = np.log(np.maximum(median[kept], best.mu))
    low, high = centre - np.log(4.0), centre + np.log(4.0)
    while (wrong := excess(low) < 0).any():
        low = np.where(wrong, low - np.log(4.0), low)
    while (wrong := excess(high) > 0).any():
        high = np.where(wrong, high + np.log(4.0), high)
        if (high > centre + np.log(FARTHEST)).any():
            raise FitFailed(f"no observed limit on mu: {NO_LIMIT}")
    result[kept] = np.exp(find_roots(excess, low, high, tolerance=1e-8, what="limit on mu"))
    return result


def asymptotic_cls(q: Floats, q_asimov: Floats) -> Floats:
    """Return CLs of q~_mu, from that of background-only Asimov data; Eqs. (64), (66) there."""
    root, asimov = np.sqrt(q), np.sqrt(np.maximum(q_asimov, 1e-300))
    far = q > q_asimov
    shifted = (q - q_asimov) / (2 * asimov)
    with_signal = np.where(far, ndtr(-(q + q_asimov) / (2 * asimov)), ndtr(-root))
    without = np.where(far, ndtr(-shifted), ndtr(asimov - root))
    return np.asarray(np.maximum(with_signal, 1e-300) / np.maximum(without, 1e-300))


def discovery_significance(
    compiled: CompiledModel,
    *,
    kappa: float = 1.0,
    data: Floats | None = None,
    auxiliary: ArrayLike = 0.0,
) -> float:
    """Return sqrt(q_0), in standard deviations, of a signal of the form at ``kappa``.

    Args:
        compiled: the model.
        kappa: kappa_lambda of the signal, 1 for that of the Standard Model.
        data: counts, (B,); None for the Asimov data of this signal at mu = 1.
        auxiliary: centres of the Gaussians, (P,).

    Raises:
        FitFailed: if a fit does not converge.
    """
    counts = compiled.asimov(kappa) if data is None else data
    centres = compiled.nominal if data is None else auxiliary
    none = fit_fixed(compiled, kappa, 0.0, counts, centres)
    best = fit_free_mu(compiled, kappa, counts, centres)
    for fits in (none, best):
        require_converged(fits, "the significance")
    return float(np.sqrt(max(none.minus_2_log_l[0] - best.minus_2_log_l[0], 0.0)))

"""Intervals on kappa_lambda by the two methods of the note, with their statistical errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.statistics import complete_model
from hh4b.statistics.intervals import Interval, check_scan, find_interval, spline_minimum
from hh4b.statistics.note_model import (
    BANDS,
    Yields,
    expected_upper_limits,
    minus_2_log_likelihood,
)
from hh4b.statistics.scaling import ScaledTemplates, relative_variance

Floats = NDArray[np.float64]
METHODS = ("profile", "cls")


@dataclass(frozen=True)
class Scan:
    """Both curves over kappa_lambda, and the intervals they give.

    Attributes:
        minus_2_delta_log_l: -2 ln L(kappa) minus its minimum along the spline, shape (K,).
        mu_upper: expected upper limits on mu by band, shape (K, 5).
        profile: interval of the first curve.
        cls: interval of the second, from the median.
        threshold: bound on the first curve.
    """

    minus_2_delta_log_l: Floats
    mu_upper: Floats
    profile: Interval
    cls: Interval
    threshold: float


def profile_curve(kappa_lambda: Floats, minus_2_log_l: Floats) -> Floats:
    """Subtract from -2 ln L its minimum along the cubic spline; shape (K,) or (K, R)."""
    check_scan(kappa_lambda)
    return np.asarray(minus_2_log_l - spline_minimum(kappa_lambda, minus_2_log_l))


def cls_curve(mu_upper: Floats) -> Floats:
    """Return minus the logarithm of the limits on mu: negative where kappa_lambda is allowed.

    The theory curve is mu = 1. Along kappa_lambda the limit varies by orders of magnitude, its
    logarithm smoothly, which is what a spline wants.
    """
    return np.asarray(-np.log(mu_upper))


def make_scan(
    kappa_lambda: Floats, minus_2_log_l: Floats, mu_upper: Floats, threshold: float
) -> Scan:
    """Turn -2 ln L, shape (K,), and the limits on mu, shape (K, 5), into intervals."""
    curve = profile_curve(kappa_lambda, minus_2_log_l)
    median = mu_upper[:, BANDS.index(0)]
    return Scan(
        curve,
        mu_upper,
        find_interval(kappa_lambda, curve, threshold),
        find_interval(kappa_lambda, cls_curve(median), 0.0),
        threshold,
    )


def asimov_data(yields: Yields, asimov: str) -> Floats | None:
    """Return the counts of ``"background"`` (None) or ``"sm"`` Asimov data.

    Raises:
        ContractError: for other data, which have no expected interval.
    """
    if asimov == "background":
        return None
    if asimov != "sm":
        raise ContractError(
            "the workspace's observations are no Asimov data of its own templates; expected limits"
            " need those (make the workspace again)"
        )
    sm = int(np.abs(yields.kappa_lambda - 1.0).argmin())
    return np.asarray(yields.background + yields.signal[..., sm : sm + 1, :])


def curves_of(
    scaled: ScaledTemplates,
    yields: Yields,
    background_uncertainty: float | None,
    *,
    asimov: str = "background",
    bands: tuple[int, ...] = BANDS,
    errors: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats]:
    """Return -2 ln L(kappa, mu = 1), shape (..., K), and limits on mu, shape (..., K, bands).

    Args:
        scaled: nominal templates; their Monte Carlo errors enter the complete model.
        yields: what to evaluate: the nominal yields, or replicas of them.
        background_uncertainty: relative; None for the note's model, in which nothing is uncertain.
        asimov: data of the likelihood, ``"background"`` or ``"sm"``; the CLs limits are the
            expected ones of background only.
        bands: which of `BANDS`.
        errors: relative Monte Carlo errors of signal and background in the complete model; None =
            those of the nominal templates.
    """
    data = asimov_data(yields, asimov)
    if background_uncertainty is None:
        likelihood = minus_2_log_likelihood(yields, data)
        return likelihood, expected_upper_limits(yields, bands=bands)
    if errors is None:
        errors = (
            np.sqrt(relative_variance(scaled.signal, scaled.signal_variance)),
            np.sqrt(relative_variance(scaled.background, scaled.background_variance)),
        )
    model = complete_model.UncertainYields(yields, *errors, background_uncertainty)
    likelihood = complete_model.minus_2_log_likelihood(
        model,
        np.ones(yields.signal.shape[:-1]),
        yields.background if data is None else data,
    )
    return likelihood, complete_model.expected_limits(model, bands=bands)


def scan_model(
    scaled: ScaledTemplates,
    background_uncertainty: float | None,
    *,
    threshold: float,
    asimov: str = "background",
) -> Scan:
    """Scan all kappa_lambda by both methods (see `curves_of`).

    Raises:
        ContractError: if the yields have no meaning, naming bin and kappa_lambda.
    """
    yields = Yields(scaled.kappa_lambda, scaled.signal, scaled.background)
    yields.check()
    curves = curves_of(scaled, yields, background_uncertainty, asimov=asimov)
    return make_scan(scaled.kappa_lambda, *curves, threshold)

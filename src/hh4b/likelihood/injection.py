"""Injections: what the likelihood finds where kappa_lambda is known.

Asimov data of the true value give it back exactly; what is of interest there is the second
minimum, and how far it lies above. Pseudo-experiments show the bias: the median of the best
kappa_lambda less the true value, in units of half the 68 % stretch about it. Where the second
minimum takes a good share of the experiments the median says little, and the share is named.

The expected signal is a parabola in kappa_lambda. An experiment with more events than expected has
two minima, one on either side of the least signal, also where Asimov data have one; one with fewer
events than the least signal has its minimum there. Both draw the median to the least signal, though
the minimum that is nearer to the true value is not biased. Both shares are named.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from hh4b.core.errors import FitFailed
from hh4b.likelihood.belt import LEVELS, asymptotic_threshold
from hh4b.likelihood.kappa_minima import ToyData, find_minima, least_cross_section
from hh4b.likelihood.toys import PseudoExperiments, ToyResults
from hh4b.statistics.intervals import find_interval

Floats = NDArray[np.float64]
#: Largest median bias that is none, in standard deviations.
LARGEST_BIAS = 0.1
#: Experiments nearer to the least signal, in standard deviations, are piled up there.
PILED_UP = 0.1
#: Smaller shares of experiments with a second minimum are not named.
LEAST_NAMED_SHARE = 0.01
#: Points of the scan that finds the standard deviation.
SCAN_POINTS = 401


@dataclass(frozen=True)
class Injection:
    """What was found at one true kappa_lambda.

    Attributes:
        kappa: true value.
        asimov_best: lowest minimum of the Asimov data.
        second_kappa: their second minimum, or None.
        second_t: its height in -2 ln L, or None.
        sigma: half the length of the 68 % stretch of the Asimov data about the true value, None
            where the stretch leaves the range.
        median_kappa: median of the best kappa_lambda of the experiments.
        bias_sigma: its distance from the true value over ``sigma``.
        bias_error: statistical error of ``bias_sigma``.
        second_share: share of the experiments whose lowest minimum is nearer to the second one.
        near_bias_sigma: bias of the minimum, lowest or second, that is nearer to the true value.
        toys: number of experiments.
        toys_two_share: share of the experiments that have two minima.
        toys_second_kappa: median of that one of the two which is farther from the true value; None
            if none has two.
        least_kappa: kappa_lambda of the least signal.
        beyond_least_share: share of the experiments whose lowest minimum is on the other side of
            the least signal.
        least_share: share of those within `PILED_UP` of ``sigma`` of the least signal, or None.
        least_share_gaussian: the same of a Gaussian about the true value, or None.
        signal_bias_sigma: median of the expected signal at the best kappa_lambda, less the true
            one, over half the 68 % range that experiments have of it.
    """

    kappa: float
    asimov_best: float
    second_kappa: float | None
    second_t: float | None
    sigma: float | None
    median_kappa: float
    bias_sigma: float | None
    bias_error: float | None
    second_share: float
    near_bias_sigma: float | None
    toys: int
    toys_two_share: float
    toys_second_kappa: float | None
    least_kappa: float
    beyond_least_share: float
    least_share: float | None
    least_share_gaussian: float | None
    signal_bias_sigma: float

    @property
    def statement(self) -> str:
        """One sentence: the bias is small, or what makes it is named."""
        if self.bias_sigma is None:
            return "the 68 % stretch about the true value leaves the range of kappa_lambda"
        parts = [f"median bias {self.bias_sigma:+.2f} +- {self.bias_error:.2f} sigma"]
        if self.second_kappa is not None:
            parts.append(
                f"second minimum at kappa_lambda = {self.second_kappa:.2f}, {self.second_t:.2f}"
                f" higher in -2 ln L, is the lower one in {100 * self.second_share:.0f} % of the"
                " experiments"
            )
        elif self.toys_second_kappa is None or self.toys_two_share < LEAST_NAMED_SHARE:
            parts.append("one minimum")
        else:
            parts.append(
                f"Asimov data have one minimum, {100 * self.toys_two_share:.0f} % of the"
                f" experiments two, the other at kappa_lambda = {self.toys_second_kappa:.2f}"
                " (median)"
            )
        if abs(self.bias_sigma) >= LARGEST_BIAS:
            parts.append(self._least())
        return "; ".join(parts)

    def _least(self) -> str:
        """Say how many experiments the least signal takes, and what is left of the bias."""
        text = (
            f"{100 * self.beyond_least_share:.0f} % are best beyond the least signal at"
            f" kappa_lambda = {self.least_kappa:.2f}"
        )
        if self.least_share is not None and self.least_share_gaussian is not None:
            text += (
                f", {100 * self.least_share:.0f} % within {PILED_UP:g} sigma of it (a Gaussian has"
                f" {100 * self.least_share_gaussian:.0f} %)"
            )
        return f"{text}; bias of the minimum nearer to the true value {self.near_bias_sigma:+.2f}"

    @property
    def cause(self) -> str:
        """What makes the median bias.

        Returns:
            ``"none"``: there is none (`unbiased`); ``"second minimum"``: the minimum nearer to the
            true value has none; ``"unexplained"``: that has one, too, or there is no ``sigma``.
        """
        if self.unbiased:
            return "none"
        if self.near_bias_sigma is None or self.bias_error is None:
            return "unexplained"
        near = abs(self.near_bias_sigma) < LARGEST_BIAS + 2 * self.bias_error
        return "second minimum" if near else "unexplained"

    @property
    def unbiased(self) -> bool:
        """Whether the median bias is below `LARGEST_BIAS` within two of its errors."""
        if self.bias_sigma is None or self.bias_error is None:
            return False
        return bool(abs(self.bias_sigma) < LARGEST_BIAS + 2 * self.bias_error)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        names = {"kappa": "kappa_lambda"}
        plain = {names.get(name, name): value for name, value in vars(self).items()}
        return {
            **plain, "unbiased": self.unbiased, "cause": self.cause, "statement": self.statement
        }  # fmt: skip


def inject(lab: PseudoExperiments, kappa: float, toys: int) -> Injection:
    """Fit Asimov data and experiments of a true kappa_lambda.

    Raises:
        ConfigError: if kappa_lambda is out of range.
        ContractError: if a bin expects less than nothing there.
        FitFailed: if a fit does not converge, or the Asimov data do not give kappa_lambda back.
    """
    data = lab.compiled.asimov(kappa)
    minima = find_minima(
        lab.compiled, ToyData(data[None], lab.nominal[None]), lab.grid, threads=lab.threads
    )
    places, heights = minima.kappa[0], minima.value[0] - minima.value[0, 0]
    # The true value fits perfectly; another minimum may do as well within the refinement.
    true = int(np.nanargmin(np.abs(places - kappa)))
    if minima.value[0, true] > 1e-3:
        raise FitFailed(
            f"Asimov data of kappa_lambda = {kappa:g} have their best fit at {places[0]:.3f}, not"
            " there; check the templates"
        )
    other = 1 - true
    second = float(places[other]) if np.isfinite(heights[other]) else None
    sigma = _half_stretch(lab, kappa, data)
    results = lab.run(kappa, toys, "injection")
    return Injection(
        kappa=kappa,
        asimov_best=float(places[true]),
        second_kappa=second,
        second_t=None if second is None else float(heights[other] - heights[true]),
        sigma=sigma,
        toys=toys,
        **_of_toys(results, kappa, second, sigma),
        **_of_parabola(lab, results, kappa, sigma),
    )


def _of_parabola(
    lab: PseudoExperiments, results: ToyResults, kappa: float, sigma: float | None
) -> dict[str, Any]:
    """Return what the parabola of the expected signal makes of the experiments."""
    best, second = results.best_kappa, results.second_kappa
    least = least_cross_section(lab.model)
    two = np.isfinite(second)
    farther = np.where(np.abs(second - kappa) > np.abs(best - kappa), second, best)[two]
    signal = np.vander(np.append(best, kappa), 3, increasing=True) @ lab.model.signal.sum(axis=1)
    low, middle, high = np.percentile(signal[:-1], [16, 50, 84])
    found: dict[str, Any] = {
        "toys_two_share": float(np.mean(two)),
        "toys_second_kappa": float(np.median(farther)) if two.any() else None,
        "least_kappa": least,
        "beyond_least_share": float(np.mean((best - least) * (kappa - least) < 0)),
        "signal_bias_sigma": float(2 * (middle - signal[-1]) / max(high - low, 1e-12)),
        "least_share": None,
        "least_share_gaussian": None,
    }
    if sigma is not None:
        ends = (least - kappa) / sigma + np.array([-PILED_UP, PILED_UP])
        found["least_share"] = float(np.mean(np.abs(best - least) < PILED_UP * sigma))
        found["least_share_gaussian"] = float(np.diff(norm.cdf(ends))[0])
    return found


def _of_toys(
    results: ToyResults, kappa: float, second: float | None, sigma: float | None
) -> dict[str, Any]:
    best = results.best_kappa
    share = 0.0
    if second is not None:
        share = float(np.mean(np.abs(best - second) < np.abs(best - kappa)))
    gap = np.nan_to_num(np.abs(results.second_kappa - kappa), nan=np.inf)
    near = np.where(gap < np.abs(best - kappa), results.second_kappa, best)
    median = float(np.median(best))
    found: dict[str, Any] = {"median_kappa": median, "second_share": share}
    if sigma is None:
        return {**found, "bias_sigma": None, "bias_error": None, "near_bias_sigma": None}
    # Median of a Gaussian: its error is sqrt(pi / 2) that of the mean; the quartiles say how wide.
    width = float(np.subtract(*np.percentile(near, [75, 25]))) / 1.349
    return {
        **found,
        "bias_sigma": (median - kappa) / sigma,
        "bias_error": float(1.2533 * width / sigma / np.sqrt(len(best))),
        "near_bias_sigma": (float(np.median(near)) - kappa) / sigma,
    }


def _half_stretch(lab: PseudoExperiments, kappa: float, data: Floats) -> float | None:
    points = np.linspace(lab.grid[0], lab.grid[-1], SCAN_POINTS)
    scan = np.unique(np.append(points, kappa))
    interval = find_interval(scan, lab.curve(scan, data), asymptotic_threshold(LEVELS[0]))
    for low, high in interval.segments:
        if low is not None and high is not None and low <= kappa <= high:
            return (high - low) / 2
    return None

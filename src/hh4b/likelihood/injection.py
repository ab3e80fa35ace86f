"""Injections: what the likelihood finds where kappa_lambda is known.

Asimov data of the true value give it back exactly; what is of interest there is the second
minimum, and how far it lies above. Pseudo-experiments show the bias: the median of the best
kappa_lambda less the true value, in units of half the 68 % stretch about it. Where the second
minimum takes a good share of the experiments the median says little, and the share is named.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import FitFailed
from hh4b.likelihood.belt import LEVELS, asymptotic_threshold
from hh4b.likelihood.kappa_minima import ToyData, find_minima
from hh4b.likelihood.toys import PseudoExperiments, ToyResults
from hh4b.statistics.intervals import find_interval

Floats = NDArray[np.float64]
#: Largest median bias that is none, in standard deviations.
LARGEST_BIAS = 0.1
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

    @property
    def statement(self) -> str:
        """One sentence: the bias is small, or the second minimum is named."""
        if self.bias_sigma is None:
            return "the 68 % stretch about the true value leaves the range of kappa_lambda"
        bias = f"median bias {self.bias_sigma:+.2f} +- {self.bias_error:.2f} sigma"
        if self.second_kappa is None:
            return f"{bias}; one minimum"
        return (
            f"{bias}; second minimum at kappa_lambda = {self.second_kappa:.2f}, {self.second_t:.2f}"
            f" higher in -2 ln L, is the lower one in {100 * self.second_share:.0f} % of the"
            " experiments"
        )

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
        return {**plain, "unbiased": self.unbiased, "statement": self.statement}


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
    )


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
        "bias_error": 1.2533 * width / sigma / np.sqrt(len(best)),
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

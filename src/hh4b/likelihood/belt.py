"""Feldman-Cousins belt from pseudo-experiments, and coverage measured with others.

The belt (Phys. Rev. D 57 (1998) 3873) accepts kappa_lambda where t(kappa) is below the critical
value t_c(kappa), the quantile of t of experiments thrown there. Near the least cross section t_c
falls below the quantile of chi squared, since less signal than the least cannot be fitted, and
rises above it where the other minimum competes. Quantiles of a grid are smoothed along
kappa_lambda with their errors, which makes the belt better known than its points.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.stats import chi2

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.logs import progress
from hh4b.likelihood.toys import PseudoExperiments
from hh4b.statistics.intervals import Interval, find_interval

Floats = NDArray[np.float64]
#: Shares of the two usual intervals: one standard deviation, and 95 %.
LEVELS = (0.6827, 0.95)
#: Fewest values of kappa_lambda of a belt that is smoothed.
FEWEST_POINTS = 4
#: Strengths of smoothing among which one is chosen.
STRENGTHS = np.logspace(-8, 4, 61)
#: Values on either side that a critical value shares its error with.
NEIGHBOURS = 2


def asymptotic_threshold(level: float) -> float:
    """Return the quantile of chi squared of one degree of freedom.

    >>> round(asymptotic_threshold(0.95), 3)
    3.841
    """
    return float(chi2.ppf(level, 1))


def critical_value(t: Floats, level: float) -> tuple[float, float]:
    """Return the quantile of t and its error.

    The value is the order statistic that a further experiment exceeds with a probability of
    1 - level; the error is half the distance of those a binomial standard deviation beside it.

    Args:
        t: of N experiments, shape (N,).
        level: of confidence.

    Raises:
        ConfigError: for too few experiments to bracket the quantile.
    """
    size = len(t)
    rank = (size + 1) * level
    spread = np.sqrt(size * level * (1 - level))
    if rank - spread < 1 or rank + spread > size:
        raise ConfigError(
            f"{size} pseudo-experiments are too few for a quantile of {level:g}; ask for more"
        )
    ranks = np.arange(1, size + 1)
    low, value, high = np.interp([rank - spread, rank, rank + spread], ranks, np.sort(t))
    return float(value), float(high - low) / 2


def smooth_curve(x: Floats, y: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Smooth values with errors: little second derivative, as little as they allow.

    The strength is that of the least expected squared error of the result (Mallows, Technometrics
    15 (1973) 661), since the errors are known. Cross-validation, which does without them, now and
    then takes no strength at all and gives the noise back.

    Args:
        x: rising, shape (K,), four at least.
        y: shape (K,).
        errors: of y, positive, shape (K,).

    Returns:
        Smoothed values and their errors, shape (K,) each.
    """
    size = len(x)
    rough = np.zeros((size - 2, size))
    steps = np.diff(x) / np.mean(np.diff(x))
    for i in range(size - 2):
        left, right = steps[i], steps[i + 1]
        # Second divided difference, weighted as in the integral of its square.
        scale = np.sqrt(0.5 * (left + right)) * 2 / (left + right)
        rough[i, i : i + 3] = scale * np.array([1 / left, -1 / left - 1 / right, 1 / right])
    weight = np.diag(np.mean(errors**2) / errors**2)
    penalty = rough.T @ rough
    best: tuple[float, Floats] | None = None
    for strength in STRENGTHS:
        hat = np.linalg.solve(weight + strength * penalty, weight)
        residual = (y - hat @ y) / errors
        score = float(residual @ residual + 2 * np.trace(hat))
        if best is None or score < best[0]:
            best = score, hat
    if best is None:  # pragma: no cover - the strengths are not empty
        raise ContractError("no strength of smoothing to choose from")
    hat = best[1]
    return hat @ y, np.sqrt((hat**2) @ errors**2)


def _of_neighbours(errors: Floats) -> Floats:
    """Return errors shared with two neighbours on either side.

    Those of quantiles are told by few experiments each: a value whose error is too small by chance
    would otherwise be followed wherever it lies.
    """
    padded = np.pad(errors**2, NEIGHBOURS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1)
    return np.asarray(np.sqrt(np.nanmean(windows, axis=1)))


@dataclass(frozen=True)
class CriticalValues:
    """Critical values of t along kappa_lambda at one level of confidence.

    Attributes:
        level: of confidence.
        kappa: rising, shape (K,).
        value: quantiles of the experiments thrown at each, shape (K,).
        error: their errors, shape (K,).
        smooth: smoothed, shape (K,).
        smooth_error: errors of those, shape (K,).
    """

    level: float
    kappa: Floats
    value: Floats
    error: Floats
    smooth: Floats
    smooth_error: Floats

    @classmethod
    def of(cls, kappa: Floats, t: Sequence[Floats], level: float) -> "CriticalValues":
        """Make them of the t of the experiments thrown at each kappa_lambda.

        Raises:
            ConfigError: for too few values of kappa_lambda or experiments.
        """
        if len(kappa) < FEWEST_POINTS or not (np.diff(kappa) > 0).all():
            raise ConfigError(
                f"a belt needs at least {FEWEST_POINTS} different values of kappa_lambda in rising"
                f" order, got {np.asarray(kappa).tolist()}"
            )
        pairs = np.array([critical_value(one, level) for one in t])
        value, error = pairs[:, 0], np.maximum(pairs[:, 1], 1e-6)
        # The logarithm keeps the smoothed values positive, and makes the errors alike.
        safe = np.maximum(value, 1e-6)
        logs, relative = smooth_curve(kappa, np.log(safe), _of_neighbours(error / safe))
        smooth = np.exp(logs)
        return cls(level, np.asarray(kappa), value, error, smooth, smooth * relative)

    def at(self, kappa: Floats) -> Floats:
        """Interpolate the smoothed critical values, shape (M,).

        Raises:
            ConfigError: outside of the belt.
        """
        outside = (kappa < self.kappa[0]) | (kappa > self.kappa[-1])
        if outside.any():
            raise ConfigError(
                f"kappa_lambda = {kappa[outside][0]:g} is outside of the belt from"
                f" {self.kappa[0]:g} to {self.kappa[-1]:g}; give the belt more values"
            )
        return np.asarray(PchipInterpolator(self.kappa, self.smooth)(kappa))

    def interval(self, kappa: Floats, t: Floats) -> Interval:
        """Return where t, shape (M,), lies below the critical values, with every stretch."""
        return find_interval(kappa, t - self.at(kappa), 0.0)

    def as_dict(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return {
            "level": self.level,
            "asymptotic": asymptotic_threshold(self.level),
            "kappa_lambda": self.kappa.tolist(),
            "critical": self.value.tolist(),
            "critical_error": self.error.tolist(),
            "smooth": self.smooth.tolist(),
            "smooth_error": self.smooth_error.tolist(),
        }


@dataclass(frozen=True)
class Coverage:
    """How often an interval held the true kappa_lambda.

    Attributes:
        kappa: the true value.
        level: nominal.
        share: of the experiments with t below the threshold.
        toys: number of experiments.
        error: of ``share``, see `share_error`.
        threshold: on t at the true value.
        threshold_error: what the error of the threshold does to ``share``.
    """

    kappa: float
    level: float
    share: float
    toys: int
    error: float
    threshold: float
    threshold_error: float = 0.0

    @classmethod
    def of(
        cls,
        kappa: float,
        level: float,
        t: Floats,
        threshold: float,
        threshold_sigma: float = 0.0,
        *,
        truths: int = 1,
    ) -> "Coverage":
        """Count experiments below a threshold that has an error of its own."""
        inside = [t <= threshold + step * threshold_sigma for step in (-1.0, 0.0, 1.0)]
        low, share, high = (float(np.mean(one)) for one in inside)
        error = share_error(inside[1], level, truths)
        return cls(kappa, level, share, len(t), error, threshold, (high - low) / 2)

    @property
    def pull(self) -> float:
        """Distance of the share from the level in its errors."""
        return (self.share - self.level) / self.error

    def as_dict(self) -> dict[str, float]:
        """Return plain data for JSON."""
        return {
            "share": self.share,
            "error": self.error,
            "pull": self.pull,
            "threshold": self.threshold,
            "threshold_error": self.threshold_error,
        }


def share_error(inside: NDArray[np.bool_], level: float, truths: int) -> float:
    """Return the error of a share of experiments.

    It is binomial, at the nominal level. Experiments of the same truth have its templates in
    common, so with several truths it is at least what their shares scatter.

    Args:
        inside: by experiment, shape (N,); number i has truth i modulo ``truths``.
        level: nominal.
        truths: how many models the data were thrown from in turn.
    """
    binomial = float(np.sqrt(level * (1 - level) / len(inside)))
    truths = min(truths, len(inside))
    if truths < 2:
        return binomial
    of = np.arange(len(inside)) % truths
    beyond = np.bincount(of, inside) - np.mean(inside) * np.bincount(of)
    scatter = np.sqrt(truths / (truths - 1) * np.sum(beyond**2)) / len(inside)
    return max(binomial, float(scatter))


def make_belt(
    lab: PseudoExperiments,
    kappa: Sequence[float],
    toys: int,
    levels: Sequence[float] = LEVELS,
    alphas: Mapping[float, Floats] | None = None,
) -> dict[float, CriticalValues]:
    """Throw experiments along kappa_lambda and take their quantiles, by level.

    Args:
        lab: what throws and fits them.
        kappa: rising values of kappa_lambda.
        toys: experiments at each.
        levels: of confidence.
        alphas: true parameters by kappa_lambda; None = nominal ones.

    Raises:
        ConfigError: for too few values or experiments, before any is thrown.
        FitFailed: if a fit does not converge.
    """
    for level in levels:
        CriticalValues.of(np.asarray(kappa), [np.arange(float(toys))] * len(kappa), level)
    points = progress(kappa, total=len(kappa), what="values of kappa_lambda of the belt")
    t = [lab.run(one, toys, "belt", (alphas or {}).get(one)).t for one in points]
    return {level: CriticalValues.of(np.asarray(kappa), t, level) for level in levels}


def measure_coverage(
    t: Floats, kappa: float, belt: Mapping[float, CriticalValues], *, truths: int = 1
) -> dict[float, tuple[Coverage, Coverage]]:
    """Return the coverage with the asymptotic threshold and with the belt, by level.

    Args:
        t: of experiments thrown at ``kappa`` that the belt does not know, shape (N,).
        kappa: the true value.
        belt: critical values by level.
        truths: how many models they were thrown from in turn.

    Raises:
        ConfigError: if kappa_lambda is outside of the belt.
    """
    result = {}
    for level, critical in belt.items():
        threshold = float(critical.at(np.array([kappa]))[0])
        sigma = float(np.interp(kappa, critical.kappa, critical.smooth_error))
        result[level] = (
            Coverage.of(kappa, level, t, asymptotic_threshold(level), truths=truths),
            Coverage.of(kappa, level, t, threshold, sigma, truths=truths),
        )
    return result

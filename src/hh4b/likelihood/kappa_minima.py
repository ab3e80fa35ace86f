"""The minima over kappa_lambda of many profiled likelihoods at once.

Two minima are common, since sigma(kappa_lambda) is a parabola, so a walk down the slope is not
enough. Each likelihood is profiled on a grid that is dense about the least cross section, where
the two minima part. With the exact slope a cubic goes through each cell; its minimum is refined by
further profiled fits, as in Newton's method, for the two lowest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, FitFailed
from hh4b.likelihood.fits import CompiledModel, fit_fixed
from hh4b.likelihood.model import LikelihoodModel

Floats = NDArray[np.float64]
#: Distances of the points of a grid from the least cross section, on both sides.
OFFSETS = (0.5, 1.0, 1.6, 2.4, 3.4, 4.6, 6.0, 7.8, 10.0, 13.0, 17.0, 22.0, 30.0, 45.0, 70.0, 110.0)
#: Refinement ends when the next step would lower -2 ln L by less.
TOLERANCE = 1e-5
STEPS = 8
#: A second minimum, or a fit that does not converge, does not matter where -2 ln L is higher than
#: the least by this much.
HOPELESS = 50.0
#: Minima that are followed.
FOLLOWED = 2
#: Expected events are quadratic in kappa_lambda, so that their central difference is exact.
_STEP = 0.01


@dataclass(frozen=True)
class ToyData:
    """Observed counts and auxiliary data of N experiments.

    Attributes:
        counts: shape (N, B).
        auxiliary: measured values of the parameters, shape (N, P); unused for free ones.
    """

    counts: Floats
    auxiliary: Floats

    def __len__(self) -> int:
        """Return N."""
        return len(self.counts)

    def rows(self, chosen: NDArray[np.intp]) -> "ToyData":
        """Return some of the experiments; one may stand there often."""
        return ToyData(self.counts[chosen], self.auxiliary[chosen])


@dataclass(frozen=True)
class Profiled:
    """Likelihoods profiled over all nuisance parameters at fixed kappa_lambda, mu = 1.

    Attributes:
        kappa: shape (N,).
        value: -2 ln L, shape (N,).
        slope: its derivative by kappa_lambda, shape (N,).
        alpha: profiled parameters, shape (N, P).
        converged: whether the fit did, shape (N,).
    """

    kappa: Floats
    value: Floats
    slope: Floats
    alpha: Floats
    converged: NDArray[np.bool_]


@dataclass(frozen=True)
class KappaMinima:
    """The lowest minima of N likelihoods, the lowest first.

    Attributes:
        kappa: where they are, shape (N, 2); not a number where there is no second.
        value: -2 ln L there, shape (N, 2); infinite where there is no second.
    """

    kappa: Floats
    value: Floats


def least_cross_section(model: LikelihoodModel) -> float:
    """Return the kappa_lambda of the least expected signal, summed over all bins."""
    constant, linear, square = model.signal.sum(axis=1)
    if not square > 0:
        raise ConfigError(
            f"the signal {constant:g} {linear:+g} kappa {square:+g} kappa^2 has no least value;"
            " check the components"
        )
    return float(-linear / (2 * square))


def scan_grid(model: LikelihoodModel, low: float, high: float) -> Floats:
    """Return values of kappa_lambda from low to high, dense about the least cross section.

    Raises:
        ConfigError: if the range is empty, or the signal is no parabola with a minimum.
    """
    if not low < high:
        raise ConfigError(f"kappa_lambda from {low:g} to {high:g} is no range")
    centre = least_cross_section(model)
    points = centre + np.array([0.0, *OFFSETS, *(-offset for offset in OFFSETS)])
    margin = 0.2
    inside = points[(points > low + margin) & (points < high - margin)]
    return np.unique(np.concatenate([[low, high], inside]))


def profile(
    compiled: CompiledModel,
    kappa: Floats,
    toys: ToyData,
    *,
    start: Floats | None = None,
    require: bool = True,
    threads: int = 1,
) -> Profiled:
    """Fit each experiment at its kappa_lambda, mu = 1.

    The slope is the derivative at fixed parameters: at their best values nothing else contributes.

    Args:
        compiled: the model.
        kappa: shape (N,).
        toys: N experiments.
        start: of the parameters, shape (N, P).
        require: whether each fit must converge.
        threads: of the fits; results do not depend on them.

    Raises:
        FitFailed: if a fit does not converge that must.
    """
    mu = np.ones(len(kappa))
    fits = fit_fixed(compiled, kappa, mu, toys.counts, toys.auxiliary, start=start, threads=threads)
    if require and not fits.converged.all():
        raise not_converged(kappa, ~fits.converged)
    expected = compiled.expected(kappa, mu, fits.alpha)
    above = compiled.expected(kappa + _STEP, mu, fits.alpha)
    below = compiled.expected(kappa - _STEP, mu, fits.alpha)
    derivative = (above - below) / (2 * _STEP)
    # Where -2 ln L is infinite the slope means nothing.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = 2 * np.sum((1 - toys.counts / expected) * derivative, axis=1)
    return Profiled(kappa, fits.minus_2_log_l, slope, fits.alpha, fits.converged)


def not_converged(kappa: Floats, failed: NDArray[np.bool_]) -> FitFailed:
    """Return the error for failed fits, shape of ``kappa``."""
    return FitFailed(
        f"{int(failed.sum())} of {failed.size} fits of pseudo-experiments did not converge, the"
        f" first at kappa_lambda = {kappa[failed][0]:g}; check the sizes of the systematics"
    )


def find_minima(
    compiled: CompiledModel, toys: ToyData, grid: Floats, *, threads: int = 1
) -> KappaMinima:
    """Find the two lowest minima of each likelihood in the range of the grid.

    An end of the range counts as a minimum where the likelihood rises from it.

    Args:
        compiled: the model.
        toys: N experiments.
        grid: rising values of kappa_lambda, shape (K,); see `scan_grid`.
        threads: of the fits.

    Raises:
        FitFailed: if a fit does not converge.
    """
    points = _profile_grid(compiled, toys, grid, threads)
    kappa, value = _cell_minima(points)
    order = np.argsort(value, axis=1, kind="stable")[:, :FOLLOWED]
    rows = np.arange(len(toys))[:, None]
    kappa, value, cell = kappa[rows, order], value[rows, order], order
    # A second minimum that is hopelessly high is none, and its fit might not converge.
    there = value <= value[:, :1] + HOPELESS
    value[~there] = np.inf
    inner = there & (cell < len(grid) - 1)
    row, column = np.nonzero(inner)
    if len(row):
        refined = _refine(compiled, toys.rows(row), _Cells.of(points, row, cell[inner]), threads)
        kappa[row, column], value[row, column] = refined
    kappa[~there] = np.nan
    order = np.argsort(value, axis=1, kind="stable")
    return KappaMinima(kappa[rows, order], value[rows, order])


def _profile_grid(
    compiled: CompiledModel, toys: ToyData, grid: Floats, threads: int
) -> list[Profiled]:
    points: list[Profiled] = []
    start = None
    for kappa in grid:
        points.append(
            profile(
                compiled,
                np.full(len(toys), kappa),
                toys,
                start=start,
                require=False,
                threads=threads,
            )
        )
        # A parameter at its bound, or a fit that failed, is a bad place to start from.
        usable = points[-1].converged & np.isfinite(points[-1].value)
        start = np.where(usable[:, None], points[-1].alpha, compiled.nominal)
    values, converged = (
        np.stack([getattr(point, name) for point in points], axis=1)
        for name in ("value", "converged")
    )
    lowest = np.where(converged, values, np.inf).min(axis=1, keepdims=True)
    failed = ~converged & ~(values > lowest + HOPELESS)
    if failed.any():
        raise not_converged(np.broadcast_to(grid, failed.shape), failed)
    return points


@dataclass(frozen=True)
class _Cells:
    """Both ends of a cell for each row: kappa, value, slope, each (M,), and alpha (M, P)."""

    left: Profiled
    right: Profiled

    @classmethod
    def of(cls, points: list[Profiled], row: NDArray[np.intp], cell: NDArray[np.intp]) -> "_Cells":
        def take(where: NDArray[np.intp]) -> Profiled:
            return Profiled(
                *(
                    np.stack([getattr(point, name) for point in points])[where, row]
                    for name in ("kappa", "value", "slope", "alpha", "converged")
                )
            )

        return cls(take(cell), take(cell + 1))

    def rows(self, chosen: NDArray[np.bool_]) -> "_Cells":
        return _Cells(_rows(self.left, chosen), _rows(self.right, chosen))

    def minimum(self) -> tuple[Floats, Floats]:
        return _cubic_minimum(
            (self.left.kappa, self.right.kappa),
            (self.left.value, self.right.value),
            (self.left.slope, self.right.slope),
        )

    def alpha_at(self, kappa: Floats) -> Floats:
        share = (kappa - self.left.kappa) / (self.right.kappa - self.left.kappa)
        return np.asarray(self.left.alpha + share[:, None] * (self.right.alpha - self.left.alpha))

    def split_at(self, middle: Profiled) -> "_Cells":
        """Keep the side in which the slope changes sign."""
        falls = middle.slope < 0
        return _Cells(_choose(falls, middle, self.left), _choose(falls, self.right, middle))


def _rows(points: Profiled, chosen: NDArray[np.bool_]) -> Profiled:
    return Profiled(
        points.kappa[chosen],
        points.value[chosen],
        points.slope[chosen],
        points.alpha[chosen],
        points.converged[chosen],
    )


def _choose(which: NDArray[np.bool_], one: Profiled, other: Profiled) -> Profiled:
    return Profiled(
        np.where(which, one.kappa, other.kappa),
        np.where(which, one.value, other.value),
        np.where(which, one.slope, other.slope),
        np.where(which[:, None], one.alpha, other.alpha),
        np.where(which, one.converged, other.converged),
    )


def _cubic_minimum(
    kappa: tuple[Floats, Floats], value: tuple[Floats, Floats], slope: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Return minimum and value there of the cubics with these ends, infinite where none is inside.

    Each argument is a pair of arrays for the left and the right end.
    """
    step = kappa[1] - kappa[0]
    # Where an end is infinite, nothing is inside.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        first, last = slope[0] * step, slope[1] * step
        rise = value[1] - value[0]
        # value = v0 + c1 x + c2 x^2 + c3 x^3 for x from 0 to 1.
        c1, c2, c3 = first, 3 * rise - 2 * first - last, first + last - 2 * rise
        root = np.sqrt(c2 * c2 - 3 * c3 * c1)
        x = np.where(c2 >= 0, -c1 / (c2 + root), (root - c2) / (3 * c3))
        inside = (x >= 0) & (x <= 1)
        x = np.where(inside, x, 0.0)
        found = value[0] + x * (c1 + x * (c2 + x * c3))
    return kappa[0] + x * step, np.where(inside, found, np.inf)


def _cell_minima(points: list[Profiled]) -> tuple[Floats, Floats]:
    """Return place and value of the minimum in each cell, then at both ends: (N, K + 1)."""
    kappa, value, slope = (
        np.stack([getattr(point, name) for point in points], axis=1)
        for name in ("kappa", "value", "slope")
    )
    places, values = _cubic_minimum(
        (kappa[:, :-1], kappa[:, 1:]), (value[:, :-1], value[:, 1:]), (slope[:, :-1], slope[:, 1:])
    )
    ends = np.where(
        np.stack([slope[:, 0] >= 0, slope[:, -1] <= 0], axis=1), value[:, [0, -1]], np.inf
    )
    return np.hstack([places, kappa[:, [0, -1]]]), np.hstack([values, ends])


def _refine(
    compiled: CompiledModel, toys: ToyData, cells: _Cells, threads: int
) -> tuple[Floats, Floats]:
    """Refine the minima in M cells by fits at the minima of ever smaller cubics."""
    guess, predicted = cells.minimum()
    best, lowest = guess.copy(), np.full(len(toys), np.inf)
    active = np.arange(len(toys))
    for _ in range(STEPS):
        middle = profile(
            compiled, guess, toys.rows(active), start=cells.alpha_at(guess), threads=threads
        )
        lower = middle.value < lowest[active]
        best[active[lower]] = middle.kappa[lower]
        lowest[active[lower]] = middle.value[lower]
        cells = cells.split_at(middle)
        guess, predicted = cells.minimum()
        going = np.isfinite(predicted) & (middle.value - predicted > TOLERANCE)
        if not going.any():
            break
        active, cells, guess = active[going], cells.rows(going), guess[going]
    return best, lowest

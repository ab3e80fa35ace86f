"""The shape of few selected events from many that nearly pass: arrays in, arrays out.

A tight cut on a score leaves few simulated events; at a looser cut the distribution of m_HH is
nearly the same up to a tilt. With weights w and x = ln m_HH, the template of bin b is

    T_b = N p_b,    p_b = sum_{loose in b} w e^{a x} / sum_{loose} w e^{a x},    N = sum_{tight} w,

where the one parameter a makes the weighted mean of x of the tilted loose events that of the tight
ones. This is the condition of maximum likelihood of an exponential family (Barndorff-Nielsen,
Information and Exponential Families, Wiley 1978, section 9.3), whose mean rises with a, so that
there is one solution. Loose events hold the tight ones. If the two are the same, a = 0 and T is the
histogram itself.

Errors are propagated to first order from the number of times that each event occurs, which is
Poisson distributed: N, the tilt and the shape vary together. With mu the mean of x, V its tilted
variance, mu_b its tilted mean in the bin, q_i = N e^{a x_i} / sum_{loose} w e^{a x} and

    h_ib = p_b + p_b (mu_b - mu) (x_i - mu) / V,

the regression of the bin on x, an event contributes w_i [1_tight h_ib + q_i (1_{i in b} - h_ib)]
to T_b, and the variance is the sum of the squares over events (the infinitesimal jackknife: Efron,
The Jackknife, the Bootstrap and Other Resampling Plans, SIAM 1982, chapter 6).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import FitFailed
from hh4b.core.grouping import group_sums

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: Largest tilt that is looked for; weights (m / m_0)^20 leave nothing of a spectrum.
LARGEST_TILT = 20.0
#: A smaller variance of ln m_HH is none.
_NO_SPREAD = 1e-12
_STEPS = 200


@dataclass(frozen=True)
class Cells:
    """Where weights lie: a cell is one row, or rows of nearly one mass in one bin.

    Attributes:
        log_mass: ln m_HH, shape (F,).
        bins: bin of the template, 0 to B - 1, shape (F,).
        n_bins: B.
    """

    log_mass: Floats
    bins: NDArray[np.intp]
    n_bins: int


@dataclass(frozen=True)
class CellSums:
    """What lies in the cells, in R replicas.

    Attributes:
        weights: sum of weights, shape (F, R).
        squares: sum of squared weights, shape (F, R).
    """

    weights: Floats
    squares: Floats


@dataclass(frozen=True)
class TiltedShape:
    """Tilted templates in R replicas.

    Attributes:
        sums: T_b, shape (R, B).
        squares: variance of T_b if every row is an event, shape (R, B).
        tilt: a, shape (R,).
        tilt_error: its error if every row is an event, shape (R,).
        effective_loose: effective number of loose rows after the tilt, shape (R,).
        spread_pull: variance of x of the tight events minus that of the tilted loose ones, over its
            error: whether a tilt is enough, shape (R,).
        direct: where the tight events have no spread of mass, so that there is no tilt to find and
            T is their histogram, shape (R,).
        at_bound: where the tilt is at its bound, shape (R,).
    """

    sums: Floats
    squares: Floats
    tilt: Floats
    tilt_error: Floats
    effective_loose: Floats
    spread_pull: Floats
    direct: Bools
    at_bound: Bools


def solve_tilt(log_mass: Floats, weights: Floats, mean: Floats) -> Floats:
    """Return the tilt that gives weights a mean of ln m_HH, by Newton's method inside a bracket.

    Args:
        log_mass: ln m_HH, shape (F,).
        weights: not negative, shape (F, R).
        mean: wanted, shape (R,).

    Returns:
        Shape (R,); plus or minus `LARGEST_TILT` where only a larger one would do, 0 where there is
        no weight.

    Raises:
        FitFailed: if the iteration does not converge.
    """
    low, high = np.full(len(mean), -LARGEST_TILT), np.full(len(mean), LARGEST_TILT)
    tilt = np.zeros(len(mean))
    open_ = np.flatnonzero(weights.sum(axis=0) > 0)
    for _ in range(_STEPS):
        distance, variance = _moments(log_mass, weights[:, open_], tilt[open_], mean[open_])
        above = distance > 0
        high[open_[above]] = tilt[open_[above]]
        low[open_[~above]] = tilt[open_[~above]]
        step = np.divide(distance, variance, out=np.zeros_like(distance), where=variance > 0)
        new = tilt[open_] - step
        outside = (new <= low[open_]) | (new >= high[open_]) | (variance <= 0)
        new = np.where(outside, 0.5 * (low[open_] + high[open_]), new)
        found = np.abs(distance) <= 1e-13 * (1 + np.abs(mean[open_]))
        narrow = high[open_] - low[open_] < 1e-11
        tilt[open_[~found]] = new[~found]
        open_ = open_[~(found | narrow)]
        if not len(open_):
            return tilt
    raise FitFailed(f"the tilt of a background did not converge in {_STEPS} steps; check its m_HH")


def _moments(
    log_mass: Floats, weights: Floats, tilt: Floats, mean: Floats
) -> tuple[Floats, Floats]:
    """Return the distance of the tilted mean from ``mean`` and the tilted variance, (R,) each."""
    centred = log_mass[:, None] - mean
    tilted = weights * np.exp(centred * tilt)
    total = tilted.sum(axis=0)
    distance = (tilted * centred).sum(axis=0) / total
    return distance, (tilted * centred**2).sum(axis=0) / total - distance**2


@dataclass(frozen=True)
class _Fit:
    """A solved tilt, shapes (R,), (B, R) for ``shape`` and ``slope``, (F, R) for the last three.

    ``widening`` is (x - mu)^2 - V without its regression on x, ``excess`` the variance of x of the
    tight events over V.
    """

    total: Floats
    tilt: Floats
    variance: Floats
    excess: Floats
    free: Bools
    distance: Floats
    factor: Floats
    widening: Floats
    shape: Floats
    slope: Floats


def _fit(cells: Cells, tight: Floats, loose: Floats) -> tuple[_Fit, Bools]:
    """Solve the tilt; return also which replicas have no spread of tight events."""
    total = tight.sum(axis=0)
    safe = np.where(total > 0, total, 1.0)
    mean = (cells.log_mass @ tight) / safe
    distance = cells.log_mass[:, None] - mean
    spread = (tight * distance**2).sum(axis=0) / safe
    direct = spread <= _NO_SPREAD
    loose = np.where(direct, tight, loose)
    tilt = np.where(direct, 0.0, solve_tilt(cells.log_mass, loose, mean))
    tilted = loose * np.exp(distance * tilt)
    norm = tilted.sum(axis=0)
    norm = np.where(norm > 0, norm, 1.0)
    variance = (tilted * distance**2).sum(axis=0) / norm
    free = (np.abs(tilt) < LARGEST_TILT - 1e-9) & (variance > _NO_SPREAD) & ~direct
    shape, first = (
        np.stack([values[cells.bins == place].sum(axis=0) for place in range(cells.n_bins)]) / norm
        for values in (tilted, tilted * distance)
    )
    inverse = np.divide(1.0, variance, out=np.zeros_like(variance), where=free)
    factor = total / norm * np.exp(distance * tilt)
    skew = (tilted * distance**3).sum(axis=0) / norm * inverse
    widening = distance**2 - variance - skew * distance
    fit = _Fit(
        total, tilt, variance, spread - variance, free, distance, factor, widening, shape,
        first * inverse,
    )  # fmt: skip
    return fit, direct


def tilted_shape(cells: Cells, tight: CellSums, loose: CellSums) -> TiltedShape:
    """Return the tilted templates; see the module for the formula.

    Args:
        cells: where the weights lie.
        tight: events that pass.
        loose: events that pass the looser cut, those of ``tight`` among them.
    """
    fit, direct = _fit(cells, tight.weights, loose.weights)
    squares = np.where(direct, tight.squares, loose.squares)
    only_loose = squares - tight.squares
    variance = np.empty(fit.shape.shape)
    for place in range(cells.n_bins):
        expected = fit.shape[place] + fit.slope[place] * fit.distance
        rest = fit.factor * ((cells.bins == place)[:, None] - expected)
        variance[place] = (tight.squares * (expected + rest) ** 2 + only_loose * rest**2).sum(
            axis=0
        )
    of_mean, of_spread = (
        (tight.squares * (one * (1 - fit.factor)) ** 2 + only_loose * (one * fit.factor) ** 2)
        for one in (fit.distance, fit.widening)
    )
    effective = (squares * fit.factor**2).sum(axis=0)
    return TiltedShape(
        sums=(fit.total * fit.shape).T,
        squares=variance.T,
        tilt=fit.tilt,
        tilt_error=_tilt_error(fit, of_mean.sum(axis=0)),
        spread_pull=_spread_pull(fit, of_spread.sum(axis=0)),
        effective_loose=np.divide(
            fit.total**2, effective, out=np.zeros_like(effective), where=effective > 0
        ),
        direct=direct,
        at_bound=~fit.free & ~direct,
    )


def _tilt_error(fit: _Fit, squares: Floats) -> Floats:
    error = np.full(len(fit.total), np.nan)
    free = fit.free
    error[free] = np.sqrt(squares[free]) / (fit.total[free] * fit.variance[free])
    return error


def _spread_pull(fit: _Fit, squares: Floats) -> Floats:
    pull = np.full(len(fit.total), np.nan)
    free = fit.free & (squares > 0)
    pull[free] = fit.excess[free] * fit.total[free] / np.sqrt(squares[free])
    return pull


@dataclass(frozen=True)
class EventErrors:
    """Errors of one tilted template where events have several rows.

    Attributes:
        squares: variance of T_b, shape (B,).
        tilt_error: of the tilt; not a number where there is none.
        effective_loose: effective number of loose events after the tilt.
        spread_pull: as in `TiltedShape`.
    """

    squares: Floats
    tilt_error: float
    effective_loose: float
    spread_pull: float


def event_errors(
    cells: Cells, weights: Floats, tight: Bools, events: NDArray[np.int64]
) -> EventErrors:
    """Return the errors of the tilted template of rows, those of one event together.

    Args:
        cells: one for each loose row.
        weights: of the rows, shape (F,).
        tight: which rows pass, shape (F,).
        events: which event each row is of, shape (F,).
    """
    fit, _ = _fit(cells, (weights * tight)[:, None], weights[:, None])
    distance, factor = fit.distance[:, 0], fit.factor[:, 0]
    changes = np.empty((len(weights), cells.n_bins + 3))
    for place in range(cells.n_bins):
        expected = fit.shape[place, 0] + fit.slope[place, 0] * distance
        changes[:, place] = tight * expected + factor * ((cells.bins == place) - expected)
    changes[:, -3] = distance * (tight - factor)
    changes[:, -2] = fit.widening[:, 0] * (tight - factor)
    changes[:, -1] = factor
    squares = (group_sums(weights[:, None] * changes, events) ** 2).sum(axis=0)
    of_mean, of_spread, of_factor = squares[-3:]
    return EventErrors(
        squares[: cells.n_bins],
        tilt_error=float(_tilt_error(fit, np.array([of_mean]))[0]),
        effective_loose=float(fit.total[0] ** 2 / of_factor) if of_factor > 0 else 0.0,
        spread_pull=float(_spread_pull(fit, np.array([of_spread]))[0]),
    )

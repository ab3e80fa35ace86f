"""Contours of kappa_lambda against another coupling, from one template for each pair of monomials.

The cross section is a quadratic form in the five monomials of
`hh4b.generation.couplings.MONOMIALS`, so 5 x 5 templates hold the signal at every point. Nothing is
profiled here: the surface is that of statistical errors. `hh4b.likelihood.coupling_likelihood` has
the same templates with every nuisance profiled.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from hh4b.core.errors import ConfigError, ContractError
from hh4b.generation.couplings import (
    MONOMIALS,
    HiggsPairCouplings,
    monomials,
    squared_amplitude,
)

Floats = NDArray[np.float64]

#: -2 ln L above its minimum at 68 and 95 % for two parameters (chi-squared with two degrees).
LEVELS = {0.68: 2.279, 0.95: 5.991}
_SIZE = len(MONOMIALS)


@dataclass(frozen=True)
class CouplingTemplates:
    """Expected events in B bins at every point of the couplings.

    Attributes:
        signal: events of each pair of monomials, symmetric in the pair, shape (5, 5, B).
        background: events, positive, shape (B,).
    """

    signal: Floats
    background: Floats

    def __post_init__(self) -> None:
        """Check the shapes.

        Raises:
            ContractError: if they do not fit, or the background is not positive everywhere.
        """
        if self.signal.shape != (_SIZE, _SIZE, *self.background.shape):
            raise ContractError(
                f"templates of couplings: signal has the shape {self.signal.shape}, expected"
                f" ({_SIZE}, {_SIZE}, bins) with the {self.background.shape} of the background"
            )
        if not (np.isfinite(self.signal).all() and (self.background > 0).all()):
            raise ContractError(
                "templates of couplings: the background must be positive in every bin and the"
                " signal finite; join bins"
            )

    def expected(self, values: Floats) -> Floats:
        """Return signal and background at values of the monomials (..., 5), shape (..., B)."""
        signal = np.einsum("...a,...b,abn->...n", values, values, self.signal)
        return np.asarray(signal + self.background)


def signal_templates(
    polynomial: Floats,
    weights: Floats,
    bins: NDArray[np.intp],
    n_bins: int,
    *,
    generated: HiggsPairCouplings,
) -> Floats:
    """Sum events of one point into templates of each pair of monomials, shape (5, 5, n_bins).

    Args:
        polynomial: of `hh4b.generation.couplings.coupling_polynomial`, shape (N, 5, 5).
        weights: of the events, whose sum is the expected number at their own point, shape (N,).
        bins: bin of each event; those outside 0 to n_bins - 1 are left out, shape (N,).
        n_bins: number of bins.
        generated: the events' own point.

    Raises:
        ContractError: if events have no probability at their own point.
    """
    density = squared_amplitude(polynomial, generated)
    if not (density > 0).all():
        raise ContractError(f"events have no probability at {generated}")
    inside = (bins >= 0) & (bins < n_bins)
    parts = polynomial[inside] * (weights / density)[inside, None, None]
    result = np.zeros((n_bins, _SIZE, _SIZE))
    np.add.at(result, bins[inside], parts)
    return np.moveaxis(result, 0, -1)


@dataclass(frozen=True)
class CouplingContour:
    """-2 ln L of two couplings above its minimum on a grid.

    Attributes:
        x_name: first coupling.
        x: its values, shape (X,).
        y_name: second coupling.
        y: its values, shape (Y,).
        surface: -2 ln L above its smallest value on the grid, shape (X, Y).
    """

    x_name: str
    x: Floats
    y_name: str
    y: Floats
    surface: Floats

    def inside(self, probability: float) -> NDArray[np.bool_]:
        """Return which points lie inside the contour of 0.68 or 0.95, shape (X, Y)."""
        return np.asarray(self.surface <= LEVELS[probability])

    def leaves_grid(self, probability: float) -> bool:
        """Tell whether the contour reaches the edge of the grid, so that it is not whole."""
        part = self.inside(probability)
        return bool(part[[0, -1]].any() or part[:, [0, -1]].any())


def coupling_contour(
    templates: CouplingTemplates,
    data: Floats,
    x: tuple[str, ArrayLike],
    y: tuple[str, ArrayLike],
    others: HiggsPairCouplings | None = None,
) -> CouplingContour:
    """Scan two couplings.

    Args:
        templates: of signal and background.
        data: counts, or expected ones, shape (B,).
        x: name and increasing values of a coupling, e.g. ``("kappa_lambda", grid)``.
        y: of another, e.g. ``("c2", grid)``.
        others: where the other couplings stand; the standard model by default.

    Raises:
        ConfigError: if a name is no coupling, or stands twice.
        ContractError: if the data have another number of bins.
    """
    others = others or HiggsPairCouplings()
    known = list(vars(others))
    if x[0] == y[0] or not {x[0], y[0]} <= set(known):
        raise ConfigError(f"contour of {x[0]!r} and {y[0]!r}: expected two of {', '.join(known)}")
    if data.shape != templates.background.shape:
        raise ContractError(
            f"contour: data of shape {data.shape} for templates of {templates.background.shape}"
        )
    grid_x, grid_y = (np.asarray(values, dtype=np.float64) for _, values in (x, y))
    point = {**vars(others), x[0]: grid_x[:, None], y[0]: grid_y}
    surface = minus_2_log_l(templates, data, monomials(**point))
    return CouplingContour(x[0], grid_x, y[0], grid_y, surface - surface.min())


def minus_2_log_l(templates: CouplingTemplates, data: Floats, values: Floats) -> Floats:
    """Return -2 ln L, zero for a perfect fit, at values of the monomials (..., 5), shape (...).

    Infinite where a bin would expect less than nothing.
    """
    expected = templates.expected(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = expected - data + xlogy(data, data / expected)
    return np.asarray(np.where((expected > 0).all(axis=-1), 2.0 * terms.sum(axis=-1), np.inf))


def asimov(templates: CouplingTemplates, couplings: HiggsPairCouplings | None = None) -> Floats:
    """Return expected counts at a point, the standard model by default, shape (B,)."""
    return templates.expected((couplings or HiggsPairCouplings()).monomials())

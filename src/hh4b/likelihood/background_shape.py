"""Smooth shapes of a background in ln m_HH from many events, tilted to the few of each category.

All events above the lowest score edge (the loose ones) give a density rho(x) of x = ln m_HH. A
category c with sum of weights N_c and mean <x>_c has the shape

    T_cb = N_c int_b rho e^{a_c x} dx / int rho e^{a_c x} dx,    mean of x of T_c = <x>_c,

as `hh4b.statistics.tilted_shape` has it for histograms; with a second power, e^{a_c y + b_c y^2} in
y = x - <x>_c, the variance is that of the category, too. Three families make rho:

* ``polynomial``: exp(sum_k theta_k P_k(x)), Legendre polynomials, by maximum likelihood; the order
  grows while twice the log-likelihood ratio is above `SIGNIFICANT` in units of effective events.
* ``kernel``: Gaussian kernels reflected at the ends, of Silverman's width (Density Estimation,
  Chapman and Hall 1986, section 3.4.2), shrunk to the mean so that the variance of x stays.
* ``histogram``: the loose events themselves.

Densities are kept on cells that divide the bins of the templates.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, FitFailed
from hh4b.core.grouping import group_sums
from hh4b.statistics.tilted_shape import LARGEST_TILT, solve_tilt

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
FAMILIES = ("polynomial", "kernel", "histogram")
#: Of -2 Delta ln L with one parameter more: 5 per cent.
SIGNIFICANT = 3.84
_CELLS_PER_BIN = 32
_STEPS = 200
#: Condition of the covariance of two powers at which all of a shape is in a cell or two.
_SINGULAR = 1e12


@dataclass(frozen=True)
class MassCells:
    """Fine cells of ln m_HH inside the bins of templates.

    Attributes:
        log_edges: rising, shape (F + 1,).
        bins: bin of each cell, shape (F,).
        n_bins: number of bins, B.
    """

    log_edges: Floats
    bins: Indices
    n_bins: int

    @classmethod
    def of(cls, bin_edges_gev: Floats) -> "MassCells":
        """Divide every bin; an edge at 0 counts as 1 GeV."""
        edges = np.log(np.maximum(bin_edges_gev, 1.0))
        steps = np.arange(_CELLS_PER_BIN) / _CELLS_PER_BIN
        inner = (edges[:-1, None] + np.diff(edges)[:, None] * steps).ravel()
        bins = np.repeat(np.arange(len(edges) - 1), _CELLS_PER_BIN)
        return cls(np.append(inner, edges[-1]), bins, len(edges) - 1)

    @property
    def log_mass(self) -> Floats:
        """Middles, shape (F,)."""
        return np.asarray(0.5 * (self.log_edges[1:] + self.log_edges[:-1]))

    @property
    def widths(self) -> Floats:
        """Widths in ln m_HH, shape (F,)."""
        return np.diff(self.log_edges)

    def place(self, log_mass: Floats) -> Indices:
        """Return the cell of each event; those outside count in the cell at the end."""
        found = np.searchsorted(self.log_edges, log_mass, side="right") - 1
        return np.clip(found, 0, len(self.bins) - 1)

    def basis(self, order: int) -> Floats:
        """Return Legendre polynomials of order 1 to ``order``, shape (F, order)."""
        low, high = self.log_edges[0], self.log_edges[-1]
        scaled = 2 * (self.log_mass - low) / (high - low) - 1
        return np.polynomial.legendre.legvander(scaled, order)[:, 1:]

    def binned(self, cells: Floats) -> Floats:
        """Sum cells, shape (F, ...), into bins, shape (B, ...)."""
        starts = np.searchsorted(self.bins, np.arange(self.n_bins))
        return np.add.reduceat(cells, starts, axis=0)


@dataclass(frozen=True)
class LooseEvents:
    """Events that give the shape.

    Attributes:
        log_mass: ln m_HH, shape (N,).
        weight: not negative, shape (N,).
        event: what tells shower events apart, shape (N,): rows of one count together.
    """

    log_mass: Floats
    weight: Floats
    event: NDArray[np.int64]

    @property
    def weight_per_event(self) -> float:
        """Sum of squared weights of events over the sum of weights."""
        return float((group_sums(self.weight, self.event) ** 2).sum() / self.weight.sum())

    @property
    def effective_events(self) -> float:
        """Number of events of equal weight with the same relative error."""
        return float(self.weight.sum()) / self.weight_per_event


@dataclass(frozen=True)
class PolynomialShape:
    """A density that is the exponential of a polynomial.

    Attributes:
        cells: where it is known.
        parameters: theta, shape (order,).
        covariance: of theta from the events, rows of one event together, shape (order, order).
    """

    cells: MassCells
    parameters: Floats
    covariance: Floats

    def density(self, parameters: Floats | None = None) -> Floats:
        """Return the share of each cell, shape (F,), at other parameters if they are given."""
        theta = self.parameters if parameters is None else parameters
        return _shares(self.cells, self.cells.basis(len(theta)), theta)


def _shares(cells: MassCells, basis: Floats, theta: Floats) -> Floats:
    power = basis @ theta
    values = cells.widths * np.exp(power - power.max())
    return np.asarray(values / values.sum())


def fit_polynomial(
    cells: MassCells, events: LooseEvents, largest_order: int, smallest_order: int = 1
) -> PolynomialShape:
    """Fit the polynomial family; the order is chosen by the likelihood ratio.

    Two orders in a row that bring nothing end the search.

    Args:
        cells: of ln m_HH.
        events: of the loose region.
        largest_order: that may be chosen.
        smallest_order: the same.

    Raises:
        ContractError: without weight.
        FitFailed: if the maximum is not found.
    """
    place = cells.place(events.log_mass)
    counts = np.bincount(place, events.weight, len(cells.bins))
    total = counts.sum()
    if not total > 0:
        raise ContractError("a background has no event above the lowest score edge; lower it")
    unit = events.weight_per_event
    chosen = np.zeros(1)
    best = -np.inf
    for order in range(smallest_order, largest_order + 1):
        theta = _maximum(cells, counts / total, order, chosen)
        likelihood = total * _log_likelihood(cells, counts / total, theta) / unit
        if order == smallest_order or 2 * (likelihood - best) > SIGNIFICANT * (order - len(chosen)):
            chosen, best = theta, likelihood
        elif order - len(chosen) >= 2:
            break
    return PolynomialShape(cells, chosen, _covariance(cells, events, place, chosen))


def _log_likelihood(cells: MassCells, shares: Floats, theta: Floats) -> float:
    expected = _shares(cells, cells.basis(len(theta)), theta)
    return float(shares @ np.log(expected / cells.widths))


def _maximum(cells: MassCells, shares: Floats, order: int, start: Floats) -> Floats:
    """Return the parameters of the largest likelihood: Newton's method, halved while it falls."""
    basis = cells.basis(order)
    theta = np.concatenate([start, np.zeros(order)])[:order]
    wanted = shares @ basis
    value = _log_likelihood(cells, shares, theta)
    for _ in range(_STEPS):
        expected = _shares(cells, basis, theta)
        mean = expected @ basis
        hessian = (basis * expected[:, None]).T @ basis - np.outer(mean, mean)
        gradient = wanted - mean
        step = np.linalg.solve(hessian + 1e-12 * np.eye(order), gradient)
        if np.abs(gradient).max() < 1e-10:
            return theta
        for _ in range(40):
            new = _log_likelihood(cells, shares, theta + step)
            if new >= value - 1e-14:
                break
            step = 0.5 * step
        theta, value = theta + step, new
    raise FitFailed(
        f"the polynomial of order {order} in ln m_HH did not converge; lower polynomial_order_max"
        " or generate more background"
    )


def _covariance(cells: MassCells, events: LooseEvents, place: Indices, theta: Floats) -> Floats:
    """Return H^-1 J H^-1, J being the sum over events of their squared score."""
    basis = cells.basis(len(theta))
    expected = _shares(cells, basis, theta)
    mean = expected @ basis
    hessian = (basis * expected[:, None]).T @ basis - np.outer(mean, mean)
    scores = group_sums(events.weight[:, None] * (basis[place] - mean), events.event)
    inverse = np.linalg.inv(hessian)
    return np.asarray(inverse @ (scores.T @ scores) @ inverse / events.weight.sum() ** 2)


def kernel_density(cells: MassCells, events: LooseEvents) -> Floats:
    """Return the share of each cell by Gaussian kernels, shape (F,)."""
    counts = np.bincount(cells.place(events.log_mass), events.weight, len(cells.bins))
    x, shares = cells.log_mass, counts / counts.sum()
    mean = float(shares @ x)
    variance = float(shares @ (x - mean) ** 2)
    low, high = np.interp([0.25, 0.75], np.cumsum(shares), x)
    spread = min(np.sqrt(variance), (high - low) / 1.34) if high > low else np.sqrt(variance)
    width = max(0.9 * spread * events.effective_events**-0.2, float(cells.widths.min()))
    centres = mean + (x - mean) * np.sqrt(variance / (variance + width**2))
    first, last = cells.log_edges[0], cells.log_edges[-1]
    total = np.zeros(len(x))
    for mirrored in (centres, 2 * first - centres, 2 * last - centres):
        total += np.exp(-0.5 * ((x[:, None] - mirrored) / width) ** 2) @ shares
    values = total * cells.widths
    return np.asarray(values / values.sum())


def family_density(family: str, events: LooseEvents, polynomial: PolynomialShape) -> Floats:
    """Return the share of each cell in a family, shape (F,)."""
    cells = polynomial.cells
    if family == "polynomial":
        return polynomial.density()
    if family == "kernel":
        return kernel_density(cells, events)
    counts = np.bincount(cells.place(events.log_mass), events.weight, len(cells.bins))
    return np.asarray(counts / counts.sum())


@dataclass(frozen=True)
class CategoryEvents:
    """What the events of C categories say.

    Attributes:
        total: sum of weights, shape (C,).
        mean: weighted mean of y = ln m_HH, shape (C,).
        variance: weighted variance of y, shape (C,): the tilt has a second power; None = one power.
    """

    total: Floats
    mean: Floats
    variance: Floats | None = None

    @property
    def order(self) -> int:
        """Number of powers of a tilt, T."""
        return 1 if self.variance is None else 2


def tilted_to(
    cells: MassCells, density: Floats, categories: CategoryEvents
) -> tuple[Floats, Floats]:
    """Tilt a density to the mean, and to the variance if there is one, of each category.

    Args:
        cells: of the density.
        density: share of each cell, shape (F,).
        categories: wanted sums and moments.

    Returns:
        Templates (C, B) and the covariance of the powers of ln m_HH in each, (C, T, T).

    Raises:
        ContractError: if a category has moments that no tilt gives.
        FitFailed: if the tilt is not found.
    """
    powers = tilts(cells, density, categories)
    values, information = [], []
    for tilt, mean in zip(powers, categories.mean, strict=True):
        share, _, covariance = _moments(cells, density, tilt, float(mean))
        values.append(share)
        information.append(covariance)
    binned = cells.binned(np.stack(values, axis=1)) * categories.total
    return np.asarray(binned.T), np.stack(information)


def tilts(cells: MassCells, density: Floats, categories: CategoryEvents) -> Floats:
    """Return the powers of the tilt of each category, coefficients of (y - mean)^t, (C, T).

    Raises:
        ContractError: if there are none.
        FitFailed: if they are not found.
    """
    repeated = np.repeat(density[:, None], len(categories.mean), axis=1)
    tilt = solve_tilt(cells.log_mass, repeated, categories.mean)
    bad = np.abs(tilt) >= LARGEST_TILT - 1e-9
    if bad.any():
        raise ContractError(
            f"category {int(bad.argmax())} has a mean of ln m_HH that no tilt of the loose shape"
            " gives; it has too few background events, join it with its neighbour"
        )
    if categories.variance is None:
        return tilt[:, None]
    return np.stack([
        _second_power(cells, density, np.array([one, 0.0]), float(mean), float(variance))
        for one, mean, variance in zip(tilt, categories.mean, categories.variance, strict=True)
    ])  # fmt: skip


def _second_power(
    cells: MassCells, density: Floats, start: Floats, mean: float, variance: float
) -> Floats:
    """Return the two powers with the wanted moments, by damped Newton steps of a convex function.

    That function is ln of the sum of tilted shares minus the powers times the moments wanted.
    """
    wanted = np.array([0.0, variance])
    tilt = start
    for _ in range(_STEPS):
        _, found, covariance = _moments(cells, density, tilt, mean)
        distance = found - wanted
        if (np.abs(distance) <= 1e-10 * np.array([1.0, variance])).all():
            return tilt
        if np.linalg.cond(covariance) > _SINGULAR:
            break
        step = np.linalg.solve(covariance, distance)
        before = _potential(cells, density, tilt, mean, wanted)
        length = 1.0
        while length > 1e-6 and not (
            _potential(cells, density, tilt - length * step, mean, wanted)
            <= before - 1e-4 * length * float(distance @ step) + 1e-13 * abs(before)
        ):
            length *= 0.5
        tilt = tilt - length * step
    raise FitFailed(
        f"no tilt of two powers gives a category the variance {variance:.3g} of ln m_HH; set"
        " tilt_order to 1, or join it with its neighbour"
    )


def _moments(
    cells: MassCells, density: Floats, tilt: Floats, mean: float
) -> tuple[Floats, Floats, Floats]:
    """Return shares (F,), means of the powers (T,) and their covariance (T, T)."""
    powers = (cells.log_mass - mean)[:, None] ** np.arange(1, len(tilt) + 1)
    exponent = powers @ tilt
    values = density * np.exp(exponent - exponent.max())
    values = values / values.sum()
    found = values @ powers
    centred = powers - found
    return values, found, (centred * values[:, None]).T @ centred


def _potential(
    cells: MassCells, density: Floats, tilt: Floats, mean: float, wanted: Floats
) -> float:
    exponent = (cells.log_mass - mean)[:, None] ** np.arange(1, len(tilt) + 1) @ tilt
    largest = exponent.max()
    return float(np.log(density @ np.exp(exponent - largest)) + largest - tilt @ wanted)


def shape_errors(
    polynomial: PolynomialShape, categories: CategoryEvents, smallest: float = 0.05
) -> list[tuple[Floats, Floats]]:
    """Return independent variations of one standard deviation by the statistics of loose events.

    The parameters are rotated so that their effects on the templates are orthogonal; the direction
    that a tilt takes back has none.

    Args:
        polynomial: the fitted shape.
        categories: to which it is tilted.
        smallest: variations below this share of the largest are left out.

    Returns:
        Templates (C, B) at +1 and -1, by falling size.
    """
    cells = polynomial.cells

    def template(change: Floats) -> Floats:
        density = polynomial.density(polynomial.parameters + change)
        return tilted_to(cells, density, categories)[0]

    values, vectors = np.linalg.eigh(polynomial.covariance)
    steps = vectors * np.sqrt(np.maximum(values, 0.0))
    nominal = template(np.zeros(len(steps)))
    effects = np.stack(
        [((template(s) - template(-s)) / 2 / np.sqrt(nominal)).ravel() for s in steps.T], axis=1
    )
    _, sizes, rotation = np.linalg.svd(effects, full_matrices=False)
    kept = np.flatnonzero(sizes > max(smallest * sizes.max(initial=0.0), 1e-12))
    return [(template(change), template(-change)) for change in (steps @ rotation[i] for i in kept)]

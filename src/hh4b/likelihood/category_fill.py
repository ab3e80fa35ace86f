"""Category templates from rows: bins, signal components, and the families of backgrounds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.likelihood.background_shape import (
    FAMILIES,
    CategoryEvents,
    LooseEvents,
    MassCells,
    family_density,
    fit_polynomial,
    shape_errors,
    tilted_to,
    tilts,
)
from hh4b.likelihood.category_rows import CategoryChoice, CategoryRows, cell_sums
from hh4b.likelihood.category_templates import (
    DIRECT,
    CategoryBackground,
    CategoryBins,
    CategorySignal,
)
from hh4b.likelihood.model import Channel
from hh4b.statistics.binning import effective_numbers, filled_bins
from hh4b.statistics.template_format import MergedBin

Floats = NDArray[np.float64]
Starts = list[NDArray[np.intp]]


@dataclass(frozen=True)
class CategoryLayout:
    """Which bins of the templates make a bin of a category.

    Attributes:
        choice: categories and bins before any are joined.
        starts: of each category, the bins at which joined ones begin.
        categories: what came of it.
    """

    choice: CategoryChoice
    starts: Starts
    categories: tuple[CategoryBins, ...]

    @classmethod
    def like(cls, choice: CategoryChoice, categories: tuple[CategoryBins, ...]) -> Self:
        """Return the layout that categories have which were made with the same choice."""
        starts = [
            np.searchsorted(choice.bin_edges_gev, one.channel.bin_edges_gev[:-1])
            for one in categories
        ]
        return cls(choice, starts, categories)

    def joined(self, values: Floats) -> Floats:
        """Sum bins, shape (..., C, B0), to those of all categories, shape (..., B)."""
        return np.concatenate(
            [np.add.reduceat(values[..., c, :], s, axis=-1) for c, s in enumerate(self.starts)],
            axis=-1,
        )

    def unfolded(self, cells: Floats) -> Floats:
        """Turn cells, shape (..., C B0), into shape (..., C, B0)."""
        return cells.reshape(*cells.shape[:-1], self.choice.n_categories, self.choice.n_bins)


def category_layout(
    choice: CategoryChoice,
    backgrounds: Mapping[str, CategoryRows],
    background_pb: Mapping[str, float],
    minimum_effective_events: float,
) -> CategoryLayout:
    """Join bins in which a category has too few background events, as templates have it.

    Args:
        choice: categories and bins.
        backgrounds: rows by process.
        background_pb: cross sections, which weigh them against each other.
        minimum_effective_events: that a bin needs.

    Raises:
        ContractError: naming a category without enough of them.
    """
    n_cells = choice.n_categories * choice.n_bins
    largest = max(background_pb.values())
    found = []
    for name, rows in backgrounds.items():
        factor = background_pb[name] / largest
        weight = factor * rows.weight[:, None]
        total, covariance = cell_sums(rows.cells(choice.n_bins), weight, rows.event, n_cells)
        found.append((total[0], covariance[0, 0]))
    shape = (choice.n_categories, 1, choice.n_bins)
    values, variance = (np.sum(parts, axis=0).reshape(shape) for parts in zip(*found, strict=True))
    leading = max((total for total, _ in found), key=lambda total: float(total.sum()))
    filled = filled_bins(values, variance, leading.reshape(shape), minimum_effective_events)
    effective = effective_numbers(values, variance)[:, 0]
    starts, categories = [], []
    for place in range(choice.n_categories):
        low, high = _score_range(choice, place)
        if not filled[place].any():
            raise ContractError(
                f"scores from {low:g} to {high:g} have"
                f" {float(effective_numbers(values[place].sum(), variance[place].sum())):.3g}"
                f" effective background events, a bin needs {minimum_effective_events:g}; choose"
                " other category_edges or generate more background"
            )
        first = np.flatnonzero(filled[place])
        first[0] = 0
        starts.append(first)
        edges = np.append(choice.bin_edges_gev[first], choice.bin_edges_gev[-1])
        channel = Channel(f"category_{place + 1}", tuple(edges.tolist()), (low, high))
        lost = tuple(
            MergedBin(
                float(choice.bin_edges_gev[i]),
                float(choice.bin_edges_gev[i + 1]),
                float(effective[place, i]),
            )
            for i in np.flatnonzero(~filled[place])
        )
        categories.append(CategoryBins(channel, lost))
    return CategoryLayout(choice, starts, tuple(categories))


def _score_range(choice: CategoryChoice, place: int) -> tuple[float, float]:
    low = choice.score_edges[place]
    last = place + 1 == choice.n_categories
    # Scores end at 1, unless they are another number.
    return low, max(1.0, low) if last else choice.score_edges[place + 1]


def category_signal(rows: CategoryRows, layout: CategoryLayout) -> CategorySignal:
    """Return the components of the signal."""
    choice = layout.choice
    components = np.zeros((0, 3)) if rows.components is None else rows.components
    total, covariance = cell_sums(
        rows.cells(choice.n_bins), components, rows.event, choice.n_categories * choice.n_bins
    )
    return CategorySignal(
        layout.joined(layout.unfolded(total)), layout.joined(layout.unfolded(covariance))
    )


def category_background(
    rows: CategoryRows,
    layout: CategoryLayout,
    *,
    polynomial_order_max: int,
    polynomial_order_min: int = 1,
    tilt_order: int,
    where: str,
) -> CategoryBackground:
    """Return a background: its events, the families of its shape and their errors.

    Args:
        rows: of the background.
        layout: categories and their bins.
        polynomial_order_max: largest order of the polynomial in ln m_HH.
        polynomial_order_min: smallest one.
        tilt_order: powers of ln m_HH that tilt the loose shape to a category.
        where: name of the background, for messages.

    Raises:
        ContractError: if a category has no event, or a mean that no tilt gives.
        FitFailed: if the polynomial is not found.
    """
    choice = layout.choice
    total, covariance = cell_sums(
        rows.cells(choice.n_bins), rows.weight[:, None], rows.event,
        choice.n_categories * choice.n_bins,
    )  # fmt: skip
    direct = layout.joined(layout.unfolded(total[0]))
    variance = layout.joined(layout.unfolded(covariance[0, 0]))
    sums, moments, spread = _category_moments(rows, choice.n_categories)
    if not (sums[0] > 0).all():
        empty = layout.categories[int(sums[0].argmin())].channel.name
        raise ContractError(f"{where}: no event in {empty}; choose other category_edges")
    events = CategoryEvents(sums[0], moments[0], moments[1] if tilt_order > 1 else None)
    cells = MassCells.of(choice.bin_edges_gev)
    loose = LooseEvents(rows.log_mass, rows.weight, rows.event)
    polynomial = fit_polynomial(cells, loose, polynomial_order_max, polynomial_order_min)
    families: dict[str, Floats] = {}
    information = np.ones((choice.n_categories, 1, 1))
    for family in FAMILIES:
        density = family_density(family, loose, polynomial)
        template, found = tilted_to(cells, density, events)
        families[family] = layout.joined(template)
        information = found if family == "polynomial" else information
    families[DIRECT] = direct
    errors = [[layout.joined(one) for one in pair] for pair in shape_errors(polynomial, events)]
    made = CategoryBackground(
        families=families,
        direct_variance=variance,
        effective_events=effective_numbers(direct, variance),
        mean_log_mass=_mean_log_mass(cells, polynomial.density(), layout),
        total_error=np.sqrt(sums[1]) / sums[0],
        share_error=_share_error(rows, sums, choice.n_categories),
        mean=events.mean,
        tilt=tilts(cells, polynomial.density(), events),
        tilt_covariance=_tilt_covariance(information, spread / sums[0][:, None, None] ** 2),
        monte_carlo=np.array(errors, dtype=np.float64),
        order=len(polynomial.parameters),
        chi2={},
        degrees=np.zeros(choice.n_categories),
    )
    chi2, degrees = _goodness(made, layout, 1 + events.order)
    return replace(made, chi2=chi2, degrees=degrees)


def _tilt_covariance(information: Floats, spread: Floats) -> Floats:
    """Return the covariance of the powers that a covariance of moments makes, (C, T, T)."""
    order = information.shape[-1]
    inverse = np.linalg.inv(information)
    return np.asarray(inverse @ spread[:, :order, :order] @ inverse)


def _category_moments(rows: CategoryRows, n_categories: int) -> tuple[Floats, Floats, Floats]:
    """Return sums and their variance, mean and variance of y = ln m_HH, both (2, C).

    The third is the covariance of the sums of w (y - mean) and w ((y - mean)^2 - variance), shape
    (C, 2, 2).
    """
    weight = rows.weight[:, None]
    total, covariance = cell_sums(rows.category, weight, rows.event, n_categories)
    safe = np.where(total[0] > 0, total[0], 1.0)
    mean = np.bincount(rows.category, rows.weight * rows.log_mass, n_categories) / safe
    distance = rows.log_mass - mean[rows.category]
    square = np.bincount(rows.category, rows.weight * distance**2, n_categories) / safe
    both = np.stack([distance, distance**2 - square[rows.category]], axis=1)
    _, spread = cell_sums(rows.category, weight * both, rows.event, n_categories)
    moments = np.stack([mean, square])
    return np.stack([total[0], covariance[0, 0]]), moments, np.moveaxis(spread, -1, 0)


def _share_error(rows: CategoryRows, sums: Floats, n_categories: int) -> Floats:
    """Return the relative error of each category's share in all of them, shape (C,)."""
    share = sums[0] / sums[0].sum()
    inside = rows.category[:, None] == np.arange(n_categories)
    change = rows.weight[:, None] * (inside - share)
    _, covariance = cell_sums(np.zeros(len(change), np.int64), change, rows.event, 1)
    return np.asarray(np.sqrt(np.diagonal(covariance[:, :, 0])) / sums[0])


def _mean_log_mass(cells: MassCells, density: Floats, layout: CategoryLayout) -> Floats:
    """Return the mean of ln m_HH of the loose shape in each bin, shape (B,)."""
    means = []
    for first in layout.starts:
        place = np.searchsorted(first, cells.bins, side="right") - 1
        share = np.bincount(place, density, len(first))
        means.append(np.bincount(place, density * cells.log_mass, len(first)) / share)
    return np.concatenate(means)


def _goodness(
    made: CategoryBackground, layout: CategoryLayout, taken: int
) -> tuple[dict[str, Floats], Floats]:
    """Return the chi2 of each family to the events, and the degrees of freedom.

    The sum and the moments of each category, ``taken`` numbers, are those of the events.
    """
    sizes = [len(first) for first in layout.starts]
    ends = np.cumsum(sizes)[:-1]
    used = made.direct_variance > 0
    chi2 = {}
    for family in FAMILIES:
        distance = made.families[DIRECT] - made.families[family]
        pulls = np.divide(
            distance**2, made.direct_variance, out=np.zeros_like(distance), where=used
        )
        chi2[family] = np.array([part.sum() for part in np.split(pulls, ends)])
    counted = np.array([int(part.sum()) for part in np.split(used, ends)])
    return chi2, np.maximum(counted - taken, 0).astype(np.float64)


def require_rows(rows: Mapping[str, CategoryRows], lowest: float) -> None:
    """Check that every process has events in the categories.

    Raises:
        ContractError: naming the process.
    """
    for name, one in rows.items():
        if not len(one.weight):
            raise ContractError(
                f"process {name!r} has no event with a score above {lowest:g} inside the bins of"
                " m_HH; lower the first of category_edges"
            )

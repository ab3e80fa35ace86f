"""What a variation of the simulation does to a process, without the noise of its few events.

Nominal and varied rows come from the same shower events. The ratio R = W'/W of the sums of weights
then fluctuates by the difference of the two only: with a Poisson number of each shower event e,

    var(R) = sum_e (w'_e - R w_e)^2 / W^2.

An effect is a factor on each category and a factor on m_HH, common to all categories: a polynomial
of low order in ln m_HH, fitted to what is left of the ratios of the bins. The components of a
signal are scaled alike; where only weights change and every event stays, they are known exactly.
"""

import logging

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.likelihood.category_rows import CategoryRows, cell_sums, paired
from hh4b.likelihood.category_templates import VariedProcess

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
#: Noise of a variation over its effect that is said in the log.
NOISY = 0.2
#: A smaller effect is none, and has no noise to speak of.
_NO_EFFECT = 1e-6
_SMALLEST_FACTOR = 0.05


def variation_of(
    nominal: CategoryRows,
    varied: CategoryRows,
    starts: list[NDArray[np.intp]],
    n_bins: int,
    *,
    order: int,
    where: str,
) -> VariedProcess:
    """Return the effect of a variation on a process.

    Args:
        nominal: rows of the process.
        varied: rows of the same showers under the variation.
        starts: of each category, the bins of the templates at which joined ones begin.
        n_bins: number of bins of the templates.
        order: of the polynomial in ln m_HH.
        where: variation and process, for messages.

    Raises:
        ContractError: if a category has no varied event.
    """
    n_categories = len(starts)
    one, other = paired(nominal, varied)
    events = np.concatenate([one, other])
    values = np.zeros((len(events), 2))
    values[: len(one), 0], values[len(one) :, 1] = nominal.weight, varied.weight
    category = np.concatenate([nominal.category, varied.category])
    total, covariance = cell_sums(category, values, events, n_categories)
    if not (total > 0).all():
        raise ContractError(
            f"{where}: no event in category {int((total > 0).all(axis=0).argmin())}; a variation"
            " needs the showers of the nominal sample"
        )
    norm, norm_variance = _ratio(total, covariance)
    cells = np.concatenate([nominal.cells(n_bins), varied.cells(n_bins)])
    in_cells, cell_covariance = cell_sums(cells, values, events, n_categories * n_bins)
    mass = _mean_mass(nominal, n_bins, n_categories * n_bins)
    found = _shape(in_cells, cell_covariance, mass, np.repeat(norm, n_bins), order)
    shape, shape_variance = _joined(found, in_cells[0], starts, n_bins)
    weight = _joined_sums(in_cells[0], starts, n_bins)
    sizes = [len(one) for one in starts]
    factor = np.repeat(norm, sizes)
    noise = _mean_root(np.repeat(norm_variance, sizes) + factor**2 * shape_variance, weight)
    effect = _mean_root((factor * shape - 1) ** 2, weight)
    fraction = noise / effect if effect > _NO_EFFECT else 0.0
    if fraction > NOISY:
        log.warning(
            "%s: its statistical error is %.0f %% of its effect; simulate more showers",
            where, 100 * fraction,
        )  # fmt: skip
    return VariedProcess(norm, shape, None, float(fraction))


def _ratio(total: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Return varied over nominal and its variance; totals (2, M), covariance (2, 2, M)."""
    weight = np.where(total[0] > 0, total[0], 1.0)
    ratio = np.where(total[0] > 0, total[1] / weight, 1.0)
    spread = covariance[1, 1] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[0, 0]
    return ratio, np.maximum(spread, 0.0) / weight**2


def _mean_mass(rows: CategoryRows, n_bins: int, n_cells: int) -> Floats:
    """Return the mean of ln m_HH in each cell, of all where it is empty, shape (M,)."""
    cells = rows.cells(n_bins)
    weight = np.bincount(cells, np.abs(rows.weight), n_cells)
    sums = np.bincount(cells, np.abs(rows.weight) * rows.log_mass, n_cells)
    return np.where(weight > 0, sums / np.where(weight > 0, weight, 1), rows.log_mass.mean())


def _shape(
    total: Floats, covariance: Floats, mass: Floats, norm: Floats, order: int
) -> tuple[Floats, Floats]:
    """Fit the factor on m_HH to bins; return it and its variance, shape (M,) each."""
    ratio, variance = _ratio(total, covariance)
    used = (total > 0).all(axis=0)
    error = _steady_errors(variance[used], total[0][used]) / norm[used]
    centre = float(np.average(mass[used], weights=total[0][used]))
    basis = np.stack([(mass - centre) ** power for power in range(order + 1)], axis=1)
    design = basis[used] / error[:, None]
    fitted, *_ = np.linalg.lstsq(design, (ratio[used] / norm[used] - 1) / error, rcond=None)
    inverse = np.linalg.pinv(design.T @ design)
    return 1 + basis @ fitted, np.einsum("ni,ij,nj->n", basis, inverse, basis)


def _steady_errors(variance: Floats, weight: Floats) -> Floats:
    """Return errors of ratios, half from all bins together.

    By chance no event of a bin may have moved: its ratio is not exact for that.
    """
    squares = variance * weight**2
    pooled = squares.sum() / weight.sum() * weight
    return np.asarray(np.sqrt(0.5 * (squares + pooled) / weight**2 + 1e-18))


def _joined_sums(values: Floats, starts: list[NDArray[np.intp]], n_bins: int) -> Floats:
    rows = values.reshape(len(starts), n_bins)
    return np.concatenate(
        [np.add.reduceat(row, first) for row, first in zip(rows, starts, strict=True)]
    )


def _joined(
    found: tuple[Floats, Floats], weight: Floats, starts: list[NDArray[np.intp]], n_bins: int
) -> tuple[Floats, Floats]:
    """Return the factor of joined bins, with the sum of each category unchanged."""
    # An empty bin counts a little, so that it has a mean.
    weight = np.abs(weight) + 1e-12 * np.abs(weight).max()
    shape = np.maximum(found[0], _SMALLEST_FACTOR)
    rows, weights = shape.reshape(-1, n_bins), weight.reshape(-1, n_bins)
    shape = (rows * (weights.sum(axis=1) / (rows * weights).sum(axis=1))[:, None]).ravel()
    total = _joined_sums(weight, starts, n_bins)
    return tuple(  # type: ignore[return-value]
        _joined_sums(one * weight, starts, n_bins) / total for one in (shape, found[1])
    )


def _mean_root(values: Floats, weight: Floats) -> float:
    weight = np.maximum(weight, 0.0)
    return float(np.sqrt((values * weight).sum() / max(float(weight.sum()), 1e-300)))

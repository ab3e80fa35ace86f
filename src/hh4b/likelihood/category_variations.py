"""What a variation of the simulation does to a process, without the noise of its few events.

Nominal and varied rows come from the same shower events. The ratio R = W'/W of the sums of weights
then fluctuates by the difference of the two only: with a Poisson number of each shower event e,

    var(R) = sum_e (w'_e - R w_e)^2 / W^2.

An effect is a factor on each category and a factor on m_HH, common to all categories: a polynomial
in ln m_HH, fitted to what is left of the ratios of the bins. Both have as few powers as the rows
ask for, so that what is not seen above its noise is not taken for an effect: the factors of
categories are a polynomial in the number of the category, up to one for each. The components of a
signal are scaled alike; where only weights change and every event stays, they are known exactly.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.kappa import same_kappa
from hh4b.likelihood.category_rows import CategoryRows, cell_sums, paired
from hh4b.likelihood.category_templates import VariedProcess
from hh4b.statistics.systematics import Systematic
from hh4b.statistics.template_inputs import LoadedSample
from hh4b.statistics.templates import SMALLEST_FACTOR, SignalEvents

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
#: Noise of a variation over its effect that is said in the log.
NOISY = 0.2
#: A smaller effect is none, and has no noise to speak of.
_NO_EFFECT = 1e-6
#: By how much a further power must lower chi squared, two standard deviations of its coefficient.
_ASKED_FOR = 4.0


def require_nominal(
    loaded: Mapping[str, Sequence[LoadedSample]],
    changed: Mapping[str, Sequence[LoadedSample]],
    systematics: Mapping[str, Systematic],
) -> None:
    """Refuse varied samples that are not those of the nominal ones which settings say.

    Args:
        loaded: nominal samples by process.
        changed: varied ones by ``SYSTEMATIC.DIRECTION.PROCESS``.
        systematics: of the templates.

    Raises:
        ConfigError: naming the first sample that is missing, or too many.
    """
    for key, samples in changed.items():
        name, _, process = key.split(".")
        kappas = getattr(systematics[name], "kappa_lambda", None)
        wanted = {
            one.shower.sample
            for one in loaded[process]
            if kappas is None
            or not isinstance(one.events, SignalEvents)
            or same_kappa(kappas, one.events.kappa_lambda).any()
        }
        there = {one.shower.sample for one in samples}
        for one in samples:
            if one.shower.sample not in wanted:
                raise ConfigError(
                    f"--varied {key}=…: {one.dataset} is of sample {one.shower.sample!r}, expected"
                    f" are {sorted(wanted)}: nominal samples of {process!r}, and of"
                    f" systematics.{name}.kappa_lambda where it is given"
                )
        if wanted - there:
            raise ConfigError(
                f"--varied {key}=…: sample {min(wanted - there)!r} is missing; give all samples of"
                f" {process!r}, or those of systematics.{name}.kappa_lambda"
            )


def mirrored(up: VariedProcess, nominal: Floats | None, own_fb: Floats) -> VariedProcess:
    """Return the variation that is as far the other way.

    Factors of categories are inverted. Factors of bins go as far below one as the others are above,
    and stay positive.

    Args:
        up: the variation.
        nominal: components of the signal, shape (3, B), where ``up`` has components.
        own_fb: coefficients of the amplitude's cross section, shape (3,).
    """
    other = replace(
        up,
        norm=1 / np.maximum(up.norm, SMALLEST_FACTOR),
        shape=np.maximum(2 - up.shape, SMALLEST_FACTOR),
        components=None,
    )
    if up.components is None or nominal is None:
        return other
    return replace(other, components=_mirrored_components(nominal, up.components, own_fb))


def _mirrored_components(nominal: Floats, up: Floats, own_fb: Floats) -> Floats:
    """Return 2 nominal - up in bins where that is positive at all kappa_lambda, shape (3, B).

    Elsewhere the signal of the bin is divided by the factor of the Standard Model.
    """
    reflected = 2 * nominal - up
    c0, c1, c2 = np.asarray(own_fb)[:, None] * reflected
    positive = (c0 > 0) & (c2 > 0) & (c1**2 < 4 * c0 * c2)
    at_one, up_at_one = (np.asarray(own_fb) @ values for values in (nominal, up))
    factor = np.divide(up_at_one, at_one, out=np.ones_like(at_one), where=at_one > 0)
    return np.where(positive, reflected, nominal / np.maximum(factor, SMALLEST_FACTOR))


def warn_of_noise(variations: Mapping[str, Mapping[str, Mapping[str, VariedProcess]]]) -> None:
    """Name variations, by systematic, direction and process, whose noise is much of the effect."""
    for name, directions in variations.items():
        for direction, processes in directions.items():
            for process, one in processes.items():
                if one.noise > NOISY:
                    log.warning(
                        "%s.%s.%s: its statistical error is %.0f %% of its effect; simulate more"
                        " showers",
                        name, direction, process, 100 * one.noise,
                    )  # fmt: skip


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
    norm, norm_variance = _smooth_norms(*_ratio(total, covariance))
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
    return VariedProcess(norm, shape, None, float(fraction))


def symmetric(
    ratio: VariedProcess, weight: Floats, starts: list[NDArray[np.intp]]
) -> tuple[VariedProcess, VariedProcess]:
    """Return up and down, both as far from nominal, of which the ratio is given.

    Args:
        ratio: up over down (`variation_of` with the rows of down as nominal ones).
        weight: nominal sums of the bins, shape (B,), whose sums in each category stay.
        starts: of each category, the bins of the templates at which joined ones begin.
    """
    ends = np.cumsum([len(one) for one in starts])[:-1]
    sides = []
    for power in (0.5, -0.5):
        shapes = np.split(np.maximum(ratio.shape, SMALLEST_FACTOR) ** power, ends)
        weights = np.split(np.maximum(weight, 0.0), ends)
        kept = [
            one * sums.sum() / (one * sums).sum() for one, sums in zip(shapes, weights, strict=True)
        ]
        norm = np.maximum(ratio.norm, SMALLEST_FACTOR) ** power
        sides.append(replace(ratio, norm=norm, shape=np.concatenate(kept)))
    return sides[0], sides[1]


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
    fitted, variance = _fewest_powers(ratio[used] / norm[used] - 1, error, basis[used], basis)
    return 1 + fitted, variance


def _smooth_norms(norm: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return factors of categories and their variances, smooth in the number of the category."""
    number = np.linspace(-1.0, 1.0, len(norm)) if len(norm) > 1 else np.zeros(1)
    basis = np.vander(number, increasing=True)
    found, found_variance = _fewest_powers(norm - 1, np.sqrt(variance + 1e-18), basis, basis)
    return 1 + found, found_variance


def _fewest_powers(
    values: Floats, error: Floats, basis: Floats, wanted: Floats
) -> tuple[Floats, Floats]:
    """Fit columns of a basis, each only if chi squared asks for it.

    Args:
        values: to fit, shape (N,).
        error: of the values, shape (N,).
        basis: at the values, columns of rising power, shape (N, P).
        wanted: the same where the result is wanted, shape (M, P).

    Returns:
        Fitted values and their variances, shape (M,).
    """
    best = np.inf
    for powers in range(1, basis.shape[1] + 1):
        design = basis[:, :powers] / error[:, None]
        fitted, *_ = np.linalg.lstsq(design, values / error, rcond=None)
        chi_squared = float(((values / error - design @ fitted) ** 2).sum())
        if powers == 1 or chi_squared < best - _ASKED_FOR:
            best = chi_squared
            inverse = np.linalg.pinv(design.T @ design)
            columns = wanted[:, :powers]
            result = columns @ fitted, np.einsum("ni,ij,nj->n", columns, inverse, columns)
    return result


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
    shape = np.maximum(found[0], SMALLEST_FACTOR)
    rows, weights = shape.reshape(-1, n_bins), weight.reshape(-1, n_bins)
    shape = (rows * (weights.sum(axis=1) / (rows * weights).sum(axis=1))[:, None]).ravel()
    total = _joined_sums(weight, starts, n_bins)
    return tuple(  # type: ignore[return-value]
        _joined_sums(one * weight, starts, n_bins) / total for one in (shape, found[1])
    )


def _mean_root(values: Floats, weight: Floats) -> float:
    weight = np.maximum(weight, 0.0)
    return float(np.sqrt((values * weight).sum() / max(float(weight.sum()), 1e-300)))

"""The JSON of category templates: written by `hh4b likelihood templates`, read by the model.

Everything is an efficiency at unit cross section. With categories c one behind the other, bins i
run over all of them. A signal has three components q_j: with the coefficients s_j of a study's
cross section,

    S_i(kappa) = L BR^2 sum_j s_j kappa^j q_ji.

A background is of several shape families, each with the sum of the events of its category.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.files import read_json
from hh4b.likelihood.model import Channel
from hh4b.statistics.systematics import DIRECTIONS
from hh4b.statistics.template_format import MergedBin

Floats = NDArray[np.float64]
#: The family of the events themselves.
DIRECT = "direct"


@dataclass(frozen=True)
class CategoryBins:
    """A category.

    Attributes:
        channel: its name, bins and scores.
        joined: bins that were joined to neighbours for want of background events.
    """

    channel: Channel
    joined: tuple[MergedBin, ...] = ()


@dataclass(frozen=True)
class CategorySignal:
    """The signal.

    Attributes:
        components: q_j, shape (3, B).
        covariance: of q_j from the simulated events, shape (3, 3, B).
    """

    components: Floats
    covariance: Floats


@dataclass(frozen=True)
class CategoryBackground:
    """A background in C categories and B bins.

    Attributes:
        families: templates by family, (B,) each; all have the sums of the categories.
        direct_variance: Monte Carlo variance of the family ``direct``, shape (B,).
        effective_events: of the family ``direct``, shape (B,).
        mean_log_mass: mean of ln m_HH in each bin, shape (B,).
        total_error: relative Monte Carlo error of the sum of each category, shape (C,).
        share_error: that of its share in all categories, shape (C,).
        mean: of ln m_HH in each category, shape (C,).
        tilt: powers of the tilt of the loose shape, coefficients of (ln m_HH - mean)^t, (C, T).
        tilt_covariance: their Monte Carlo covariance, shape (C, T, T).
        monte_carlo: templates at +1 and -1 of each independent error of the loose shape, shape
            (n, 2, B).
        order: of the polynomial.
        chi2: of each family to the events of each category, (C,) each.
        degrees: of freedom of ``chi2``, shape (C,).
    """

    families: Mapping[str, Floats]
    direct_variance: Floats
    effective_events: Floats
    mean_log_mass: Floats
    total_error: Floats
    share_error: Floats
    mean: Floats
    tilt: Floats
    tilt_covariance: Floats
    monte_carlo: Floats
    order: int
    chi2: Mapping[str, Floats]
    degrees: Floats


@dataclass(frozen=True)
class VariedProcess:
    """A process under a variation of one standard deviation.

    Attributes:
        norm: factor on each category, shape (C,).
        shape: further factor on each bin, which leaves the sums of categories, shape (B,).
        components: of a signal by weights, the components themselves, shape (3, B); else None.
        noise: statistical error of the variation over its size.
    """

    norm: Floats
    shape: Floats
    components: Floats | None
    noise: float


CategoryVariations = Mapping[str, Mapping[str, Mapping[str, VariedProcess]]]


@dataclass(frozen=True)
class CategoryTemplates:
    """All templates at one energy.

    Attributes:
        sqrt_s_tev: energy of the events.
        own_fb: coefficients of the amplitude's cross section in fb.
        signal_process: name of the signal.
        categories: C of them.
        signal: the signal.
        backgrounds: by process.
        variations: by systematic, direction and process.
    """

    sqrt_s_tev: float
    own_fb: tuple[float, float, float]
    signal_process: str
    categories: tuple[CategoryBins, ...]
    signal: CategorySignal
    backgrounds: Mapping[str, CategoryBackground]
    variations: CategoryVariations = field(default_factory=dict)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Their channels."""
        return tuple(one.channel for one in self.categories)

    @property
    def n_bins(self) -> int:
        """Number of all bins, B."""
        return sum(one.n_bins for one in self.channels)

    @property
    def starts(self) -> list[int]:
        """First bin of each category."""
        ends = np.cumsum([one.n_bins for one in self.channels])
        return [0, *ends[:-1].tolist()]

    def by_category(self, values: Floats) -> Floats:
        """Sum bins, shape (..., B), to categories, shape (..., C)."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=-1))

    def to_bins(self, values: Floats) -> Floats:
        """Repeat values of categories, shape (C,), for their bins, shape (B,)."""
        return np.repeat(values, [one.n_bins for one in self.channels])


def categories_content(templates: CategoryTemplates) -> dict[str, Any]:
    """Return the templates of one energy as plain data for JSON."""
    return {
        "sqrt_s_tev": templates.sqrt_s_tev,
        "amplitude_cross_section_fb": list(templates.own_fb),
        "signal_process": templates.signal_process,
        "categories": [
            {
                "name": one.channel.name,
                "score_range": one.channel.score_range,
                "bin_edges_gev": list(one.channel.bin_edges_gev),
                "joined_bins": [dict(vars(joined)) for joined in one.joined],
            }
            for one in templates.categories
        ],
        "signal": _plain(templates.signal),
        "backgrounds": {name: _plain(one) for name, one in templates.backgrounds.items()},
        "variations": {
            name: {
                direction: {process: _plain(one) for process, one in varied.items()}
                for direction, varied in directions.items()
            }
            for name, directions in templates.variations.items()
        },
    }


def _plain(one: Any) -> dict[str, Any]:
    return {name: _list(value) for name, value in vars(one).items()}


def _list(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _list(one) for name, one in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def read_categories(path: Path | str) -> list[CategoryTemplates]:
    """Read and check a file of category templates, one set an energy.

    Raises:
        InputFileError: if it is no JSON object.
        ContractError: naming what is missing or broken.
    """
    content = read_json(path, finite=True)
    try:
        found = [_templates(one) for one in content["energies"]]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ContractError(
            f"{path} is no file of category templates ({error!r}); make it again with"
            " hh4b likelihood templates"
        ) from error
    if not found:
        raise ContractError(f"{path}: energies is empty; make it again")
    for templates in found:
        _check(templates, f"{path}: {templates.sqrt_s_tev:g} TeV")
    return found


def _templates(content: Mapping[str, Any]) -> CategoryTemplates:
    c0, c1, c2 = (float(value) for value in content["amplitude_cross_section_fb"])
    return CategoryTemplates(
        float(content["sqrt_s_tev"]),
        (c0, c1, c2),
        str(content["signal_process"]),
        tuple(_category(one) for one in content["categories"]),
        CategorySignal(*(_array(content["signal"][key]) for key in ("components", "covariance"))),
        {str(name): _background(one) for name, one in content["backgrounds"].items()},
        {
            str(name): {
                direction: {
                    str(process): _varied(one) for process, one in directions[direction].items()
                }
                for direction in DIRECTIONS
            }
            for name, directions in content["variations"].items()
        },
    )


def _category(content: Mapping[str, Any]) -> CategoryBins:
    low, high = content["score_range"]
    edges = tuple(float(edge) for edge in content["bin_edges_gev"])
    channel = Channel(str(content["name"]), edges, (float(low), float(high)))
    return CategoryBins(channel, tuple(MergedBin(**one) for one in content["joined_bins"]))


def _background(content: Mapping[str, Any]) -> CategoryBackground:
    families, chi2 = (
        {str(name): _array(values) for name, values in content[key].items()}
        for key in ("families", "chi2")
    )
    arrays = (
        "direct_variance", "effective_events", "mean_log_mass", "total_error", "share_error",
        "mean", "tilt", "tilt_covariance", "monte_carlo", "degrees",
    )  # fmt: skip
    return CategoryBackground(
        families=families,
        chi2=chi2,
        order=int(content["order"]),
        **{key: _array(content[key]) for key in arrays},
    )


def _varied(content: Mapping[str, Any]) -> VariedProcess:
    parts = content["components"]
    return VariedProcess(
        _array(content["norm"]),
        _array(content["shape"]),
        None if parts is None else _array(parts),
        float(content["noise"]),
    )


def _array(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _check(templates: CategoryTemplates, where: str) -> None:
    n_bins, n_categories = templates.n_bins, len(templates.categories)
    if not templates.backgrounds or not n_categories:
        raise ContractError(f"{where}: no background or no category; make the file again")
    for channel in templates.channels:
        if channel.n_bins < 1 or not (np.diff(channel.bin_edges_gev) > 0).all():
            raise ContractError(f"{where}: edges of {channel.name} must rise; make the file again")
    _shape(templates.signal.components, (3, n_bins), f"{where}: signal.components")
    _shape(templates.signal.covariance, (3, 3, n_bins), f"{where}: signal.covariance")
    for name, one in templates.backgrounds.items():
        for family, values in one.families.items():
            _shape(values, (n_bins,), f"{where}: {name}.{family}", lowest=0.0)
        if DIRECT not in one.families:
            raise ContractError(f"{where}: {name} lacks the family {DIRECT}; make the file again")
        for key in ("direct_variance", "effective_events", "mean_log_mass"):
            _shape(getattr(one, key), (n_bins,), f"{where}: {name}.{key}", lowest=0.0)
        for key in ("total_error", "share_error", "mean"):
            _shape(getattr(one, key), (n_categories,), f"{where}: {name}.{key}", lowest=0.0)
        order = one.tilt.shape[-1]
        _shape(one.tilt, (n_categories, order), f"{where}: {name}.tilt")
        wanted = (n_categories, order, order)
        _shape(one.tilt_covariance, wanted, f"{where}: {name}.tilt_covariance")
        varied = (len(one.monte_carlo), 2, n_bins) if len(one.monte_carlo) else (0,)
        _shape(one.monte_carlo, varied, f"{where}: {name}.monte_carlo", lowest=0.0)
    _check_variations(templates, where)


def _check_variations(templates: CategoryTemplates, where: str) -> None:
    n_bins, known = templates.n_bins, {templates.signal_process, *templates.backgrounds}
    for name, directions in templates.variations.items():
        if directions["up"].keys() != directions["down"].keys():
            raise ContractError(f"{where}: variation {name} has not both up and down; make both")
        for direction in DIRECTIONS:
            for process, one in directions[direction].items():
                place = f"{where}: variation {name}.{direction}.{process}"
                if process not in known:
                    raise ContractError(f"{place}: no such process among the templates")
                _shape(one.norm, (len(templates.categories),), f"{place}.norm", lowest=0.0)
                _shape(one.shape, (n_bins,), f"{place}.shape", lowest=0.0)
                if one.components is not None:
                    _shape(one.components, (3, n_bins), f"{place}.components")


def _shape(
    values: Floats, wanted: tuple[int, ...], where: str, lowest: float | None = None
) -> None:
    bad = values.shape != wanted or not np.isfinite(values).all()
    if bad or (lowest is not None and (values < lowest).any()):
        limit = "" if lowest is None else f" from {lowest:g}"
        raise ContractError(
            f"{where}: expected finite numbers{limit} of shape {wanted}, got shape {values.shape};"
            " make the file again"
        )

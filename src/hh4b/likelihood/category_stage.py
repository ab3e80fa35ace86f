"""From sample files to category templates: what `hh4b likelihood templates` does."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, write_json
from hh4b.core.joined import SampleFiles, split_files
from hh4b.likelihood.category_edges import EdgeSearch, candidates, even_showers
from hh4b.likelihood.category_fill import (
    CategoryLayout,
    category_background,
    category_layout,
    category_signal,
    require_rows,
)
from hh4b.likelihood.category_rows import CategoryChoice, CategoryRows, category_rows
from hh4b.likelihood.category_templates import (
    CategoryTemplates,
    categories_content,
)
from hh4b.likelihood.category_variations import require_nominal, warn_of_noise
from hh4b.likelihood.settings import CategoryTemplateSettings
from hh4b.likelihood.varied_categories import CategoryVariations
from hh4b.statistics.bootstrap_stage import sigma_of
from hh4b.statistics.energy_factors import FactorFiles
from hh4b.statistics.parton_factors import PartonFactorFiles
from hh4b.statistics.template_checks import check_varied, signal_process
from hh4b.statistics.template_inputs import FILES, hash_of
from hh4b.statistics.template_stage import Samples, load_samples

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]


def make_category_templates(
    samples: Sequence[str],
    output: Path,
    settings: CategoryTemplateSettings,
    *,
    varied: Sequence[str] = (),
    energy_weights: Sequence[Path] = (),
    parton_weights: Sequence[Path] = (),
) -> None:
    """Read the samples, fill the templates of all categories and write them.

    Args:
        samples: ``PROCESS=DATASET:FEATURES:SCORES``; those of one process pool.
        output: file to write.
        settings: of the templates.
        varied: ``SYSTEMATIC.up.PROCESS=DATASET:FEATURES:SCORES`` and the same with ``down``.
        energy_weights: factors of every sample; each of their energies gets templates too.
        parton_weights: factors of every sample for the systematics of effect ``partons``; see
            `hh4b.statistics.parton_factors`.

    Raises:
        ConfigError: if samples, processes and systematics do not fit together.
        ContractError: if the files do not belong together, or a category has too few events.
        FitFailed: if the shape of a background is not found.
    """
    inputs = CategoryInputs.read(
        samples, settings, varied=varied, energy_weights=energy_weights,
        parton_weights=parton_weights,
    )  # fmt: skip
    settings = with_chosen(inputs.loaded, inputs.signal, settings)
    energies = [settings.sqrt_s_tev, *sorted(inputs.factors)]
    made = [inputs.fill(settings.model_copy(update={"sqrt_s_tev": one})) for one in energies]
    for one in made:
        warn_of_noise(one.variations)
    counts = {
        f"n_{name}_events": sum(len(one.events.m_hh_gev) for one in all_)
        for name, all_ in inputs.loaded.items()
    }
    content = {"energies": [categories_content(one) for one in made]}
    made_of = {**settings.decided(mode="json"), **inputs.hashes}
    write_json(output, content, Provenance("likelihood templates", made_of, counts=counts))


@dataclass(frozen=True)
class CategoryInputs:
    """The samples that category templates are made from.

    Attributes:
        signal: name of the signal process.
        loaded: nominal samples by process.
        changed: others by ``SYSTEMATIC.DIRECTION.PROCESS``.
        factors: by other energies, of every sample.
        by_partons: factors of the systematics of effect ``partons``.
        hashes: what the files were made of.
    """

    signal: str
    loaded: Samples
    changed: Samples
    factors: Mapping[float, FactorFiles]
    by_partons: PartonFactorFiles
    hashes: Mapping[str, Any]

    @classmethod
    def read(
        cls,
        samples: Sequence[str],
        settings: CategoryTemplateSettings,
        *,
        varied: Sequence[str] = (),
        energy_weights: Sequence[Path] = (),
        parton_weights: Sequence[Path] = (),
    ) -> Self:
        """Read the files of `make_category_templates`.

        Raises:
            ConfigError: if samples, processes and systematics do not fit together.
            ContractError: if the files do not belong together.
        """
        nominal = [split_files(text, FILES, keyed=True) for text in samples]
        others = [split_files(text, FILES, keyed=True) for text in varied]
        signal = signal_process([files.key for files in nominal], settings)
        check_varied([files.key for files in others], {files.key for files in nominal}, settings)
        systematics, energy = settings.systematics, settings.sqrt_s_tev
        factors = FactorFiles.read(energy_weights, energy)
        by_partons = PartonFactorFiles.read(parton_weights, systematics, energy)
        loaded, changed = (load_samples(files, signal, settings) for files in (nominal, others))
        by_partons.require(loaded, systematics)
        require_nominal(loaded, changed, systematics)
        hashes: dict[str, Any] = {
            "samples": [[files.key, *_hashes(files)] for files in nominal],
            "varied": [[files.key, *_hashes(files)] for files in others],
            "energy_weights": {f"{one:g}": factor.hashes() for one, factor in factors.items()},
        }
        if parton_weights:
            hashes["parton_weights"] = by_partons.hashes()
        return cls(signal, loaded, changed, factors, by_partons, hashes)

    def fill(
        self, settings: CategoryTemplateSettings, like: CategoryTemplates | None = None
    ) -> CategoryTemplates:
        """Return the templates at the energy of settings; see `fill_categories`."""
        loaded, changed = self.loaded, self.changed
        factor = self.factors.get(settings.sqrt_s_tev)
        if factor is not None:
            loaded, changed = factor.apply(loaded), factor.apply(changed)
        return fill_categories(loaded, changed, self.signal, settings, self.by_partons, like)


def fill_categories(
    loaded: Samples,
    changed: Samples,
    signal: str,
    settings: CategoryTemplateSettings,
    by_partons: PartonFactorFiles | None = None,
    like: CategoryTemplates | None = None,
) -> CategoryTemplates:
    """Return the templates of samples.

    Args:
        loaded: nominal samples by process.
        changed: others by ``SYSTEMATIC.DIRECTION.PROCESS``.
        signal: name of the signal process.
        settings: of the templates, their energy that of the samples.
        by_partons: factors of the systematics of effect ``partons``.
        like: templates whose bins and orders of polynomials are taken; None chooses them.

    Raises:
        ConfigError: without edges of categories, or cross sections to weigh backgrounds.
        ContractError: if a category has too few events.
        FitFailed: if the shape of a background is not found.
    """
    own_fb = sigma_of(settings)
    choice = category_choice(settings)
    rows = {
        name: category_rows(all_, choice, own_fb if name == signal else None)
        for name, all_ in loaded.items()
    }
    require_rows(rows, choice.score_edges[0])
    backgrounds = {name: one for name, one in rows.items() if name != signal}
    layout = (
        category_layout(
            choice, backgrounds, _cross_sections(backgrounds, settings),
            settings.minimum_effective_events,
        )
        if like is None
        else CategoryLayout.like(choice, like.categories)
    )  # fmt: skip
    orders = {} if like is None else {name: one.order for name, one in like.backgrounds.items()}
    filler = CategoryVariations(rows, layout, signal, own_fb, settings)
    c0, c1, c2 = (float(value) for value in own_fb)
    return CategoryTemplates(
        settings.sqrt_s_tev,
        (c0, c1, c2),
        signal,
        layout.categories,
        category_signal(rows[signal], layout),
        {
            name: category_background(
                one,
                layout,
                polynomial_order_max=orders.get(name, settings.polynomial_order_max),
                polynomial_order_min=orders.get(name, 1),
                tilt_order=settings.tilt_order,
                where=name,
            )
            for name, one in backgrounds.items()
        },
        filler.all(loaded, changed, by_partons or PartonFactorFiles()),
    )


def with_chosen(
    loaded: Samples, signal: str, settings: CategoryTemplateSettings
) -> CategoryTemplateSettings:
    """Return settings with edges and a number of bins, those of the smallest expected interval.

    What settings say is left as it is; see `category_edges`.

    Raises:
        ConfigError: if a cross section is missing.
        ContractError: if no edge, or no number of bins, leaves enough background.
    """
    if settings.category_edges is not None and not settings.bins_candidates:
        return settings
    found: list[tuple[float, CategoryTemplateSettings]] = []
    for bins in settings.bins_candidates or [settings.bins]:
        with_bins = settings.model_copy(update={"bins": bins})
        search = _edge_search(loaded, signal, with_bins)
        edges = settings.category_edges or search.choose(settings.category_count)
        width = search.width(edges)
        log.info("%d bins, category edges %s: expected width %.3g", bins, list(edges), width)
        found.append((width, with_bins.model_copy(update={"category_edges": list(edges)})))
    width, chosen = min(found, key=lambda one: one[0])
    if not np.isfinite(width):
        raise ContractError(
            "bins_candidates: with none of them has every category enough effective background"
            " events; generate more or lower minimum_effective_events"
        )
    return chosen


def _edge_search(loaded: Samples, signal: str, settings: CategoryTemplateSettings) -> EdgeSearch:
    """Return the search over edges that settings give, or over quantiles of the signal's scores."""
    own_fb = sigma_of(settings)
    if settings.category_edges is None:
        kappa = settings.fixed_kappa_input or 0.0
        scores = np.concatenate([one.events.scores.at(kappa) for one in loaded[signal]])
        weight = np.concatenate([one.events.efficiency_weight for one in loaded[signal]])
        found = candidates(scores.astype(np.float64), weight)
        settings = settings.model_copy(update={"category_edges": list(found)})
    choice = category_choice(settings)
    rows = {
        name: even_showers(category_rows(all_, choice, own_fb if name == signal else None))
        for name, all_ in loaded.items()
    }
    luminosity, process = settings.edges_luminosity_ifb, settings.processes[signal]
    coefficients = process.signal_fb(
        signal, settings.sqrt_s_tev, m_higgs_gev=settings.m_higgs_gev, m_top_gev=settings.m_top_gev
    )
    return EdgeSearch(
        choice,
        rows.pop(signal),
        rows,
        luminosity * (process.branching_ratio or 1.0) ** 2 * np.asarray(coefficients),
        {
            name: 1e3 * luminosity * settings.processes[name].other_pb(name, settings.sqrt_s_tev)
            for name in rows
        },
        settings.minimum_effective_events,
    )


def category_choice(settings: CategoryTemplateSettings) -> CategoryChoice:
    """Return the categories and bins of settings with edges.

    Raises:
        ConfigError: without edges.
    """
    if settings.category_edges is None or settings.fixed_kappa_input is None:
        raise ConfigError("category_edges: expected a list of scores, e.g. [0.5, 0.8, 0.9, 0.95]")
    return CategoryChoice(
        tuple(settings.category_edges),
        np.linspace(settings.m_hh_min_gev, settings.m_hh_max_gev, settings.bins + 1),
        settings.overflow,
        settings.fixed_kappa_input,
    )


def _cross_sections(
    backgrounds: Mapping[str, CategoryRows], settings: CategoryTemplateSettings
) -> dict[str, float]:
    if len(backgrounds) == 1:
        return dict.fromkeys(backgrounds, 1.0)
    return {
        name: settings.processes[name].other_pb(name, settings.sqrt_s_tev) for name in backgrounds
    }


def _hashes(files: SampleFiles) -> list[str]:
    return [hash_of(path) for path in files.paths]

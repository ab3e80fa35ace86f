"""Couplings beside kappa_lambda in a study: what `hh4b likelihood couplings` does.

The signal at every point of the couplings comes from all signal samples (`coupling_rows`). Its
cross section is that of the study: with the coefficients s_j of the study and c_j of the amplitude
in kappa_lambda, the three pairs of monomials that kappa_lambda reaches are multiplied by s_j / c_j,
as the category templates are; where kappa_lambda alone is not 1 the signal is that of them, to the
last digits. Of the others, the amplitude of the box is scaled by sqrt(s_0 / c_0) and all else by
sqrt(s_2 / c_2), that of the triangle, whose topology they have. One ratio for all of them, that at
the standard model say, would spoil cancellations: where kappa_lambda^2 and kappa_lambda c_g cancel
(cluster_8), a mismatch of 5 % takes three quarters of the cross section away.

The result is JSON:

* ``status``: ``"ok"``; ``luminosity_ifb``, ``sqrt_s_tev``, ``signal_process``,
  ``m_hh_truth_max_gev`` (or null), ``data``: ``kind`` and ``counts``;
* ``monomials``: names of the five; ``categories``: ``name``, ``score_range``, ``bin_edges_gev``;
  bins of all categories stand in one row, category after category;
* ``templates``: ``signal``, expected events of each pair of monomials (5, 5, B), so that the signal
  is sum_ab g_a g_b signal_ab; ``backgrounds``: expected events by process, (B);
  ``cross_section_fb``: the cross section as the same form, (5, 5);
* ``points``: by name (``sm`` and the benchmarks), ``couplings``, ``source``, ``cross_section_fb``,
  ``signal`` (all bins, (B)), ``yield`` and ``yield_error`` (statistical, of the samples) in total,
  ``by_category`` (the same two by name of the category), ``minus_2_log_l``: ``unprofiled`` and
  ``profiled``, of the data at the point, zero for a perfect fit;
* ``contours``: a list, each with ``x_name`` (``"kappa_lambda"``), ``x``, ``y_name``, ``y``,
  ``thresholds`` (by level, of two parameters), and ``unprofiled`` (every nuisance at its nominal
  value) and ``profiled``: ``minus_2_delta_log_l`` (rows by x), above its smallest value in the
  range, ``minimum`` (x, y of it), ``minus_2_log_l`` (there), ``leaves_grid`` by level: whether the
  contour is cut by the ends of the grid;
* ``lowest_signal_share``: the most negative signal over background of a bin on the grids, 0 if
  none: interference in few events, or cross sections that are not the amplitude's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.core.joined import split_files
from hh4b.generation.couplings import MONOMIALS, HiggsPairCouplings, monomials
from hh4b.generation.published_couplings import CouplingPoint, coupling_point, coupling_points
from hh4b.likelihood.build import build_model
from hh4b.likelihood.category_rows import CategoryChoice
from hh4b.likelihood.category_templates import CategoryTemplates, read_categories
from hh4b.likelihood.coupling_contours import LEVELS, CouplingTemplates
from hh4b.likelihood.coupling_likelihood import CouplingLikelihood, FoundContour
from hh4b.likelihood.coupling_rows import CouplingRows, coupling_rows
from hh4b.likelihood.model_stage import templates_of
from hh4b.likelihood.settings import LikelihoodCouplingSettings, LikelihoodModelSettings
from hh4b.statistics import amplitude
from hh4b.statistics.energy_factors import FactorFiles
from hh4b.statistics.kappa_components import component_factors
from hh4b.statistics.scaling import Normalisation, choose_normalisation
from hh4b.statistics.template_energies import same_energy
from hh4b.statistics.template_inputs import FILES, LoadedSample, hash_of
from hh4b.statistics.template_stage import load_samples

Floats = NDArray[np.float64]
#: Templates of the same events agree better.
_SAME = 1e-6


def make_couplings(
    path: Path,
    samples: Sequence[str],
    output: Path,
    settings: LikelihoodCouplingSettings,
    *,
    energy_weights: Sequence[Path] = (),
) -> None:
    """Fill the templates of all couplings, scan the contours and write both.

    Args:
        path: category templates.
        samples: ``PROCESS=DATASET:FEATURES:SCORES`` as the templates had them; only those of the
            signal are read.
        output: file to write.
        settings: of samples, likelihood and contours.
        energy_weights: factors of the signal samples, where the templates are of another energy.

    Raises:
        ConfigError: if samples, templates, cross sections and energies do not fit together.
        ContractError: if the samples are not those of the templates, or files are broken.
        FitFailed: if a fit does not converge.
    """
    points = _points(settings)
    templates = templates_of(read_categories(path), settings.sqrt_s_tev, settings.other_energies)
    files = [split_files(text, FILES, keyed=True) for text in samples]
    files = [one for one in files if one.key == templates.signal_process]
    if not files:
        raise ConfigError(
            f"--sample: none is of the signal {templates.signal_process!r}; give its samples"
        )
    loaded = load_samples(files, templates.signal_process, settings)
    signal = _at_energy(loaded, templates, energy_weights, settings)[templates.signal_process]
    study = CouplingStudy.of(templates, signal, settings)
    made_of = {
        **settings.decided(mode="json", exclude={"threads"}),
        "samples": [[one.key, *(hash_of(path) for path in one.paths)] for one in files],
        "templates": read_json(path).get("provenance", {}).get("configuration_hash", "unknown"),
    }
    counts = {"n_signal_rows": len(study.rows.cell)}
    content = study.content(points, settings)
    write_json(output, content, Provenance("likelihood couplings", made_of, counts=counts))


def _points(settings: LikelihoodCouplingSettings) -> dict[str, CouplingPoint]:
    if settings.coupling_benchmarks is None:
        return coupling_points()
    return {name: coupling_point(name) for name in ["sm", *settings.coupling_benchmarks]}


def _at_energy(
    loaded: Mapping[str, list[LoadedSample]],
    templates: CategoryTemplates,
    energy_weights: Sequence[Path],
    settings: LikelihoodCouplingSettings,
) -> Mapping[str, list[LoadedSample]]:
    """Return the samples at the energy of the templates."""
    if same_energy(templates.sqrt_s_tev, settings.sqrt_s_from_tev):
        return loaded
    factors = FactorFiles.read(energy_weights, settings.sqrt_s_from_tev)
    for energy, one in factors.items():
        if same_energy(energy, templates.sqrt_s_tev):
            return one.apply(loaded)
    raise ConfigError(
        f"the templates are of {templates.sqrt_s_tev:g} TeV, the samples of"
        f" {settings.sqrt_s_from_tev:g} TeV (sqrt_s_from_tev); give --energy-weights between them"
    )


def scale_factors(study_fb: Sequence[float], own_fb: Sequence[float]) -> Floats:
    """Return by what each pair of monomials is multiplied, shape (5, 5); see the module.

    Args:
        study_fb: coefficients of the study's cross section in kappa_lambda, shape (3,).
        own_fb: those of the amplitude.

    Raises:
        ContractError: if the amplitude has no such component.
    """
    constant, linear, square = component_factors(study_fb, own_fb)
    if not (constant > 0 and square > 0):
        raise ContractError(
            f"the study's cross section {list(study_fb)} and the amplitude's {list(own_fb)} differ"
            " in sign; the components do not correspond, make the templates again"
        )
    amplitudes = np.sqrt([constant, *[square] * (len(MONOMIALS) - 1)])
    result = np.outer(amplitudes, amplitudes)
    result[0, 1] = result[1, 0] = linear
    return result


@dataclass(frozen=True)
class CouplingStudy:
    """Everything that points and contours are made of.

    Attributes:
        categories: the category templates.
        rows: signal events, those of a too large true mass left out.
        factors: events by fb, of each pair of monomials, shape (5, 5).
        plain: likelihood with every nuisance at its nominal value.
        profiled: with every nuisance profiled.
        form_fb: cross section of the study in fb, shape (5, 5).
    """

    categories: CategoryTemplates
    rows: CouplingRows
    factors: Floats
    plain: CouplingLikelihood
    profiled: CouplingLikelihood
    form_fb: Floats

    @classmethod
    def of(
        cls,
        categories: CategoryTemplates,
        samples: Sequence[LoadedSample],
        settings: LikelihoodCouplingSettings,
    ) -> "CouplingStudy":
        """Fill the templates.

        Args:
            categories: category templates of the energy.
            samples: signal samples, at their energy.
            settings: of the stage.

        Raises:
            ConfigError: if cross sections are missing.
            ContractError: if the samples are not those of the category templates.
        """
        lows = tuple(_low_score(one.score_range, one.name) for one in categories.channels)
        edges = np.asarray(categories.channels[0].bin_edges_gev)
        choice = CategoryChoice(lows, edges, settings.overflow, settings.fixed_kappa_input)
        polynomial = partial(
            amplitude.coupling_polynomial,
            m_higgs_gev=settings.m_higgs_gev,
            m_top_gev=settings.m_top_gev,
        )
        own_fb = np.asarray(categories.own_fb)
        rows = coupling_rows(samples, categories.channels, choice, own_fb, polynomial)
        _require_same(rows.templates(), categories)
        rows = rows.below(settings.m_hh_truth_max_gev)
        normalisation = choose_normalisation(
            categories, settings.processes, settings,
            sqrt_s_tev=settings.sqrt_s_tev, luminosity_ifb=settings.luminosity_ifb,
        )  # fmt: skip
        scale = scale_factors(normalisation.signal_fb, categories.own_fb)
        factors = scale * _per_signal(normalisation)
        model = build_model(
            categories, settings.processes, LikelihoodModelSettings.of(
                settings, sqrt_s_tev=[settings.sqrt_s_tev],
                luminosities_ifb=[settings.luminosity_ifb],
            ),
            sqrt_s_tev=settings.sqrt_s_tev, luminosity_ifb=settings.luminosity_ifb,
        )  # fmt: skip
        background = np.sum(list(model.backgrounds.values()), axis=0)
        templates = CouplingTemplates(rows.templates() * factors[:, :, None], background)
        # Where templates of another energy are taken as they are, so is the amplitude.
        own = amplitude.own_coupling_cross_section_fb(
            categories.sqrt_s_tev,
            m_higgs_gev=settings.m_higgs_gev,
            m_top_gev=settings.m_top_gev,
            m_hh_max_gev=settings.m_hh_truth_max_gev,
        )
        return cls(
            categories,
            rows,
            factors,
            CouplingLikelihood(templates),
            CouplingLikelihood(templates, model, settings.threads),
            own * scale,
        )

    def content(
        self, points: Mapping[str, CouplingPoint], settings: LikelihoodCouplingSettings
    ) -> dict[str, Any]:
        """Return the result as plain data (see the module).

        Raises:
            ConfigError: if a coupling of the ranges is none.
            FitFailed: if a fit does not converge.
        """
        templates = self.plain.templates
        data = templates.background
        if settings.asimov == "sm":
            data = templates.expected(HiggsPairCouplings().monomials())
        model = self.profiled.model
        x = np.linspace(
            settings.kappa_lambda_min, settings.kappa_lambda_max, settings.coupling_points
        )
        grids = {
            name: np.linspace(*ends, settings.coupling_points)
            for name, ends in settings.coupling_ranges.items()
        }
        return {
            "status": "ok",
            "luminosity_ifb": settings.luminosity_ifb,
            "sqrt_s_tev": settings.sqrt_s_tev,
            "signal_process": self.categories.signal_process,
            "m_hh_truth_max_gev": settings.m_hh_truth_max_gev,
            "data": {"kind": settings.asimov, "counts": data.tolist()},
            "monomials": list(MONOMIALS),
            "categories": [
                {
                    "name": one.name,
                    "score_range": one.score_range,
                    "bin_edges_gev": list(one.bin_edges_gev),
                }
                for one in self.categories.channels
            ],
            "templates": {
                "signal": templates.signal.tolist(),
                "backgrounds": {
                    name: values.tolist()
                    for name, values in ({} if model is None else model.backgrounds).items()
                },
                "cross_section_fb": self.form_fb.tolist(),
            },
            "points": {name: self._point(one, data) for name, one in points.items()},
            "contours": [self._contour(data, x, name, y) for name, y in grids.items()],
            "lowest_signal_share": min(
                [0.0, *(self._lowest_share(x, name, y) for name, y in grids.items())]
            ),
        }

    def _point(self, point: CouplingPoint, data: Floats) -> dict[str, Any]:
        values = point.couplings.monomials()
        pair = np.outer(values, values)
        channels = self.categories.channels
        groups = np.repeat(np.arange(len(channels)), [one.n_bins for one in channels])
        total, variance = self.rows.at(pair * self.factors, groups, len(channels))
        everything, its_variance = self.rows.at(pair * self.factors, 0 * groups, 1)
        return {
            "couplings": dict(vars(point.couplings)),
            "source": point.source,
            "cross_section_fb": float((pair * self.form_fb).sum()),
            "signal": np.einsum("ab,abi->i", pair, self.plain.templates.signal).tolist(),
            "yield": float(everything[0]),
            "yield_error": float(np.sqrt(its_variance[0])),
            "by_category": {
                one.name: {"yield": float(value), "yield_error": float(np.sqrt(error))}
                for one, value, error in zip(channels, total, variance, strict=True)
            },
            "minus_2_log_l": {
                "unprofiled": self.plain.at(point.couplings, data),
                "profiled": self.profiled.at(point.couplings, data),
            },
        }

    def _contour(self, data: Floats, x: Floats, name: str, y: Floats) -> dict[str, Any]:
        return {
            "x_name": "kappa_lambda",
            "x": x.tolist(),
            "y_name": name,
            "y": y.tolist(),
            "thresholds": {f"{level:g}": value for level, value in LEVELS.items()},
            "unprofiled": _plain(self.plain.contour(data, x, (name, y))),
            "profiled": _plain(self.profiled.contour(data, x, (name, y))),
        }

    def _lowest_share(self, x: Floats, name: str, y: Floats) -> float:
        values = monomials(**{"kappa_lambda": x[:, None], name: y})
        templates = self.plain.templates
        share = (templates.expected(values) - templates.background) / templates.background
        return float(share.min())


def _plain(found: FoundContour) -> dict[str, Any]:
    contour = found.contour
    return {
        "minus_2_delta_log_l": contour.surface.tolist(),
        "minimum": list(found.minimum),
        "minus_2_log_l": found.lowest,
        "leaves_grid": {f"{level:g}": contour.leaves_grid(level) for level in LEVELS},
    }


def _per_signal(normalisation: Normalisation) -> float:
    return float(normalisation.luminosity_ifb * normalisation.branching_ratio**2)


def _low_score(score_range: tuple[float, float] | None, name: str) -> float:
    if score_range is None:
        raise ContractError(f"{name} has no range of scores; make the category templates again")
    return score_range[0]


def _require_same(forms: Floats, categories: CategoryTemplates) -> None:
    """Check that the samples are those of the category templates.

    Raises:
        ContractError: if their signal in kappa_lambda is another.
    """
    own_fb = np.asarray(categories.own_fb)
    found = np.stack([forms[0, 0], 2 * forms[0, 1], forms[1, 1]]) / own_fb[:, None]
    known = categories.signal.components
    if np.abs(found - known).max() > _SAME * np.abs(known).max():
        raise ContractError(
            "the signal of these samples is not that of the category templates: sums of"
            f" {found.sum(axis=1).tolist()} and {known.sum(axis=1).tolist()}; give the samples and"
            " the settings (part, overflow, fixed_kappa_input, masses) that the templates had"
        )

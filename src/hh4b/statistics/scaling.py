"""From efficiencies to expected events: cross sections, branching ratio and luminosity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError
from hh4b.core.kappa import same_kappa
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.kappa_components import mixed, mixing, require_positive
from hh4b.statistics.processes import Process
from hh4b.statistics.settings import AmplitudeMasses
from hh4b.statistics.template_format import MergedBin, TemplateSet, Variations

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Normalisation:
    """What turns efficiencies into yields.

    Attributes:
        luminosity_ifb: integrated luminosity in fb^-1.
        sqrt_s_tev: energy of the cross sections.
        signal_fb: coefficients (c0, c1, c2) of sigma(kappa) in fb.
        background_pb: cross section in pb by background process.
        branching_ratio: of H -> b bbar, squared for the pair.
    """

    luminosity_ifb: float
    sqrt_s_tev: float
    signal_fb: Sequence[float]
    background_pb: Mapping[str, float]
    branching_ratio: float

    def cross_section_fb(self, kappa_lambda: Floats) -> Floats:
        """Return sigma(kappa) in fb, shape of ``kappa_lambda``."""
        c0, c1, c2 = self.signal_fb
        return np.asarray(c0 + c1 * kappa_lambda + c2 * kappa_lambda**2)


class NamedProcesses(Protocol):
    """Templates of whatever kind, by their processes."""

    @property
    def signal_process(self) -> str:
        """Name of the signal."""
        ...

    @property
    def backgrounds(self) -> Mapping[str, object]:
        """Backgrounds by name."""
        ...


def choose_normalisation(
    templates: NamedProcesses,
    processes: Mapping[str, Process],
    masses: AmplitudeMasses,
    *,
    sqrt_s_tev: float,
    luminosity_ifb: float,
) -> Normalisation:
    """Take the cross sections of the templates' processes at an energy.

    Args:
        templates: the templates; their processes are looked up.
        processes: of the study.
        masses: settings with those of the own amplitude.
        sqrt_s_tev: energy.
        luminosity_ifb: in fb^-1.

    Raises:
        ConfigError: if a process is unknown, of another kind, or has no cross section there.
    """
    for name in (templates.signal_process, *templates.backgrounds):
        wanted = "signal" if name == templates.signal_process else "background"
        if name not in processes:
            raise ConfigError(
                f"the templates' process {name!r} is not in processes {sorted(processes)}; add it"
            )
        if processes[name].kind != wanted:
            raise ConfigError(
                f"processes.{name}.kind is {processes[name].kind}, but the templates have it as"
                f" {wanted}; make them again"
            )
    signal = processes[templates.signal_process]
    return Normalisation(
        luminosity_ifb,
        sqrt_s_tev,
        signal.signal_fb(
            templates.signal_process,
            sqrt_s_tev,
            m_higgs_gev=masses.m_higgs_gev,
            m_top_gev=masses.m_top_gev,
        ),
        {name: processes[name].other_pb(name, sqrt_s_tev) for name in templates.backgrounds},
        float(signal.branching_ratio or 1.0),
    )


@dataclass(frozen=True)
class ScaledTemplates:
    """Expected events, their Monte Carlo variances, and how they were normalised.

    Attributes:
        kappa_lambda: the scan, shape (K,).
        signal: expected events at mu = 1, shape (K, B).
        signal_variance: Monte Carlo variance of ``signal``, shape (K, B).
        backgrounds: expected events by process, (1, B), or (K, B) where they depend on the
            hypothesis.
        cross_section_fb: of the signal by kappa_lambda, without branching ratio, shape (K,).
        luminosity_ifb: integrated luminosity.
        sqrt_s_tev: energy of the cross sections.
        branching_ratio: of H -> b bbar.
        signal_process: name of the signal.
        variations: expected events by systematic, direction and process.
        bin_edges_gev: shape (B + 1,); empty where they are not known.
        merged_bins: bins that were joined to neighbours.
        template_energy_tev: energy of the templates; None where it is not known.
        own_fb: of the templates, see `TemplateSet`.
    """

    kappa_lambda: Floats
    signal: Floats
    signal_variance: Floats
    backgrounds: Mapping[str, BinnedRows]
    cross_section_fb: Floats
    luminosity_ifb: float
    sqrt_s_tev: float
    branching_ratio: float
    signal_process: str = "hh"
    variations: Variations = field(default_factory=dict)
    bin_edges_gev: tuple[float, ...] = ()
    merged_bins: tuple[MergedBin, ...] = ()
    template_energy_tev: float | None = None
    own_fb: tuple[float, float, float] | None = None

    @cached_property
    def background(self) -> Floats:
        """Expected background events of all processes, (1, B) or (K, B)."""
        return reduce(np.add, [rows.values for rows in self.backgrounds.values()])

    @cached_property
    def background_variance(self) -> Floats:
        """Their Monte Carlo variance."""
        return reduce(np.add, [rows.variance for rows in self.backgrounds.values()])

    @cached_property
    def mixing(self) -> Floats | None:
        """What takes efficiencies to the cross section of the study, (K, K); None: nothing does."""
        if self.own_fb is None:
            return None
        return mixing(self.kappa_lambda, self.cross_section_fb, self.own_fb)

    @property
    def pooled_background(self) -> BinnedRows:
        """All backgrounds together."""
        totals = [rows.variance_of_sum for rows in self.backgrounds.values()]
        return BinnedRows(self.background, self.background_variance, reduce(np.add, totals))

    @property
    def standard_model(self) -> int:
        """Index of kappa_lambda = 1."""
        return int(np.abs(self.kappa_lambda - 1.0).argmin())


def relative_variance(mean: Floats, variance: Floats) -> Floats:
    """Return variance / mean^2, zero where the mean is."""
    return np.divide(variance, mean**2, out=np.zeros_like(mean), where=mean > 0)


def scale(templates: TemplateSet, normalisation: Normalisation) -> ScaledTemplates:
    """Multiply efficiencies by cross sections, branching ratio and luminosity.

    Where the signal is a parabola in kappa_lambda it stays one, see `kappa_components`.

    Raises:
        ConfigError: if the scan does not hold kappa_lambda = 1, or such a signal has fewer than
            three hypotheses.
        ContractError: if such a signal is negative with the cross section of the study.
    """
    kappa = templates.kappa_lambda
    if not same_kappa(kappa, 1.0).any():
        raise ConfigError(
            f"the templates' kappa_lambda {kappa.tolist()} lack kappa_lambda = 1, which normalises"
            " the Standard Model; make the templates with it"
        )
    cross_section = normalisation.cross_section_fb(kappa)
    per_signal = cross_section * normalisation.branching_ratio**2 * normalisation.luminosity_ifb
    factors: dict[str, Floats | float] = {
        name: normalisation.background_pb[name] * 1e3 * normalisation.luminosity_ifb
        for name in templates.backgrounds
    }
    factors[templates.signal_process] = per_signal[:, None]
    matrix = None if templates.own_fb is None else mixing(kappa, cross_section, templates.own_fb)

    def scaled(name: str, rows: BinnedRows) -> BinnedRows:
        if matrix is not None and name == templates.signal_process:
            values, variance = mixed(matrix, rows.values, rows.variance)
            rows = BinnedRows(require_positive(values, kappa, name), variance)
        return rows.scaled(factors[name])

    signal = scaled(templates.signal_process, templates.signal)
    return ScaledTemplates(
        kappa,
        signal.values,
        signal.variance,
        {name: scaled(name, rows) for name, rows in templates.backgrounds.items()},
        cross_section,
        normalisation.luminosity_ifb,
        normalisation.sqrt_s_tev,
        normalisation.branching_ratio,
        templates.signal_process,
        {
            systematic: {
                direction: {name: scaled(name, rows) for name, rows in processes.items()}
                for direction, processes in varied.items()
            }
            for systematic, varied in templates.variations.items()
        },
        tuple(templates.bin_edges_gev.tolist()),
        templates.merged_bins,
        templates.sqrt_s_tev,
        templates.own_fb,
    )

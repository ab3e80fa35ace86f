"""What the jobs of templates, limits and likelihoods are told: the settings of their stages."""

from hh4b.generation.settings import EnergyWeightSettings, PartonWeightSettings
from hh4b.likelihood.settings import (
    CategoryTemplateSettings,
    LikelihoodCouplingSettings,
    LikelihoodFitSettings,
    LikelihoodModelSettings,
    LikelihoodRedrawSettings,
    LikelihoodToySettings,
    LikelihoodWorkspaceSettings,
)
from hh4b.statistics.processes import Process
from hh4b.statistics.settings import (
    LimitSettings,
    LuminosityScanSettings,
    TemplateSettings,
    WorkspaceSettings,
)
from hh4b.statistics.systematics import Systematics
from hh4b.study.layout import Layout

#: What category templates have no use for; a change of it makes them not again.
_IDLE_IN_CATEGORIES = (
    "errors", "replicas", "bootstrap_threshold", "background_shape", "shape_efficiency_factor",
    "shape_spread_pull_max", "kappa_values",
)  # fmt: skip


class StatisticsSettings:
    """Settings by rule, of everything behind the scores."""

    def __init__(self, layout: Layout) -> None:
        """Read them from the study behind a layout."""
        self.layout = layout
        self.study = layout.study

    def _folds(self, fold: str | int | None = None) -> dict[str, int]:
        """Return the folds of the study, and one of them; nothing without folds."""
        if not self.layout.folds:
            return {}
        one = {} if fold is None else {"fold": int(fold)}
        return {"folds": self.layout.folds, "fold_seed": self.study.seed, **one}

    def _measured(self) -> dict[str, str]:
        """Return the events that measure: with folds all, each by a network that did not see it."""
        return {"part": "all" if self.layout.folds else "testing"}

    # Limits -------------------------------------------------------------------------------------

    def energy_weights(self) -> EnergyWeightSettings:
        """Factors that take events to the other energies of the limits."""
        return EnergyWeightSettings.of(sqrt_s_tev=self.layout.other_energies)

    def parton_weights(self) -> PartonWeightSettings:
        """Factors of other scales and parton densities."""
        samples = dict.fromkeys(sample for _, _, sample in self.layout.parton_variations)
        return PartonWeightSettings.checked(
            {
                "samples": {name: self.layout.samples[name].process for name in samples},
                "systematics": {
                    name: systematic.model_dump()
                    for name, systematic in self.study.systematics.items()
                    if systematic.effect == "partons"
                },
            }
        )

    def templates(self, selection: str) -> TemplateSettings:
        """m_HH templates of a selection."""
        classifier = self.study.selections[selection].classifier
        statistics = self.study.statistics
        # Without a bootstrap the templates have no use for its size and seed.
        drawn = {"replicas": statistics.replicas, "seed": self.study.seed}
        idle = {name: TemplateSettings.model_fields[name].default for name in drawn}
        # The energy of the events, not those of the limits.
        return TemplateSettings.of(
            self.study.statistics,
            self.study.physics,
            processes=self._kinds(),
            systematics=self._systematics(),
            kappa_values=self.study.statistics.scan(),
            background_kappa_values=self.layout.compared_kappas(classifier),
            **(drawn if statistics.errors == "bootstrap" else idle),
            **self._folds(),
            **self._measured(),
        )

    def workspace(self) -> WorkspaceSettings:
        """Workspaces at every energy and luminosity."""
        return WorkspaceSettings.of(
            self.study.physics,
            self.study.statistics,
            processes=self._limit_processes(),
            systematics=self._systematics(),
        )

    def limits(self) -> LimitSettings:
        """Scans and intervals."""
        return LimitSettings.of(self.study.statistics, seed=self.study.seed)

    def luminosity_scan(self) -> LuminosityScanSettings:
        """Intervals against luminosity."""
        return LuminosityScanSettings.of(
            self.study.physics,
            self.study.statistics,
            processes=self._limit_processes(),
            systematics=self._systematics(),
            seed=self.study.seed,
        )

    def _systematics(self) -> Systematics:
        """Return what is uncertain in the limits: nothing in the model `note`."""
        return self.study.systematics if self.study.statistics.model == "complete" else {}

    # Likelihood ---------------------------------------------------------------------------------

    def category_templates(self, selection: str) -> CategoryTemplateSettings:
        """Templates of score categories."""
        classifier = self.study.selections[selection].classifier
        chosen = self.study.likelihood
        fields = CategoryTemplateSettings.model_fields
        idle = {n: fields[n].get_default(call_default_factory=True) for n in _IDLE_IN_CATEGORIES}
        # Cross sections weigh backgrounds, and decide where edges or bins are chosen.
        weighed = chosen.category_edges is None or bool(chosen.bins_candidates)
        weighed = weighed or len(self.layout.background_processes) > 1
        return CategoryTemplateSettings.of(
            self.study.statistics,
            self.study.physics,
            chosen,
            processes=self._limit_processes() if weighed else self._kinds(),
            systematics=self.study.systematics,
            background_kappa_values=self.layout.compared_kappas(classifier),
            **idle,
            **self._measured(),
        )

    def likelihood_model(self) -> LikelihoodModelSettings:
        """Likelihoods at every energy and luminosity."""
        return LikelihoodModelSettings.of(
            self.study.physics,
            self.study.statistics,
            self.study.likelihood,
            processes=self._limit_processes(),
            systematics=self.study.systematics,
        )

    def likelihood_redraw(self, selection: str) -> LikelihoodRedrawSettings:
        """Likelihoods of redrawn templates, at the headline's point."""
        headline = self.study.statistics.headline
        point = {
            "sqrt_s_tev": [headline.sqrt_s_tev],
            "luminosities_ifb": [headline.luminosity_ifb],
        }
        return LikelihoodRedrawSettings.of(
            self.study.likelihood,
            templates=self.category_templates(selection),
            likelihood=self.likelihood_model().model_copy(update=point),
            sqrt_s_tev=headline.sqrt_s_tev,
            luminosity_ifb=headline.luminosity_ifb,
            seed=self.study.seed,
            **self._folds(),
        )

    def likelihood_fit(self) -> LikelihoodFitSettings:
        """Intervals, limits, pulls and impacts."""
        return LikelihoodFitSettings.of(self.study.likelihood)

    def likelihood_toys(self) -> LikelihoodToySettings:
        """Pseudo-experiments."""
        return LikelihoodToySettings.of(self.study.likelihood, seed=self.study.seed)

    def likelihood_couplings(self) -> LikelihoodCouplingSettings:
        """Contours of other couplings, at the headline's point."""
        statistics = self.study.statistics
        return LikelihoodCouplingSettings.of(
            self.study.physics,
            statistics,
            self.study.likelihood,
            kappa_lambda_min=self.study.likelihood.scan_min,
            kappa_lambda_max=self.study.likelihood.scan_max,
            sqrt_s_from_tev=self.study.physics.sqrt_s_tev,
            sqrt_s_tev=statistics.headline.sqrt_s_tev,
            luminosity_ifb=statistics.headline.luminosity_ifb,
            asimov="sm" if self.study.likelihood.asimov == "sm" else "background",
            processes=self._limit_processes(),
            systematics=self.study.systematics,
            **self._measured(),
        )

    def likelihood_workspace(self) -> LikelihoodWorkspaceSettings:
        """Files of exchange, at the values of the scan."""
        asimov = "sm" if self.study.likelihood.asimov == "sm" else "background"
        return LikelihoodWorkspaceSettings.of(
            kappa_values=self.study.statistics.scan(), asimov=asimov
        )

    # What they share ----------------------------------------------------------------------------

    def _limit_processes(self) -> dict[str, Process]:
        """Return the processes of the limits; what they are called is nothing to a model."""
        names = {self.layout.samples[name].process for name in self.layout.measured}
        return {
            name: process.model_copy(update={"label": ""})
            for name, process in self.study.processes.items()
            if name in names
        }

    def _kinds(self) -> dict[str, Process]:
        """Return them without cross sections: templates are efficiencies."""
        return {
            name: Process.checked({"kind": process.kind})
            for name, process in self._limit_processes().items()
        }

"""What each job of the workflow is told: the settings of its stage.

Rules and methods have the same names. A rule hands over what a method here returns, so that a key
of the configuration is spelled where its stage reads it and nowhere else.
"""

from typing import Any

from hh4b.core.settings import Settings
from hh4b.events.settings import ImportSettings, IngestSettings, MergeSettings
from hh4b.generation.settings import (
    FourBProcessChoice,
    FourBSettings,
    HiggsPairSettings,
    MadgraphSettings,
    Physics,
    ResonanceSettings,
    TakePartonsSettings,
)
from hh4b.pairing.settings import PairingEvaluationSettings, PairSettings
from hh4b.selection.settings import (
    ClassifierSettings,
    CutScoreSettings,
    DnnSearchSettings,
    DnnTrainSettings,
    EvaluationSettings,
    FeatureSettings,
    PermutationSettings,
    ScoreSettings,
    WorkingPointSettings,
)
from hh4b.simulation.settings import SimulateSettings, TakeParticlesSettings
from hh4b.spanet.settings import (
    EmbeddingSettings,
    SpanetEvaluateSettings,
    SpanetPredictSettings,
    SpanetSearchSettings,
    SpanetTrainSettings,
)
from hh4b.study.layout import Variation
from hh4b.study.samples import GeneratedSample, HepmcSample, LheSample
from hh4b.study.statistics_settings import StatisticsSettings


class StageSettings(StatisticsSettings):
    """The settings of every job, by rule."""

    def text(self, rule: str, **wildcards: Any) -> str:
        """Return the settings of a job as JSON text; ``wildcards`` are those of the rule."""
        settings: Settings = getattr(self, rule)(**wildcards)
        return settings.as_json()

    # Events -------------------------------------------------------------------------------------

    def generate_hh(self, sample: str) -> HiggsPairSettings:
        """Gg -> HH at one kappa_lambda."""
        info = self.layout.samples[sample]
        return HiggsPairSettings.of(
            self.study.physics,
            kappa_lambda=info.kappa_lambda,
            events=info.events,
            acceptance_bias=self.study.simulation.signal_acceptance_bias,
            seed=self.study.seed,
        )

    def generate_resonance(self, sample: str) -> ResonanceSettings:
        """X -> HH."""
        info = self.layout.samples[sample]
        return ResonanceSettings.of(
            self.study.physics,
            info.definition,
            acceptance_bias=self.study.simulation.signal_acceptance_bias,
            seed=self.study.seed,
        )

    def generate_four_b(self, sample: str) -> FourBSettings:
        """Pp -> 4b."""
        return FourBSettings.of(
            self.study.physics,
            self.layout.samples[sample].definition,
            acceptance_bias=self.study.simulation.background_acceptance_bias,
            seed=self.study.seed,
        )

    def take_partons(self, sample: str) -> TakePartonsSettings:
        """Parton events of another generator."""
        return TakePartonsSettings.of(*self._taken(sample), **self._allowed(sample))

    def take_particles(self, sample: str) -> TakeParticlesSettings:
        """Particle events of another generator and shower."""
        return TakeParticlesSettings.of(*self._taken(sample), **self._allowed(sample))

    def _taken(self, sample: str) -> tuple[Settings, Settings]:
        return self.study.physics, self.layout.samples[sample].definition

    def _allowed(self, sample: str) -> dict[str, bool]:
        """Return what the records of a sample have to allow."""
        info = self.layout.samples[sample]
        # Likelihoods, which reweight as well, ask for this method.
        reweighted = self.study.statistics.signal_method == "reweighted"
        return {
            "higgs_pairs": not info.background,
            "kappa_reweighting": info.kind == "signal" and reweighted,
        }

    def comparison_hh(self, energy: str) -> HiggsPairSettings:
        """Gg -> HH for the figures that compare energies."""
        return HiggsPairSettings.of(
            self.study.physics,
            self.study.energy_comparison,
            sqrt_s_tev=float(energy),
            seed=self.study.seed,
        )

    def comparison_four_b(self, energy: str) -> FourBSettings:
        """Pp -> 4b for the figures that compare energies."""
        return FourBSettings.of(
            self.study.physics,
            self.study.energy_comparison,
            sqrt_s_tev=float(energy),
            seed=self.study.seed,
        )

    def generate_madgraph(self, sample: str) -> MadgraphSettings:
        """Events by MG5_aMC, Pythia 8 and Delphes."""
        definition = self.layout.samples[sample].definition
        physics = self.study.physics
        if getattr(definition, "generate", "4b") == "hh":
            # Scale and cuts of pp -> 4b are nothing to gg -> HH.
            other = set(FourBProcessChoice.model_fields)
            physics = Physics.checked(physics.model_dump(exclude=other))
        return MadgraphSettings.of(
            physics,
            definition,
            sample=sample,
            seed=self.study.seed,
        )

    def simulate(self, sample: str, chunk: str, variation: str = "") -> SimulateSettings:
        """One chunk of a sample through shower and detector; nominal showers through all."""
        first, events = self.layout.chunk_range(sample, chunk)
        definition = self.layout.samples[sample].definition
        assert isinstance(definition, GeneratedSample)
        simulation = self.study.simulation
        # Particles of others have been showered.
        pythia = [] if isinstance(definition, HepmcSample) else list(simulation.pythia_settings)
        if isinstance(definition, LheSample):
            pythia += definition.pythia_settings
        if chosen := self.layout.variation(variation):
            pythia += self._side(chosen)
        variations = {
            one.name: self._side(one) for one in self.layout.same_showers(sample, variation)
        }
        return SimulateSettings.of(
            simulation,
            sample=sample,
            b_tagging=definition.b_tagging,
            first=first,
            events=events,
            pythia_settings=pythia,
            variations=variations,
            variation_draws=simulation.variation_draws if variations else None,
            seed=self.study.seed,
            **definition.own_simulation(),
        )

    def _side(self, variation: Variation) -> Any:
        """Return what a variation changes: keys of the card, or settings of Pythia."""
        return getattr(self.study.systematics[variation.systematic], variation.side)

    def ingest(self, sample: str, variation: str = "") -> IngestSettings:
        """Delphes files to a dataset."""
        del variation
        info = self.layout.samples[sample]
        selection = self.study.event_selection
        return IngestSettings.of(
            selection,
            info.definition,
            sample=sample,
            background=info.background,
            tags="file" if info.generated else selection.tags,
            kappa_lambda=info.kappa_lambda,
            seed=self.study.seed,
        )

    def datasets_import(self, sample: str) -> ImportSettings:
        """A published dataset as a sample."""
        return ImportSettings.of(
            self.study.event_selection,
            self.layout.samples[sample].definition,
            sample=sample,
            seed=self.study.seed,
        )

    def datasets_merge(self, training: str, part: str, fold: str) -> MergeSettings:
        """The events of a SPANet2 training; ``fold`` is ``fold_N_``, or nothing."""
        number = fold.removeprefix("fold_").rstrip("_")
        # What measures is all rows.
        drawn = {} if part == "training" else {"rows_per_shower": None, "share": None}
        return MergeSettings.of(
            self.study.spanet_trainings[training],
            **drawn,
            **self._folds(number or None),
            part=part,
            shuffle_seed=self.study.seed,
            balance=True,
        )

    # Pairing and SPANet2 ------------------------------------------------------------------------

    def pair(self, pairing: str) -> PairSettings:
        """A pairing by a function of the jets."""
        return PairSettings.of(self.study.pairings[pairing])

    def efficiency_curve(self) -> PairingEvaluationSettings:
        """Efficiency of a pairing against kappa_lambda."""
        return PairingEvaluationSettings.of(**self._measured())

    def _devices(self) -> dict[str, int]:
        # Not the threads that Snakemake grants: the result must not depend on --cores.
        return {
            "num_gpu": self.study.gpus_per_training,
            "threads": self.study.threads_per_training,
        }

    def spanet_train(self, training: str, repeat: str) -> SpanetTrainSettings:
        """One of the repeated trainings."""
        chosen = self.study.spanet_trainings[training]
        return SpanetTrainSettings.of(chosen, seed=self.study.seed + int(repeat), **self._devices())

    def spanet_evaluate(self) -> SpanetEvaluateSettings:
        """Metrics of a training on its testing events."""
        return SpanetEvaluateSettings.of(**self._devices())

    def spanet_evaluate_folds(self) -> SpanetEvaluateSettings:
        """Metrics of the networks of the folds on what they did not see."""
        return self.spanet_evaluate()

    def spanet_evaluate_some_folds(self) -> SpanetEvaluateSettings:
        """The same where not every fold has a network."""
        return self.spanet_evaluate()

    def spanet_predict(self) -> SpanetPredictSettings:
        """Assignments of a sample."""
        return SpanetPredictSettings.of(**self._devices(), **self._folds())

    def spanet_predict_fixed(self, pairing: str) -> SpanetPredictSettings:
        """Assignments of a sample, with the same kappa input for every event."""
        chosen = self.study.pairings[pairing]
        return SpanetPredictSettings.of(
            pairing_kappa=chosen.kappa_input,  # type: ignore[union-attr]
            **self._devices(),
            **self._folds(),
        )

    def spanet_score(self, variation: str = "") -> SpanetPredictSettings:
        """Scores of a sample at every kappa input."""
        return SpanetPredictSettings.of(
            kappa_values=self.layout.kappas_of_scores(variation),
            **self._devices(),
            **self._folds(),
        )

    def spanet_vectors(self) -> SpanetPredictSettings:
        """Embedding vectors of the testing events, those of the first fold."""
        return SpanetPredictSettings.of(output_vectors=True, **self._devices())

    def embeddings(self) -> EmbeddingSettings:
        """Components, map and clusters of embedding vectors."""
        return EmbeddingSettings.of(seed=self.study.seed)

    def spanet_search_worker(self, search: str) -> SpanetSearchSettings:
        """A worker of a search for options of SPANet2."""
        chosen = self.study.searches[search]
        training = self.study.spanet_trainings[chosen.training]  # type: ignore[union-attr]
        return SpanetSearchSettings.of(training, chosen, seed=self.study.seed, **self._devices())

    # Classifiers and selections -----------------------------------------------------------------

    def features(self) -> FeatureSettings:
        """Observables of paired events."""
        return FeatureSettings.of(
            self.study.features, event_observables=self.layout.event_observables()
        )

    def dnn_train(self, classifier: str, repeat: str) -> DnnTrainSettings:
        """One of the repeated trainings of a dense network."""
        return DnnTrainSettings.of(
            self.study.classifiers[classifier],
            seed=self.study.seed + int(repeat),
            background_weights=self.background_weights(),
            **self._folds(repeat),
        )

    def dnn_search_worker(self, search: str) -> DnnSearchSettings:
        """A worker of a search for options of a dense network."""
        chosen = self.study.searches[search]
        classifier = self.study.classifiers[chosen.classifier]  # type: ignore[union-attr]
        return DnnSearchSettings.of(
            classifier,
            chosen,
            seed=self.study.seed,
            background_weights=self.background_weights(),
            **self._folds(0),
        )

    def dnn_predict(self, variation: str = "") -> ScoreSettings:
        """Scores at every kappa input."""
        kappas = self.layout.kappas_of_scores(variation)
        return ScoreSettings.of(kappa_values=kappas, **self._folds())

    def dnn_importance(self) -> PermutationSettings:
        """What a dense network loses without each of its inputs."""
        return PermutationSettings.of(
            seed=self.study.seed,
            background_weights=self.background_weights(),
            # Rows of one event say almost the same, and cost as much as others.
            rows_per_shower=1,
            **self._folds(),
        )

    def baseline_train(self, classifier: str) -> ClassifierSettings:
        """A classical classifier, or one of the user, and its scores."""
        return ClassifierSettings.of(
            self.study.classifiers[classifier],
            kappa_values=self.layout.score_kappas,
            seed=self.study.seed,
            background_weights=self.background_weights(),
            **self._folds(),
        )

    def select_cuts(self, classifier: str) -> CutScoreSettings:
        """A selection by cuts."""
        return CutScoreSettings.of(
            self.study.classifiers[classifier], kappa_values=self.layout.score_kappas
        )

    def evaluate_classifier(self) -> EvaluationSettings:
        """Accuracy, AUC and ROC on events that no network saw."""
        return EvaluationSettings.of(
            background_weights=self.background_weights(), **self._measured()
        )

    def working_point(self, selection: str) -> WorkingPointSettings:
        """The threshold of a selection."""
        statistics = self.study.statistics
        anew = statistics.errors == "bootstrap" and statistics.bootstrap_threshold
        return WorkingPointSettings.of(
            self.study.selections[selection],
            fixed_kappa_input=statistics.fixed_kappa_input,
            background_weights=self.background_weights(),
            seed=self.study.seed,
            **({"bootstrap_replicas": statistics.replicas} if anew else {}),
            **({"bootstrap_seed": self.study.seed} if anew else {}),
            **self._folds(),
            **self._measured(),
        )

    def background_weights(self) -> dict[str, float]:
        """Return cross sections in fb by process, where backgrounds of several stand together."""
        names = self.layout.background_processes
        if len(names) < 2:
            return {}
        energy = self.study.statistics.headline.sqrt_s_tev
        return {
            name: 1e3 * process.other_pb(name, energy)
            for name, process in self.study.processes.items()
            if name in names
        }

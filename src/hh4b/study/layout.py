"""Where the files of a study lie, and which samples each of its parts uses."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from math import ceil
from typing import NamedTuple

from hh4b.study.methods import Dnn, SpanetClassifier, SpanetPairing, SpanetTraining
from hh4b.study.model import Study
from hh4b.study.samples import expand_samples


class Variation(NamedTuple):
    """Events made anew with another detector or shower.

    Attributes:
        systematic: name under `systematics`.
        side: ``"up"`` or ``"down"``.
        effect: ``"detector"``, of the nominal showers, or ``"shower"``.
    """

    systematic: str
    side: str
    effect: str

    @property
    def name(self) -> str:
        """Return the name of systematic and side together."""
        return f"{self.systematic}_{self.side}"

    @property
    def prefix(self) -> str:
        """Return the folder, below the results, of everything that the variation changes."""
        return f"variations/{self.name}/"


class Layout:
    """Names of files, all below the folder of results.

    Methods that take ``variation`` are given the `Variation.prefix`, or nothing for the nominal
    events.
    """

    def __init__(self, study: Study) -> None:
        """Expand the samples of a study."""
        self.study = study
        self.results = study.results
        self.samples = expand_samples(study.samples, study.processes)

    # Samples ------------------------------------------------------------------------------------

    @cached_property
    def signals(self) -> list[str]:
        """Samples of the signal in kappa_lambda."""
        return [s.name for s in self.samples.values() if s.kind == "signal"]

    @cached_property
    def backgrounds(self) -> list[str]:
        """Samples of all backgrounds."""
        return [s.name for s in self.samples.values() if s.background]

    @cached_property
    def background_processes(self) -> set[str]:
        """Processes of all backgrounds."""
        return {self.samples[name].process for name in self.backgrounds}

    @cached_property
    def standard_model(self) -> list[str]:
        """Signal samples at kappa_lambda = 1."""
        return [name for name in self.signals if self.samples[name].kappa_lambda == 1]

    @cached_property
    def signal_kappas(self) -> list[float]:
        """Values of kappa_lambda that signal samples have."""
        return sorted({k for s in self.samples.values() if (k := s.kappa_lambda) is not None})

    @cached_property
    def score_kappas(self) -> list[float]:
        """Values of the kappa input at which scores are kept: all that anything asks for."""
        statistics = self.study.statistics
        told = (statistics.kappa_input, statistics.background_kappa)
        # Without the hypothesis an event is told a value of the signal samples, as in training.
        scanned = statistics.scan() if "hypothesis" in told else []
        return sorted({*scanned, *self.signal_kappas})

    def kappas_of_scores(self, variation: str = "") -> list[float]:
        """Return the values of the kappa input at which a sample is scored.

        A variation is looked at where the limits take their events.
        """
        fixed = self.study.statistics.fixed_kappa_input
        if variation and fixed is not None and self.study.statistics.one_kappa_input:
            return [fixed]
        return self.score_kappas

    def of_source(self, source: str) -> list[str]:
        """Return the samples of a source."""
        return [n for n, info in self.samples.items() if info.definition.source == source]

    def of_groups(self, groups: Iterable[str], kappas: Sequence[float] | None = None) -> list[str]:
        """Return the samples that keys of the configuration expand to, at some kappa_lambda."""
        chosen = set(groups)
        return [
            info.name
            for info in self.samples.values()
            if info.group in chosen
            and (kappas is None or info.kappa_lambda is None or info.kappa_lambda in kappas)
        ]

    def training_signals(self, training: str) -> list[str]:
        """Return the signal samples of a SPANet2 training."""
        chosen = self.study.spanet_trainings[training]
        return self.of_groups(chosen.signal, chosen.kappa_lambda)

    def training_backgrounds(self, training: str) -> list[str]:
        """Return the background samples of a SPANet2 training."""
        return self.of_groups(self.study.spanet_trainings[training].background)

    def compared_signals(self, classifier: str) -> list[str]:
        """Return the signal samples that a classifier is trained and compared with."""
        chosen = self.study.classifiers[classifier]
        if isinstance(chosen, SpanetClassifier):
            return self.training_signals(chosen.training)
        values = chosen.kappa_lambda
        return [
            name
            for name in self.signals
            if values is None or self.samples[name].kappa_lambda in values
        ]

    def compared_kappas(self, classifier: str) -> list[float]:
        """Return the values that the kappa input of background is drawn from."""
        infos = [self.samples[name] for name in self.compared_signals(classifier)]
        return sorted({k for info in infos if (k := info.kappa_lambda) is not None})

    def event_observables(self) -> bool:
        """Return whether all samples have missing energy and leptons; published ones have none."""
        return not self.of_source("spanet_dataset")

    @cached_property
    def other_energies(self) -> list[float]:
        """Energies of the limits in TeV that are not that of the events but get templates."""
        statistics = self.study.statistics
        if statistics.other_energies == "unchanged" or not self.study.selections:
            return []
        return [e for e in statistics.sqrt_s_tev if e != self.study.physics.sqrt_s_tev]

    # Variations ---------------------------------------------------------------------------------

    @cached_property
    def variations(self) -> dict[Variation, list[str]]:
        """Variations that make events anew, and the samples they change."""
        found = {}
        for name, systematic in self.study.systematics.items():
            if systematic.effect not in ("detector", "shower"):
                continue
            kappas = systematic.kappa_lambda
            changed = [
                info.name
                for info in self.samples.values()
                if info.process in systematic.processes
                and info.kind != "resonance"
                and (kappas is None or info.kappa_lambda is None or info.kappa_lambda in kappas)
            ]
            for side in systematic.sides():
                found[Variation(name, side, systematic.effect)] = changed
        return found

    @cached_property
    def detector_variations(self) -> list[Variation]:
        """Variations of the detector: of the nominal showers, and made together with them."""
        return [one for one in self.variations if one.effect == "detector"]

    @cached_property
    def detector_varied(self) -> list[str]:
        """Own samples that a variation of the detector changes; their showers make each of them."""
        changed = {name for one in self.detector_variations for name in self.variations[one]}
        return [n for n, info in self.samples.items() if n in changed and info.generated]

    def same_showers(self, sample: str, variation: str = "") -> list[Variation]:
        """Return the variations whose events are made of the same showers in the same job."""
        return self.detector_variations if not variation and sample in self.detector_varied else []

    def variation(self, prefix: str) -> Variation | None:
        """Return the variation of a `Variation.prefix`; None for the nominal events."""
        return next((v for v in self.variations if v.prefix == prefix), None)

    def varied(self, *, nominal: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
        """Yield (prefix, sample) of nominal samples, then of everything that variations change."""
        yield from (("", name) for name in nominal)
        for variation, names in self.variations.items():
            yield from ((variation.prefix, name) for name in names)

    @cached_property
    def varied_classifiers(self) -> set[str]:
        """Classifiers whose templates have variations."""
        if self.study.statistics.model == "complete":
            return set(self.study.classifiers)
        selections = self.study.selections
        return {selections[name].classifier for name in self.study.likelihood.selections}

    @cached_property
    def parton_variations(self) -> list[tuple[str, str, str]]:
        """(systematic, side, sample) of variations of scales and parton densities."""
        return [
            (name, side, sample)
            for name, systematic in self.study.systematics.items()
            if systematic.effect == "partons"
            for side in systematic.sides()
            for sample in (*self.signals, *self.backgrounds)
            if self.samples[sample].process in systematic.processes
        ]

    # Files of samples ---------------------------------------------------------------------------

    def file(self, name: str) -> str:
        """Return a path below the folder of results."""
        return f"{self.results}/{name}"

    def partons(self, sample: str, suffix: str = "lhe.gz") -> str:
        """Return the parton-level events of a sample, or their histograms (``json``)."""
        return self.file(f"partons/{sample}.{suffix}")

    def chunks(self, sample: str) -> list[str]:
        """Return the chunk names of a generated sample."""
        events = self.samples[sample].events
        return [f"{i:04d}" for i in range(ceil(events / self.study.simulation.chunk_events))]

    def chunk_range(self, sample: str, chunk: str) -> tuple[int, int]:
        """Return the first event and the number of events of a chunk."""
        size = self.study.simulation.chunk_events
        first = int(chunk) * size
        return first, min(size, self.samples[sample].events - first)

    def events(self, sample: str, chunk: str, variation: str = "") -> str:
        """Return the Delphes file of a chunk."""
        return self.file(f"{variation}events/{sample}/{chunk}.root")

    def dataset(self, sample: str, variation: str = "") -> str:
        """Return the four-tag dataset of a sample."""
        return self.file(f"{variation}datasets/{sample}.h5")

    def datasets(self, samples: Iterable[str]) -> list[str]:
        """Return the nominal datasets of several samples."""
        return [self.dataset(sample) for sample in samples]

    def pairing(self, pairing: str, sample: str, variation: str = "") -> str:
        """Return the pairing of a sample by a method of the configuration."""
        method = self.study.pairings[pairing]
        folder = pairing
        if isinstance(method, SpanetPairing) and method.kappa_input is None:
            folder = f"spanet/{method.training}"
        return self.file(f"{variation}pairings/{folder}/{sample}.h5")

    def features(self, pairing: str, sample: str, variation: str = "") -> str:
        """Return the observables of a sample under a pairing."""
        return self.file(f"{variation}features/{pairing}/{sample}.h5")

    def scores(self, classifier: str, sample: str, variation: str = "") -> str:
        """Return the scores of a sample by a classifier of the configuration."""
        chosen = self.study.classifiers[classifier]
        folder = classifier
        if isinstance(chosen, SpanetClassifier):
            folder = f"spanet/{chosen.training}"
        return self.file(f"{variation}scores/{folder}/{sample}.h5")

    def cutflow(self, classifier: str, sample: str) -> str:
        """Return the cutflow of a sample by a cut-based selection."""
        return self.file(f"cutflows/{classifier}/{sample}.json")

    # Files of methods ---------------------------------------------------------------------------

    @property
    def folds(self) -> int:
        """Number of folds of cross-fitting; 0 = one split, and the best of the repeats."""
        return self.study.event_selection.folds

    def repeats(self, definition: Dnn | SpanetTraining) -> list[str]:
        """Return the numbers of repeated trainings as they stand in names of files.

        With folds, a repeat is the training without the fold of its number.
        """
        number = self.folds or definition.repeats
        if isinstance(definition, SpanetTraining):
            number = definition.trained_folds or number
        return [str(repeat) for repeat in range(number)]

    def training_file(self, training: str, part: str, repeat: str = "0") -> str:
        """Return the merged training or testing events of a SPANet2 training.

        Without folds they are the same for all repeats.
        """
        fold = f"fold_{repeat}_" if self.folds else ""
        return self.file(f"trainings/{training}/{fold}{part}.h5")

    def spanet_model(self, training: str, repeat: str | None = None) -> str:
        """Return the checkpoint of one repeat of a SPANet2 training, or one to look at.

        That is the best one, or with folds the first.
        """
        if repeat is None and self.folds:
            repeat = "0"
        inner = "" if repeat is None else f"repeat_{repeat}/"
        return self.file(f"models/spanet/{training}/{inner}model.pt")

    def spanet_models(self, training: str) -> list[str]:
        """Return the checkpoints that predict: the chosen one, or those of the trained folds."""
        if not self.folds:
            return [self.spanet_model(training)]
        definition = self.study.spanet_trainings[training]
        return [self.spanet_model(training, repeat) for repeat in self.repeats(definition)]

    def dnn_model(self, classifier: str, repeat: str) -> str:
        """Return the checkpoint of one repeat of a dense network."""
        return self.file(f"models/{classifier}/repeat_{repeat}/model.pt")

    def dnn_models(self, classifier: str) -> list[str]:
        """Return the networks that score: the chosen one, or that of each fold."""
        if not self.folds:
            return [self.file(f"models/{classifier}/model.pt")]
        return [self.dnn_model(classifier, str(number)) for number in range(self.folds)]

    def spanet_metrics(self, training: str, repeat: str | None = None) -> str:
        """Return the metrics of a SPANet2 training: of one repeat, or of the chosen one.

        With folds the latter are of all events that a network did not see, each by that one.
        """
        inner = "" if repeat is None else f"/repeat_{repeat}"
        return self.file(f"metrics/spanet/{training}{inner}.json")

    def learning_curve(self, model: str) -> str:
        """Return the learning curve of the first repeat; ``spanet/TRAINING`` or a classifier."""
        return self.file(f"models/{model}/repeat_0/metrics.csv")

    def embeddings(self, training: str) -> str:
        """Return the analysis of a training's embedding vectors."""
        return self.file(f"embeddings/{training}/embeddings.json")

    def pairing_metrics(self, pairing: str) -> str:
        """Return the efficiency of a pairing against kappa_lambda."""
        return self.file(f"metrics/pairing/{pairing}.json")

    def classifier_metrics(self, classifier: str) -> str:
        """Return accuracy, AUC and ROC of a classifier."""
        return self.file(f"metrics/classification/{classifier}.json")

    def repeat_metrics(self, classifier: str) -> list[str]:
        """Return the metrics of every repeated training of a classifier."""
        chosen = self.study.classifiers[classifier]
        if isinstance(chosen, Dnn):
            folder = f"models/{classifier}"
            numbers = self.repeats(chosen)
            return [self.file(f"{folder}/repeat_{number}/evaluation.json") for number in numbers]
        if isinstance(chosen, SpanetClassifier):
            training = self.study.spanet_trainings[chosen.training]
            return [self.spanet_metrics(chosen.training, n) for n in self.repeats(training)]
        return [self.classifier_metrics(classifier)]

    def search(self, search: str, file: str) -> str:
        """Return a file of a search, e.g. ``outcome.json`` or ``trials.journal``."""
        return self.file(f"searches/{search}/{file}")

    # Files of selections ------------------------------------------------------------------------

    def working_point(self, selection: str) -> str:
        """Return the working point of a selection."""
        return self.file(f"working_points/{selection}.json")

    def energy_weights(self, energy: float, sample: str) -> str:
        """Return the factors that take the events of a sample to another energy."""
        return self.file(f"energy_weights/{energy:g}tev/{sample}.h5")

    def parton_weights(self, systematic: str, side: str, sample: str) -> str:
        """Return the factors that give the events of a sample other scales or densities."""
        return self.file(f"parton_weights/{systematic}_{side}/{sample}.h5")

    def templates(self, selection: str, energy: float | None = None) -> str:
        """Return the m_HH templates of a selection; with ``energy``, those of another energy."""
        return self.file(f"templates/{selection}{_at(energy)}.json")

    def template_replicas(self, selection: str, energy: float | None = None) -> str:
        """Return the replicas of the templates of a selection."""
        return self.file(f"templates/{selection}{_at(energy)}.replicas.h5")

    def limits(
        self, selection: str, energy: float | None = None, luminosity: float | None = None
    ) -> str:
        """Return the limits of a selection; without energy and luminosity, the headline ones."""
        headline = self.study.statistics.headline
        energy = headline.sqrt_s_tev if energy is None else energy
        luminosity = headline.luminosity_ifb if luminosity is None else luminosity
        return self.file(f"limits/{selection}_{energy:g}tev_{luminosity:g}ifb.json")

    def of_every_energy(self, folder: str, selection: str) -> list[str]:
        """Return the workspaces or limits of a selection at every energy and luminosity."""
        return [
            self.file(f"{folder}/{selection}_{energy:g}tev_{luminosity:g}ifb.json")
            for energy in self.study.statistics.sqrt_s_tev
            for luminosity in self.study.statistics.luminosities_ifb
        ]

    def categories(self, selection: str) -> str:
        """Return the category templates of a selection."""
        return self.file(f"likelihood/{selection}/categories.json")

    def likelihood(
        self,
        part: str,
        selection: str,
        energy: float | None = None,
        luminosity: float | None = None,
    ) -> str:
        """Return a file of the likelihood of a selection; without a point, the headline's.

        Args:
            part: ``model``, ``fit``, ``toys``, ``couplings``, ``hs3`` or ``histfactory``.
            selection: one of `likelihood.selections`.
            energy: in TeV.
            luminosity: in fb^-1.
        """
        headline = self.study.statistics.headline
        energy = headline.sqrt_s_tev if energy is None else energy
        luminosity = headline.luminosity_ifb if luminosity is None else luminosity
        name = f"{part}_{energy:g}tev_{luminosity:g}ifb.json"
        return self.file(f"likelihood/{selection}/{name}")

    def likelihoods(self, part: str, selection: str) -> list[str]:
        """Return a file of the likelihood of a selection at every energy and luminosity."""
        return [
            self.likelihood(part, selection, energy, luminosity)
            for energy in self.study.statistics.sqrt_s_tev
            for luminosity in self.study.statistics.luminosities_ifb
        ]

    def scan(self, selection: str, reaching: str | None = None) -> str:
        """Return the luminosity scan of a selection, or the one that looks for another's limits."""
        inner = "" if reaching is None else f"_reaching_{reaching}"
        return self.file(f"scans/{selection}{inner}.json")

    def comparison(self, source: str, energy: float) -> str:
        """Return histograms of parton-level events of ``hh`` or ``four_b`` at an energy."""
        return self.file(f"comparison/{source}_{energy:g}tev.json")


def _at(energy: float | None) -> str:
    return "" if energy is None else f"_{energy:g}tev"

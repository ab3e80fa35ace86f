"""Where the files of a study lie."""

from collections.abc import Iterable
from math import ceil

from hh4b.events.sources import chunk_name
from hh4b.study.learning_curves import without_points
from hh4b.study.methods import Dnn, SpanetClassifier, SpanetPairing, SpanetTraining
from hh4b.study.sample_choice import SampleChoice, Variation

__all__ = ["Layout", "Variation"]


class Layout(SampleChoice):
    """Names of files, all below the folder of results.

    Methods that take ``variation`` are given the `Variation.prefix`, or nothing for the nominal
    events.
    """

    # Files of samples ---------------------------------------------------------------------------

    def file(self, name: str) -> str:
        """Return a path below the folder of results."""
        return f"{self.results}/{name}"

    def shown(self, section: Iterable[str]) -> list[str]:
        """Return the entries of a section that are no points of learning curves."""
        return without_points(section, self.study.learning_curves)

    def partons(self, sample: str, suffix: str = "lhe.gz") -> str:
        """Return the parton-level events of a sample, or their histograms (``json``)."""
        return self.file(f"partons/{sample}.{suffix}")

    def generator_events(self, sample: str) -> str:
        """Return what the detector's events are made of: partons, or an index of particles."""
        if self.samples[sample].own_shower:
            return self.partons(sample)
        return self.file(f"particles/{sample}.json")

    def chunks(self, sample: str) -> list[str]:
        """Return the chunk names of a generated sample."""
        events = self.samples[sample].events
        return [chunk_name(i) for i in range(ceil(events / self.study.simulation.chunk_events))]

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

    def importance(self, classifier: str) -> str:
        """Return what a dense network loses without each of its inputs."""
        return self.file(f"importance/{classifier}.json")

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
        return self.file(f"limits/{selection}_{self._point(energy, luminosity)}.json")

    def of_every_energy(self, folder: str, selection: str) -> list[str]:
        """Return the workspaces or limits of a selection at every energy and luminosity."""
        return [self.file(f"{folder}/{selection}_{point}.json") for point in self._points()]

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
            part: ``model``, ``fit``, ``toys``, ``redrawn``, ``couplings``, ``hs3`` or
                ``histfactory``.
            selection: one of `likelihood.selections`.
            energy: in TeV.
            luminosity: in fb^-1.
        """
        return self.file(f"likelihood/{selection}/{part}_{self._point(energy, luminosity)}.json")

    def likelihoods(self, part: str, selection: str) -> list[str]:
        """Return a file of the likelihood of a selection at every energy and luminosity."""
        return [
            self.file(f"likelihood/{selection}/{part}_{point}.json") for point in self._points()
        ]

    @property
    def headline_point(self) -> str:
        """Energy and luminosity of the headline, as names of files have them."""
        return self._point()

    def _point(self, energy: float | None = None, luminosity: float | None = None) -> str:
        """Write energy and luminosity as names of files do; those of the headline if not given."""
        headline = self.study.statistics.headline
        energy = headline.sqrt_s_tev if energy is None else energy
        luminosity = headline.luminosity_ifb if luminosity is None else luminosity
        return f"{energy:g}tev_{luminosity:g}ifb"

    def _points(self) -> list[str]:
        statistics = self.study.statistics
        return [
            self._point(energy, luminosity)
            for energy in statistics.sqrt_s_tev
            for luminosity in statistics.luminosities_ifb
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

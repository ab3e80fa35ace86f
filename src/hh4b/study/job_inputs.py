"""Files that go together on the command lines of the workflow, and those that a job waits for."""

import re
import shlex
from collections.abc import Iterable, Sequence

from hh4b.core.plugins import plugin_file
from hh4b.events.sources import CHUNK, local_sources
from hh4b.study.layout import Layout
from hh4b.study.methods import Dnn, FunctionPairing, SpanetClassifier, SpanetPairing, SpanetTraining
from hh4b.study.samples import FilesSample, HepmcSample, LheSample

#: (key, dataset, features, scores) of samples.
Rows = list[tuple[str, str, str, str]]


class JobInputs:
    """Files that go together on a command line, and the ones a rule waits for."""

    def __init__(self, layout: Layout) -> None:
        """Name the files by a layout."""
        self.layout = layout
        self.study = layout.study

    def compared(self, kind: str, classifier: str) -> dict[str, list[str]]:
        """Return datasets, and ``features`` or ``scores``, of what a classifier is compared with.

        The keys are ``signal``, ``signal_datasets``, ``background`` and ``background_datasets``.
        """
        files = {}
        for role, names in (
            ("signal", self.layout.compared_signals(classifier)),
            ("background", self.layout.backgrounds),
        ):
            files[f"{role}_datasets"] = self.layout.datasets(names)
            files[role] = [self._of(kind, classifier, name) for name in names]
        return files

    def _of(self, kind: str, classifier: str, sample: str, variation: str = "") -> str:
        if kind == "scores":
            return self.layout.scores(classifier, sample, variation)
        chosen = self.study.classifiers[classifier]
        assert not isinstance(chosen, SpanetClassifier)
        return self.layout.features(chosen.pairing, sample, variation)

    def compared_option(self, files: dict[str, list[str]]) -> str:
        """Write ``--signal DATASET:FILE … --background PROCESS=DATASET:FILE …``."""
        signal = option("--signal", files["signal_datasets"], files["signal"])
        processes = [self.layout.samples[name].process for name in self.layout.backgrounds]
        datasets = [
            f"{process}={path}"
            for process, path in zip(processes, files["background_datasets"], strict=True)
        ]
        return f"{signal} {option('--background', datasets, files['background'])}"

    def scored(self, classifier: str) -> dict[str, list[str]]:
        """Return datasets and features of all that a classifier scores in one job."""
        scored = self._scored_at_once(self.study.classifiers[classifier].kind)
        return {
            "datasets": [self.layout.dataset(name, prefix) for prefix, name in scored],
            "features": [self._of("features", classifier, name, prefix) for prefix, name in scored],
        }

    def scores_pattern(self, kind: str) -> list[str]:
        """Return the score files of a classifier as patterns over ``{classifier}``.

        Args:
            kind: of the classifiers.
        """
        return [
            self.layout.file(f"{prefix}scores/{{classifier}}/{name}.h5")
            for prefix, name in self._scored_at_once(kind)
        ]

    def features_of(self, classifier: str, sample: str, variation: str = "") -> str:
        """Return the observables of a sample that a classifier sees."""
        return self._of("features", classifier, sample, variation)

    def _scored_at_once(self, kind: str) -> list[tuple[str, str]]:
        """Return (prefix, sample); varied ones where scores are made with the training."""
        nominal = self.layout.measured
        varied = set(self.classifiers(kind)) & self.layout.varied_classifiers
        if kind == "baseline" and varied:
            return list(self.layout.varied(nominal=nominal))
        return [("", name) for name in nominal]

    def template_rows(self, selection: str, *, varied: bool = False) -> Rows:
        """Return (key, dataset, features, scores) of everything in the templates of a selection.

        The key is the process of nominal samples, ``SYSTEMATIC.SIDE.PROCESS`` of varied ones, which
        are there where they are asked for.
        """
        chosen = self.study.selections[selection]
        rows = []
        nominal = self.layout.measured
        scored = self.layout.varied(nominal=nominal) if varied else [("", n) for n in nominal]
        for prefix, name in scored:
            variation = self.layout.variation(prefix)
            process = self.layout.samples[name].process
            key = f"{variation.systematic}.{variation.side}.{process}" if variation else process
            rows.append(
                (
                    key,
                    self.layout.dataset(name, prefix),
                    self.layout.features(chosen.pairing, name, prefix),
                    self.layout.scores(chosen.classifier, name, prefix),
                )
            )
        return rows

    def templates(self, selection: str) -> list[str]:
        """Return the files that the templates of a selection are made from."""
        return _files_of(self._rows(selection))

    def templates_option(self, selection: str) -> str:
        """Write ``--sample PROCESS=D:F:S … --varied SYSTEMATIC.SIDE.PROCESS=D:F:S …``."""
        return _rows_option(self._rows(selection))

    def _rows(self, selection: str) -> Rows:
        # In the model `note` nothing is uncertain.
        return self.template_rows(selection, varied=self.study.statistics.model == "complete")

    def categories(self, selection: str) -> list[str]:
        """Return the files that the category templates of a selection are made from."""
        return _files_of(self.template_rows(selection, varied=True))

    def categories_option(self, selection: str) -> str:
        """Write them as `templates_option` does."""
        return _rows_option(self.template_rows(selection, varied=True))

    def redrawn(self, selection: str, point: str) -> list[str]:
        """Return the likelihoods of redrawn templates: at the headline's point, if wanted."""
        wanted = self.study.likelihood.redrawn_templates and point == self.layout.headline_point
        return [self.layout.likelihood("redrawn", selection)] if wanted else []

    def likelihoods(self) -> list[str]:
        """Return everything that the likelihoods of a study say."""
        chosen = self.study.likelihood
        found = [
            path
            for name in chosen.selections
            for part in ("fit", "hs3", "histfactory")
            for path in self.layout.likelihoods(part, name)
        ]
        found += [self.layout.likelihood("toys", name) for name in chosen.toys]
        return [*found, *(self.layout.likelihood("couplings", name) for name in chosen.couplings)]

    def submission(self) -> dict[str, list[str]]:
        """Return the files of a HEPData submission beside the tables, by option of `hh4b hepdata`.

        Cutflows are those of nominal events.
        """
        layout, chosen = self.layout, self.study.likelihood.selections
        return {
            "limits": [
                path
                for name in layout.shown(self.study.selections)
                for path in layout.of_every_energy("limits", name)
            ],
            "fit": [path for name in chosen for path in layout.likelihoods("fit", name)],
            "templates": [layout.categories(name) for name in chosen],
            "cutflow": [
                layout.cutflow(c, n) for c in self.classifiers("cuts") for n in layout.measured
            ],
            "workspace": [
                path
                for name in chosen
                for part in ("hs3", "histfactory")
                for path in layout.likelihoods(part, name)
            ],
        }

    def submission_option(self) -> str:
        """Write ``--limits FILE … --fit FILE …``."""
        texts = (
            " ".join([f"--{name}", *map(shlex.quote, paths)])
            for name, paths in self.submission().items()
            if paths
        )
        return " ".join(texts)

    def coupling_rows(self, selection: str) -> list[str]:
        """Return the files of the nominal samples of a selection."""
        return _files_of(self.template_rows(selection))

    def coupling_option(self, selection: str) -> str:
        """Write ``--sample PROCESS=D:F:S …`` of the nominal samples of a selection."""
        return _rows_option(self.template_rows(selection))

    def headline_weights(self) -> list[str]:
        """Return the factors that take events to the headline's energy; none where it is theirs."""
        energy = self.study.statistics.headline.sqrt_s_tev
        if energy not in self.layout.other_energies:
            return []
        return [self.layout.energy_weights(energy, sample) for sample in self.reweighted()]

    # Single files --------------------------------------------------------------------------------

    def event_files(self, sample: str, variation: str = "") -> list[str]:
        """Return the event files that a dataset is made from, as far as they are local.

        Lists of files are among them.
        """
        info = self.layout.samples[sample]
        if info.generated:
            chunks = self.layout.chunks(sample)
            return [self.layout.events(sample, chunk, variation) for chunk in chunks]
        if isinstance(info.definition, FilesSample):
            return local_sources(info.definition.files)
        return [self.layout.events(sample, "madgraph")]

    def taken_files(self, sample: str) -> list[str]:
        """Return the files of another generator that a sample is taken from."""
        definition = self.layout.samples[sample].definition
        assert isinstance(definition, LheSample | HepmcSample)
        return local_sources(definition.files)

    def taken_arguments(self, sample: str) -> str:
        """Write them for `hh4b take-partons` and `hh4b take-particles`."""
        definition = self.layout.samples[sample].definition
        assert isinstance(definition, LheSample | HepmcSample)
        return " ".join(shlex.quote(file) for file in definition.files)

    def event_arguments(self, sample: str, variation: str = "") -> str:
        """Write the files for `hh4b ingest`."""
        definition = self.layout.samples[sample].definition
        if isinstance(definition, FilesSample):
            return " ".join(shlex.quote(file) for file in definition.files)
        info = self.layout.samples[sample]
        if not info.generated:
            return shlex.quote(self.layout.events(sample, "madgraph", variation))
        # Names of many chunks would be more than a command line holds, and a glob would take those
        # of an earlier study, too.
        name = self.layout.events(sample, CHUNK, variation)
        return f"{shlex.quote(name)} --chunks {len(self.layout.chunks(sample))}"

    def varied_option(self, sample: str, chunk: str) -> str:
        """Write ``--varied VARIATION=FILE …`` of the detectors that the same showers go through."""
        return option("--varied", [
            f"{one.name}={self.layout.events(sample, chunk, one.prefix)}"
            for one in self.layout.same_showers(sample)
        ])  # fmt: skip

    def nominal_dataset(self, sample: str, variation: str = "") -> list[str]:
        """Return the dataset whose labels varied events take over; nothing for nominal ones."""
        return [self.layout.dataset(sample)] if variation else []

    def testing_file(self, sample: str) -> list[str]:
        """Return the second file of a published dataset, or nothing."""
        file = getattr(self.layout.samples[sample].definition, "testing_file", None)
        return [file] if file else []

    def merged(self, training: str) -> list[str]:
        """Return the datasets of a SPANet2 training."""
        signals = self.layout.training_signals(training)
        return self.layout.datasets([*signals, *self.layout.training_backgrounds(training)])

    def outcome(self, definition: Dnn | SpanetTraining) -> list[str]:
        """Return the outcome of the search that a training starts from, or nothing."""
        if definition.search is None:
            return []
        return [self.layout.search(definition.search, "outcome.json")]

    def workers(self, search: str) -> list[str]:
        """Return what the workers of a search write."""
        numbers = range(self.study.searches[search].workers)
        return [self.layout.search(search, f"worker_{number}.json") for number in numbers]

    def pairing_of_cuts(self, classifier: str, sample: str, variation: str = "") -> str:
        """Return the pairing that a selection by cuts uses."""
        chosen = self.study.classifiers[classifier]
        assert not isinstance(chosen, SpanetClassifier)
        return self.layout.pairing(chosen.pairing, sample, variation)

    def replicas(self, selection: str) -> list[str]:
        """Return the replicas of the templates at every energy; nothing where errors need none."""
        statistics = self.study.statistics
        if statistics.errors != "bootstrap" or not statistics.replicas:
            return []
        return [self.layout.template_replicas(selection, energy) for energy in self._energies()]

    def all_templates(self, selection: str) -> list[str]:
        """Return the templates of a selection at every energy, that of the events first."""
        return [self.layout.templates(selection, energy) for energy in self._energies()]

    def _energies(self) -> list[float | None]:
        """Return the energies of the templates; None for that of the events."""
        return [None, *self.layout.other_energies]

    def reweighted(self) -> list[str]:
        """Return the samples that are taken to other energies."""
        if not self.layout.other_energies:
            return []
        return self.layout.measured

    def energy_weights(self) -> list[str]:
        """Return the factors of all samples for all other energies."""
        return [
            self.layout.energy_weights(energy, sample)
            for energy in self.layout.other_energies
            for sample in self.reweighted()
        ]

    def parton_weights(self) -> list[str]:
        """Return the factors of all variations of scales and parton densities."""
        return [self.layout.parton_weights(*one) for one in self.layout.parton_variations]

    def varied_partons(self) -> list[str]:
        """Return the parton events that get them."""
        samples = dict.fromkeys(sample for _, _, sample in self.layout.parton_variations)
        return [self.layout.partons(sample) for sample in samples]

    def template_parton_weights(self) -> list[str]:
        """Return those that templates need: none in the model `note`."""
        return self.parton_weights() if self.study.statistics.model == "complete" else []

    def at_energy_option(self, selection: str) -> str:
        """Write ``--energy-weights FILE … --at-energy ENERGY=TEMPLATES[:REPLICAS] …``."""
        replicas = self.replicas(selection)[1:]
        templates = [
            f"{energy:g}={path}"
            for energy, path in zip(
                self.layout.other_energies, self.all_templates(selection)[1:], strict=True
            )
        ]
        places = [templates, replicas] if replicas else [templates]
        weights = option("--energy-weights", self.energy_weights())
        return f"{weights} {option('--at-energy', *places)}".strip()

    # Names ---------------------------------------------------------------------------------------

    def classifiers(self, kind: str) -> list[str]:
        """Return the classifiers of a kind."""
        return [name for name, c in self.study.classifiers.items() if c.kind == kind]

    def searches(self, kind: str) -> list[str]:
        """Return the searches of a kind."""
        return [name for name, s in self.study.searches.items() if s.kind == kind]

    def trainings(self, *, every_fold: bool) -> list[str]:
        """Return the trainings with a network for every fold, or those that leave some out."""
        if not self.layout.folds:
            return []
        chosen = self.study.spanet_trainings.items()
        folds = self.layout.folds
        return [n for n, t in chosen if (len(self.layout.repeats(t)) == folds) == every_fold]

    def function_pairings(self) -> list[str]:
        """Return the pairings that need no training."""
        chosen = self.study.pairings.items()
        return [name for name, pairing in chosen if isinstance(pairing, FunctionPairing)]

    def fixed_kappa_pairings(self) -> list[str]:
        """Return the pairings by SPANet2 that tell it the same kappa input for every event."""
        chosen = self.study.pairings.items()
        return [n for n, p in chosen if isinstance(p, SpanetPairing) and p.kappa_input is not None]

    def weights(self) -> list[str]:
        """Return the weight functions of the systematics."""
        chosen = self.study.systematics.values()
        return [systematic.weight for systematic in chosen if systematic.effect == "weights"]

    def plugins(self, references: Iterable[str]) -> list[str]:
        """Return the files of the user's code that a job runs, so that it follows their changes."""
        return [str(path) for reference in references if (path := plugin_file(reference))]


def option(name: str, *columns: Sequence[str]) -> str:
    """Write a repeated option whose value joins files, quoted for a shell.

    >>> option("--signal", ["a.h5", "b c.h5"], ["x.h5", "y.h5"])
    "--signal a.h5:x.h5 --signal 'b c.h5:y.h5'"
    """
    values = (":".join(row) for row in zip(*columns, strict=True))
    return " ".join(f"{name} {shlex.quote(value)}".strip() for value in values)


def _files_of(rows: Rows) -> list[str]:
    return [path for _, *paths in rows for path in paths]


def _rows_option(rows: Rows) -> str:
    texts = []
    for key, *paths in rows:
        name = "--varied" if "." in key else "--sample"
        texts.append(option(name, [f"{key}={paths[0]}"], *([path] for path in paths[1:])))
    return " ".join(texts)


def names_pattern(names: Iterable[str]) -> str:
    """Return a regular expression that matches the names, and nothing where there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"

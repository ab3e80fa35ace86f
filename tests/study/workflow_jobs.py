"""Every job of the workflow, in Python alone: what it is told, what it reads, what it writes.

The wildcards that a rule hands to its settings are read from the rule files, so that only the names
of files stand here a second time; `test_leaves.py` holds the result against `snakemake -n`.
"""

import re
from itertools import product
from pathlib import Path
from typing import NamedTuple

from hh4b.publication.catalogue import outputs, results_page
from hh4b.study.job_inputs import JobInputs, option
from hh4b.study.layout import Layout
from hh4b.study.methods import SpanetPairing
from hh4b.study.stage_settings import StageSettings

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "workflow/rules").glob("*.smk"))


class Job(NamedTuple):
    """A job.

    Attributes:
        told: its settings, and files on its command line with what they are for.
        reads: its input files.
        writes: its output files.
    """

    told: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


def rule_texts():
    """Return the text of every rule by name."""
    texts = {}
    for path in RULES:
        for part in re.split(r"^rule ", path.read_text(), flags=re.MULTILINE)[1:]:
            texts[part.partition(":")[0]] = part
    return texts


def settings_calls():
    """Return {rule: (name of the settings, wildcards)} of rules that hand settings over."""
    calls = {}
    for rule, text in rule_texts().items():
        for arguments in re.findall(r"settings=settings\(([^)]*)\)", text):
            name, *wildcards = re.findall(r'"(\w+)"', arguments)
            calls[rule] = (name, tuple(wildcards))
    return calls


class _Jobs:
    def __init__(self, study):
        self.study, self.layout = study, Layout(study)
        self.files, self.settings = JobInputs(self.layout), StageSettings(self.layout)
        self.calls = settings_calls()
        self.found = {}

    def add(self, rule, reads, writes, told="", *, called=None, **wildcards):
        """Keep a job under the name that its rule logs by; ``called`` is the rule's own."""
        if (called or rule) in self.calls:
            name, wanted = self.calls[called or rule]
            told += self.settings.text(name, **{key: wildcards[key] for key in wanted})
        job = Job(told, tuple(reads), tuple(writes))
        self.found[rule, tuple(sorted(wildcards.items()))] = job

    def events(self):
        layout = self.layout
        for source in ("gg_hh", "resonance", "four_b"):
            rule = {"gg_hh": "generate_hh"}.get(source, f"generate_{source}")
            for sample in layout.of_source(source):
                self.add(rule, [], [layout.partons(sample)], sample=sample)
        for source, rule in (("lhe", "take_partons"), ("hepmc", "take_particles")):
            for sample in layout.of_source(source):
                told, reads = self.files.taken_arguments(sample), self.files.taken_files(sample)
                written = layout.generator_events(sample)
                self.add(rule, reads, [written], told, sample=sample)
        everything = list(layout.varied(nominal=list(layout.samples)))
        for variation, sample in everything:
            info = layout.samples[sample]
            keys = {"sample": sample, "variation": variation}
            for chunk in layout.chunks(sample) if info.generated else ():
                self.simulated(sample, chunk, variation)
            if info.definition.source == "madgraph":
                reads, written = [info.definition.delphes_card], layout.events(sample, "madgraph")
                self.add("generate_madgraph", reads, [written], sample=sample)
            if info.definition.source == "spanet_dataset":
                reads = [info.definition.file, *self.files.testing_file(sample)]
                self.add("datasets_import", reads, [layout.dataset(sample)], sample=sample)
            else:
                told = self.files.event_arguments(sample, variation)
                reads = self.files.event_files(sample, variation)
                reads += self.files.nominal_dataset(sample, variation)
                self.add("ingest", reads, [layout.dataset(sample, variation)], told, **keys)
            self.of_one_dataset(keys)
        own = [f"partons/{sample}" for sample in layout.signals]
        compared = [f"comparison/{p}_{e}tev" for p in ("hh", "four_b") for e in ("13", "14")]
        for name in (*own, *compared):
            written = layout.file(f"{name}.json")
            self.add("parton_histograms", [layout.file(f"{name}.lhe.gz")], [written], events=name)
        for process, energy in product(("hh", "four_b"), ("13", "14")):
            written = layout.file(f"comparison/{process}_{energy}tev.lhe.gz")
            self.add(f"comparison_{process}", [], [written], energy=energy)

    def simulated(self, sample, chunk, variation):
        """Detectors share the nominal showers; another shower has jobs of its own."""
        layout = self.layout
        chosen = layout.variation(variation)
        if chosen and chosen.effect == "detector":
            return
        reads = [layout.generator_events(sample), self.study.simulation.detector]
        written, told, called = [layout.events(sample, chunk, variation)], "", None
        if chosen:
            called = "simulate_shower"
        elif sample in layout.detector_varied:
            called = "simulate_variations"
            told = self.files.varied_option(sample, chunk)
            others = layout.detector_variations
            written += [layout.events(sample, chunk, one.prefix) for one in others]
        keys = {"sample": sample, "chunk": chunk, "variation": variation}
        self.add("simulate", reads, written, told, called=called, **keys)

    def of_one_dataset(self, keys):
        layout, study, variation = self.layout, self.study, keys["variation"]
        dataset = layout.dataset(keys["sample"], variation)
        for name, pairing in study.pairings.items():
            paired = layout.pairing(name, keys["sample"], variation)
            if not isinstance(pairing, SpanetPairing):
                reads = [dataset, *self.files.plugins([pairing.method]), *pairing.files]
                self.add("pair", reads, [paired], pairing=name, **keys)
            elif pairing.kappa_input is not None:
                reads = [*layout.spanet_models(pairing.training), dataset]
                self.add("spanet_predict_fixed", reads, [paired], pairing=name, **keys)
            reads = [dataset, paired, *self.files.plugins(study.features.extra)]
            written = layout.features(name, keys["sample"], variation)
            self.add("features", reads, [written], pairing=name, **keys)
        for name in study.spanet_trainings:
            reads = [*layout.spanet_models(name), dataset]
            for rule, folder in (("predict", "pairings"), ("score", "scores")):
                written = layout.file(f"{variation}{folder}/spanet/{name}/{keys['sample']}.h5")
                self.add(f"spanet_{rule}", reads, [written], training=name, **keys)
        for name in self.files.classifiers("cuts"):
            reads = [dataset, self.files.pairing_of_cuts(name, keys["sample"], variation)]
            written = [layout.scores(name, keys["sample"], variation)]
            if not variation:
                written.append(layout.cutflow(name, keys["sample"]))
            self.add("select_cuts", reads, written, classifier=name, **keys)
        for name in self.files.classifiers("dnn") if variation else ():
            features = self.files.features_of(name, keys["sample"], variation)
            written = layout.scores(name, keys["sample"], variation)
            told = option("--score", [dataset], [features], [written])
            reads = [*layout.dnn_models(name), dataset, features]
            self.add("dnn_predict_varied", reads, [written], told, classifier=name, **keys)

    def trainings(self):
        layout, event = self.layout, "config/spanet/event.yaml"
        for name, training in self.study.spanet_trainings.items():
            models, metrics, tested = [], [], []
            for repeat in layout.repeats(training):
                parts = {}
                for part in ("training", "testing"):
                    parts[part] = layout.training_file(name, part, repeat)
                    keys = {"training": name, "part": part}
                    keys["fold"] = f"fold_{repeat}_" if layout.folds else ""
                    self.add("datasets_merge", self.files.merged(name), [parts[part]], **keys)
                tested.append(parts["testing"])
                keys = {"training": name, "repeat": repeat}
                models.append(layout.spanet_model(name, repeat))
                metrics.append(layout.spanet_metrics(name, repeat))
                reads = [parts["training"], training.options, event, *self.files.outcome(training)]
                curve = models[-1].replace("model.pt", "metrics.csv")
                self.add("spanet_train", reads, [models[-1], curve], **keys)
                if not layout.folds:
                    self.add("spanet_evaluate", [models[-1], tested[-1]], [metrics[-1]], **keys)
            chosen, found = layout.spanet_model(name), layout.spanet_metrics(name)
            if layout.folds > len(models):
                self.add("spanet_evaluate_some_folds", [*models, *tested], [found], training=name)
            elif layout.folds:
                written = [found, *metrics]
                self.add("spanet_evaluate_folds", [*models, *tested], written, training=name)
            else:
                reads = [*models, *metrics]
                self.add("spanet_choose", reads, [chosen, found], training=name)
            self.of_vectors(name, chosen, tested[0])

    def of_vectors(self, name, model, testing):
        vectors, pairing, features = (
            self.layout.file(f"embeddings/{name}/{file}.h5")
            for file in ("prediction", "pairing", "features")
        )
        self.add("spanet_vectors", [model, testing], [vectors, pairing], training=name)
        reads = [testing, pairing, *self.files.plugins(self.study.features.extra)]
        self.add("embedding_features", reads, [features], training=name)
        reads = [testing, vectors, features]
        self.add("embeddings", reads, [self.layout.embeddings(name)], training=name)

    def searches(self):
        for name, search in self.study.searches.items():
            if search.kind == "spanet":
                options = self.study.spanet_trainings[search.training].options
                reads = [self.layout.training_file(search.training, "training"), options]
                told = ""
            else:
                reads, told = self.compared("features", search.classifier)
            workers = self.files.workers(name)
            for number, written in enumerate(workers):
                rule = f"{search.kind}_search_worker"
                self.add(rule, reads, [written], told, search=name, worker=str(number))
            written = self.layout.search(name, "outcome.json")
            self.add("search_outcome", workers, [written], search=name)

    def curves(self):
        layout = self.layout
        for name in self.study.pairings:
            pairings = [layout.pairing(name, sample) for sample in layout.signals]
            reads = [*layout.datasets(layout.signals), *pairings]
            self.add("efficiency_curve", reads, [layout.pairing_metrics(name)], pairing=name)

    def compared(self, kind, classifier):
        files = self.files.compared(kind, classifier)
        return [path for paths in files.values() for path in paths], self.files.compared_option(
            files
        )

    def classifiers(self):
        layout = self.layout
        for name, classifier in self.study.classifiers.items():
            reads, told = self.compared("scores", name)
            written = layout.classifier_metrics(name)
            self.add("evaluate_classifier", reads, [written], told, classifier=name)
            if classifier.kind not in ("dnn", "baseline"):
                continue
            scored = self.files.scored(name)
            patterns = self.files.scores_pattern(classifier.kind)
            scores = [text.replace("{classifier}", name) for text in patterns]
            scoring = option("--score", scored["datasets"], scored["features"], scores)
            reads, told = self.compared("features", name)
            if classifier.kind == "baseline":
                reads += [*scored["features"], *self.files.plugins([classifier.method])]
                self.add("baseline_train", reads, scores, told + scoring, classifier=name)
                continue
            models, metrics = [], layout.repeat_metrics(name)
            for repeat, evaluation in zip(layout.repeats(classifier), metrics, strict=True):
                models.append(layout.dnn_model(name, repeat))
                written = [models[-1], evaluation, models[-1].replace("model.pt", "metrics.csv")]
                inputs = [*reads, *self.files.outcome(classifier)]
                keys = {"classifier": name, "repeat": repeat}
                self.add("dnn_train", inputs, written, told, **keys)
            chosen = [layout.file(f"models/{name}/model.pt")]
            self.add("dnn_choose", [*models, *metrics], chosen, classifier=name)
            written = [layout.importance(name)]
            inputs = [*reads, *layout.dnn_models(name)]
            self.add("dnn_importance", inputs, written, told, classifier=name)
            reads = [*scored["datasets"], *scored["features"], *layout.dnn_models(name)]
            self.add("dnn_predict", reads, scores, scoring, classifier=name, variation="")

    def limits(self):
        layout, plugins = self.layout, self.files.plugins(self.files.weights())
        if weights := self.files.energy_weights():
            reads = [layout.partons(sample) for sample in self.files.reweighted()]
            self.add("energy_weights", reads, weights)
        if weights := self.files.parton_weights():
            self.add("parton_weights", self.files.varied_partons(), weights)
        for name, selection in self.study.selections.items():
            keys = {"selection": name}
            reads, told = self.compared("scores", selection.classifier)
            self.add("working_point", reads, [layout.working_point(name)], told, **keys)
            reads = [*self.files.templates(name), layout.working_point(name), *plugins]
            weights = self.files.template_parton_weights()
            reads += [*self.files.energy_weights(), *weights]
            told = self.files.templates_option(name) + self.files.at_energy_option(name)
            told += option("--parton-weights", weights)
            templates = self.files.all_templates(name)
            self.add("templates", reads, templates, told, **keys)
            workspaces, limits = (
                layout.of_every_energy(folder, name) for folder in ("workspaces", "limits")
            )
            self.add("workspace", templates, workspaces, **keys)
            self.add("limits", workspaces, limits, **keys)
            self.add("luminosity_scan", templates, [layout.scan(name)], **keys)
            for target in self.study.selections:
                reads = [*templates, *layout.of_every_energy("limits", target)]
                written = [layout.scan(name, target)]
                self.add("equivalent_luminosity", reads, written, target=target, **keys)

    def likelihoods(self):
        layout, plugins = self.layout, self.files.plugins(self.files.weights())
        weights, partons = self.files.energy_weights(), self.files.parton_weights()
        for name in self.study.likelihood.selections:
            keys = {"selection": name}
            told = self.files.categories_option(name) + option("--energy-weights", weights)
            told += option("--parton-weights", partons)
            reads = [*self.files.categories(name), *plugins, *weights, *partons]
            self.add("category_templates", reads, [layout.categories(name)], told, **keys)
            again = [layout.categories(name), *reads]
            if redrawn := self.files.redrawn(name, layout.headline_point):
                self.add("likelihood_redraw", again, redrawn, told, **keys)
            weights_there = self.files.headline_weights()
            told = self.files.coupling_option(name) + option("--energy-weights", weights_there)
            reads = [layout.categories(name), *self.files.coupling_rows(name), *weights_there]
            written = layout.likelihood("couplings", name)
            self.add("likelihood_couplings", reads, [written], told, **keys)
            models = layout.likelihoods("model", name)
            self.add("likelihood_model", [layout.categories(name)], models, **keys)
            parts = ("fit", "toys", "hs3", "histfactory")
            columns = (layout.likelihoods(part, name) for part in parts)
            for model, fit, toys, *exchange in zip(models, *columns, strict=True):
                keys["point"] = model.rpartition("model_")[2].removesuffix(".json")
                redrawn = self.files.redrawn(name, keys["point"])
                told = option("--redrawn", redrawn)
                self.add("likelihood_fit", [model, *redrawn], [fit], told, **keys)
                self.add("likelihood_toys", [model, *redrawn], [toys], told, **keys)
                self.add("likelihood_workspace", [model], exchange, **keys)

    def shown(self):
        layout = self.layout
        reference, page = self.study.publication.reference, layout.file("README.md")
        reads = [
            path
            for name in self.study.selections
            for path in layout.of_every_energy("limits", name)
        ]
        reads += [layout.classifier_metrics(name) for name in self.study.classifiers]
        for planned in outputs(layout).values():
            if planned.absent:
                continue
            table = planned.medium == "table"
            written = f"{planned.stem}.{'csv' if table else 'pdf'}"
            inputs = [*([reference] if table else []), *planned.files]
            self.add(
                planned.name, inputs, [written], planned.input_options + planned.settings.as_json()
            )
            reads.append(written)
        reads += self.files.likelihoods()
        planned = results_page(layout)
        told = planned.options + planned.settings.as_json()
        self.add("summary", [*reads, *planned.files], [page], told)


def jobs_of(study):
    """Return {(rule, wildcards): Job} of everything that the default target needs."""
    jobs = _Jobs(study)
    for part in (
        "events",
        "trainings",
        "searches",
        "curves",
        "classifiers",
        "limits",
        "likelihoods",
        "shown",
    ):
        getattr(jobs, part)()
    maker = {path: key for key, job in jobs.found.items() for path in job.writes}
    needed, waiting = {}, [("summary", ())]
    while waiting:
        key = waiting.pop()
        if key not in needed:
            needed[key] = jobs.found[key]
            waiting += [maker[path] for path in needed[key].reads if path in maker]
    return needed


def changed_rules(before, after):
    """Return the rules of jobs that are new, gone, or told or given something else."""
    return {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}

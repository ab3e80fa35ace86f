# What all rules share: the checked configuration, its samples, names of files and digests of code.
import glob
import json
import os
import re
import shlex
import sys
from math import ceil

from hh4b.study.cost import cost_lines
from hh4b.study.reading import expand_samples, parse_study
from hh4b.core.digest import code_digest
from hh4b.core.errors import Hh4bError
from hh4b.training.trial_storage import require_own_storage


def search_storage(name):
    """Return the journal file that the workers of a search share."""
    return f"{STUDY.results}/searches/{name}/trials.journal"


try:
    STUDY = parse_study(config)
    COST = cost_lines(STUDY)
    for _name, _search in STUDY.searches.items():
        require_own_storage(search_storage(_name), f"{_search.kind} search")
except Hh4bError as error:
    raise WorkflowError(f"{type(error).__name__}: {error}")
# The workflow does not know yet, at this point, whether it will run.
if any(re.fullmatch("--dry-?run|-[a-z]*n[a-z]*", _word) for _word in sys.argv[1:]):
    sys.stderr.write("\n".join([*COST, ""]))

SAMPLES = expand_samples(STUDY)
RESULTS = STUDY.results
SIGNALS = [s.name for s in SAMPLES.values() if s.kappa_lambda is not None]
BACKGROUNDS = [s.name for s in SAMPLES.values() if s.background]
SIGNAL_KAPPAS = sorted({SAMPLES[name].kappa_lambda for name in SIGNALS})
# Scores are kept at every value that a table, figure or limit asks for.
SCORE_KAPPAS = sorted({*STUDY.statistics.scan(), *SIGNAL_KAPPAS})


wildcard_constraints:
    sample="|".join(re.escape(name) for name in SAMPLES),
    chunk=r"\d{4}",
    pairing="|".join(STUDY.pairings),
    training="|".join(STUDY.spanet_trainings) or "none",
    classifier="|".join(STUDY.classifiers) or "none",
    selection="|".join(STUDY.selections) or "none",
    target="|".join(STUDY.selections) or "none",
    search="|".join(STUDY.searches) or "none",
    repeat=r"\d+",
    worker=r"\d+",
    energy="13|14",
    luminosity=r"\d[\d.]*",


def command(name):
    """Digest the code behind a command, so that a rule reruns when, and only when, it changes."""
    return code_digest(f"hh4b.commands.{name}")


def numbers(values):
    """Write values as the command line takes lists."""
    return ",".join(f"{value:g}" for value in values)


def sample(wildcards):
    return SAMPLES[wildcards.sample]


def chunk_range(wildcards):
    """Return the first event and the number of events of a chunk."""
    size = STUDY.simulation.chunk_events
    first = int(wildcards.chunk) * size
    return first, min(size, sample(wildcards).events - first)


def chunks(name):
    """Return the chunk names of a generated sample."""
    events = SAMPLES[name].events
    return [f"{i:04d}" for i in range(ceil(events / STUDY.simulation.chunk_events))]


def paths(pattern, names):
    """Return the files of several samples."""
    return [os.path.join(RESULTS, pattern.format(sample=name)) for name in names]


def joined(option, *columns):
    """Write a repeated option whose value joins files: --signal DATASET:SCORES ..."""
    values = (":".join(row) for row in zip(*columns, strict=True))
    return " ".join(f"{option} '{value}'".strip() for value in values)


def pairing_file(pairing, name):
    """Return the pairing of a sample by a method of the configuration."""
    method = STUDY.pairings[pairing]
    folder = "min_dr" if method.method == "min_dr" else f"spanet/{method.training}"
    return f"{RESULTS}/pairings/{folder}/{name}.h5"


def score_file(classifier, name):
    """Return the scores of a sample by a classifier of the configuration."""
    chosen = STUDY.classifiers[classifier]
    folder = f"spanet/{chosen.training}" if chosen.kind == "spanet" else classifier
    return f"{RESULTS}/scores/{folder}/{name}.h5"


def feature_file(pairing, name):
    return f"{RESULTS}/features/{pairing}/{name}.h5"


def bias_option(path):
    return f"--acceptance-bias {path or 'none'}"


def of_source(source):
    names = [name for name, info in SAMPLES.items() if info.definition.source == source]
    return "|".join(re.escape(name) for name in names) or "none"


def event_files(wildcards):
    info = sample(wildcards)
    if info.generated:
        return [
            f"{RESULTS}/events/{info.name}/{chunk}.root" for chunk in chunks(info.name)
        ]
    if info.definition.source == "madgraph":
        return [f"{RESULTS}/events/{info.name}/madgraph.root"]
    # Local files of a user that change make their dataset anew; `hh4b ingest` expands the globs
    # and names what is not there.
    patterns = [file for file in info.definition.files if "://" not in file]
    return sorted(
        found for pattern in patterns for found in glob.glob(pattern, recursive=True)
    )


def file_choices(definition):
    """Write what the user says about her own files."""
    if definition.source != "files":
        return ""
    flags = {
        "--skip-bad-files": definition.skip_bad_files,
        "--allow-negative-weights": definition.allow_negative_weights,
    }
    return " ".join(flag for flag, chosen in flags.items() if chosen)


TRAININGS = STUDY.spanet_trainings


def of_groups(groups, kappas=None):
    """Return the samples that groups of the configuration expand to, at some kappa_lambda."""
    return [
        info.name
        for info in SAMPLES.values()
        if info.group in groups
        and (kappas is None or info.kappa_lambda is None or info.kappa_lambda in kappas)
    ]


def training_signals(training):
    return of_groups(TRAININGS[training].signal, TRAININGS[training].kappa_lambda)


def training_datasets(kind):
    """Return the datasets of a training's signal or background samples."""
    return lambda w: paths(
        "datasets/{sample}.h5",
        (
            training_signals(w.training)
            if kind == "signal"
            else of_groups(TRAININGS[w.training].background)
        ),
    )


CLASSIFIERS = STUDY.classifiers
DNNS = {name: c for name, c in CLASSIFIERS.items() if c.kind == "dnn"}
BASELINES = {name: c for name, c in CLASSIFIERS.items() if c.kind == "baseline"}
CUTS = {name: c for name, c in CLASSIFIERS.items() if c.kind == "cuts"}


def names_pattern(names):
    return "|".join(re.escape(name) for name in names) or "none"


def repeats_of(definition):
    return [str(number) for number in range(definition.repeats)]


def wildcard_classifier(wildcards):
    """Return the classifier of a rule about a classifier, a selection or a search."""
    if "selection" in wildcards.keys():
        return STUDY.selections[wildcards.selection].classifier
    if "search" in wildcards.keys():
        return STUDY.searches[wildcards.search].classifier
    return wildcards.classifier


def compared_signals(classifier):
    """Return the signal samples that a classifier is trained and compared with."""
    chosen = CLASSIFIERS[classifier]
    if chosen.kind == "spanet":
        return training_signals(chosen.training)
    return [
        name
        for name in SIGNALS
        if chosen.kappa_lambda is None
        or SAMPLES[name].kappa_lambda in chosen.kappa_lambda
    ]


def compared_kappas(classifier):
    """Return the values that the kappa input of background is drawn from."""
    return sorted({SAMPLES[name].kappa_lambda for name in compared_signals(classifier)})


def signal_datasets(wildcards):
    return paths(
        "datasets/{sample}.h5", compared_signals(wildcard_classifier(wildcards))
    )


def signal_features(wildcards):
    """Return the features of a classifier's signal samples."""
    classifier = wildcard_classifier(wildcards)
    pairing = CLASSIFIERS[classifier].pairing
    return [feature_file(pairing, name) for name in compared_signals(classifier)]


def background_features(wildcards):
    pairing = CLASSIFIERS[wildcard_classifier(wildcards)].pairing
    return [feature_file(pairing, name) for name in BACKGROUNDS]


def signal_scores(wildcards):
    """Return the scores of a classifier's own signal samples."""
    classifier = wildcard_classifier(wildcards)
    return [score_file(classifier, name) for name in compared_signals(classifier)]


def score_files(names):
    """Return the scores of samples for a rule about a classifier or a selection."""
    return lambda w: [score_file(wildcard_classifier(w), name) for name in names]


def selection_features(names):
    return lambda w: [
        feature_file(STUDY.selections[w.selection].pairing, name) for name in names
    ]


# Every signal is scored, so that all events make the template of any kappa_lambda.
SCORED = [*SIGNALS, *BACKGROUNDS]


def score_options(wildcards, input, output):
    """Write DATASET:FEATURES:SCORES of every sample that a classifier scores."""
    return joined("--score", input.datasets, input.features, output.scores)


def scored_features(wildcards):
    pairing = CLASSIFIERS[wildcards.classifier].pairing
    return [feature_file(pairing, name) for name in SCORED]


def scored_files(names):
    """Return the score files of classifiers as patterns over the wildcard classifier."""
    return [f"{RESULTS}/scores/{{classifier}}/{name}.h5" for name in names]


def searches_of(kind):
    return names_pattern(n for n, s in STUDY.searches.items() if s.kind == kind)


def search_outcome(definition):
    """Return the outcome of the search that a training starts from, once all workers ended."""
    if definition.search is None:
        return []
    return f"{RESULTS}/searches/{definition.search}/outcome.json"


def ranges_option(search):
    return f"--ranges '{STUDY.searches[search].ranges.model_dump_json()}'"


def dnn_options(dnn, outcome):
    """Write the options of a DNN; the outcome of a search holds what it varied."""
    common = (
        f"--batch-size {dnn.batch_size} --patience {dnn.patience}"
        f" --max-epochs {dnn.max_epochs}"
    )
    if outcome:
        return f"--options {outcome} {common}"
    return (
        f"--hidden-dim {dnn.hidden_dim} --n-layers {dnn.n_layers}"
        f" --learning-rate {dnn.learning_rate} {common}"
    )


def set_options(training):
    """Write the options that a training changes."""
    return " ".join(
        f"--set {shlex.quote(f'{key}={json.dumps(value)}')}"
        for key, value in TRAININGS[training].changes.items()
    )


def of_every_energy(folder):
    """Return the files of a selection at every energy and luminosity of the configuration."""
    return [
        f"{RESULTS}/{folder}/{{selection}}_{energy}tev_{luminosity:g}ifb.json"
        for energy in STUDY.statistics.sqrt_s_tev
        for luminosity in STUDY.statistics.luminosities_ifb
    ]

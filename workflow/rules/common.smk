# What all rules share: the checked configuration, its samples, names of files and digests of code.
import json
import os
import shlex
from math import ceil

from hh4b.configuration.study import expand_samples, parse_study
from hh4b.digest import code_digest
from hh4b.errors import ConfigError

try:
    STUDY = parse_study(config)
except ConfigError as error:
    raise WorkflowError(f"ConfigError: {error}")

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
    classifier="|".join(STUDY.classifiers) or "none",
    selection="|".join(STUDY.selections) or "none",
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
    return first, min(size, sample(wildcards).definition.events - first)


def chunks(name):
    """Return the chunk names of a generated sample."""
    events = SAMPLES[name].definition.events
    return [f"{i:04d}" for i in range(ceil(events / STUDY.simulation.chunk_events))]


def paths(pattern, names):
    """Return the files of several samples."""
    return [os.path.join(RESULTS, pattern.format(sample=name)) for name in names]


def joined(option, *columns):
    """Write a repeated option whose value joins files: --signal DATASET:SCORES ..."""
    return " ".join(f"{option} '{':'.join(row)}'" for row in zip(*columns, strict=True))


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
    # Globs of a user are expanded by `hh4b ingest`, which names what matches nothing.
    return []


TRAININGS = STUDY.spanet_trainings


def group_members(groups):
    """Return the samples that the groups of the configuration expand to."""
    return [info.name for info in SAMPLES.values() if info.group in groups]


def training_datasets(kind):
    """Return the datasets of a training's signal or background samples."""
    return lambda w: paths(
        "datasets/{sample}.h5", group_members(getattr(TRAININGS[w.training], kind))
    )


DNNS = {name: c for name, c in STUDY.classifiers.items() if c.kind == "dnn"}


def classifier_pairing(wildcards):
    """Return the pairing whose features a DNN reads."""
    return DNNS[wildcards.classifier].pairing


def feature_files(names):
    return lambda w: [feature_file(classifier_pairing(w), name) for name in names]


def score_files(names):
    """Return the scores of samples for a rule about a classifier or a selection."""

    def files(wildcards):
        if "selection" in wildcards.keys():
            classifier = STUDY.selections[wildcards.selection].classifier
        else:
            classifier = wildcards.classifier
        return [score_file(classifier, name) for name in names]

    return files


def selection_features(names):
    return lambda w: [
        feature_file(STUDY.selections[w.selection].pairing, name) for name in names
    ]

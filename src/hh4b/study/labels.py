"""What pairings, classifiers, selections and trainings are called in tables and figures.

A label is given in the configuration, or made of what an entry is; names are keys and never read.
"""

from collections.abc import Iterable

from hh4b.core.problems import Problems
from hh4b.study.methods import (
    CutClassifier,
    Dnn,
    SpanetClassifier,
    SpanetPairing,
)
from hh4b.study.model import Study

_METHODS = {"min_dr": "min-ΔR", "d_hh": "smallest D_HH"}
_BASELINES = {"svm": "SVM"}


def _spelled(name: str) -> str:
    return name.rpartition(":")[2].replace("_", " ")


def process_label(study: Study, process: str) -> str:
    """Return the label of a process."""
    return study.processes[process].label or _spelled(process)


def training_label(study: Study, training: str) -> str:
    """Return the label of a SPANet2 training."""
    chosen = study.spanet_trainings[training]
    # A point of a learning curve has the label of the whole training.
    return (chosen.label or _spelled(training)) + _of_share(chosen.share)


def _of_share(share: float | None) -> str:
    return "" if share is None else f", {100 * share:g} % of the events"


def pairing_label(study: Study, pairing: str) -> str:
    """Return the label of a pairing."""
    chosen = study.pairings[pairing]
    if chosen.label:
        return chosen.label
    if isinstance(chosen, SpanetPairing):
        return training_label(study, chosen.training)
    return _METHODS.get(chosen.method) or _spelled(chosen.method)


def kind_label(study: Study, classifier: str) -> str:
    """Return what separates signal from background, without the pairing: ``DNN, tuned``."""
    chosen = study.classifiers[classifier]
    if isinstance(chosen, Dnn):
        return (chosen.label or _dnn(chosen)) + _of_share(chosen.share)
    if chosen.label:
        return chosen.label
    if isinstance(chosen, SpanetClassifier):
        searched = study.spanet_trainings[chosen.training].search
        return "SPANet2" + (", tuned" if searched else "")
    if isinstance(chosen, CutClassifier):
        return "cuts"
    return _BASELINES.get(chosen.method) or _spelled(chosen.method)


def _dnn(chosen: Dnn) -> str:
    return "DNN" + (", tuned" if chosen.search else "")


def classifier_label(study: Study, classifier: str) -> str:
    """Return the label of a classifier with its pairing: ``min-ΔR + DNN``."""
    chosen = study.classifiers[classifier]
    if isinstance(chosen, SpanetClassifier):
        return training_label(study, chosen.training)
    return f"{pairing_label(study, chosen.pairing)} + {kind_label(study, classifier)}"


def selection_label(study: Study, selection: str) -> str:
    """Return the label of a selection."""
    chosen = study.selections[selection]
    return chosen.label or classifier_label(study, chosen.classifier)


def selection_parts(study: Study, selection: str) -> tuple[str, str]:
    """Return pairing and classifier of a selection, for tables with a column for each."""
    chosen = study.selections[selection]
    return (
        pairing_label(study, chosen.pairing),
        chosen.label or kind_label(study, chosen.classifier),
    )


def find_shared_labels(study: Study, problems: Problems) -> None:
    """Find labels that two entries share: a reader could not tell them apart."""
    for section, names, label in (
        ("processes", study.processes, process_label),
        ("spanet_trainings", study.spanet_trainings, training_label),
        ("pairings", study.pairings, pairing_label),
        ("classifiers", study.classifiers, classifier_label),
        ("selections", study.selections, selection_label),
    ):
        _unique(section, ((name, label(study, name)) for name in names), problems)


def _unique(section: str, labels: Iterable[tuple[str, str]], problems: Problems) -> None:
    seen: dict[str, str] = {}
    for name, label in labels:
        if label in seen:
            problems.add(
                f"{section}.{name}.label",
                f"value {label!r}: is also that of {section}.{seen[label]}; give one of them a"
                " label of its own",
            )
        seen.setdefault(label, name)

"""Whether the sections of a study fit together: every name that one uses of another exists."""

from collections.abc import Iterable, Mapping
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.study.model import (
    BackgroundSample,
    Dnn,
    FilesSample,
    MadgraphSample,
    SignalSample,
    SpanetClassifier,
    SpanetDatasetSample,
    SpanetPairing,
    SpanetTraining,
    Study,
)


def check_references(study: Study) -> None:
    """Check a study whose sections are valid each by themselves.

    Raises:
        ConfigError: one line with key, value and what was expected.
    """
    _check_pairings_and_trainings(study)
    _check_classifiers(study)
    _check_searches(study)
    _check_selections(study)
    for figure in study.publication.figure_style:
        if not figure.startswith("figure_"):
            raise ConfigError(
                f"publication.figure_style.{figure}: expected figure_<number or name>"
            )


def signal_values(study: Study, groups: Iterable[str] | None = None) -> set[float]:
    """Return the kappa_lambda of the signal samples of some groups; None = all."""
    values: set[float] = set()
    for group, definition in study.samples.items():
        if groups is not None and group not in groups:
            continue
        if isinstance(definition, SignalSample):
            values.update(definition.kappa_lambda)
        elif (
            isinstance(definition, FilesSample | MadgraphSample | SpanetDatasetSample)
            and definition.kappa_lambda is not None
        ):
            values.add(definition.kappa_lambda)
    return values


def _check_pairings_and_trainings(study: Study) -> None:
    for name, pairing in study.pairings.items():
        if isinstance(pairing, SpanetPairing):
            _known(pairing.training, study.spanet_trainings, f"pairings.{name}.training")
    for name, training in study.spanet_trainings.items():
        key = f"spanet_trainings.{name}"
        for sample in (*training.signal, *training.background):
            _known(sample, study.samples, key)
        for sample in training.background:
            if isinstance(study.samples[sample], SignalSample):
                raise ConfigError(f"{key}.background: value {sample!r}: is a signal")
        for sample in training.signal:
            if isinstance(study.samples[sample], BackgroundSample):
                raise ConfigError(f"{key}.signal: value {sample!r}: is background")
        _check_values(training.kappa_lambda, signal_values(study, training.signal), key)
        if training.search is not None:
            _known_search(training.search, "spanet", study, f"{key}.search")


def _check_searches(study: Study) -> None:
    for name, search in study.searches.items():
        user: Dnn | SpanetTraining
        if search.kind == "dnn":
            key = f"searches.{name}.classifier"
            _known(search.classifier, study.classifiers, key)
            chosen = study.classifiers[search.classifier]
            if not isinstance(chosen, Dnn):
                raise ConfigError(f"{key}: value {search.classifier!r}: expected a kind dnn")
            user = chosen
        else:
            key = f"searches.{name}.training"
            _known(search.training, study.spanet_trainings, key)
            user = study.spanet_trainings[search.training]
        if user.search is not None:
            raise ConfigError(f"{key}: starts from the outcome of a search; name one without")


def _check_classifiers(study: Study) -> None:
    for name, classifier in study.classifiers.items():
        key = f"classifiers.{name}"
        if isinstance(classifier, SpanetClassifier):
            _known(classifier.training, study.spanet_trainings, f"{key}.training")
            if not study.spanet_trainings[classifier.training].background:
                raise ConfigError(
                    f"{key}.training: value {classifier.training!r}: has no background, so it"
                    " learns no classes"
                )
            continue
        _known(classifier.pairing, study.pairings, f"{key}.pairing")
        _check_values(classifier.kappa_lambda, signal_values(study), key)
        if isinstance(classifier, Dnn) and classifier.search is not None:
            _known_search(classifier.search, "dnn", study, f"{key}.search")


def _check_selections(study: Study) -> None:
    if study.selections and 1 not in signal_values(study):
        raise ConfigError(
            "samples: no signal sample has kappa_lambda = 1, which every selection needs for its"
            " working point; add 1 to a list kappa_lambda"
        )
    for name, selection in study.selections.items():
        key = f"selections.{name}"
        _known(selection.pairing, study.pairings, f"{key}.pairing")
        _known(selection.classifier, study.classifiers, f"{key}.classifier")
        classifier = study.classifiers[selection.classifier]
        if isinstance(classifier, SpanetClassifier):
            values = study.spanet_trainings[classifier.training].kappa_lambda
        else:
            values = classifier.kappa_lambda
            if classifier.pairing != selection.pairing:
                raise ConfigError(
                    f"{key}.pairing: value {selection.pairing!r}: classifier"
                    f" {selection.classifier!r} uses pairing {classifier.pairing!r}"
                )
        if values is not None and 1 not in values:
            raise ConfigError(
                f"{key}.classifier: value {selection.classifier!r}: its kappa_lambda {values} lacks"
                " 1, which the working point needs"
            )
        if classifier.kind == "cuts" and selection.threshold == "s_over_sqrt_b":
            raise ConfigError(
                f"{key}.threshold: value 's_over_sqrt_b': cuts give a score of 1 or 0; write 0.5"
            )


def _check_values(values: Iterable[float] | None, there: set[float], key: str) -> None:
    for value in values or ():
        if value not in there:
            raise ConfigError(
                f"{key}.kappa_lambda: value {value:g}: no signal sample has it, only"
                f" {sorted(there)}"
            )


def _known_search(value: str, kind: str, study: Study, key: str) -> None:
    _known(value, study.searches, key)
    if study.searches[value].kind != kind:
        raise ConfigError(f"{key}: value {value!r}: expected a search of kind {kind}")


def _known(value: str, names: Mapping[str, Any], key: str) -> None:
    if value not in names:
        raise ConfigError(f"{key}: value {value!r}: expected one of {sorted(names)}")

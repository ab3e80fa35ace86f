"""Whether the code of the user that a study names loads, before any job starts."""

from hh4b.core.plugins import require_parameters
from hh4b.core.problems import Problems
from hh4b.pairing.settings import OWN_METHODS, PairSettings
from hh4b.selection.settings import OWN_CLASSIFIERS, FeatureSettings
from hh4b.statistics.systematics import WeightSystematic
from hh4b.study.methods import BaselineClassifier, FunctionPairing
from hh4b.study.model import Study


def find_broken_plugins(study: Study, problems: Problems) -> None:
    """Load pairings, classifiers, features and weights that are not plain ones of the package."""
    for name, pairing in study.pairings.items():
        if isinstance(pairing, FunctionPairing):
            _check_pairing(f"pairings.{name}", pairing, problems)
    for name, classifier in study.classifiers.items():
        if isinstance(classifier, BaselineClassifier):
            _check_classifier(f"classifiers.{name}", classifier, problems)
    if study.features.extra:
        _check_features(study, problems)
    for name, systematic in study.systematics.items():
        if isinstance(systematic, WeightSystematic):
            _check_weight(f"systematics.{name}", systematic, problems)


def _check_features(study: Study, problems: Problems) -> None:
    from hh4b.selection.features import find_features

    fine: list[str] = []
    for reference in study.features.extra:
        before = len(problems)
        with problems.at("features.extra"):
            find_features(FeatureSettings.of(study.features, extra=[*fine, reference]))
        if len(problems) == before:
            fine.append(reference)


def _check_pairing(key: str, pairing: FunctionPairing, problems: Problems) -> None:
    if pairing.method in OWN_METHODS and not pairing.options:
        return
    # The methods compile code when they are imported: only where one is in doubt.
    from hh4b.pairing.methods import find_method

    with problems.at(f"{key}.method"):
        find_method(PairSettings.of(pairing))


def _check_classifier(key: str, classifier: BaselineClassifier, problems: Problems) -> None:
    if classifier.method in OWN_CLASSIFIERS and not classifier.options:
        return
    from hh4b.selection.classifiers import make_classifier

    with problems.at(f"{key}.method"):
        make_classifier(classifier.method, classifier.options, seed=0)


def _check_weight(key: str, systematic: WeightSystematic, problems: Problems) -> None:
    from hh4b.statistics.weights import find_weight

    with problems.at(f"{key}.weight"):
        weight, _ = find_weight(systematic.weight)
        for side in systematic.sides():
            arguments = getattr(systematic, side)
            require_parameters("weight", systematic.weight, weight, ["events", *arguments])

"""Whether the code of the user that a study names loads, before any job starts."""

from collections.abc import Iterator
from contextlib import contextmanager

from hh4b.core.errors import ConfigError
from hh4b.core.plugins import require_parameters
from hh4b.pairing.settings import OWN_METHODS, PairSettings
from hh4b.selection.settings import OWN_CLASSIFIERS, FeatureSettings
from hh4b.statistics.systematics import WeightSystematic
from hh4b.study.methods import BaselineClassifier, FunctionPairing
from hh4b.study.model import Study


def check_plugins(study: Study) -> None:
    """Load pairings, classifiers, features and weights that are not the package's plain own ones.

    Raises:
        ConfigError: with the key, the reference and what is wrong with it.
    """
    for name, pairing in study.pairings.items():
        if isinstance(pairing, FunctionPairing):
            _check_pairing(f"pairings.{name}", pairing)
    for name, classifier in study.classifiers.items():
        if isinstance(classifier, BaselineClassifier):
            _check_classifier(f"classifiers.{name}", classifier)
    if study.features.extra:
        from hh4b.selection.features import find_features

        with located("features.extra"):
            find_features(FeatureSettings.of(study.features))
    for name, systematic in study.systematics.items():
        if isinstance(systematic, WeightSystematic):
            _check_weight(f"systematics.{name}", systematic)


def _check_pairing(key: str, pairing: FunctionPairing) -> None:
    if pairing.method in OWN_METHODS and not pairing.options:
        return
    # The methods compile code when they are imported: only where one is in doubt.
    from hh4b.pairing.methods import find_method

    with located(f"{key}.method"):
        find_method(PairSettings.of(pairing))


def _check_classifier(key: str, classifier: BaselineClassifier) -> None:
    if classifier.method in OWN_CLASSIFIERS and not classifier.options:
        return
    from hh4b.selection.classifiers import make_classifier

    with located(f"{key}.method"):
        make_classifier(classifier.method, classifier.options, seed=0)


def _check_weight(key: str, systematic: WeightSystematic) -> None:
    from hh4b.statistics.weights import find_weight

    with located(f"{key}.weight"):
        weight, _ = find_weight(systematic.weight)
        for side in systematic.sides():
            arguments = getattr(systematic, side)
            require_parameters("weight", systematic.weight, weight, ["events", *arguments])


@contextmanager
def located(key: str) -> Iterator[None]:
    """Put the key of the configuration before what is wrong with its value."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from error

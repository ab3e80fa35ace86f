"""Whether trainings fit to the folds of a study."""

from hh4b.core.errors import ConfigError
from hh4b.study.methods import SpanetClassifier, SpanetPairing
from hh4b.study.model import Study


def check_folds(study: Study) -> None:
    """Check that no training is repeated beside folds, and that folds have the networks they need.

    Raises:
        ConfigError: one line with key, value and what was expected.
    """
    folds = study.event_selection.folds
    for section in ("spanet_trainings", "classifiers"):
        for name, definition in getattr(study, section).items():
            repeats = getattr(definition, "repeats", 1)
            if folds and repeats > 1:
                raise ConfigError(
                    f"{section}.{name}.repeats: value {repeats}: event_selection.folds {folds}"
                    " repeats each training already, once without each fold; expected 1"
                )
    for name, training in study.spanet_trainings.items():
        if training.trained_folds is not None:
            _check_trained_folds(study, f"spanet_trainings.{name}", training.trained_folds)


def _check_trained_folds(study: Study, key: str, trained: int) -> None:
    """Check that there are so many folds, and that nothing needs a network for each of them."""
    folds = study.event_selection.folds
    if trained > folds:
        raise ConfigError(
            f"{key}.trained_folds: value {trained}: event_selection.folds is {folds}; expected"
            f" {f'at most {folds}' if folds else 'null'}"
        )
    if trained == folds:
        return
    for section, kind in (("pairings", SpanetPairing), ("classifiers", SpanetClassifier)):
        for name, user in getattr(study, section).items():
            if isinstance(user, kind) and f"spanet_trainings.{user.training}" == key:
                raise ConfigError(
                    f"{section}.{name}.training: value {user.training!r}: events of every fold need"
                    f" a network, and {key}.trained_folds is {trained} of {folds}; expected null"
                )

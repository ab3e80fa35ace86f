"""Whether trainings fit to the folds of a study."""

from hh4b.core.problems import Problems
from hh4b.study.methods import SpanetClassifier, SpanetPairing
from hh4b.study.model import Study


def find_wrong_folds(study: Study, problems: Problems) -> None:
    """Find trainings that are repeated beside folds, and folds without a network they need."""
    folds = study.event_selection.folds
    for section in ("spanet_trainings", "classifiers"):
        for name, definition in getattr(study, section).items():
            repeats = getattr(definition, "repeats", 1)
            if folds and repeats > 1:
                problems.add(
                    f"{section}.{name}.repeats",
                    f"value {repeats}: event_selection.folds {folds} repeats each training already,"
                    " once without each fold; expected 1",
                )
    for name, training in study.spanet_trainings.items():
        if training.trained_folds is not None:
            _check_trained_folds(study, name, training.trained_folds, problems)


def _check_trained_folds(study: Study, training: str, trained: int, problems: Problems) -> None:
    """Check that there are so many folds, and that nothing needs a network for each of them."""
    folds = study.event_selection.folds
    key = f"spanet_trainings.{training}.trained_folds"
    if trained > folds:
        problems.add(
            key,
            f"value {trained}: event_selection.folds is {folds}; expected"
            f" {f'at most {folds}' if folds else 'null'}",
        )
    if trained >= folds:
        return
    for section, kind in (("pairings", SpanetPairing), ("classifiers", SpanetClassifier)):
        for name, user in getattr(study, section).items():
            if isinstance(user, kind) and user.training == training:
                problems.add(
                    f"{section}.{name}.training",
                    f"value {training!r}: events of every fold need a network, and {key} is"
                    f" {trained} of {folds}; expected null",
                )

"""What input keys are called in a study."""

from hh4b.publication.text import spelled
from hh4b.study import labels
from hh4b.study.layout import Layout
from hh4b.study.methods import SpanetClassifier

Parts = tuple[str, str]


def no_parts(layout: Layout, key: str) -> Parts | None:
    """Return that a row has no columns of its own for pairing and classifier."""
    return None


def spelled_key(layout: Layout, key: str) -> str:
    """Return a key as words."""
    return spelled(key)


def selection_label(layout: Layout, key: str) -> str:
    """Return the label of a selection."""
    return labels.selection_label(layout.study, key)


def selection_parts(layout: Layout, key: str) -> Parts | None:
    """Return pairing and classifier of a selection."""
    return labels.selection_parts(layout.study, key)


def classifier_label(layout: Layout, key: str) -> str:
    """Return the label of a classifier; ``C.limits`` is that of C."""
    return labels.classifier_label(layout.study, key.partition(".")[0])


def classifier_parts(layout: Layout, key: str) -> Parts | None:
    """Return pairing and kind of a classifier; SPANet2 pairs as it was trained to."""
    name = key.partition(".")[0]
    study = layout.study
    chosen = study.classifiers[name]
    if isinstance(chosen, SpanetClassifier):
        pairing = labels.training_label(study, chosen.training)
    else:
        pairing = labels.pairing_label(study, chosen.pairing)
    return pairing, labels.kind_label(study, name)


def pairing_label(layout: Layout, key: str) -> str:
    """Return the label of a pairing."""
    return labels.pairing_label(layout.study, key)


def training_label(layout: Layout, key: str) -> str:
    """Return the label of a training; ``T.part`` is that of T."""
    return labels.training_label(layout.study, key.partition(".")[0])

"""Sources of the table and the figure of quality against the number of training events."""

from collections.abc import Iterator
from typing import Any

from hh4b.publication.catalogue.naming import selection_label, training_label
from hh4b.publication.catalogue.sources import InputFiles, Source
from hh4b.study.layout import Layout
from hh4b.study.learning_curves import point_name
from hh4b.study.methods import SpanetClassifier

NEEDS = "learning_curves with shares, and selections or trainings"
TABLE = "sample_size"
#: Where the note has values of the whole sample, by the curve's name in the default study.
_SPANET = {
    "events": [["samples", "mixing_joint", "training", "total"]],
    "auc": ["classification", "table_8", "mixing_joint", 1],
    "event_efficiency": ["pairing", "table_7", "total", 1],
}
NOTE = {
    "mixing_spanet": _SPANET | {"limits": ["limits", "table_16", "mixing_spanet"]},
    "mixing_joint_published": _SPANET,
    "min_dr_dnn": {
        "events": [["samples", "dnn", "training", kind] for kind in ("signal", "background")],
        "auc": ["classification", "table_13", "min_dr_dnn", 1],
        "limits": ["limits", "table_16", "min_dr_dnn"],
    },
}


def points() -> Source:
    """Return metrics, pairing, limits and training events of every point."""

    def inputs(layout: Layout) -> InputFiles:
        found: InputFiles = {}
        for name, *_ in _points(layout):
            found |= _of_point(layout, name)
        return found

    return Source(inputs, NEEDS, extra=_labels)


def drawn_table() -> Source:
    """Return the table that the figure is drawn from."""

    def inputs(layout: Layout) -> InputFiles:
        there = any(True for _ in _points(layout))
        return {"table": [layout.file(f"tables/table_{TABLE}.json")]} if there else {}

    return Source(inputs, NEEDS)


def options(layout: Layout) -> dict[str, Any]:
    """Return the points of a study by name, and where the note has values of their curves."""
    shown = {name: {"curve": curve, "share": share} for name, curve, share in _points(layout)}
    curves = {one["curve"] for one in shown.values()}
    note = {curve: place for curve, place in NOTE.items() if curve in curves}
    return {"points": shown, "note": note} if shown else {}


def _points(layout: Layout) -> Iterator[tuple[str, str, float | None]]:
    """Yield name, curve and share of every point, by curve from the smallest share on."""
    curves = layout.study.learning_curves
    for curve in (*curves.selections, *curves.trainings):
        for share in sorted(curves.shares):
            yield point_name(curve, share), curve, share
        yield curve, curve, None


def _of_point(layout: Layout, name: str) -> InputFiles:
    study = layout.study
    selection = study.selections.get(name)
    if selection is None:
        classifies = bool(study.spanet_trainings[name].background)
        metrics = {f"{name}.metrics": [layout.spanet_metrics(name)]} if classifies else {}
        return _of_training(layout, name, name) | metrics
    classifier = study.classifiers[selection.classifier]
    found = {
        f"{name}.metrics": [layout.classifier_metrics(selection.classifier)],
        f"{name}.limits": [layout.limits(name)],
    }
    if isinstance(classifier, SpanetClassifier):
        return found | _of_training(layout, name, classifier.training)
    trained = f"models/{selection.classifier}/repeat_0/training.json"
    return found | {f"{name}.trained": [layout.file(trained)]}


def _of_training(layout: Layout, name: str, training: str) -> InputFiles:
    return {
        f"{name}.pairing": [layout.spanet_metrics(training)],
        f"{name}.trained": [layout.training_file(training, "training")],
    }


def _labels(layout: Layout) -> dict[str, str]:
    """Return what the curves are called."""
    curves = layout.study.learning_curves
    named = {name: selection_label(layout, name) for name in curves.selections}
    return {name: training_label(layout, name) for name in curves.trainings} | named

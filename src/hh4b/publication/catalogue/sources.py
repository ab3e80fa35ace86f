"""Where the inputs of outputs come from: files by key, and what the keys are called."""

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from hh4b.publication.catalogue.naming import (
    Parts,
    classifier_label,
    classifier_parts,
    no_parts,
    pairing_label,
    selection_label,
    selection_parts,
    spelled_key,
    training_label,
)
from hh4b.publication.text import spelled
from hh4b.study.layout import Layout
from hh4b.study.methods import CutClassifier, Dnn

# Files by input key; `A:B` are two files of the same sample.
InputFiles = dict[str, list[str]]


def no_extra(layout: Layout) -> dict[str, str]:
    """Return that an output shows nothing but its keys."""
    return {}


@dataclass(frozen=True)
class Source:
    """Inputs of an output.

    Attributes:
        inputs: files by key; nothing if the study has none of them.
        needs: what there must be, in words, for an output that has no inputs.
        label: what a key is called.
        parts: pairing and classifier of a key, for tables with a column for each.
        extra: labels of what else is shown, e.g. of processes in a file.
    """

    inputs: Callable[[Layout], InputFiles]
    needs: str
    label: Callable[[Layout, str], str] = field(default=spelled_key)
    parts: Callable[[Layout, str], Parts | None] = field(default=no_parts)
    extra: Callable[[Layout], dict[str, str]] = field(default=no_extra)


def options_of(inputs: InputFiles) -> str:
    """Write files as options of a command."""
    return " ".join(
        f"--input {shlex.quote(f'{key}={file}')}" for key, files in inputs.items() for file in files
    )


def one_of(section: str, names: Sequence[str]) -> str:
    """Say that one of some entries is needed.

    >>> one_of("selections", ["a", "b"])
    'one of a, b under selections'
    """
    return f"{'one of ' if len(names) > 1 else ''}{', '.join(names)} under {section}"


def limits_of(
    names: Callable[[Layout], Sequence[str]],
    needs: str,
    *,
    sqrt_s_tev: float | None = None,
    luminosity_ifb: float | None = None,
) -> Source:
    """Return limits by selection at one energy and luminosity, by default the headline ones."""

    def inputs(layout: Layout) -> InputFiles:
        return {n: [layout.limits(n, sqrt_s_tev, luminosity_ifb)] for n in names(layout)}

    return Source(inputs, needs, selection_label, selection_parts)


def limits_by_condition(
    names: Callable[[Layout], Sequence[str]],
    needs: str,
    *,
    energies: Sequence[float] | None = None,
    luminosities: Sequence[float] | None = None,
) -> Source:
    """Return limits by selection at several energies and luminosities, as far as configured.

    Args:
        names: selections.
        needs: in words.
        energies: in TeV; None = all.
        luminosities: in fb^-1; None = all.
    """

    def inputs(layout: Layout) -> InputFiles:
        statistics = layout.study.statistics
        chosen = [
            (energy, luminosity)
            for energy in sorted(statistics.sqrt_s_tev)
            for luminosity in sorted(statistics.luminosities_ifb)
            if (energies is None or energy in energies)
            and (luminosities is None or luminosity in luminosities)
        ]
        return {n: [layout.limits(n, *at) for at in chosen] for n in names(layout) if chosen}

    return Source(inputs, needs, selection_label, selection_parts)


def reaching(
    scanned: str, target: str, energies: Sequence[float], luminosities: Sequence[float] | None
) -> Source:
    """Return limits of a selection, and the scan of another one that looks for the same bounds."""
    limits = limits_by_condition(
        lambda layout: existing(layout.study.selections, (target,)),
        "",
        energies=energies,
        luminosities=luminosities,
    )

    def inputs(layout: Layout) -> InputFiles:
        found = limits.inputs(layout)
        if not found or scanned not in layout.study.selections:
            return {}
        return {"limits": found[target], "scan": [layout.scan(scanned, target)]}

    def label(layout: Layout, key: str) -> str:
        return selection_label(layout, scanned if key == "scan" else target)

    at = " or ".join(f"{energy:g}" for energy in energies)
    needs = f"{scanned} and {target} under selections, {at} TeV under statistics.sqrt_s_tev"
    if luminosities is not None:
        needs += f", {' or '.join(f'{x:g}' for x in luminosities)} fb^-1 among its luminosities"
    return Source(inputs, needs, label)


def scans_of(
    names: Callable[[Layout], Sequence[str]], needs: str, *, sqrt_s_tev: float | None = None
) -> Source:
    """Return luminosity scans by selection, where the study has an energy."""

    def inputs(layout: Layout) -> InputFiles:
        if sqrt_s_tev is not None and sqrt_s_tev not in layout.study.statistics.sqrt_s_tev:
            return {}
        return {n: [layout.scan(n)] for n in names(layout)}

    return Source(inputs, needs, selection_label, selection_parts)


def templates_of(names: Callable[[Layout], Sequence[str]], needs: str) -> Source:
    """Return templates by selection; backgrounds are called as their processes are."""

    def inputs(layout: Layout) -> InputFiles:
        return {n: [layout.templates(n)] for n in names(layout)}

    def processes(layout: Layout) -> dict[str, str]:
        shown = layout.study.processes.items()
        return {n: p.label or spelled(n) for n, p in shown if p.kind == "background"}

    return Source(inputs, needs, selection_label, extra=processes)


def metrics_of(
    names: Callable[[Layout], Sequence[str]],
    needs: str,
    *,
    trainings: Literal["chosen", "first", "all"] = "chosen",
) -> Source:
    """Return classifier metrics: of the training that is used, the first, or all repeated ones.

    With folds, all trainings together are those that are used: each measures its own fold.
    """

    def inputs(layout: Layout) -> InputFiles:
        if trainings == "chosen" or (trainings == "all" and layout.folds):
            return {n: [layout.classifier_metrics(n)] for n in names(layout)}
        last = 1 if trainings == "first" else None
        return {n: layout.repeat_metrics(n)[:last] for n in names(layout)}

    return Source(inputs, needs, classifier_label, classifier_parts)


def importance_of(names: Callable[[Layout], Sequence[str]], needs: str) -> Source:
    """Return what the dense networks among some classifiers lose without their inputs."""

    def inputs(layout: Layout) -> InputFiles:
        known = layout.study.classifiers
        dnns = [name for name in names(layout) if isinstance(known[name], Dnn)]
        return {name: [layout.importance(name)] for name in dnns}

    return Source(inputs, needs, classifier_label)


def metrics_and_limits_of(names: Callable[[Layout], Sequence[str]], needs: str) -> Source:
    """Return metrics by classifier, and limits of the selection that cuts on it."""

    def inputs(layout: Layout) -> InputFiles:
        chosen = names(layout)
        found = {n: [layout.classifier_metrics(n)] for n in chosen}
        for name in chosen:
            selections = [
                selection
                for selection, definition in layout.study.selections.items()
                if definition.classifier == name
            ]
            if selections:
                shown = name if name in selections else selections[0]
                found[f"{name}.limits"] = [layout.limits(shown)]
        return found

    return Source(inputs, needs, classifier_label, classifier_parts)


def curves_of(names: Callable[[Layout], Sequence[str]], needs: str) -> Source:
    """Return the efficiency against kappa_lambda by pairing."""

    def inputs(layout: Layout) -> InputFiles:
        return {n: [layout.pairing_metrics(n)] for n in names(layout)}

    return Source(inputs, needs, pairing_label)


def training_metrics(trainings: Mapping[str, str]) -> Source:
    """Return pairing metrics of SPANet2 trainings, given by input key."""

    def inputs(layout: Layout) -> InputFiles:
        known = layout.study.spanet_trainings
        return {k: [layout.spanet_metrics(name)] for k, name in trainings.items() if name in known}

    def label(layout: Layout, key: str) -> str:
        return training_label(layout, trainings[key])

    return Source(inputs, one_of("spanet_trainings", [*trainings.values()]), label)


def embeddings_of(training: str) -> Source:
    """Return the analysis of the vectors of a training that has background."""

    def inputs(layout: Layout) -> InputFiles:
        chosen = layout.study.spanet_trainings.get(training)
        if chosen is None or not chosen.background:
            return {}
        return {"embeddings": [layout.embeddings(training)]}

    return Source(inputs, f"{training} with background under spanet_trainings")


def learning_of(
    classifiers: Callable[[Layout], Sequence[str]], trainings: Callable[[Layout], Sequence[str]]
) -> Source:
    """Return learning curves of dense networks and of SPANet2 trainings.

    A training that has the name of a classifier gets ``spanet.`` in front.
    """

    def names(layout: Layout) -> tuple[list[str], dict[str, str]]:
        dnns = [n for n in classifiers(layout) if isinstance(layout.study.classifiers[n], Dnn)]
        keys = {f"spanet.{n}" if n in dnns else n: n for n in trainings(layout)}
        return dnns, keys

    def inputs(layout: Layout) -> InputFiles:
        dnns, keys = names(layout)
        found = {n: [layout.learning_curve(n)] for n in dnns}
        return found | {k: [layout.learning_curve(f"spanet/{n}")] for k, n in keys.items()}

    def label(layout: Layout, key: str) -> str:
        dnns, keys = names(layout)
        return classifier_label(layout, key) if key in dnns else training_label(layout, keys[key])

    return Source(inputs, "a classifier of kind dnn, or a training with background", label)


def first_fold(layout: Layout) -> dict[str, int]:
    """Return the options of tables that count training and testing events."""
    if not layout.folds:
        return {}
    return {"folds": layout.folds, "fold_seed": layout.study.seed, "fold": 0}


def folds_of_trainings(layout: Layout) -> dict[str, Any]:
    """Return the options of tables of all trainings: also which have not a network a fold."""
    known = layout.study.spanet_trainings
    names = layout.shown(known)
    numbers = {training_label(layout, n): len(layout.repeats(known[n])) for n in names}
    fewer = {label: n for label, n in numbers.items() if n < layout.folds}
    return {**first_fold(layout), **({"fewer_networks": fewer} if fewer else {})}


def existing(section: Collection[str], names: Sequence[str]) -> list[str]:
    """Return the names that a section of the study has, in the order given."""
    return [name for name in names if name in section]


def is_cuts(layout: Layout, name: str) -> bool:
    """Return whether a classifier is the cut-based selection."""
    return isinstance(layout.study.classifiers.get(name), CutClassifier)

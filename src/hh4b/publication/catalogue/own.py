"""Tables and figures of the user: the files of what she names, and checks before any job."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hh4b.core.problems import Problems
from hh4b.publication.catalogue import naming, samples, sources
from hh4b.publication.catalogue.sources import InputFiles, Source
from hh4b.publication.registry import Kind, find_kind
from hh4b.study.layout import Layout
from hh4b.study.model import Study
from hh4b.study.outputs import OwnOutput

#: Kinds whose options name pairings.
LEADERBOARDS = ("leaderboard", "leaderboard_curves")
#: Keys of an output that name what it shows.
_FIELDS = ("selections", "classifiers", "pairings", "trainings")


def source_of(own: OwnOutput) -> Source:
    """Return the files of an output of the user, by its kind and what it names."""
    build = _SOURCES.get(own.kind)
    return _everything(own) if build is None else build(own)


def _named(names: Sequence[str]) -> Callable[[Layout], Sequence[str]]:
    return lambda layout: names


def _limits(own: OwnOutput) -> Source:
    return sources.limits_of(
        _named(own.selections), "", sqrt_s_tev=own.sqrt_s_tev, luminosity_ifb=own.luminosity_ifb
    )


def _by_condition(own: OwnOutput) -> Source:
    return sources.limits_by_condition(
        _named(own.selections), "", energies=_only(own.sqrt_s_tev),
        luminosities=_only(own.luminosity_ifb)
    )  # fmt: skip


def _only(value: float | None) -> tuple[float, ...] | None:
    return None if value is None else (value,)


def _reaching(own: OwnOutput) -> Source:
    target, scanned = own.selections

    def inputs(layout: Layout) -> InputFiles:
        headline = layout.study.statistics.headline.sqrt_s_tev
        energy = headline if own.sqrt_s_tev is None else own.sqrt_s_tev
        source = sources.reaching(scanned, target, (energy,), _only(own.luminosity_ifb))
        return source.inputs(layout)

    def label(layout: Layout, key: str) -> str:
        return naming.selection_label(layout, scanned if key == "scan" else target)

    return Source(inputs, "", label)


def _network(own: OwnOutput) -> Source:
    return Source(lambda layout: {"model": [layout.spanet_model(own.trainings[0])]}, "")


def _embeddings(own: OwnOutput) -> Source:
    return sources.embeddings_of(own.trainings[0])


def _training_sizes(own: OwnOutput) -> Source:
    def inputs(layout: Layout) -> InputFiles:
        return {
            f"{name}.{part}": [layout.training_file(name, part)]
            for name in own.trainings
            for part in ("training", "testing")
        }

    return Source(inputs, "", naming.training_label)


_SOURCES: Mapping[str, Callable[[OwnOutput], Source]] = {
    "pairing_by_multiplicity": lambda own: sources.training_metrics({n: n for n in own.trainings}),
    "pairing_points": lambda own: sources.curves_of(_named(own.pairings), ""),
    "leaderboard": lambda own: samples.paired(own.pairings),
    "leaderboard_curves": lambda own: samples.paired(own.pairings),
    "classification": lambda own: sources.metrics_of(
        _named(own.classifiers), "", trainings="all"
    ),
    "classifiers": lambda own: sources.metrics_and_limits_of(_named(own.classifiers), ""),
    "intervals": _limits,
    "intervals_by_luminosity": _by_condition,
    "equivalent_luminosity": _reaching,
    "sizes_of_trainings": _training_sizes,
    "efficiency": lambda own: sources.curves_of(_named(own.pairings), ""),
    "masses": lambda own: samples.masses(
        _named(own.pairings),
        f"{samples.STANDARD_MODEL}, or a background",
        signal=True,
        background=True
    ),
    "mass_planes": lambda own: samples.masses(
        _named(own.pairings),
        f"{samples.STANDARD_MODEL}, or a background",
        signal=True,
        background=True
    ),
    "event_display": lambda own: samples.display(_named(own.pairings), samples.STANDARD_MODEL),
    "templates": lambda own: sources.templates_of(_named(own.selections), ""),
    "intervals_against_luminosity": lambda own: sources.scans_of(_named(own.selections), ""),
    "widths_against_luminosity": lambda own: sources.scans_of(_named(own.selections), ""),
    "limits_against_kappa": _limits,
    "likelihood": _limits,
    "network": _network,
    "variance": _embeddings,
    "correlations": _embeddings,
    "embedding_map": _embeddings,
    "cutflow": lambda own: samples.cutflow(own.classifiers[0]),
    "roc": lambda own: sources.metrics_of(_named(own.classifiers), ""),
    "calibration": lambda own: sources.metrics_of(_named(own.classifiers), ""),
    "importance": lambda own: sources.importance_of(
        _named(own.classifiers), "a classifier of kind dnn"
    ),
    "scores": lambda own: samples.scores(_named(own.classifiers), ", ".join(own.classifiers)),
    "learning": lambda own: sources.learning_of(
        _named(own.classifiers), _named(own.trainings)
    )
}  # fmt: skip


def _everything(own: OwnOutput) -> Source:
    """Return for code of the user all files of what it names.

    Keys are ``limits.S`` and ``templates.S`` of selections, ``metrics.C`` of classifiers and of
    those that the selections cut on, ``pairing.P`` of pairings, ``training.T`` of trainings.
    """

    def inputs(layout: Layout) -> InputFiles:
        found: InputFiles = {}
        for name in own.selections:
            found[f"limits.{name}"] = [layout.limits(name, own.sqrt_s_tev, own.luminosity_ifb)]
            found[f"templates.{name}"] = [layout.templates(name)]
            classifier = layout.study.selections[name].classifier
            found[f"metrics.{classifier}"] = [layout.classifier_metrics(classifier)]
        for name in own.classifiers:
            found[f"metrics.{name}"] = [layout.classifier_metrics(name)]
        found |= {f"pairing.{name}": [layout.pairing_metrics(name)] for name in own.pairings}
        return found | {f"training.{n}": [layout.spanet_metrics(n)] for n in own.trainings}

    return Source(inputs, "", _any_label, _any_parts)


def _any_label(layout: Layout, key: str) -> str:
    what, _, name = key.partition(".")
    label = {
        "metrics": naming.classifier_label,
        "pairing": naming.pairing_label,
        "training": naming.training_label,
    }.get(what, naming.selection_label)
    return label(layout, name)


def _any_parts(layout: Layout, key: str) -> tuple[str, str] | None:
    what, _, name = key.partition(".")
    if what == "metrics":
        return naming.classifier_parts(layout, name)
    return naming.selection_parts(layout, name) if what in ("limits", "templates") else None


def find_own_problems(
    study: Study, name: str, own: OwnOutput, taken: Sequence[str], problems: Problems
) -> None:
    """Find what keeps an output of the user from being made.

    Args:
        study: energies and luminosities; its sections have all names that the output uses.
        name: of the output.
        own: what it is.
        taken: names of the package's outputs of the same medium.
        problems: to add to.
    """
    where = f"outputs.{name}"
    if name in taken:
        problems.add(where, f"the package has a {own.medium} of that name; choose another")
    statistics = study.statistics
    for key, section in (("sqrt_s_tev", "sqrt_s_tev"), ("luminosity_ifb", "luminosities_ifb")):
        value, allowed = getattr(own, key), getattr(statistics, section)
        if value is not None and value not in allowed:
            known = ", ".join(f"{v:g}" for v in allowed)
            problems.add(
                f"{where}.{key}", f"value {value:g} is not in statistics.{section}: {known}"
            )
    kind: Kind | Callable[..., Any] | None = None
    with problems.at(f"{where}.kind"):
        kind = find_kind(own.kind, own.medium)
    if kind is not None:
        for key, text in _unfit_names(own, kind):
            problems.add(f"{where}.{key}" if key else where, text)
    _check_look(where, own, kind, problems)


def _unfit_names(own: OwnOutput, kind: Any) -> Iterator[tuple[str, str]]:
    """Yield key and reason where an output does not name what its kind shows."""
    if not isinstance(kind, Kind):
        if not any(getattr(own, field) for field in _FIELDS):
            yield "", f"names nothing to show; give one of {', '.join(_FIELDS)}"
        return
    if kind.section is None:
        yield "kind", f"{kind.name!r} always shows the same, nothing to choose"
        return
    names = getattr(own, kind.section)
    if kind.name == "learning":
        names = [*own.classifiers, *own.trainings]
    if not names:
        yield kind.section, f"kind {kind.name!r} needs at least one"
    elif kind.count is not None and len(names) != kind.count:
        yield kind.section, f"kind {kind.name!r} needs {kind.count}, has {len(names)}"


def _check_look(where: str, own: OwnOutput, kind: Any, problems: Problems) -> None:
    """Check options, and that no table has a style; kinds load only where they have options."""
    if own.style and own.medium == "table":
        problems.add(f"{where}.style", "a table has none; leave it out")
    if own.options and isinstance(kind, Kind):
        options = kind.options()
        if options is None:
            problems.add(f"{where}.options", f"kind {kind.name!r} has none; leave them out")
        else:
            checked = problems.check(options, own.options, f"{where}.options")
            if own.kind in LEADERBOARDS and checked is not None:
                _check_leaderboard(where, own, checked, problems)


def _check_leaderboard(where: str, own: OwnOutput, options: Any, problems: Problems) -> None:
    """Check that options name only pairings that the output shows."""
    known = ", ".join(own.pairings)
    for name in options.names():
        if name not in own.pairings:
            problems.add(f"{where}.options", f"{name!r} is not among its pairings: {known}")

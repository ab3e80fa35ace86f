"""Put a study into the catalogue: files, settings and code of every table and figure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.core.problems import Problems
from hh4b.core.spelling import did_you_mean
from hh4b.publication.catalogue import extra_tables, figures, note_tables
from hh4b.publication.catalogue.entry import Entry
from hh4b.publication.catalogue.own import LEADERBOARDS, find_own_problems, source_of
from hh4b.publication.catalogue.sources import (
    InputFiles,
    Source,
    first_fold,
    folds_of_trainings,
    options_of,
)
from hh4b.publication.registry import code_targets, plugin_files
from hh4b.publication.settings import Medium, OutputSettings
from hh4b.study.layout import Layout
from hh4b.study.model import Study
from hh4b.study.outputs import OwnOutput

CATALOGUE = {
    (output.medium, output.key): output
    for output in (*note_tables.TABLES, *extra_tables.TABLES, *figures.FIGURES)
}


@dataclass(frozen=True)
class PlannedOutput:
    """A table or figure of a study.

    Attributes:
        medium: ``"table"`` or ``"figure"``.
        key: number or name, as `hh4b table` and `hh4b figure` take it.
        stem: of the files, without suffix.
        inputs: files by key; `A:B` are two files of one sample.
        settings: for ``--settings``.
        code: what a digest of its code covers, for `hh4b.core.digest.code_digest`.
        code_files: files of the user's code.
        absent: why it cannot be made in this study; None if it can.
    """

    medium: Medium
    key: str
    stem: str
    inputs: InputFiles
    settings: OutputSettings
    code: tuple[str, ...]
    code_files: tuple[str, ...] = ()
    absent: str | None = None

    @property
    def name(self) -> str:
        """Return the name of the target, e.g. ``table_26``."""
        return f"{self.medium}_{self.key}"

    @property
    def files(self) -> list[str]:
        """Return every file that it is made from, each once."""
        listed = [part for files in self.inputs.values() for f in files for part in f.split(":")]
        return list(dict.fromkeys([*listed, *self.code_files]))

    @property
    def input_options(self) -> str:
        """Return the inputs as options of the command."""
        return options_of(self.inputs)


def outputs(layout: Layout) -> dict[str, PlannedOutput]:
    """Return everything that a study shows, by name of the target: the package's, then the user's.

    Raises:
        ConfigError: if an output of the user cannot be made.
    """
    check_outputs(layout.study)
    planned = [*_package(layout), *_own(layout)]
    return {output.name: output for output in planned}


def check_outputs(study: Study) -> None:
    """Refuse outputs of the user that could not be made, and styles of figures that do not exist.

    Raises:
        ConfigError: a line that names the key for each thing that is wrong.
    """
    problems = Problems()
    find_wrong_outputs(study, problems)
    problems.require_none()


def find_wrong_outputs(study: Study, problems: Problems) -> None:
    """Find outputs of the user that could not be made, and styles that no figure has."""
    for name, own in study.outputs.items():
        find_own_problems(study, name, own, known_keys(own.medium), problems)
    find_wrong_styles(study.model_dump(mode="json", include={"publication", "outputs"}), problems)


def find_wrong_styles(content: Mapping[str, Any], problems: Problems) -> None:
    """Find keys of styles, and figures with a style of their own, that are not there.

    Args:
        content: a study as it is written, which may have other mistakes.
        problems: to add to.
    """
    outputs, publication = _entries(content.get("outputs")), content.get("publication")
    own = [name for name, output in outputs.items() if output.get("medium") == "figure"]
    known = [f"figure_{key}" for key in (*known_keys("figure"), *own)]
    styles = {f"outputs.{name}.style": output.get("style") for name, output in outputs.items()}
    if isinstance(publication, Mapping):
        styles["publication.style"] = publication.get("style")
        for figure, style in _entries(publication.get("figure_style")).items():
            key = f"publication.figure_style.{figure}"
            styles[key] = style
            if figure not in known:
                meant = did_you_mean(figure, known)
                problems.add(key, f"expected one of {', '.join(known)}{meant}")
    given = {key: style for key, style in styles.items() if isinstance(style, Mapping) and style}
    if given:
        # It needs the library of figures.
        from hh4b.publication.style import FigureStyle

        for key, style in given.items():
            problems.check(FigureStyle, style, key)


def _entries(section: Any) -> dict[str, Mapping[str, Any]]:
    """Return the entries of a section that are sections themselves."""
    if not isinstance(section, Mapping):
        return {}
    return {str(key): entry for key, entry in section.items() if isinstance(entry, Mapping)}


def known_keys(medium: Medium) -> list[str]:
    """Return the numbers and names of the package's tables or figures."""
    return [key for kind, key in CATALOGUE if kind == medium]


def default_settings(medium: Medium, key: str) -> OutputSettings:
    """Return the settings of an output of the package outside of any study: keys are labels.

    Raises:
        ConfigError: if there is none of that name.
    """
    output = CATALOGUE.get((medium, key))
    if output is None:
        existing = known_keys(medium)
        raise ConfigError(
            f"there is no {medium} {key!r}; choose one of: {', '.join(existing)}"
            f"{did_you_mean(key, existing)}"
        )
    return OutputSettings(
        kind=output.kind,
        title=output.title,
        remarks=list(output.remarks),
        labels=dict(output.labels),
        options=dict(output.options),
    )


def _package(layout: Layout) -> Iterator[PlannedOutput]:
    for output in CATALOGUE.values():
        inputs = output.source.inputs(layout)
        absent = None
        if not inputs:
            absent = f"{output.medium}_{output.key} needs {output.source.needs}"
        yield PlannedOutput(
            output.medium,
            output.key,
            _stem(layout, output.medium, output.key),
            inputs,
            _settings(layout, output, inputs),
            code_targets(output.kind, output.medium),
            absent=absent,
        )


def _settings(layout: Layout, output: Entry, inputs: InputFiles) -> OutputSettings:
    if not inputs:
        return default_settings(output.medium, output.key)
    labels, parts = _names(layout, output.source, inputs)
    return OutputSettings(
        kind=output.kind,
        title=output.title,
        remarks=list(output.remarks) if layout.study.publication.reference else [],
        labels={**output.labels, **labels},
        parts=parts,
        sqrt_s_tev=layout.study.physics.sqrt_s_tev if output.events else None,
        options={**output.options, **output.study_options(layout)},
        style=_style(layout, output.medium, output.key),
    )


def _own(layout: Layout) -> Iterator[PlannedOutput]:
    for name, own in layout.study.outputs.items():
        source = source_of(own)
        inputs = source.inputs(layout)
        absent = None if inputs else f"{own.medium}_{name} needs {source.needs}"
        yield PlannedOutput(
            own.medium,
            name,
            _stem(layout, own.medium, name),
            inputs,
            _own_settings(layout, name, own, source),
            code_targets(own.kind, own.medium),
            tuple(plugin_files(own.kind)),
            absent,
        )


def _own_settings(layout: Layout, name: str, own: OwnOutput, source: Source) -> OutputSettings:
    labels, parts = _names(layout, source, source.inputs(layout))
    options = dict(own.options)
    statistics = layout.study.statistics
    if own.kind in ("intervals_against_luminosity", "widths_against_luminosity"):
        energy = own.sqrt_s_tev or statistics.headline.sqrt_s_tev
        options.setdefault("sqrt_s_tev", energy)
    if own.kind == "sizes_by_part":
        options = {**first_fold(layout), **options}
    if own.kind == "sizes_of_trainings":
        options = {**folds_of_trainings(layout), **options}
    if own.kind in LEADERBOARDS:
        # With folds every event is paired by a network that did not see it.
        options.setdefault("part", "all" if layout.folds else "testing")
    if own.kind == "intervals_by_luminosity":
        options.setdefault("energies", own.sqrt_s_tev is None)
    return OutputSettings(
        kind=own.kind,
        title=own.title or name.replace("_", " "),
        labels=labels,
        parts=parts,
        sqrt_s_tev=layout.study.physics.sqrt_s_tev,
        options=options,
        style={**_style(layout, own.medium, name), **own.style},
    )


def _names(
    layout: Layout, source: Source, inputs: InputFiles
) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Return labels and parts by input key, and labels of what else an output shows."""
    labels = {key: source.label(layout, key) for key in inputs} | source.extra(layout)
    parts = {key: source.parts(layout, key) for key in inputs}
    return labels, {key: pair for key, pair in parts.items() if pair is not None}


def _style(layout: Layout, medium: Medium, key: str) -> dict[str, Any]:
    if medium == "table":
        return {}
    publication = layout.study.publication
    return {**publication.style, **publication.figure_style.get(f"figure_{key}", {})}


def _stem(layout: Layout, medium: Medium, key: str) -> str:
    """Return the path without suffix: numbers of the note have two digits."""
    return layout.file(f"{medium}s/{medium}_{key.zfill(2)}")

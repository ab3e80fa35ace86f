"""Everything that the page says of a study."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hh4b.publication.catalogue import PlannedOutput, outputs, results_page
from hh4b.publication.inputs import Inputs
from hh4b.publication.page.causes import UNEXPLAINED, Causes, measure
from hh4b.publication.page.comparisons import COMPARISON, Compared, TableNumbers, distinct
from hh4b.publication.page.files import PageFiles
from hh4b.publication.page.limits_section import withheld_of
from hh4b.publication.page.note_section import NoteComparison
from hh4b.publication.page.searches_section import search_sentence
from hh4b.publication.result_page import explore
from hh4b.publication.result_page.facts import RunFacts, run_facts
from hh4b.publication.result_page.intervals import IntervalFigure, interval_figure
from hh4b.publication.result_page.links import Links, PageLink
from hh4b.publication.result_page.outputs import (
    OutputReader,
    Section,
    by_section,
    head_of,
    missing_files,
)
from hh4b.publication.result_page.tables import Mark, mark_of
from hh4b.publication.result_page.verdicts import Verdict, verdicts
from hh4b.study.layout import Layout
from hh4b.study.model import Study


@dataclass(frozen=True)
class FarNumber:
    """A number beyond two errors of the note, named once.

    Attributes:
        tables: names of the targets of the tables that print it, with their keys.
        row: in words.
        quantity: in words.
        run: this run.
        note: the note.
        distance: in errors.
        mark: the same as a sign.
    """

    tables: list[tuple[str, str]]
    row: str
    quantity: str
    run: str
    note: str
    distance: float
    mark: Mark | None


@dataclass(frozen=True)
class CauseGroup:
    """Differences with the same cause.

    Attributes:
        name: of the cause, and of its place on the page.
        title: in words.
        measured: its measurement.
        count: numbers that it covers, as often as tables print them.
        differences: each once, largest first.
    """

    name: str
    title: str
    measured: str
    count: int
    differences: list[FarNumber]


@dataclass(frozen=True)
class NoteSummary:
    """How this run compares with the note.

    Attributes:
        agree: numbers within one error.
        near: between one and two errors away.
        far: further.
        different: of those further, how many different ones.
        unexplained: of those further, how many have no measured cause.
        groups: by cause.
        csv: link to the file with all numbers.
    """

    agree: int
    near: int
    far: int
    different: int
    unexplained: int
    groups: list[CauseGroup]
    csv: PageLink | None


@dataclass(frozen=True)
class PageContent:
    """What the page says.

    Attributes:
        title: head line.
        subject: what the study is of.
        with_note: whether it is compared with the note.
        intervals: the first figure; None if there are no limits.
        withheld: selections without interval, and why.
        facts: what the run was.
        verdicts: conclusions of the note.
        searches: what searches won.
        note: comparison of all numbers; None if there is nothing to compare.
        sections: tables and figures.
        missing: outputs that are not there, each with its files.
        absent: outputs that the study has not, and what they need.
        plots: numbers of the plots that can be moved, by name.
        links: to files of the whole run.
    """

    title: str
    subject: str
    with_note: bool
    intervals: IntervalFigure | None
    withheld: list[str]
    facts: RunFacts
    verdicts: list[Verdict]
    searches: list[str]
    note: NoteSummary | None
    sections: list[Section]
    missing: list[tuple[str, list[str]]]
    absent: list[str]
    plots: dict[str, list[explore.Plain]]
    links: list[PageLink] = field(default_factory=list)


def page_content(layout: Layout, page: Path) -> PageContent:
    """Collect what there is of a study; what is not there is named.

    Args:
        layout: of the study.
        page: the file that will say it, which links count from.

    Raises:
        InputFileError: if a file is damaged.
        ContractError: if a file is of another kind or version.
        ConfigError: if the causes cannot be read.
    """
    study, links = layout.study, Links(page)
    planned = {name: one for name, one in outputs(layout).items() if not one.absent}
    lacking = {name: missing_files(one) for name, one in planned.items()}
    there = {name: one for name, one in planned.items() if not lacking[name]}
    files = _page_files(layout)
    numbers = TableNumbers.read(
        {one.key: Path(f"{one.stem}.csv") for one in there.values() if one.medium == "table"}
    )
    told = study.publication.causes
    known = Causes.none() if told is None else Causes.read(told)
    compared = numbers.compared()
    comparison = NoteComparison(compared, measure(known, numbers, files.settings.facts))
    causes = {(one.table, one.key, one.quantity): name for one, name in comparison.named}
    reader = OutputReader(
        links,
        Path(layout.results),
        study.publication.reference,
        lambda *place: causes.get(place, ""),
    )
    shown = ((one.settings.kind, reader.read(one)) for one in there.values())
    kinds = {o.key: o.settings.kind for o in there.values() if o.medium == "table"}
    names = {one.key: name for name, one in there.items() if one.medium == "table"}
    with_note = bool(compared)
    return PageContent(
        title="HH → 4b: expected intervals on κλ",
        subject=_subject(layout),
        with_note=with_note,
        intervals=interval_figure(files, numbers, kinds, _archive(study, links)),
        withheld=[one.sentence() for one in withheld_of(files)],
        facts=run_facts(layout, links),
        verdicts=verdicts(files, numbers) if with_note else [],
        searches=list(_searches(files)),
        note=note_summary(comparison, names, links.to(page.with_name(COMPARISON)))
        if with_note
        else None,
        sections=by_section(shown),
        missing=[*_lacking(layout, planned, lacking)],
        # What a study of own files has not is no gap of it.
        absent=[o.absent for o in outputs(layout).values() if o.absent and with_note],
        plots={
            "shapes": explore.shapes(files),
            "points": explore.working_points(files, _working_points(layout)),
            "curves": explore.curves(files),
        },
        links=links.to_all(
            {
                "configuration": layout.file("config.yaml"),
                "record of the run": layout.file("provenance.json"),
                "summary as text": layout.file("README.md"),
            }
            | ({"all compared numbers": layout.file(COMPARISON)} if with_note else {})
        ),
    )


def _archive(study: Study, links: Links) -> PageLink | None:
    """Return the link to the first page of the archived run beside this one."""
    folder = study.publication.archive
    return None if folder is None else links.to(Path(folder) / "README.md", Path(folder).name)


def _page_files(layout: Layout) -> PageFiles:
    """Return the files of the page that are there."""
    planned = results_page(layout)
    found = {
        key: tuple(Path(path) for path in paths if Path(path).is_file())
        for key, paths in planned.inputs.items()
    }
    inputs = Inputs("result page", {key: paths for key, paths in found.items() if paths})
    return PageFiles(inputs, planned.settings)


def _working_points(layout: Layout) -> dict[str, Path]:
    shown = layout.shown(layout.study.selections)
    paths = {name: Path(layout.working_point(name)) for name in shown}
    return {name: path for name, path in paths.items() if path.is_file()}


def _subject(layout: Layout) -> str:
    study = layout.study
    labels = {name: one.label or name for name, one in study.processes.items()}
    signals = [labels[n] for n, one in study.processes.items() if one.kind == "signal"]
    backgrounds = [labels[n] for n, one in study.processes.items() if one.kind == "background"]
    point = study.statistics.headline
    against = f" against {', '.join(backgrounds)}" if backgrounds else ""
    return (
        f"{', '.join(signals)}{against}, √s = {point.sqrt_s_tev:g} TeV,"
        f" {point.luminosity_ifb:g} fb⁻¹, simulated events"
    )


def _searches(files: PageFiles) -> Iterator[str]:
    for name in files.names("search"):
        outcome, shown = files.one("search", name), files.settings.searches.get(name)
        if outcome is not None and shown is not None:
            text = search_sentence(name, outcome, shown)
            yield text.replace("**", "").replace("`", "")


def _lacking(
    layout: Layout, planned: dict[str, PlannedOutput], lacking: dict[str, list[str]]
) -> Iterator[tuple[str, list[str]]]:
    for name in layout.shown(layout.study.selections):
        if not Path(layout.limits(name)).is_file():
            yield f"limits of {name}", [layout.limits(name)]
    for name, one in planned.items():
        if lacking[name]:
            yield head_of(one), lacking[name]


def note_summary(
    comparison: NoteComparison, names: Mapping[str, str], csv: PageLink | None = None
) -> NoteSummary:
    """Return how a run compares with the note, by cause.

    Args:
        comparison: the numbers and the causes.
        names: of the tables, by key.
        csv: link to the file with all numbers.
    """
    groups = []
    for name, numbers in comparison.groups.items():
        if not numbers and not (name != UNEXPLAINED and comparison.causes[name].missing):
            continue
        title, measured = "No measured cause", ""
        if name != UNEXPLAINED:
            cause = comparison.causes[name]
            title, measured = cause.title, cause.text
            if cause.missing:
                measured = f"not measured, so it explains nothing: {cause.missing}"
        shown = [_difference(one, tables, names) for one, tables in distinct(numbers)]
        groups.append(CauseGroup(name.replace(" ", "-"), title, measured, len(numbers), shown))
    far, number = comparison.far, len(comparison.numbers)
    near = sum(abs(one.difference) > 1 and not one.far for one in comparison.numbers)
    return NoteSummary(
        number - len(far) - near,
        near,
        len(far),
        len(distinct(far)),
        len(comparison.groups[UNEXPLAINED]),
        groups,
        csv,
    )


def _difference(number: Compared, tables: list[str], names: Mapping[str, str]) -> FarNumber:
    return FarNumber(
        [(names[key], key) for key in tables],
        ", ".join(label for label in number.labels if label),
        number.quantity.replace("_", " "),
        f"{number.run:.4g} ± {number.error:.2g}".replace("-", "−"),
        number.published.replace("-", "−"),
        number.difference,
        mark_of(number.difference),
    )

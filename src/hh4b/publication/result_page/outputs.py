"""Tables and figures of a study as the page shows them."""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from hh4b.publication.catalogue.planning import PlannedOutput
from hh4b.publication.result_page.drawing import drawing
from hh4b.publication.result_page.links import Links, PageLink
from hh4b.publication.result_page.sections import OTHER, SECTIONS, section_of
from hh4b.publication.result_page.tables import PageTable, read_table

#: Files of an output that are linked, by text.
_FILES = {
    "table": {"CSV": ".csv", "JSON": ".json", "LaTeX": ".tex"},
    "figure": {"PNG": ".png", "PDF": ".pdf", "SVG": ".svg"},
}


@dataclass(frozen=True)
class ShownOutput:
    """A table or figure on the page.

    Attributes:
        name: of the target, and of its place on the page.
        head: how it is called, e.g. ``Table 26``.
        title: caption.
        table: the numbers; None for a figure.
        figure: the drawing; None for a table.
        files: links to its files.
        data: links to what it is made from.
        log: link to the log of its job.
        command: that makes it.
    """

    name: str
    head: str
    title: str
    table: PageTable | None
    figure: Markup | None
    files: list[PageLink]
    data: list[PageLink]
    log: PageLink | None
    command: str


@dataclass(frozen=True)
class Section:
    """Tables and figures of a subject.

    Attributes:
        title: of the section.
        outputs: in the order of the catalogue, tables first.
    """

    title: str
    outputs: list[ShownOutput]


@dataclass(frozen=True)
class OutputReader:
    """Reads what the page shows of outputs.

    Attributes:
        links: of the page.
        results: folder of the results.
        reference: file of published values; None if the study has none.
        cause: name of the cause of a difference, by table, row and quantity.
    """

    links: Links
    results: Path
    reference: str | None
    cause: Callable[[str, str, str], str]

    def read(self, planned: PlannedOutput) -> ShownOutput:
        """Read an output that is there; errors as `read_table` and `drawing` have them."""
        stem, kind = Path(planned.stem), planned.medium
        head, title = head_of(planned), planned.settings.title
        table = figure = None
        if kind == "table":
            table = read_table(
                Path(f"{stem}.json"), lambda row, column: self.cause(planned.key, row, column)
            )
        else:
            figure = drawing(
                Path(f"{stem}.svg"),
                Path(f"{stem}.png"),
                name=planned.name,
                alternative=f"{head}: {title}",
            )
        files = {text: f"{stem}{suffix}" for text, suffix in _FILES[kind].items()}
        data = {Path(file).relative_to(self.results).as_posix(): file
                for file in planned.files if Path(file).is_relative_to(self.results)}  # fmt: skip
        return ShownOutput(
            planned.name,
            head,
            title,
            table,
            figure,
            self.links.to_all(dict(files)),
            self.links.to_all(dict(data)),
            self.links.to(self.results / f"logs/{kind}/{planned.name}.log"),
            command_of(planned, self.reference),
        )


def head_of(planned: PlannedOutput) -> str:
    """Return how an output is called."""
    key = planned.key.replace("_", " ")
    return f"{planned.medium.capitalize()} {key}"


def command_of(planned: PlannedOutput, reference: str | None) -> str:
    """Return the command line that makes an output."""
    words = ["hh4b", planned.medium, planned.key, "-o", planned.stem]
    if planned.medium == "table" and reference:
        words += ["--reference", reference]
    settings = shlex.quote(planned.settings.as_json())
    return f"{shlex.join(words)} {planned.input_options} --settings {settings}"


def missing_files(planned: PlannedOutput) -> list[str]:
    """Return the files of an output that should be there and are not."""
    suffixes = (".json", ".csv") if planned.medium == "table" else (".png",)
    return [f"{planned.stem}{s}" for s in suffixes if not Path(f"{planned.stem}{s}").is_file()]


def by_section(shown: Iterable[tuple[str, ShownOutput]]) -> list[Section]:
    """Put outputs, each with its kind, into the sections of the page; empty ones are left out."""
    found: dict[str, list[ShownOutput]] = {title: [] for title in (*SECTIONS, OTHER)}
    for kind, output in shown:
        found[section_of(kind)].append(output)
    return [Section(title, outputs) for title, outputs in found.items() if outputs]

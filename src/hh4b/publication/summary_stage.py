"""The results page: what can be believed, why this run and the note differ, all tables, figures."""

import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path
from hh4b.publication.inputs import Inputs
from hh4b.publication.made_outputs import made_outputs, output_key
from hh4b.publication.orderings import claims_of, ordering_text
from hh4b.publication.page.causes import Causes, measure
from hh4b.publication.page.comparisons import COMPARISON, TableNumbers, write_comparison
from hh4b.publication.page.decisions import decision_section
from hh4b.publication.page.files import PageFiles
from hh4b.publication.page.headline import headline
from hh4b.publication.page.likelihood_section import likelihood_section
from hh4b.publication.page.limits_section import (
    BACKGROUND,
    CROSS_SECTIONS,
    foundation_section,
    limits_section,
)
from hh4b.publication.page.note_section import NoteComparison, note_section
from hh4b.publication.page.searches_section import searches_section
from hh4b.publication.settings import Medium, PageSettings


def write_summary(
    output: Path | str,
    tables: Sequence[Path],
    figures: Sequence[Path],
    *,
    causes: Path | str | None = None,
    files: PageFiles | None = None,
) -> None:
    """Write the results page as Markdown, and beside it `COMPARISON`.

    Args:
        output: page to write.
        tables: the tables' ``.csv`` files with their ``.md`` beside, or folders of them.
        figures: the figures' ``.png`` or ``.pdf`` files, or folders of them.
        causes: why numbers differ from the note's; None = no cause is known.
        files: of the run beside tables and figures; a section without its files is left out.

    Raises:
        ConfigError: if there is neither a table nor a figure, or a cause is not valid.
        InputFileError: if one of them is missing.
    """
    output = Path(output)
    table_files = made_outputs("table", tables, (".csv", ".md"))
    figure_files = made_outputs("figure", figures, (".png",))
    if not table_files and not figure_files:
        places = [", ".join(map(str, given)) or "nothing" for given in (tables, figures)]
        raise ConfigError(f"no table in {places[0]} and no figure in {places[1]}; build them first")
    files = files or PageFiles(Inputs("summary", {}), PageSettings())
    numbers = TableNumbers.read({output_key("table", path): path for path in table_files})
    known = Causes.none() if causes is None else Causes.read(causes)
    compared = numbers.compared()
    # A study that is told neither values of the note nor causes is one of something else.
    shown = causes is not None or bool(compared)
    comparison = NoteComparison(compared, measure(known, numbers, files.settings.facts), shown)
    sections = _sections(files, numbers, comparison, table_files)
    lines = ["# Results", "", *sections, *_tables(table_files, output)]
    lines += _figures(figure_files, output)
    write_comparison(output.with_name(COMPARISON), comparison.named)
    with atomic_path(output) as temporary:
        temporary.write_text("\n".join(lines), encoding="utf-8")


def _sections(
    files: PageFiles, numbers: TableNumbers, comparison: NoteComparison, tables: list[Path]
) -> list[str]:
    """Return everything above the tables, what matters most first."""
    shown = {output_key("table", path): path.with_suffix(".md") for path in tables}
    orders = [*decision_section(files), *ordering_text(claims_of(numbers))]
    lines: list[str] = []
    if comparison.shown:
        lines += ["## This run and the note", "", *note_section(comparison, COMPARISON)]
    lines += ["## Order of the methods", "", *orders] if orders else []
    lines += likelihood_section(files)
    lines += foundation_section(shown)
    lines += limits_section(files, shown)
    lines += searches_section(files)
    return [*headline(files, numbers, comparison), *_contents(lines), *lines]


def _contents(lines: list[str]) -> list[str]:
    """Return links to the sections, those of tables and figures included."""
    heads = [line.removeprefix("## ") for line in (*lines, "## Tables", "## Figures")
             if line.startswith("## ")]  # fmt: skip
    return [" · ".join(f"[{head}](#{head.lower().replace(' ', '-')})" for head in heads), ""]


def _tables(files: list[Path], page: Path) -> list[str]:
    lines = ["## Tables", ""]
    for path in files:
        name, links = output_name("table", path), _links(page, path, (".csv", ".tex"))
        lines += [f"### {name}", ""]
        if output_key("table", path) in (BACKGROUND, CROSS_SECTIONS):
            lines += ["It stands above.", ""]
        else:
            lines += [path.with_suffix(".md").read_text(encoding="utf-8")]
        lines += [links, ""]
    return lines


def _figures(files: list[Path], page: Path) -> list[str]:
    lines = ["## Figures", ""]
    for path in files:
        lines += [f"### {output_name('figure', path)}", "", _caption(path), ""]
        lines += [f"![{path.stem}]({_relative(path, page)})", "", _links(page, path, (".pdf",)), ""]
    return lines


def output_name(kind: Medium, path: Path) -> str:
    """Return how an output is called, from its file name.

    >>> output_name("table", Path("tables/table_07.csv"))
    'Table 7'
    """
    return f"{kind.capitalize()} {output_key(kind, path)}"


def _relative(path: Path, page: Path) -> str:
    return Path(os.path.relpath(path, page.parent)).as_posix()


def _links(page: Path, path: Path, suffixes: tuple[str, ...]) -> str:
    files = [path.with_suffix(suffix) for suffix in suffixes]
    return "Files: " + ", ".join(f"[{f.name}]({_relative(f, page)})" for f in files if f.exists())


def _caption(path: Path) -> str:
    """Return the caption that a figure carries in its metadata."""
    with Image.open(path) as image:
        return str(image.info.get("Description", ""))

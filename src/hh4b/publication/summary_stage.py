"""The results page: all tables and figures, and in words where this run and the note differ."""

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path
from hh4b.publication.orderings import claims_of, ordering_text
from hh4b.publication.tables import CSV_FIELDS

#: From here a difference is called one; below, a third of all numbers is expected beyond one error.
SIGNIFICANT = 2.0


@dataclass(frozen=True)
class Compared:
    """A number of a table that the note has too.

    Attributes:
        table: e.g. ``"Table 26"``.
        place: row and quantity in words.
        run: this run's value.
        error: its statistical error.
        note: the published value.
        difference: (run - note) / error.
    """

    table: str
    place: str
    run: float
    error: float
    note: float
    difference: float

    def sentence(self) -> str:
        """Say the difference in words."""
        side = "above" if self.difference > 0 else "below"
        return (
            f"{self.table}, {self.place}: {self.run:.4g} ± {self.error:.2g} in this run,"
            f" {self.note:.4g} in the note: {abs(self.difference):.1f} errors {side}."
        )


def output_name(kind: str, path: Path) -> str:
    """Return how an output is called, from its file name.

    >>> output_name("table", Path("tables/table_07.csv"))
    'Table 7'
    """
    return f"{kind.capitalize()} {_key(kind, path)}"


def _key(kind: str, path: Path) -> str:
    stem = path.stem.removeprefix(f"{kind}_")
    return stem.lstrip("0") if stem.isdecimal() else stem


def read_comparisons(path: Path) -> list[Compared]:
    """Read the rows of a table's CSV file in which this run has an error and the note a value."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = []
    for row in rows:
        if not row["difference_in_errors"]:
            continue
        labels = [text for name, text in row.items() if name not in CSV_FIELDS]
        found.append(
            Compared(
                output_name("table", path),
                ", ".join([*labels, row["quantity"].replace("_", " ")]),
                float(row["this_run"]),
                float(row["this_run_error"]),
                float(row["note"]),
                float(row["difference_in_errors"]),
            )
        )
    return found


def comparison_text(numbers: Iterable[Compared]) -> list[str]:
    """Say in words where this run and the note differ by more than statistics explain."""
    numbers = list(numbers)
    if not numbers:
        return ["No number of this run has both a statistical error and a value in the note."]
    far = [number for number in numbers if abs(number.difference) > SIGNIFICANT]
    near = [number for number in numbers if 1 < abs(number.difference) <= SIGNIFICANT]
    lines = [
        f"Of {len(numbers)} numbers with a statistical error and a published value,"
        f" {len(numbers) - len(far) - len(near)} agree within one error of this run,"
        f" {len(near)} lie between one and two errors away, and {len(far)} further."
        " The note gives errors for few of its numbers, so the difference is in units of this"
        " run's error alone.",
        "",
    ]
    if far:
        lines += ["This run disagrees with the note beyond two statistical errors in:", ""]
        far.sort(key=lambda number: -abs(number.difference))
        lines += [f"* {number.sentence()}" for number in far]
    return lines


def write_summary(output: Path | str, tables: Path, figures: Path) -> None:
    """Write the results page as Markdown.

    Args:
        output: page to write.
        tables: folder with the tables' ``.csv`` and ``.md`` files.
        figures: folder with the figures' ``.png`` and ``.pdf`` files.

    Raises:
        ConfigError: if there is neither a table nor a figure.
    """
    output = Path(output)
    table_files = _sorted("table", tables.glob("*.csv"))
    figure_files = _sorted("figure", figures.glob("*.png"))
    if not table_files and not figure_files:
        raise ConfigError(f"no table in {tables} and no figure in {figures}; build them first")
    numbers = [number for path in table_files for number in read_comparisons(path)]
    lines = ["# Results", "", "## This run and the note", "", *comparison_text(numbers)]
    lines += ["", *ordering_text(claims_of(tables)), "## Tables", ""]
    for path in table_files:
        name, links = output_name("table", path), _links(output, path, (".csv", ".tex"))
        lines += [f"### {name}", "", path.with_suffix(".md").read_text(encoding="utf-8")]
        lines += [links, ""]
    lines += ["## Figures", ""]
    for path in figure_files:
        target = _relative(path, output)
        lines += [f"### {output_name('figure', path)}", "", _caption(path), ""]
        lines += [f"![{path.stem}]({target})", "", _links(output, path, (".pdf",)), ""]
    with atomic_path(output) as temporary:
        temporary.write_text("\n".join(lines), encoding="utf-8")


def _sorted(kind: str, paths: Iterable[Path]) -> list[Path]:
    """Sort by number, named outputs last; leave half-written files out."""
    whole = [path for path in paths if not path.name.startswith(".")]
    return sorted(whole, key=lambda p: (not _key(kind, p).isdecimal(), _key(kind, p).zfill(4)))


def _relative(path: Path, page: Path) -> str:
    return Path(os.path.relpath(path, page.parent)).as_posix()


def _links(page: Path, path: Path, suffixes: tuple[str, ...]) -> str:
    files = [path.with_suffix(suffix) for suffix in suffixes]
    return "Files: " + ", ".join(f"[{f.name}]({_relative(f, page)})" for f in files if f.exists())


def _caption(path: Path) -> str:
    """Return the caption that a figure carries in its metadata."""
    with Image.open(path) as image:
        return str(image.info.get("Description", ""))

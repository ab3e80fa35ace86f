"""Tables that print this run beside the note: the machinery and its four formats."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import hypot
from pathlib import Path
from typing import Any

from hh4b import __version__
from hh4b.core.files import atomic_path
from hh4b.core.strict_json import to_json
from hh4b.publication.inputs import Measured
from hh4b.publication.reference import Published
from hh4b.publication.text import latex

DASH = "—"
_BRACKETS = (
    "Errors of the note in brackets are not printed there: they are those of its testing events."
)


@dataclass(frozen=True)
class TableColumn:
    """A quantity.

    Attributes:
        name: name in the CSV file.
        label: heading.
        decimals: digits after the point, as in the note; more are shown if the error needs them.
    """

    name: str
    label: str
    decimals: int


@dataclass(frozen=True)
class Cell:
    """This run beside the note. The types keep a published value out of ``run``."""

    run: Measured
    note: Published | None = None

    @property
    def difference(self) -> float | None:
        """Return (this run - note) in errors: this run's and the note's, added in squares.

        Those of the note are what it prints and what its testing events give; where neither is
        known, the unit is this run's error alone. None where this run has no error.
        """
        if self.note is None or self.run.value is None or not self.run.error:
            return None
        return (self.run.value - self.note.value) / hypot(self.run.error, self.note.whole_error)


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        key: what the line is of, e.g. the name of a selection; what reads tables goes by it.
        labels: the same for people, one a heading.
        cells: by name of the column.
    """

    key: str
    labels: tuple[str, ...]
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Table:
    """A whole table.

    Attributes:
        title: caption.
        headings: of the label columns.
        columns: the quantities.
        rows: the lines.
        remarks: further sentences of the caption (meaning of errors, slips of the note).

    All texts are Unicode; `hh4b.publication.text` makes LaTeX of them.
    """

    title: str
    headings: tuple[str, ...]
    columns: tuple[TableColumn, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = field(default=())

    @property
    def caption(self) -> tuple[str, ...]:
        """The remarks, with what brackets mean where the table has any."""
        cells = (cell for row in self.rows for cell in row.cells.values())
        counted = any(cell.note is not None and cell.note.counted_error for cell in cells)
        return (*self.remarks, _BRACKETS) if counted else self.remarks


def format_number(value: float | None, error: float | None, decimals: int, text: str = "") -> str:
    """Write ``value ± error``; more decimals if the error would round to nothing.

    >>> format_number(-3.2049, 0.061, 2)
    '−3.20 ± 0.06'
    >>> format_number(0.80512, 0.00021, 3)
    '0.8051 ± 0.0002'
    """
    if value is None:
        return text or DASH
    digits = decimals
    while error and digits < decimals + 2 and round(error, digits) == 0:
        digits += 1
    number = f"{value:.{digits}f}"
    if error is not None:
        number += f" ± {error:.{digits}f}"
    return number.replace("-", "−")


def published_text(number: Published, decimals: int) -> str:
    """Write a published number with its errors; what the note does not print is in brackets.

    >>> published_text(Published(0.882, 0.01, 0.0027), 3)
    '0.882 ± 0.010 (± 0.003)'
    """
    text = format_number(number.value, number.error, decimals)
    if number.counted_error is None:
        return text
    counted = format_number(0.0, number.counted_error, decimals).partition(" ")[2]
    return f"{text} ({counted})"


def _difference(cell: Cell) -> str:
    return DASH if cell.difference is None else f"{cell.difference:+.1f}".replace("-", "−")


def _lines(table: Table, row: Row) -> list[tuple[str, list[str]]]:
    """Return the lines of a row: this run, note, difference; the last two if the note has any."""
    lines: tuple[list[str], list[str], list[str]] = ([], [], [])
    for column in table.columns:
        cell = row.cells.get(column.name)
        if cell is None:
            texts = (DASH, DASH, DASH)
        else:
            published = cell.note
            texts = (
                format_number(cell.run.value, cell.run.error, column.decimals, cell.run.text),
                DASH if published is None else published_text(published, column.decimals),
                _difference(cell),
            )
        for line, text in zip(lines, texts, strict=True):
            line.append(text)
    named = list(zip(("this run", "note", "difference / error"), lines, strict=True))
    compared = any(cell.note is not None for other in table.rows for cell in other.cells.values())
    return named if compared else named[:1]


def as_markdown(name: str, table: Table) -> str:
    """Return the table as Markdown."""
    head = [*table.headings, "", *(c.label for c in table.columns)]
    align = ["---"] * (len(table.headings) + 1) + ["---:"] * len(table.columns)
    lines = [f"**{name}:** {table.title}", "", _bar(head), _bar(align)]
    for row in table.rows:
        for index, (what, texts) in enumerate(_lines(table, row)):
            labels = [*row.labels] if index == 0 else [""] * len(row.labels)
            lines.append(_bar([*labels, what, *texts]))
    lines += ["", *(f"{remark}  " for remark in table.caption)]
    lines += ["", f"<!-- hh4b {__version__}; {_hashes(table)} -->"]
    return "\n".join(lines) + "\n"


def _bar(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _hashes(table: Table) -> str:
    pairs = {
        (cell.run.source, cell.run.configuration_hash)
        for row in table.rows
        for cell in row.cells.values()
    }
    return ", ".join(f"{source} {digest}".strip() for source, digest in sorted(pairs))


def as_latex(name: str, table: Table) -> str:
    """Return the table as a LaTeX ``table`` with booktabs rules."""
    align = "l" * (len(table.headings) + 1) + "r" * len(table.columns)
    head = [*(latex(h) for h in table.headings), "", *(latex(c.label) for c in table.columns)]
    caption = " ".join([latex(table.title) + ".", *map(latex, table.caption)])
    lines = [
        f"% {name}; hh4b {__version__}; {_hashes(table)}",
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{caption}}}",
        rf"  \begin{{tabular}}{{{align}}}",
        r"    \toprule",
        f"    {' & '.join(head)} " + r"\\",
    ]
    for row in table.rows:
        lines.append(r"    \midrule")
        for index, (what, texts) in enumerate(_lines(table, row)):
            labels = (
                [latex(label) for label in row.labels] if index == 0 else [""] * len(row.labels)
            )
            cells = [*labels, what, *(_latex_number(text) for text in texts)]
            lines.append(f"    {' & '.join(cells)} " + r"\\")
    lines += [r"    \bottomrule", r"  \end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def _latex_number(text: str) -> str:
    if text == DASH:
        return "---"
    if any(character.isalpha() for character in text):
        return text.replace("%", r"\%")
    return f"${text.replace('−', '-').replace('±', chr(92) + 'pm')}$"


CSV_FIELDS = (
    "key", "quantity", "this_run", "this_run_error", "note", "note_error", "note_counted_error",
    "difference_in_errors", "remark", "source", "configuration_hash", "version",
)  # fmt: skip


def as_csv(table: Table) -> str:
    """Return the table as CSV, one line a number, with the file each number came from."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*table.headings, *CSV_FIELDS])
    for row in table.rows:
        for column in table.columns:
            cell = row.cells.get(column.name)
            if cell is None:
                continue
            note = cell.note
            numbers = (
                cell.run.value,
                cell.run.error,
                None if note is None else note.value,
                None if note is None else note.error,
                None if note is None else note.counted_error,
                cell.difference,
            )
            writer.writerow(
                [
                    *row.labels,
                    row.key,
                    column.name,
                    *("" if number is None else f"{number:.6g}" for number in numbers),
                    cell.run.text,
                    cell.run.source,
                    cell.run.configuration_hash,
                    __version__,
                ]
            )
    return stream.getvalue()


def as_json(name: str, table: Table) -> str:
    """Return the table as JSON: numbers and the texts that the other formats print."""
    content = {
        "name": name,
        "title": table.title,
        "remarks": list(table.caption),
        "headings": list(table.headings),
        "columns": [{"name": c.name, "label": c.label} for c in table.columns],
        "rows": [
            {
                "key": row.key,
                "labels": list(row.labels),
                "cells": {
                    column.name: _plain_cell(row.cells[column.name], column.decimals)
                    for column in table.columns
                    if column.name in row.cells
                },
            }
            for row in table.rows
        ],
        "version": __version__,
    }
    return to_json(content, indent=1, ensure_ascii=False) + "\n"


def _plain_cell(cell: Cell, decimals: int) -> dict[str, Any]:
    run, note = cell.run, cell.note
    published = None
    if note is not None:
        published = {
            "value": note.value,
            "error": note.error,
            "counted_error": note.counted_error,
            "text": published_text(note, decimals),
        }
    return {
        "value": run.value,
        "error": run.error,
        "text": format_number(run.value, run.error, decimals, run.text),
        "note": published,
        "difference_in_errors": cell.difference,
        "source": run.source,
        "configuration_hash": run.configuration_hash,
    }


def write_files(stem: Path | str, name: str, table: Table) -> list[Path]:
    """Write ``stem.csv``, ``.md``, ``.tex`` and ``.json``, each whole or not at all.

    Args:
        stem: path without suffix.
        name: e.g. ``"Table 26"``.
        table: what to write.

    Returns:
        The paths written.
    """
    texts = {
        ".csv": as_csv(table),
        ".md": as_markdown(name, table),
        ".tex": as_latex(name, table),
        ".json": as_json(name, table),
    }
    paths = []
    for suffix, text in texts.items():
        path = Path(f"{stem}{suffix}")
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths

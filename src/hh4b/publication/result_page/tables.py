"""Tables of the page: this run beside the note, and by a sign how far they are apart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hh4b.publication.inputs import RunFile
from hh4b.publication.page.comparisons import SIGNIFICANT


@dataclass(frozen=True)
class Mark:
    """How far this run is from the note, for eye and ear.

    Attributes:
        kind: ``agrees``, ``near``, ``above`` or ``below``; colours go by it.
        sign: one character, so that no colour is needed.
        text: the distance in errors.
        spoken: the same in words.
        cause: name of the cause of a large distance; empty if there is none to name.
    """

    kind: str
    sign: str
    text: str
    spoken: str
    cause: str = ""


#: Signs by kind, with what they mean.
SIGNS = {
    "agrees": ("✓", "within one error"),
    "near": ("≈", "one to two errors away"),
    "above": ("▲", "more than two errors above"),
    "below": ("▼", "more than two errors below"),
}


@dataclass(frozen=True)
class PageCell:
    """A cell.

    Attributes:
        text: this run.
        value: what it is sorted by; None where there is no number.
        note: the note's value; empty if it has none.
        mark: how far apart they are; None where nothing can be said.
    """

    text: str
    value: float | None
    note: str = ""
    mark: Mark | None = None


@dataclass(frozen=True)
class PageTable:
    """A table.

    Attributes:
        headings: of labels and quantities.
        n_labels: how many of them are labels.
        rows: labels and cells of each line.
        remarks: below it.
    """

    headings: tuple[str, ...]
    n_labels: int
    rows: tuple[tuple[tuple[str, ...], tuple[PageCell | None, ...]], ...]
    remarks: tuple[str, ...]


def mark_of(difference: float | None, cause: str = "") -> Mark | None:
    """Return the mark of a difference in errors; None where it is not known.

    >>> mark_of(-6.3).sign, mark_of(0.4).spoken
    ('▼', '0.4 errors above the note')
    """
    if difference is None:
        return None
    distance, side = abs(difference), "above" if difference > 0 else "below"
    kind = "agrees" if distance <= 1 else "near" if distance <= SIGNIFICANT else side
    text = f"{difference:+.1f}".replace("-", "−")
    return Mark(kind, SIGNS[kind][0], text, f"{distance:.1f} errors {side} the note", cause)


def read_table(path: Path, cause: Callable[[str, str], str]) -> PageTable:
    """Read the JSON file of a table.

    Args:
        path: as `hh4b table` writes it.
        cause: returns the name of the cause of a difference, by key of the row and quantity.

    Raises:
        InputFileError: if it is missing or no JSON.
        ContractError: if it is no table.
    """
    file = RunFile.read(path)
    columns = file.get("columns")
    rows = []
    for row in file.get("rows"):
        cells = tuple(
            _cell(row["cells"].get(one["name"]), cause(row["key"], one["name"])) for one in columns
        )
        rows.append((tuple(map(str, row["labels"])), cells))
    headings = file.get("headings")
    return PageTable(
        (*headings, *(column["label"] for column in columns)),
        len(headings),
        tuple(rows),
        tuple(file.get("remarks")),
    )


def _cell(content: Mapping[str, Any] | None, cause: str) -> PageCell | None:
    if content is None:
        return None
    note = content["note"]
    return PageCell(
        content["text"],
        content["value"],
        "" if note is None else note["text"],
        mark_of(content["difference_in_errors"], cause),
    )

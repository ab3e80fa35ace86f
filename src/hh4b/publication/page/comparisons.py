"""Numbers that this run and the note both have."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hh4b.core.errors import ContractError
from hh4b.core.files import atomic_path
from hh4b.publication.tables import CSV_FIELDS

#: From here a difference is called one; below, a third of all numbers is expected beyond one error.
SIGNIFICANT = 2.0
#: Every compared number with its cause, beside the page.
COMPARISON = "note_comparison.csv"


@dataclass(frozen=True)
class Compared:
    """A number of a table that the note has too.

    Attributes:
        table: key, e.g. ``"26"``.
        labels: row in words.
        key: row, e.g. ``"min_dr_dnn_tuned"``.
        quantity: column, e.g. ``"profile_lower"``.
        run: this run's value.
        error: its statistical error.
        note: the published value.
        note_error: the published error, if the note gives one.
        note_counted_error: that of the note's testing events, as far as they are known.
        difference: run - note in errors, both added in squares.
        source: the file of the run.
    """

    table: str
    labels: tuple[str, ...]
    key: str
    quantity: str
    run: float
    error: float
    note: float
    note_error: float | None
    note_counted_error: float | None
    difference: float
    source: str

    @property
    def far(self) -> bool:
        """Whether it lies further from the note than two errors."""
        return abs(self.difference) > SIGNIFICANT

    @property
    def identity(self) -> tuple[object, ...]:
        """What is the same when several tables print the same number beside the same number."""
        return self.source, self.quantity, self.run, self.error, self.note, self.note_error

    @property
    def published(self) -> str:
        """The note's value with its errors; what it does not print is in brackets."""
        text = f"{self.note:.4g}"
        if self.note_error is not None:
            text += f" ± {self.note_error:.2g}"
        if self.note_counted_error is not None:
            text += f" (± {self.note_counted_error:.2g})"
        return text

    def sentence(self, tables: Iterable[str]) -> str:
        """Say the difference in words; ``tables`` print the number."""
        keys = list(tables)
        side = "above" if self.difference > 0 else "below"
        place = ", ".join([*self.labels, self.quantity.replace("_", " ")])
        text = (
            f"Table{'s' if len(keys) > 1 else ''} {', '.join(keys)}: {place}:"
            f" {self.run:.4g} ± {self.error:.2g} in this run, {self.published} in the note:"
            f" {abs(self.difference):.1f} errors {side}."
        )
        return text.replace(" -", " −")


@dataclass(frozen=True)
class TableNumbers:
    """The rows of the CSV files of tables.

    Attributes:
        rows: by table key, one mapping a number.
    """

    rows: Mapping[str, list[dict[str, str]]]

    @classmethod
    def read(cls, files: Mapping[str, Path]) -> "TableNumbers":
        """Read CSV files by table key.

        Raises:
            ContractError: naming a file that is no table of this version.
        """
        rows = {}
        for key, path in files.items():
            with path.open(encoding="utf-8", newline="") as stream:
                reader = csv.DictReader(stream)
                missing = {"key", "quantity", "this_run"} - set(reader.fieldnames or [])
                if missing:
                    raise ContractError(
                        f"{path} is no table of this version, column {min(missing)!r} is missing;"
                        " make it again, or take it out of the folder"
                    )
                rows[key] = list(reader)
        return cls(rows)

    def find(self, table: str, key: str, quantity: str, field: str) -> float | None:
        """Return a field of a number (``this_run``, ``note``, …); None if there is none."""
        for row in self.rows.get(table, []):
            if row["key"] == key and row["quantity"] == quantity:
                return _number(row.get(field, ""))
        return None

    def compared(self) -> list[Compared]:
        """Return every number that has an error here and a value in the note."""
        found = []
        for table, rows in self.rows.items():
            for row in rows:
                if not row.get("difference_in_errors"):
                    continue
                labels = tuple(text for name, text in row.items() if name not in CSV_FIELDS)
                found.append(
                    Compared(
                        table,
                        labels,
                        row["key"],
                        row["quantity"],
                        float(row["this_run"]),
                        float(row["this_run_error"]),
                        float(row["note"]),
                        _number(row["note_error"]),
                        _number(row.get("note_counted_error")),
                        float(row["difference_in_errors"]),
                        row["source"],
                    )
                )
        return found


def _number(text: str | None) -> float | None:
    return float(text) if text else None


def distinct(numbers: Iterable[Compared]) -> list[tuple[Compared, list[str]]]:
    """Return each number once, with the tables that print it; largest difference first."""
    tables: dict[tuple[object, ...], list[str]] = {}
    first: dict[tuple[object, ...], Compared] = {}
    for number in numbers:
        first.setdefault(number.identity, number)
        tables.setdefault(number.identity, []).append(number.table)
    ordered = sorted(first.values(), key=lambda number: -abs(number.difference))
    return [(number, list(dict.fromkeys(tables[number.identity]))) for number in ordered]


CSV_HEAD = (
    "cause", "table", "key", "quantity", "this_run", "this_run_error", "note", "note_error",
    "note_counted_error", "difference_in_errors", "source",
)  # fmt: skip


def write_comparison(path: Path, causes: Iterable[tuple[Compared, str]]) -> None:
    """Write every compared number as CSV, with its cause; nothing stands for one within two errors.

    Args:
        path: file to write.
        causes: each number and the name of its cause.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for number, cause in causes:
        note = (number.note, number.note_error, number.note_counted_error)
        values = (number.run, number.error, *note, number.difference)
        texts = ["" if value is None else f"{value:.6g}" for value in values]
        writer.writerow([cause, number.table, number.key, number.quantity, *texts, number.source])
    with atomic_path(path) as temporary:
        temporary.write_text(stream.getvalue(), encoding="utf-8")

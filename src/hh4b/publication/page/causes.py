"""Causes of differences from the note: data, each with a measurement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import hypot
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hh4b.core.settings import Name, Settings
from hh4b.core.strict_yaml import read_strictly
from hh4b.publication.page.comparisons import Compared, TableNumbers

UNEXPLAINED = "not explained"
_FIELDS = {"run": ("this_run", "this_run_error"), "note": ("note", "note_error")}


class CauseNumber(Settings):
    """A number of a cause: read from a table of the run, or measured once and documented."""

    table: str | None = Field(None, description="key of a table of the run, e.g. `samples`")
    key: str = Field("", description="row of the table")
    quantity: str = Field("", description="column of the table")
    which: Literal["run", "note", "ratio"] = Field(
        "run", description="this run's value, the note's, or run / note"
    )
    value: float | None = Field(None, description="of a documented number; null = not measured yet")
    error: float | None = Field(None, description="its error")
    where: str = Field("", description="where a documented number was measured")

    @model_validator(mode="after")
    def _has_a_home(self) -> "CauseNumber":
        if self.table is None and not self.where:
            raise ValueError("give `table`, `key`, `quantity`, or `value`, `error`, `where`")
        if self.table is not None and not (self.key and self.quantity):
            raise ValueError("a number of a table needs `key` and `quantity`")
        return self


class Covered(Settings):
    """Numbers that a cause covers, by patterns of the shell (`*`, `?`, `[…]`)."""

    tables: list[str] = Field(["*"], description="keys of tables")
    keys: list[str] = Field(["*"], description="rows")
    quantities: list[str] = Field(["*"], description="columns")
    side: Literal["above", "below", "any"] = Field(
        "any", description="where this run lies; on the other side the cause explains nothing"
    )

    def matches(self, number: Compared) -> bool:
        """Return whether a number is among them."""
        side = "above" if number.difference > 0 else "below"
        places = (
            (number.table, self.tables),
            (number.key, self.keys),
            (number.quantity, self.quantities),
        )
        return self.side in ("any", side) and all(
            any(fnmatchcase(text, pattern) for pattern in patterns) for text, patterns in places
        )


class Cause(Settings):
    """Why numbers of this run differ from the note's."""

    title: str = Field(description="in a few words")
    text: str = Field(description="the measurement, with `{name}` of its numbers")
    numbers: Annotated[dict[Name, CauseNumber], Field(min_length=1)] = Field(
        description="the measurement"
    )
    covers: Annotated[list[Covered], Field(min_length=1)] = Field(description="numbers covered")
    when: dict[str, list[Any]] = Field(
        {}, description="values of the configuration, by dotted key, for which the cause exists"
    )
    unless: dict[Name, tuple[float, float]] = Field(
        {}, description="by name of a number: a range in which there is no such cause"
    )

    @model_validator(mode="after")
    def _names_its_numbers(self) -> "Cause":
        try:
            self.text.format(**dict.fromkeys(self.numbers, ""))
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"text: no number for {error}") from error
        unknown = sorted(self.unless.keys() - self.numbers.keys())
        if unknown:
            raise ValueError(f"unless: no number {unknown[0]!r}")
        return self


class Causes(Settings):
    """The file of causes; the first that covers a number has it."""

    causes: dict[str, Cause] = Field({}, description="by name")

    @classmethod
    def none(cls) -> "Causes":
        """Return that no cause is known."""
        return cls(causes={})

    @classmethod
    def read(cls, path: Path | str) -> "Causes":
        """Read a file of causes.

        Raises:
            ConfigError: if it is missing, no YAML mapping, has a key twice, or a key is wrong.
        """
        return cls.checked({"causes": read_strictly(path)}, where=f"{path}: ")

    def facts(self) -> list[str]:
        """Return the keys of the configuration that causes depend on."""
        return sorted({key for cause in self.causes.values() for key in cause.when})


@dataclass(frozen=True)
class Measurement:
    """A number with its error, as far as known."""

    value: float
    error: float | None

    def __str__(self) -> str:
        """Write counts whole, all else with four digits."""
        if self.error is None:
            whole = float(self.value).is_integer() and abs(self.value) >= 1
            return f"{self.value:,.0f}" if whole else f"{self.value:.4g}"
        return f"{self.value:.4g} ± {self.error:.2g}"


@dataclass(frozen=True)
class MeasuredCause:
    """A cause in this run.

    Attributes:
        title: in a few words.
        text: its measurement in words; empty if it has none in this run.
        covers: numbers that it covers.
        missing: why it does not count; empty if it does.
    """

    title: str
    text: str
    covers: tuple[Covered, ...]
    missing: str = ""


def measure(
    causes: Causes, tables: TableNumbers, facts: Mapping[str, Any]
) -> dict[str, MeasuredCause]:
    """Measure the causes in a run; those that do not exist in it are left out.

    Args:
        causes: the file.
        tables: of the run.
        facts: values of the configuration by dotted key.
    """
    found = {}
    for name, cause in causes.causes.items():
        if any(facts.get(key) not in allowed for key, allowed in cause.when.items()):
            continue
        numbers = {key: _measured(number, tables) for key, number in cause.numbers.items()}
        lacking = [key for key, number in numbers.items() if number is None]
        if lacking:
            texts = ", ".join(_place(cause.numbers[key]) for key in lacking)
            found[name] = MeasuredCause(cause.title, "", tuple(cause.covers), texts)
        elif not _excluded(cause, numbers):
            text = cause.text.format(**numbers)
            found[name] = MeasuredCause(cause.title, text, tuple(cause.covers))
    return found


def _excluded(cause: Cause, numbers: Mapping[str, Measurement | None]) -> bool:
    for name, (low, high) in cause.unless.items():
        number = numbers[name]
        if number is not None and low <= number.value <= high:
            return True
    return False


def _place(number: CauseNumber) -> str:
    if number.table is None:
        return number.where
    return f"table {number.table}, {number.key}, {number.quantity}"


def _measured(number: CauseNumber, tables: TableNumbers) -> Measurement | None:
    if number.table is None:
        return None if number.value is None else Measurement(number.value, number.error)
    if number.which != "ratio":
        value, error = (
            tables.find(number.table, number.key, number.quantity, field)
            for field in _FIELDS[number.which]
        )
        return None if value is None else Measurement(value, error)
    run, note = (
        _measured(number.model_copy(update={"which": which}), tables) for which in ("run", "note")
    )
    if run is None or note is None or not note.value:
        return None
    ratio = run.value / note.value
    if run.error is None:
        return Measurement(ratio, None)
    return Measurement(
        ratio, hypot(run.error / note.value, ratio * (note.error or 0.0) / note.value)
    )


def cause_of(number: Compared, causes: Mapping[str, MeasuredCause]) -> str:
    """Return the name of the first measured cause that covers a number."""
    for name, cause in causes.items():
        if not cause.missing and any(covered.matches(number) for covered in cause.covers):
            return name
    return UNEXPLAINED


def by_cause(
    numbers: Iterable[Compared], causes: Mapping[str, MeasuredCause]
) -> dict[str, list[Compared]]:
    """Group numbers beyond two errors by cause, in the order of the file; unexplained ones last."""
    groups: dict[str, list[Compared]] = {name: [] for name in [*causes, UNEXPLAINED]}
    for number in numbers:
        if number.far:
            groups[cause_of(number, causes)].append(number)
    return groups

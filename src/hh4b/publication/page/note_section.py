"""Section of the page: where this run and the note differ, by cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hh4b.publication.page.causes import UNEXPLAINED, MeasuredCause, by_cause, cause_of
from hh4b.publication.page.comparisons import Compared, distinct

#: Numbers that the page names for each cause; the CSV file has all.
SHOWN = 5


@dataclass(frozen=True)
class NoteComparison:
    """All numbers that this run and the note have, and why they differ.

    Attributes:
        numbers: every compared number, as often as tables print it.
        causes: measured causes by name.
        shown: whether the page speaks of the note at all.
    """

    numbers: Sequence[Compared]
    causes: Mapping[str, MeasuredCause]
    shown: bool = True

    @property
    def groups(self) -> dict[str, list[Compared]]:
        """Numbers beyond two errors by cause."""
        return by_cause(self.numbers, self.causes)

    @property
    def named(self) -> list[tuple[Compared, str]]:
        """Every number with the name of its cause; nothing stands for one within two errors."""
        return [(one, cause_of(one, self.causes) if one.far else "") for one in self.numbers]

    @property
    def far(self) -> list[Compared]:
        """Numbers beyond two errors."""
        return [number for number in self.numbers if number.far]

    def headline(self) -> str:
        """Say in one sentence how many numbers lie beyond two errors, and how many no cause has."""
        if not self.numbers:
            return "No number of this run has both a statistical error and a value in the note."
        unexplained = len(self.groups[UNEXPLAINED])
        return (
            f"{len(self.far)} of {len(self.numbers)} numbers lie beyond two errors of the note;"
            f" for {unexplained} of them no cause is measured."
        )


def note_section(comparison: NoteComparison, csv_name: str) -> list[str]:
    """Say how many numbers differ and why.

    Args:
        comparison: the numbers and the causes.
        csv_name: link to the file with all numbers.
    """
    if not comparison.numbers:
        return [comparison.headline(), ""]
    lines = [*_counts(comparison, csv_name), ""]
    if not comparison.far:
        return lines
    groups = comparison.groups
    lines += ["| Cause | Numbers | Different ones | Measured |", "| --- | ---: | ---: | --- |"]
    for name, numbers in groups.items():
        if numbers or name == UNEXPLAINED or comparison.causes[name].missing:
            lines.append(_row(comparison, name, numbers))
    lines += [
        "",
        "A number counts for the first cause that covers it. The measurement says how large a cause"
        " is, not that it makes up the whole difference.",
    ]
    for name, numbers in groups.items():
        if numbers:
            lines += ["", *_largest(_title(comparison, name), numbers)]
    return [*lines, ""]


def _counts(comparison: NoteComparison, csv_name: str) -> list[str]:
    numbers, far = comparison.numbers, comparison.far
    near = sum(abs(number.difference) > 1 and not number.far for number in numbers)
    repeated = len(far) - len(distinct(far))
    text = (
        f"Of {len(numbers)} numbers with a statistical error and a published value,"
        f" {len(numbers) - len(far) - near} agree within one error, {near} lie between one and two"
        f" errors away, and {len(far)} further."
    )
    if repeated:
        text += (
            f" The {len(far)} are {len(far) - repeated} different numbers: some stand in several"
            " tables."
        )
    return [
        text,
        "",
        "An error is that of this run; those of the note, printed or of its testing events, are"
        f" added in squares. All numbers with their causes: [{csv_name}]({csv_name}).",
    ]


def _title(comparison: NoteComparison, name: str) -> str:
    return "Not explained" if name == UNEXPLAINED else comparison.causes[name].title


def _row(comparison: NoteComparison, name: str, numbers: Sequence[Compared]) -> str:
    counts = f"{len(numbers)} | {len(distinct(numbers))}"
    if name == UNEXPLAINED:
        return f"| **Not explained** | {counts} | |"
    cause = comparison.causes[name]
    text = f"not measured, so it explains nothing: {cause.missing}" if cause.missing else cause.text
    title, text = (words.replace("|", r"\|") for words in (cause.title, text))
    return f"| {title} | {counts} | {text} |"


def _largest(title: str, numbers: Sequence[Compared]) -> list[str]:
    found = distinct(numbers)
    count = f"the largest {SHOWN} of {len(found)}" if len(found) > SHOWN else "all"
    lines = [f"**{title}**, {count}:", ""]
    return [*lines, *(f"* {number.sentence(tables)}" for number, tables in found[:SHOWN])]

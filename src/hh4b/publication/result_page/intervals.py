"""The first figure of the page: intervals on kappa_lambda of all selections, the note's beside."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor

from hh4b.publication.limit_cells import bound_of, width_of, withheld
from hh4b.publication.page.comparisons import TableNumbers
from hh4b.publication.page.files import PageFiles, with_error
from hh4b.publication.page.headline import METHOD, interval_text
from hh4b.publication.result_page.explore import selections
from hh4b.publication.result_page.links import PageLink
from hh4b.publication.result_page.tables import Mark, mark_of


@dataclass(frozen=True)
class IntervalRow:
    """A selection.

    Attributes:
        label: its name.
        text: the interval of this run, or why there is none.
        width: in words.
        low: lower bound; None where there is none.
        high: upper bound.
        errors: of both bounds; 0 where they are not known.
        note: bounds of the note; None if it has none.
        note_text: the same in words.
        archived: bounds of the archived run; None if it has none.
        archived_text: the same in words.
        marks: how far the bounds are from the note's.
        first: whether it is one of the headline's.
    """

    label: str
    text: str
    width: str
    low: float | None
    high: float | None
    errors: tuple[float, float]
    note: tuple[float, float] | None
    note_text: str
    archived: tuple[float, float] | None
    archived_text: str
    marks: tuple[Mark | None, Mark | None]
    first: bool


@dataclass(frozen=True)
class IntervalFigure:
    """All intervals at the headline's energy and luminosity.

    Attributes:
        rows: selections, those of the headline first.
        conditions: energy, luminosity, level and method in words.
        low: left end of the axis.
        high: right end of the axis.
        archive: the archived run; None if no row has an interval of it.
    """

    rows: list[IntervalRow]
    conditions: str
    low: float
    high: float
    archive: PageLink | None

    @property
    def ticks(self) -> list[int]:
        """Numbers along the axis."""
        step = 5 if self.high - self.low > 14 else 2
        return [n for n in range(floor(self.low), ceil(self.high) + 1) if n % step == 0]

    def place(self, value: float) -> str:
        """Return how far to the right a number stands, in percent."""
        share = (value - self.low) / (self.high - self.low)
        return f"{100 * min(max(share, 0.0), 1.0):.2f}"

    def span(self, low: float, high: float) -> str:
        """Return a distance in percent of the axis."""
        return f"{float(self.place(high)) - float(self.place(low)):.2f}"


def interval_figure(
    files: PageFiles,
    numbers: TableNumbers,
    tables: Mapping[str, str],
    archive: PageLink | None = None,
) -> IntervalFigure | None:
    """Return the intervals of all selections; None if there is none.

    Args:
        files: of the run, with the limits of the headline.
        numbers: of its tables.
        tables: kinds of tables by key; the note's values are those of the last with intervals.
        archive: link to the archived run.
    """
    first = [
        name
        for claim in files.settings.claims[:1]
        for name in (claim.narrower, claim.wider)
        if name in files.names("headline")
    ]
    names = selections(files)
    if not names:
        return None
    keys = [key for key, kind in tables.items() if kind == "intervals" and key in numbers.rows]
    keys.sort(key=lambda key: (not key.isdecimal(), -int(key) if key.isdecimal() else 0))
    rows = [_row(files, numbers, keys, name, name in first or not first) for name in names]
    limits = files.one("headline", names[0])
    assert limits is not None
    conditions = (
        f"{limits.number('sqrt_s_tev'):g} TeV, {limits.number('luminosity_ifb'):g} fb⁻¹, 95 %"
        " confidence level, profile likelihood"
    )
    ends = [1.0]
    for row in rows:
        others = (*(row.note or ()), *(row.archived or ()))
        ends += [value for value in (row.low, row.high, *others) if value is not None]
        ends += [row.low - row.errors[0]] if row.low is not None else []
        ends += [row.high + row.errors[1]] if row.high is not None else []
    shown = archive if any(row.archived_text for row in rows) else None
    return IntervalFigure(rows, conditions, floor(min(ends)) - 1.0, ceil(max(ends)) + 1.0, shown)


def _row(
    files: PageFiles, numbers: TableNumbers, keys: list[str], name: str, first: bool
) -> IntervalRow:
    limits = files.one("headline", name)
    assert limits is not None
    label = files.settings.label(name)
    archived, archived_text = _archived(files, name)
    reason = withheld(limits)
    if reason:
        empty = (None, None)
        return IntervalRow(label, f"no interval, {reason}", "", None, None, (0.0, 0.0), None, "",
                           archived, archived_text, empty, first)  # fmt: skip
    low, high = (bound_of(limits, METHOD, index) for index in (0, 1))
    width = width_of(limits, METHOD)
    size = width.text if width.value is None else with_error(width.value, width.error)
    note = _note(numbers, keys, name)
    differences = [
        numbers.find(note[2], name, f"{METHOD}_{side}", "difference_in_errors") if note else None
        for side in ("lower", "upper")
    ]
    return IntervalRow(
        label,
        interval_text(limits),
        size,
        low.value,
        high.value,
        (low.error or 0.0, high.error or 0.0),
        None if note is None else note[:2],
        "" if note is None else f"[{with_error(note[0], None)}, {with_error(note[1], None)}]",
        archived,
        archived_text,
        (mark_of(differences[0]), mark_of(differences[1])),
        first,
    )


def _archived(files: PageFiles, name: str) -> tuple[tuple[float, float] | None, str]:
    """Return the interval of the archived run and its text; a bound outside the scan is no bar."""
    limits = files.one("archived", name)
    if limits is None or withheld(limits):
        return None, ""
    low, high = (bound_of(limits, METHOD, index).value for index in (0, 1))
    bar = None if low is None or high is None else (low, high)
    return bar, interval_text(limits)


def _note(numbers: TableNumbers, keys: list[str], name: str) -> tuple[float, float, str] | None:
    """Return both bounds of the note and the table that they stand in."""
    for key in keys:
        low, high = (
            numbers.find(key, name, f"{METHOD}_{side}", "note") for side in ("lower", "upper")
        )
        if low is not None and high is not None:
            return low, high, key
    return None

"""Table of what the interval of the likelihood is made of, beside errors of the model `note`."""

from collections.abc import Mapping

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.likelihood_fits import (
    STATISTICS,
    by_point,
    data_text,
    group_label,
    groups_of,
    levels_of,
    part_of,
    percent,
    point_key,
    point_of,
    sorted_groups,
    width_of,
)
from hh4b.publication.limit_cells import LUMINOSITY
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

#: Parts of the statistical error of a width in limits files, and their headings.
NOTE_PARTS = {"events": "error by simulated events", "training": "error by training"}
_LIMITS = ".limits"


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from ``<selection>`` (fits) and ``<selection>.limits``, once per point.

    The note has no such numbers, so ``reference`` is not read.
    """
    del reference
    rows, data = [], []
    keys = [key for key in inputs.files if not key.endswith(_LIMITS)]
    groups = sorted_groups({g for k in keys for fit in by_point(inputs, k) for g in groups_of(fit)})
    for key in keys:
        limits = _limits_by_point(inputs, key)
        for fit in by_point(inputs, key):
            data.append(data_text(fit))
            energy, luminosity = point_of(fit)
            for level in levels_of(fit):
                labels = settings.label(key), f"{energy:g}", f"{luminosity:g}", percent(level)
                # Limits are at one level, that of the widest interval.
                errors = limits.get(point_of(fit)) if level == levels_of(fit)[-1] else None
                cells = _cells(fit, level, groups, errors)
                rows.append(Row(f"{point_key(key, fit)}.{level}", labels, cells))
    return Table(
        settings.title,
        ("Selection", "√s [TeV]", LUMINOSITY, "Level"),
        _columns(groups),
        tuple(rows),
        (
            f"Of the likelihood, {', '.join(dict.fromkeys(data))}: by how much, in squares, the"
            " interval shrinks where a group of parameters is kept at its best values; groups are"
            " correlated, so that the parts need not add up. Statistics: its width with all of them"
            " kept.",
            "Of the model `note`, one cut on the score: its width and the parts of its statistical"
            " error.",
            *settings.remarks,
        ),
    )


def _limits_by_point(inputs: Inputs, key: str) -> Mapping[tuple[float, float], RunFile]:
    if f"{key}{_LIMITS}" not in inputs.files:
        return {}
    return {point_of(file): file for file in by_point(inputs, f"{key}{_LIMITS}")}


def _columns(groups: list[str]) -> tuple[TableColumn, ...]:
    return (
        TableColumn("width", "Δκλ", 2),
        TableColumn(STATISTICS, "statistics", 2),
        *(TableColumn(group, group_label(group), 2) for group in groups),
        TableColumn("note_width", "Δκλ of the model `note`", 2),
        *(TableColumn(f"note_{part}", heading, 2) for part, heading in NOTE_PARTS.items()),
    )


def _cells(fit: RunFile, level: str, groups: list[str], limits: RunFile | None) -> dict[str, Cell]:
    cells = {"width": Cell(width_of(fit, "intervals", level))}
    for group in (STATISTICS, *groups):
        cells[group] = Cell(part_of(fit, level, group))
    if limits is not None:
        cells["note_width"] = Cell(limits.measured(limits.optional("profile", "width")))
        for part in NOTE_PARTS:
            error = limits.optional("profile", "width_error_parts", part)
            cells[f"note_{part}"] = Cell(limits.measured(error))
    return cells

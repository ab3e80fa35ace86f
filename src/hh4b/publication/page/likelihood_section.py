"""Section of the page: what the likelihood with everything uncertain says."""

from typing import Any

from hh4b.publication.inputs import RunFile
from hh4b.publication.likelihood_fits import (
    STATISTICS,
    TOTAL,
    end_of,
    errors_text,
    group_label,
    interval_text,
    largest_part,
    levels_of,
    part_of,
    percent,
    point_of,
    width_of,
)
from hh4b.publication.limit_cells import bound_of
from hh4b.publication.limit_cells import width_of as note_width_of
from hh4b.publication.page.files import PageFiles, with_error

_NOTE = "profile"
_METHODS = {"feldman_cousins": "Feldman–Cousins", "asymptotic": "χ² thresholds"}
_SYMBOLS = {"kappa_lambda": "κλ", "+-": "±", "-2 ln L": "−2 ln L"}


def likelihood_section(files: PageFiles) -> list[str]:
    """Show intervals beside those of the model `note`, what dominates, and what toys found."""
    lines = []
    for name in files.names("likelihood"):
        fit = files.one("likelihood", name)
        if fit is not None:
            label = files.settings.label(name)
            lines.append(f"* {_interval(fit, label)}{_note(files.one('headline', name))}")
            lines += [f"  {text}" for text in (_errors(fit), _parts(fit)) if text]
    for name in files.names("toys"):
        toys = files.one("toys", name)
        if toys is not None:
            lines += _toys(toys, files.settings.label(name))
    return ["## The likelihood", "", *lines, ""] if lines else []


def _interval(fit: RunFile, label: str) -> str:
    level = levels_of(fit)[-1]
    energy, luminosity = point_of(fit)
    width, frozen = width_of(fit, "intervals", level), part_of(fit, level, STATISTICS)
    size = width.text if width.value is None else f"width {with_error(width.value, width.error)}"
    only = "" if frozen.value is None else f", {with_error(frozen.value, None)} by statistics only"
    return (
        f"**{label}: κλ in {interval_text(fit, 'intervals', level)}** with everything uncertain,"
        f" {size}{only} ({energy:g} TeV, {luminosity:g} fb⁻¹, {percent(level)})."
    )


def _note(limits: RunFile | None) -> str:
    """Say the interval of the model `note`; nothing where it has none."""
    if limits is None:
        return ""
    low, high = (bound_of(limits, _NOTE, index) for index in (0, 1))
    width = note_width_of(limits, _NOTE)
    if low.value is None or high.value is None or width.value is None:
        return ""
    return (
        f" The model `note`, one cut and nothing uncertain: [{with_error(low.value, low.error)},"
        f" {with_error(high.value, high.error)}], width {with_error(width.value, width.error)}."
    )


def _errors(fit: RunFile) -> str:
    """Say the errors of the ends and what they hold; nothing where there are none."""
    level = levels_of(fit)[-1]
    low, high = (end_of(fit, index, "intervals", level) for index in (0, 1))
    if low.error is None or high.error is None:
        return ""
    return (
        f"Errors of the ends: {with_error(low.error, None)} and {with_error(high.error, None)}, of"
        f" {errors_text(fit)}."
    )


def _parts(fit: RunFile) -> str:
    found = largest_part(fit)
    if found is None:
        return ""
    level, group = found
    total, left = (width_of(fit, "breakdown", level, one).value for one in (TOTAL, group))
    if total is None or left is None:
        return ""
    return (
        f"Most of it comes from the {group_label(group)}: kept at its best values, the width at"
        f" {percent(level)} falls from {with_error(total, None)} to {with_error(left, None)}."
    )


def _toys(toys: RunFile, label: str) -> list[str]:
    lines = []
    rows: list[dict[str, Any]] = toys.get("coverage")
    if rows:
        levels = sorted({float(row["level"]) for row in rows}, reverse=True)
        kappas = len({row["kappa_lambda"] for row in rows})
        texts = [
            f"{name} {' and '.join(_shares(rows, method, level) for level in levels)}"
            for method, name in _METHODS.items()
        ]
        lines.append(
            f"* {label}: intervals of {rows[0]['toys']:,} pseudo-experiments at each of {kappas}"
            f" κλ hold the true one so often: {'; '.join(texts)}."
        )
        redrawn: list[dict[str, Any]] | None = toys.get("coverage_redrawn")
        if redrawn:
            shares = " and ".join(_shares(redrawn, "feldman_cousins", level) for level in levels)
            lines.append(
                f"* {label}: thrown from redrawn templates ({toys.get('replicas')} replicas), the"
                f" same by Feldman–Cousins: {shares}."
            )
    for one in toys.get("injections"):
        statement = str(one["statement"])
        for plain, symbol in _SYMBOLS.items():
            statement = statement.replace(plain, symbol)
        lines.append(f"* {label}, injected κλ = {one['kappa_lambda']:g}: {statement}.")
    return [line.replace(" -", " −") for line in lines]


def _shares(rows: list[dict[str, Any]], method: str, level: float) -> str:
    shares = [100 * row[method]["share"] for row in rows if float(row["level"]) == level]
    low, high = f"{min(shares):.1f}", f"{max(shares):.1f}"
    return f"{low if low == high else f'{low} to {high}'} % at {percent(level)}"

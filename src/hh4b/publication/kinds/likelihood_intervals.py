"""Table of what the likelihood says: intervals, minima, significance, limit on mu."""

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.likelihood_fits import (
    by_point,
    data_text,
    end_of,
    errors_text,
    interval_text,
    levels_of,
    mu_limit,
    observed,
    percent,
    point_key,
    point_of,
    width_of,
)
from hh4b.publication.limit_cells import BOUNDS, LUMINOSITY
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

CLS = ("mu_limits", "kappa_interval")
_SM = 1.0


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from one or more fit files per selection.

    The note has no such numbers, so ``reference`` is not read.
    """
    del reference
    rows, gaps, files = [], [], []
    for key in inputs.files:
        for fit in by_point(inputs, key):
            energy, luminosity = point_of(fit)
            labels = settings.label(key), f"{energy:g}", f"{luminosity:g}"
            rows.append(Row(point_key(key, fit), labels, _cells(fit)))
            gaps += _gaps(fit, ", ".join(labels))
            files.append(fit)
    levels = sorted({level for fit in files for level in levels_of(fit)}, key=float)
    return Table(
        settings.title,
        ("Selection", "√s [TeV]", LUMINOSITY),
        _columns(levels, any_observed=any(map(observed, files))),
        tuple(rows),
        (
            f"{_first_upper('; '.join(dict.fromkeys(map(data_text, files))))}.",
            "Intervals: outermost ends, −2ΔlnL with every parameter profiled. Significance: of the"
            " Standard Model's HH, expected.",
            *_limit_remarks(files),
            *_error_remarks(files),
            *settings.remarks,
            *gaps,
        ),
    )


def _limit_remarks(files: list[RunFile]) -> list[str]:
    """Say at which levels limits on mu are."""
    found = {
        percent(fit.number("mu_limits", "confidence_level"))
        for fit in files
        if fit.has("mu_limits", "confidence_level")
    }
    return [
        f"CLs: where the limit on μ at {level} is not below 1; μ limit: the same at κλ = 1,"
        " expected is the median."
        for level in sorted(found)
    ]


def _error_remarks(files: list[RunFile]) -> list[str]:
    """Say what errors hold, and where they are."""
    texts: dict[str, list[RunFile]] = {}
    for fit in files:
        if text := errors_text(fit):
            texts.setdefault(text, []).append(fit)
    remarks = []
    for text, those in texts.items():
        points = dict.fromkeys(map(point_of, those))
        where = " and ".join(f"{energy:g} TeV, {lumi:g} fb⁻¹" for energy, lumi in points)
        remarks.append(f"Errors, at {where}: {text}.")
    return remarks


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _columns(levels: list[str], *, any_observed: bool) -> tuple[TableColumn, ...]:
    columns = []
    for level in levels:
        columns += [
            TableColumn(f"{level}_{bound}", f"{percent(level)}, {bound}", 2) for bound in BOUNDS
        ]
        columns.append(TableColumn(f"{level}_width", f"{percent(level)}, Δκλ", 2))
    columns += [TableColumn(f"cls_{bound}", f"CLs, {bound}", 2) for bound in BOUNDS]
    columns += [
        TableColumn("best", "Best κλ", 2),
        TableColumn("second", "Second minimum", 2),
        TableColumn("second_height", "its −2ΔlnL", 2),
        TableColumn("significance", "HH significance [σ]", 3),
        TableColumn("mu_limit", "μ limit", 1),
    ]
    if any_observed:
        columns += [
            TableColumn("observed_significance", "observed [σ]", 3),
            TableColumn("observed_mu_limit", "observed μ limit", 1),
            TableColumn("p_value", "Goodness of fit, p", 3),
        ]
    return tuple(columns)


def _cells(fit: RunFile) -> dict[str, Cell]:
    cells = {}
    for level in levels_of(fit):
        for index, bound in enumerate(BOUNDS):
            cells[f"{level}_{bound}"] = Cell(end_of(fit, index, "intervals", level))
        cells[f"{level}_width"] = Cell(width_of(fit, "intervals", level))
    if fit.has(*CLS, "interval"):
        for index, bound in enumerate(BOUNDS):
            cells[f"cls_{bound}"] = Cell(end_of(fit, index, *CLS))
    minima = fit.get("minima")
    values: dict[str, float | None] = {
        "best": fit.number("best"),
        "significance": fit.number("significance", "expected"),
        "mu_limit": mu_limit(fit, _SM),
    }
    if len(minima) > 1:
        values["second"] = minima[1]["kappa_lambda"]
        values["second_height"] = minima[1]["minus_2_delta_log_l"]
    if observed(fit):
        values["observed_significance"] = fit.optional("significance", "observed")
        values["observed_mu_limit"] = mu_limit(fit, _SM, "observed")
        values["p_value"] = fit.optional("goodness_of_fit", "p_value")
    return {**cells, **{name: Cell(fit.measured(value)) for name, value in values.items()}}


def _gaps(fit: RunFile, name: str) -> list[str]:
    """Say where an allowed region falls apart."""
    places = [(percent(level), ("intervals", level)) for level in levels_of(fit)]
    if fit.has(*CLS, "segments"):
        places.append(("CLs", CLS))
    return [
        f"{name}, {what}: allowed are {interval_text(fit, *place)}; outermost ends shown."
        for what, place in places
        if len(fit.get(*place, "segments")) > 1
    ]

"""Table of named points of the couplings: cross section, events, and what the likelihood says."""

from collections.abc import Sequence

from hh4b.publication.coupling_results import (
    COUPLINGS,
    LIKELIHOODS,
    STANDARD_MODEL,
    Point,
    ShownContour,
    contours_of,
    cut_text,
    points_of,
)
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.likelihood_fits import data_text, percent
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from a file per selection.

    The note has no such numbers, so ``reference`` is not read.
    """
    del reference
    rows, remarks = [], []
    files = {key: RunFile.read(inputs.one(key)) for key in inputs.files}
    for key, file in files.items():
        contours = contours_of(file)
        lowest = _lowest(file, contours)
        for point in points_of(file):
            labels = settings.label(key), point.label
            rows.append(Row(f"{key}_{point.name}", labels, _cells(file, point, lowest)))
        remarks += _remarks(file, contours, settings.label(key))
    columns = (
        *(TableColumn(name, label, 2) for name, label in COUPLINGS.items()),
        TableColumn("cross_section_fb", "σ(gg → HH) [fb]", 1),
        TableColumn("yield", "Events", 1),
        *(
            TableColumn(f"minus_2_delta_log_l_{n}", f"−2ΔlnL, {t}", 2)
            for n, t in LIKELIHOODS.items()
        ),
    )
    every = list(files.values())
    return Table(
        settings.title,
        ("Selection", "Point"),
        columns,
        tuple(rows),
        (
            *_conditions(every),
            "Events: expected after selection, statistical errors of the simulated events.",
            *_thresholds([one for file in every for one in contours_of(file)]),
            *_sources([one for file in every for one in points_of(file)]),
            *settings.remarks,
            *remarks,
        ),
    )


def _lowest(file: RunFile, contours: Sequence[ShownContour]) -> dict[str, float]:
    """Return the smallest -2 ln L of contours and points by likelihood."""
    return {
        name: min(
            *(one.lowest[name] for one in contours),
            *(file.number("points", p, "minus_2_log_l", name) for p in file.get("points")),
            float("inf"),
        )
        for name in LIKELIHOODS
    }


def _cells(file: RunFile, point: Point, lowest: dict[str, float]) -> dict[str, Cell]:
    place = ("points", point.name)
    # + 0.0 makes zero of minus zero.
    cells = {n: Cell(file.measured(value + 0.0)) for n, value in point.couplings.items()}
    cells["cross_section_fb"] = Cell(file.measured(file.number(*place, "cross_section_fb")))
    events = file.measured(file.number(*place, "yield"), file.number(*place, "yield_error"))
    cells["yield"] = Cell(events)
    for name in LIKELIHOODS:
        above = file.number(*place, "minus_2_log_l", name) - lowest[name]
        cells[f"minus_2_delta_log_l_{name}"] = Cell(file.measured(above))
    return cells


def _conditions(files: Sequence[RunFile]) -> list[str]:
    """Say at which energies and luminosities, and which data."""
    texts = []
    for file in files:
        energy, luminosity = file.number("sqrt_s_tev"), file.number("luminosity_ifb")
        texts.append(f"√s = {energy:g} TeV, {luminosity:g} fb⁻¹, {data_text(file)}.")
    return list(dict.fromkeys(texts))


def _thresholds(contours: Sequence[ShownContour]) -> list[str]:
    """Say from where on a point is excluded."""
    values = {level: value for one in contours for level, value in one.thresholds.items()}
    start = "−2ΔlnL: above the smallest value of contours and points"
    if not values:
        return [f"{start}."]
    texts = (f"above {values[n]:.2f} at {percent(n)}" for n in sorted(values, key=float))
    return [f"{start}. A point is excluded {', '.join(texts)} (two parameters)."]


def _sources(points: Sequence[Point]) -> list[str]:
    """Say who published the points."""
    names: dict[str, list[str]] = {}
    for point in {one.name: one for one in points if one.name != STANDARD_MODEL}.values():
        names.setdefault(point.source, []).append(point.label)
    texts = [
        f"{found[0]}{f' to {found[-1]}' if len(found) > 1 else ''}: {source}"
        for source, found in names.items()
    ]
    return [f"Points: {'; '.join(texts)}."] if texts else []


def _remarks(file: RunFile, contours: Sequence[ShownContour], label: str) -> list[str]:
    """Say what of a file a reader must know: cuts, ends of scans, negative signal."""
    found = []
    largest = file.optional("m_hh_truth_max_gev")
    if largest is not None:
        found.append(f"{label}: cross section and events with true m(HH) below {largest:g} GeV.")
    if text := cut_text(contours):
        found.append(f"{label}: contours cut by the range of the scan: {text}.")
    share = file.optional("lowest_signal_share")
    if share is not None and share < 0:
        found.append(
            f"{label}: in a bin of the scan the signal is negative, down to {share:.2g} of the"
            " background.".replace("-", "−")
        )
    return found

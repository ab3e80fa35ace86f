"""Figure 4: m_HH of signal at some kappa_lambda and of background after selection.

Inputs: ``<selection>=templates/….json``; one panel each.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hh4b.core.errors import ContractError
from hh4b.publication.histograms import Histogram, draw_fractions
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.methods import SELECTIONS, selection_name
from hh4b.publication.style import (
    FigureStyle,
    energy_text,
    look_of,
    new_figure,
    put_header,
    series_look,
)

#: Values of the note's limits region that differ in shape: far left, SM, destructive, far right.
KAPPAS = (-5.0, 1.0, 5.0, 10.0)


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw shapes normalised to one, in one panel per selection."""
    keys = inputs.keys(SELECTIONS)
    columns = min(len(keys), 2)
    rows = -(-len(keys) // columns)
    figure = new_figure(style.size(columns, height=0.8 * rows))
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, key in zip(grid, keys, strict=False):
        _draw_panel(axes, RunFile.read(inputs.one(key)), style)
        put_header(axes, style, energy_text(13))
        axes.legend(loc="upper right", title=selection_name(key).latex, alignment="left")
    for axes in grid[len(keys) :]:
        axes.remove()
    return figure


def _draw_panel(axes: Axes, templates: RunFile, style: FigureStyle) -> None:
    edges = np.array(templates.numbers("bin_edges_gev"))
    background = _histogram(templates, templates.get("background"), edges)
    top = draw_fractions(axes, background, look_of("background", style), "background", fill=True)
    for index, kappa in enumerate(KAPPAS):
        entry = _signal(templates, kappa)
        if entry is None:
            continue
        label = rf"$\kappa_\lambda$ = {kappa:g}".replace("-", "−")
        histogram = _histogram(templates, entry, edges)
        top = max(top, draw_fractions(axes, histogram, series_look(index), label))
    axes.set(
        xlabel=r"$m_{HH}$ [GeV]",
        ylabel=background.bin_label("GeV"),
        xlim=(edges[0], edges[-1]),
        ylim=(0, 1.25 * top or 1),
    )


def _signal(templates: RunFile, kappa: float) -> dict[str, object] | None:
    entries = templates.get("signal")
    return next((e for e in entries if abs(float(e["kappa_lambda"]) - kappa) < 1e-9), None)


def _histogram(templates: RunFile, entry: dict[str, object], edges: np.ndarray) -> Histogram:
    where = f"{templates.path}: template"
    if not isinstance(entry, dict):
        raise ContractError(f"{where}: expected sums of weights, got {entry!r}")
    return Histogram.from_json({**entry, "bin_edges": edges}, where=where)

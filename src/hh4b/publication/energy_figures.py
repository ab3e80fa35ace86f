"""13 against 14 TeV: normalised distributions with the ratio below (Figures 11-13 of the note)."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from hh4b.publication.histograms import Histogram, density_ratio, draw_density
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.style import FigureStyle, look_of, new_figure, put_header

KEYS = ("13tev", "14tev")


class Panel(NamedTuple):
    """An observable of a parton-histogram file, its axis and its unit."""

    name: str
    symbol: str
    unit: str


def draw_comparison(
    inputs: Inputs, style: FigureStyle, panels: Sequence[Panel], process: str
) -> Figure:
    """Draw one panel per observable, two in a row, each with ratio.

    Args:
        inputs: parton-histogram files under ``13tev`` and ``14tev``.
        style: how it looks.
        panels: observables.
        process: text above the right corner.
    """
    inputs.only(KEYS)
    files = [RunFile.read(inputs.one(key)) for key in KEYS]
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    figure = new_figure(style.size(columns, height=0.95 * rows))
    grid = figure.subfigures(rows, columns, squeeze=False)
    for index, panel in enumerate(panels):
        _draw_panel(grid[index // columns, index % columns], files, panel, style, process)
    return figure


def _draw_panel(
    place: SubFigure, files: list[RunFile], panel: Panel, style: FigureStyle, process: str
) -> None:
    upper, lower = place.subplots(2, 1, sharex=True, height_ratios=(2.6, 1))
    place.get_layout_engine()
    histograms = []
    top = 0.0
    for key, file in zip(KEYS, files, strict=True):
        entry = file.get("histograms", panel.name)
        histogram = Histogram.from_json(entry, where=f"{file.path}: {panel.name}")
        label = rf"$\sqrt{{s}}$ = {file.number('sqrt_s_tev'):g} TeV"
        top = max(top, draw_density(upper, histogram, look_of(key, style), label))
        histograms.append(histogram)
    unit = f" [{panel.unit}]" if panel.unit else ""
    inverse = f" [1/{panel.unit}]" if panel.unit else ""
    upper.set(
        ylabel=rf"(1/$\sigma$) d$\sigma$/d{panel.symbol}{inverse}",
        ylim=(0, 1.35 * top or 1),
        xlim=(histograms[0].edges[0], histograms[0].edges[-1]),
    )
    upper.legend(loc="upper right")
    put_header(upper, style, process)
    ratio, error = density_ratio(histograms[1], histograms[0])
    lower.axhline(1, color="0.5", linewidth=0.7, zorder=1)
    lower.errorbar(
        histograms[0].centres, ratio, yerr=error, xerr=0.5 * (histograms[0].edges[1:] -
        histograms[0].edges[:-1]), fmt="none", ecolor=look_of(KEYS[1], style).color, elinewidth=0.9,
    )  # fmt: skip
    lower.set(xlabel=panel.symbol + unit, ylabel="14 / 13 TeV", ylim=(0.5, 1.5))
    lower.yaxis.set_major_locator(MaxNLocator(3, prune="both"))
    lower.yaxis.set_label_position("left")
    lower.set_ylabel("14 / 13 TeV", loc="center")

"""Figure of parton-level distributions at two energies, with the ratio below."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FixedLocator, MultipleLocator
from pydantic import Field

from hh4b.core.settings import Settings
from hh4b.publication.histograms import WeightedHistogram, draw_fractions, fraction_ratio
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, look_of, new_figure, put_header
from hh4b.publication.text import math_text

KEYS = ("13tev", "14tev")
RATIO_RANGE = (0.5, 1.5)


class PartonPanel(NamedTuple):
    """An observable of a parton-histogram file, its axis and its unit."""

    name: str
    symbol: str
    unit: str


OBSERVABLES = (
    PartonPanel("m_hh", r"$m_{HH}$", "GeV"),
    PartonPanel("h_pt", r"$p_\mathrm{T}(H)$", "GeV"),
    PartonPanel("m_4b", r"$m_{4b}$", "GeV"),
    PartonPanel("b1_pt", r"$p_\mathrm{T}(b_1)$", "GeV"),
    PartonPanel("b1_eta", r"$\eta(b_1)$", ""),
    PartonPanel("b2_pt", r"$p_\mathrm{T}(b_2)$", "GeV"),
    PartonPanel("b2_eta", r"$\eta(b_2)$", ""),
)


class EnergiesOptions(Settings):
    """Options of the kind."""

    observables: list[str] = Field(description="panels, by name in the file")
    process: str = Field("", description="text above the right corner")


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw one panel per observable, two in a row, from files under ``13tev`` and ``14tev``."""
    inputs.only(KEYS)
    options = settings.read(EnergiesOptions)
    process = math_text(options.process)
    panels = [panel for panel in OBSERVABLES if panel.name in options.observables]
    files = [RunFile.read(inputs.one(key)) for key in KEYS]
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    figure = new_figure(style.size(columns, height=0.95 * rows))
    grid = figure.subfigures(rows, columns, squeeze=False)
    for index, panel in enumerate(panels):
        _draw_panel(grid[index // columns, index % columns], files, panel, style, process)
    return figure


def _draw_panel(
    place: SubFigure, files: list[RunFile], panel: PartonPanel, style: FigureStyle, process: str
) -> None:
    upper, lower = place.subplots(2, 1, sharex=True, height_ratios=(2.6, 1))
    histograms = []
    top = 0.0
    for key, file in zip(KEYS, files, strict=True):
        entry = file.get("histograms", panel.name)
        histogram = WeightedHistogram.from_json(entry, where=f"{file.path}: {panel.name}")
        label = rf"$\sqrt{{s}}$ = {file.number('sqrt_s_tev'):g} TeV"
        top = max(top, draw_fractions(upper, histogram, look_of(key, style), label))
        histograms.append(histogram)
    unit = f" [{panel.unit}]" if panel.unit else ""
    upper.set(
        ylabel=histograms[0].bin_label(panel.unit),
        ylim=(0, 1.35 * top or 1),
        xlim=(histograms[0].edges[0], histograms[0].edges[-1]),
    )
    upper.legend(loc="upper right")
    put_header(upper, style, process)
    _draw_ratio(lower, histograms[1], histograms[0], look_of(KEYS[1], style).color)
    lower.set(xlabel=panel.symbol + unit)
    place.align_ylabels([upper, lower])


def _draw_ratio(
    axes: Axes, numerator: WeightedHistogram, denominator: WeightedHistogram, color: str
) -> None:
    """Draw the ratio with errors; points outside the axis appear as arrows at its edge."""
    ratio, error = fraction_ratio(numerator, denominator)
    low, high = RATIO_RANGE
    axes.axhline(1, color="0.5", linewidth=0.7, zorder=1)
    axes.errorbar(
        numerator.centres, ratio, yerr=error, xerr=0.5 * np.diff(numerator.edges), fmt="none",
        ecolor=color, elinewidth=0.9,
    )  # fmt: skip
    for marker, chosen, place in (("^", ratio > high, high - 0.04), ("v", ratio < low, low + 0.04)):
        x = numerator.centres[chosen]
        axes.plot(x, np.full(len(x), place), marker, color=color, markersize=2.5, linestyle="none")
    axes.set(ylim=RATIO_RANGE)
    axes.set_ylabel("14 / 13 TeV", loc="center")
    axes.yaxis.set_major_locator(FixedLocator([0.6, 1.0, 1.4]))
    axes.yaxis.set_minor_locator(MultipleLocator(0.1))

"""Figure of the correlations of principal components with the observables."""

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from pydantic import Field

from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.observable_labels import observable_label
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, new_figure, put_header, series_look


class CorrelationsOptions(Settings):
    """Options of the kind."""

    groups: list[Literal["all", "signal", "background"]] = Field(
        ["all"], description="events of each panel"
    )


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a panel per group of events, a row per observable, three components in each."""
    groups = settings.read(CorrelationsOptions).groups
    inputs.only(["embeddings"])
    file = RunFile.read(inputs.one("embeddings"))
    names = [str(name) for name in file.get("features")]
    columns = len(groups)
    figure = new_figure(style.size(min(columns, 2), height=1.55))
    panels = figure.subplots(1, columns, sharey=True, squeeze=False)[0]
    for axes, group in zip(panels, groups, strict=True):
        _draw_panel(axes, file, group, len(names))
        energy = energy_text(settings.sqrt_s_tev)
        put_header(axes, style, f"{group} events" + (f", {energy}" if energy else ""))
    panels[0].set_yticks(
        np.arange(len(names)), [observable_label(name) for name in names], minor=False
    )
    panels[0].set(ylim=(len(names) - 0.4, -0.6), ylabel="Observable")
    for axes in panels:
        axes.tick_params(axis="y", which="both", left=False, right=False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _draw_panel(axes: Axes, file: RunFile, group: str, rows: int) -> None:
    values = np.array(file.get("correlation", group, "value"), dtype=float)
    errors = np.array(file.get("correlation", group, "error"), dtype=float)
    height = 0.8 / len(values)
    for index, (value, error) in enumerate(zip(values, errors, strict=True)):
        place = np.arange(rows) + (index - (len(values) - 1) / 2) * height
        shown = np.isfinite(value)
        axes.barh(
            place[shown], value[shown], height, xerr=error[shown], color=series_look(index).color,
            error_kw={"elinewidth": 0.6}, label=f"component {index + 1}",
        )  # fmt: skip
    for row in range(1, rows):
        axes.axhline(row - 0.5, color="0.88", linewidth=0.4, zorder=0)
    axes.axvline(0, color="0.4", linewidth=0.6)
    axes.set(xlabel="Correlation coefficient", xlim=(-1, 1))
    axes.xaxis.set_major_locator(MultipleLocator(0.5))

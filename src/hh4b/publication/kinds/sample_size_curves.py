"""Figure of quality against the number of training events, drawn from the table."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, Look, looks_of, new_figure
from hh4b.publication.text import math_text

_PANELS = {
    "auc": "AUC",
    "event_efficiency": "Event efficiency",
    "profile_width": r"$\Delta\kappa_\lambda$ (95%, profile)",
}
Points = list[Mapping[str, Any]]


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a panel for each quantity; full points are this run, hollow ones the note.

    Raises:
        ContractError: if the file is no such table.
    """
    del settings
    curves: dict[str, Points] = {}
    for row in RunFile.read(inputs.one("table")).get("rows"):
        curves.setdefault(str(row["labels"][0]), []).append(row["cells"])
    there = [name for name in _PANELS if any(name in cells for p in curves.values() for cells in p)]
    figure = new_figure(style.size(height=0.35 + 0.4 * len(there)))
    panels = figure.subplots(len(there), 1, sharex=True, squeeze=False)[:, 0]
    looks = looks_of(list(curves), style)
    for axes, name in zip(panels, there, strict=True):
        for label, points in curves.items():
            _curve(axes, points, name, looks[label], style, label)
        axes.set(xscale="log", ylabel=_PANELS[name])
    panels[0].legend(loc="lower right", fontsize="small")
    panels[-1].set_xlabel("Training events")
    figure.align_ylabels(list(panels))
    return figure


def _curve(
    axes: Axes, points: Points, name: str, look: Look, style: FigureStyle, label: str
) -> None:
    shown = sorted(
        (cells["events"]["value"], cells[name]["value"], cells[name]["error"] or 0.0)
        for cells in points
        if name in cells and cells[name]["value"] is not None
    )
    if shown:
        events, values, errors = zip(*shown, strict=True)
        axes.errorbar(
            events, values, yerr=errors, color=look.color, marker=look.marker,
            linestyle=look.line, linewidth=0.8 * style.line_width, capsize=2,
            markersize=0.8 * style.marker_size, label=math_text(label),
        )  # fmt: skip
    for cells in points:
        note = cells.get(name, {}).get("note")
        number = cells["events"]["note"]
        if note is not None and number is not None:
            axes.plot(
                number["value"], note["value"], color=look.color, marker=look.marker,
                markerfacecolor="none", markersize=1.4 * style.marker_size, linestyle="none",
                label=math_text(f"{label}, the note") if name == "auc" else None,
            )  # fmt: skip

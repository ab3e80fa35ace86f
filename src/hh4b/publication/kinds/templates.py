"""Figure of m_HH of signal and backgrounds after the selection, a panel per selection."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hh4b.core.errors import ContractError
from hh4b.core.kappa import same_kappa
from hh4b.publication.histograms import WeightedHistogram, draw_fractions
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.panels import (
    name_panel,
    new_panels,
    outer_labels_only,
    put_headers,
    put_legend,
)
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import (
    FigureStyle,
    Look,
    energy_text,
    looks_of_samples,
    series_look,
)
from hh4b.publication.text import math_text

#: Values of the note's limits region that differ in shape: far left, SM, destructive, far right.
KAPPAS = (-5.0, 1.0, 5.0, 10.0)
SHADES = ("#FDAE6B", "#F16913", "#D94801", "#7F2704")


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw shapes normalised to one, in one panel per selection."""
    keys = list(inputs.files)
    panels = new_panels(style, len(keys), height=0.72, share_y=True)
    top = 0.0
    for axes, key in zip(panels.axes, keys, strict=True):
        top = max(top, _draw_panel(axes, RunFile.read(inputs.one(key)), settings, style))
        name_panel(axes, math_text(settings.label(key)))
    panels.axes[0].set_ylim(0, 1.18 * top or 1)
    outer_labels_only(panels)
    put_headers(panels, style, energy_text(settings.sqrt_s_tev))
    handles, _ = panels.axes[0].get_legend_handles_labels()
    put_legend(panels, handles)
    return panels.figure


def _draw_panel(
    axes: Axes, templates: RunFile, settings: OutputSettings, style: FigureStyle
) -> float:
    """Draw the shapes of a selection; return the highest point with its error."""
    edges = np.array(templates.numbers("bin_edges_gev"))
    backgrounds = read_backgrounds(templates)
    # One background is called that; several have the names of their processes.
    keys = ["background"] if len(backgrounds) == 1 else list(backgrounds)
    looks = looks_of_samples(keys, style)
    top = 0.0
    for key, histogram in zip(keys, backgrounds.values(), strict=True):
        label = math_text(settings.label(key))
        filled = len(keys) == 1
        top = max(top, draw_fractions(axes, histogram, looks[key], label, fill=filled))
    for index, kappa in enumerate(KAPPAS):
        entry = _at(templates.get("signal"), kappa)
        if entry is None:
            continue
        label = rf"$\kappa_\lambda$ = {kappa:g}".replace("-", "−")
        shape = _histogram(templates, entry)
        top = max(top, draw_fractions(axes, shape, _signal_look(index, len(keys)), label))
    axes.set(
        xlabel=r"$m_{HH}$ [GeV]",
        ylabel=next(iter(backgrounds.values())).bin_label("GeV"),
        xlim=(edges[0], edges[-1]),
    )
    # The last number would stand in the next panel.
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, prune="upper"))
    return top


def _signal_look(index: int, backgrounds: int) -> Look:
    """Return the look of a signal; beside several backgrounds, in shades that none of them has."""
    look = series_look(index)
    if backgrounds == 1:
        return look
    return look.model_copy(update={"color": SHADES[index % len(SHADES)]})


def read_backgrounds(templates: RunFile) -> dict[str, WeightedHistogram]:
    """Return the template of every background process, of several kappa_lambda that at 1.

    Raises:
        ContractError: if the file has no backgrounds.
    """
    entries = templates.get("backgrounds")
    if not isinstance(entries, dict) or not entries:
        raise ContractError(f"{templates.path}: entry 'backgrounds' holds no process")
    found = {}
    for process, of_process in entries.items():
        entry = of_process[0] if len(of_process) == 1 else _at(of_process, 1.0)
        if entry is None:
            raise ContractError(f"{templates.path}: no template of {process!r} at kappa_lambda = 1")
        found[process] = _histogram(templates, entry)
    return found


def _at(entries: Sequence[Mapping[str, Any]], kappa: float) -> Mapping[str, Any] | None:
    return next((e for e in entries if same_kappa(float(e["kappa_lambda"]), kappa)), None)


def _histogram(templates: RunFile, entry: Mapping[str, Any]) -> WeightedHistogram:
    edges = templates.numbers("bin_edges_gev")
    where = f"{templates.path}: template"
    return WeightedHistogram.from_json({**entry, "bin_edges": edges}, where=where)

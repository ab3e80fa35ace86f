"""Figure of the kinematics of the events that pass the four-tag cut."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from hh4b.core import contracts
from hh4b.publication.event_columns import event_weights, row_event_ids
from hh4b.publication.histograms import WeightedHistogram, draw_fractions
from hh4b.publication.inputs import Inputs
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import (
    FigureStyle,
    energy_text,
    looks_of_samples,
    new_figure,
    put_header,
)
from hh4b.publication.text import math_text

Floats = NDArray[np.float64]


class JetPanel(NamedTuple):
    """An observable: name, axis label, unit, edges."""

    name: str
    label: str
    unit: str
    edges: Floats


PANELS = (
    JetPanel("n_jets", "Number of jets", "", np.arange(3.5, 11)),
    JetPanel("n_tags", "Number of b-tagged jets", "", np.arange(3.5, 9)),
    JetPanel("pt_1", r"Leading jet $p_\mathrm{T}$ [GeV]", "GeV", np.linspace(40, 440, 41)),
    JetPanel("pt_4", r"Fourth jet $p_\mathrm{T}$ [GeV]", "GeV", np.linspace(40, 160, 31)),
    JetPanel("eta", r"Jet $\eta$", "", np.linspace(-2.5, 2.5, 26)),
    JetPanel("mass", "Jet mass [GeV]", "GeV", np.linspace(0, 60, 31)),
)


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw normalised distributions in six panels."""
    keys = list(inputs.files)
    looks = looks_of_samples(keys, style)
    histograms = {key: _histograms(inputs.many(key)) for key in keys}
    figure = new_figure(style.size(2, height=2.2))
    grid = figure.subplots(3, 2)
    for axes, panel in zip(grid.ravel(), PANELS, strict=True):
        top = 0.0
        for key in keys:
            label = math_text(settings.label(key))
            filled = key == "background"
            top = max(
                top,
                draw_fractions(axes, histograms[key][panel.name], looks[key], label, fill=filled),
            )
        axes.set(
            xlabel=panel.label,
            ylabel=histograms[keys[0]][panel.name].bin_label(panel.unit),
            xlim=(panel.edges[0], panel.edges[-1]),
            ylim=(0, 1.35 * top or 1),
        )
        axes.legend(loc="upper right")
    for axes in grid[0]:
        put_header(axes, style, energy_text(settings.sqrt_s_tev))
        axes.xaxis.set_minor_locator(NullLocator())
    return figure


def _histograms(paths: tuple[Path, ...]) -> dict[str, WeightedHistogram]:
    """WeightedHistogram every panel over all files of a sample."""
    total: dict[str, WeightedHistogram] = {}
    for path in paths:
        for name, histogram in _of_file(path).items():
            total[name] = total[name].merged(histogram) if name in total else histogram
    return total


def _of_file(path: Path) -> dict[str, WeightedHistogram]:
    names = ["MASK", "pt", "eta", "mass", "btag"]
    arrays = contracts.read_table(
        path, contracts.DATASET, columns=[f"INPUTS/Source/{name}" for name in names]
    )
    valid, pt, eta, mass, btag = (arrays[f"INPUTS/Source/{name}"] for name in names)
    weights = event_weights(path)
    per_jet = np.broadcast_to(weights[:, None], valid.shape)[valid]
    events = row_event_ids(path)
    per_slot = None
    if events is not None:
        # A jet of one row is the same as that in its place in another row of the event.
        width = valid.shape[1]
        per_slot = (events[:, None] * width + np.arange(width))[valid]
    # Jets stand in order of pT, the real ones first; four-tag events have four at least.
    values = {
        "n_jets": (valid.sum(axis=1), weights),
        "n_tags": ((valid & (btag > 0.5)).sum(axis=1), weights),
        "pt_1": (pt[:, 0], weights),
        "pt_4": (pt[:, 3], weights),
        "eta": (eta[valid], per_jet),
        "mass": (mass[valid], per_jet),
    }
    return {
        panel.name: WeightedHistogram.fill(
            values[panel.name][0],
            panel.edges,
            values[panel.name][1],
            per_slot if panel.name in ("eta", "mass") else events,
        )
        for panel in PANELS
    }

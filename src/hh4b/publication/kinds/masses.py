"""Figure of mass planes and Higgs-candidate masses by pairing."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hh4b.publication.event_columns import EventIds, weighted_features
from hh4b.publication.histograms import WeightedHistogram, draw_fractions
from hh4b.publication.inputs import Inputs
from hh4b.publication.mass_plane import bar_label, bin_width, draw_plane, draw_region, plane_share
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, new_figure, put_header, series_look
from hh4b.publication.text import math_text
from hh4b.selection.settings import CutSettings

Floats = NDArray[np.float64]

MASS_EDGES_GEV = np.linspace(0, 300, 61)
#: Height of a row in widths of a journal column; four fill a page.
ROW_HEIGHT = 0.68


class MassesOptions(CutSettings):
    """Options of the kind: the cuts whose signal region is drawn."""


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the plane of both candidate masses and their distributions, a row per pairing.

    Keys are ``dataset`` and pairings, or ``dataset.<sample>`` and ``<pairing>.<sample>``: then each
    pairing has a row per sample. Several files of a key are taken together.
    """
    options = settings.read(MassesOptions)
    keys = [key for key in inputs.files if key.partition(".")[0] != "dataset"]
    figure = new_figure(style.size(2, height=ROW_HEIGHT * len(keys)))
    grid = figure.subplots(len(keys), 2, squeeze=False, width_ratios=(1.12, 1))
    for (plane, spectrum), key in zip(grid, keys, strict=True):
        pairing, separator, sample = key.partition(".")
        datasets = inputs.many(f"dataset{separator}{sample}")
        masses, weights, events = weighted_features(
            inputs.many(key), datasets, ("h1_mass", "h2_mass")
        )
        width = bin_width(len(weights))
        mesh = draw_plane(plane, plane_share(masses, weights, width), width)
        figure.colorbar(mesh, ax=plane, pad=0.02).set_label(bar_label(width))
        draw_region(plane, options)
        _draw_spectra(spectrum, masses, weights, events)
        name = math_text(settings.label(pairing))
        kind = math_text(settings.label(sample or "dataset"))
        put_header(plane, style, f"{kind}, {name}")
        put_header(spectrum, style, energy_text(settings.sqrt_s_tev))
        spectrum.legend(loc="upper right", title=f"{kind}\n{name}", alignment="left")
    return figure


def _draw_spectra(axes: Axes, masses: dict[str, Floats], weights: Floats, events: EventIds) -> None:
    top = 0.0
    for index, (name, label) in enumerate((("h1_mass", r"$H_1$"), ("h2_mass", r"$H_2$"))):
        histogram = WeightedHistogram.fill(masses[name], MASS_EDGES_GEV, weights, events)
        top = max(top, draw_fractions(axes, histogram, series_look(index), label))
    axes.axvline(125, color="0.6", linewidth=0.7, linestyle=":", zorder=0)
    axes.set(
        xlabel="Higgs candidate mass [GeV]",
        ylabel=f"Fraction / {MASS_EDGES_GEV[1] - MASS_EDGES_GEV[0]:g} GeV",
        xlim=(MASS_EDGES_GEV[0], MASS_EDGES_GEV[-1]),
        ylim=(0, 1.3 * top or 1),
    )

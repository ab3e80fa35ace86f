"""Figure of mass planes and Higgs-candidate masses by pairing."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from hh4b.publication.event_columns import EventIds, weighted_features
from hh4b.publication.histograms import WeightedHistogram, draw_fractions
from hh4b.publication.inputs import Inputs
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, new_figure, put_header, series_look
from hh4b.publication.text import math_text
from hh4b.selection.cuts import x_hh
from hh4b.selection.settings import CutSettings

Floats = NDArray[np.float64]

MASS_EDGES_GEV = np.linspace(0, 300, 61)
PLANE_MAX_GEV = 250.0
#: From so many events on, bins of 5 GeV are filled well enough; below, bins of 10 GeV.
FINE_PLANE_EVENTS = 20_000


class MassesOptions(CutSettings):
    """Options of the kind: the cuts whose signal region is drawn."""


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the plane of both candidate masses and their distributions, a row per pairing.

    Keys are ``dataset`` and pairings, or ``dataset.<sample>`` and ``<pairing>.<sample>``: then each
    pairing has a row per sample. Several files of a key are taken together.
    """
    options = settings.read(MassesOptions)
    keys = [key for key in inputs.files if key.partition(".")[0] != "dataset"]
    figure = new_figure(style.size(2, height=0.82 * len(keys)))
    grid = figure.subplots(len(keys), 2, squeeze=False, width_ratios=(1.12, 1))
    for (plane, spectrum), key in zip(grid, keys, strict=True):
        pairing, separator, sample = key.partition(".")
        datasets = inputs.many(f"dataset{separator}{sample}")
        masses, weights, events = weighted_features(
            inputs.many(key), datasets, ("h1_mass", "h2_mass")
        )
        _draw_plane(figure, plane, masses, weights)
        _draw_region(plane, options)
        _draw_spectra(spectrum, masses, weights, events)
        name = math_text(settings.label(pairing))
        kind = math_text(settings.label(sample or "dataset"))
        put_header(plane, style, f"{kind}, {name}")
        put_header(spectrum, style, energy_text(settings.sqrt_s_tev))
        spectrum.legend(loc="upper right", title=f"{kind}\n{name}", alignment="left")
    return figure


def _draw_plane(figure: Figure, axes: Axes, masses: dict[str, Floats], weights: Floats) -> None:
    width = 5.0 if len(weights) >= FINE_PLANE_EVENTS else 10.0
    edges = np.arange(0, PLANE_MAX_GEV + width, width)
    counts, _, _ = np.histogram2d(
        masses["h1_mass"], masses["h2_mass"], bins=(edges, edges), weights=weights
    )
    total = weights.sum()
    share = 100 * counts.T / (total if total else 1.0)
    mesh = axes.pcolormesh(edges, edges, share, rasterized=True, vmin=0)
    bar = figure.colorbar(mesh, ax=axes, pad=0.02)
    bar.set_label(rf"Events [% / ({width:g} GeV)$^2$]")
    axes.set(xlabel=r"$m_{h_1}$ [GeV]", ylabel=r"$m_{h_2}$ [GeV]")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(50))


def _draw_region(axes: Axes, options: MassesOptions) -> None:
    """Draw the line on which X_HH is at its limit."""
    m1, m2 = np.meshgrid(np.linspace(60, 200, 281), np.linspace(60, 200, 281))
    distance = x_hh(m1, m2, options)
    axes.contour(m1, m2, distance, levels=[options.x_hh_max], colors="#D55E00", linewidths=1.0)
    text = rf"$X_{{HH}}$ = {options.x_hh_max:g}"
    axes.annotate(text, (148, 130), color="#D55E00", fontsize="small", va="bottom")


def _draw_spectra(axes: Axes, masses: dict[str, Floats], weights: Floats, events: EventIds) -> None:
    top = 0.0
    for index, (name, label) in enumerate((("h1_mass", r"$h_1$"), ("h2_mass", r"$h_2$"))):
        histogram = WeightedHistogram.fill(masses[name], MASS_EDGES_GEV, weights, events)
        top = max(top, draw_fractions(axes, histogram, series_look(index), label))
    axes.axvline(125, color="0.6", linewidth=0.7, linestyle=":", zorder=0)
    axes.set(
        xlabel="Higgs candidate mass [GeV]",
        ylabel=f"Fraction / {MASS_EDGES_GEV[1] - MASS_EDGES_GEV[0]:g} GeV",
        xlim=(MASS_EDGES_GEV[0], MASS_EDGES_GEV[-1]),
        ylim=(0, 1.3 * top or 1),
    )

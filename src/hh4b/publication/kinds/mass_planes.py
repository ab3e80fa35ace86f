"""Figure of the mass planes of signal and background side by side, a row per pairing."""

from matplotlib.figure import Figure

from hh4b.publication.event_columns import weighted_features
from hh4b.publication.inputs import Inputs
from hh4b.publication.mass_plane import (
    bar_label,
    bin_width,
    draw_plane,
    draw_region,
    plane_share,
)
from hh4b.publication.panels import name_panel
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, new_figure, put_header
from hh4b.publication.text import math_text
from hh4b.selection.settings import CutSettings


class MassPlanesOptions(CutSettings):
    """Options of the kind: the cuts whose signal region is drawn."""


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a column per sample and a row per pairing; planes of a sample share their colours.

    Keys are ``dataset.<sample>`` and ``<pairing>.<sample>``, or ``dataset`` and pairings for one
    sample. Several files of a key are taken together.
    """
    options = settings.read(MassPlanesOptions)
    keys = [key for key in inputs.files if key.partition(".")[0] != "dataset"]
    pairings = list(dict.fromkeys(key.partition(".")[0] for key in keys))
    samples = list(dict.fromkeys(key.partition(".")[2] for key in keys))
    figure = new_figure(
        style.size(2, height=0.12 + 0.85 * len(pairings) * 2 / max(2, len(samples)))
    )
    grid = figure.subplots(len(pairings), len(samples), squeeze=False, sharex=True, sharey=True)
    found = {
        (row, column): weighted_features(
            inputs.many(pairing + _suffix(sample)),
            inputs.many(f"dataset{_suffix(sample)}"),
            ("h1_mass", "h2_mass"),
        )
        for column, sample in enumerate(samples)
        for row, pairing in enumerate(pairings)
    }
    # One width for all: shares of bins of different size do not compare.
    width = bin_width(min(len(weights) for _, weights, _ in found.values()))
    for column, sample in enumerate(samples):
        planes = [found[row, column] for row in range(len(pairings))]
        shares = [plane_share(masses, weights, width) for masses, weights, _ in planes]
        top = max(float(share.max()) for share in shares) or 1.0
        for row, share in enumerate(shares):
            mesh = draw_plane(grid[row, column], share, width, top=top)
            draw_region(grid[row, column], options)
            kind = math_text(settings.label(sample or "dataset"))
            name = math_text(settings.label(pairings[row]))
            name_panel(grid[row, column], f"{kind}, {name}")
        bar = figure.colorbar(mesh, ax=list(grid[:, column]), location="bottom", pad=0.02)
        bar.set_label(bar_label(width))
    for axes in grid.ravel():
        axes.label_outer()
    put_header(grid[0, 0], style)
    last = style.model_copy(update={"header": "", "qualifier": ""}) if len(samples) > 1 else style
    put_header(grid[0, -1], last, energy_text(settings.sqrt_s_tev))
    return figure


def _suffix(sample: str) -> str:
    return f".{sample}" if sample else ""

"""Figure of the variance ratio of the first principal components of the embedding vectors."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, new_figure, put_header, series_look


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the share of each component as bars and their sum as points."""
    inputs.only(["embeddings"])
    file = RunFile.read(inputs.one("embeddings"))
    share = np.array(file.numbers("variance_ratio"))
    number = np.arange(1, len(share) + 1)
    figure = new_figure(style.size())
    axes = figure.add_subplot()
    axes.bar(number, share, 0.7, color=series_look(0).color, label="each component")
    look = series_look(1)
    axes.plot(number, share.cumsum(), color=look.color, marker=look.marker, label="sum up to it")
    axes.set(xlabel="Principal component", ylabel="Share of the variance", ylim=(0, 1.15))
    axes.set_xticks(number)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.legend(loc="center right")
    put_header(axes, style, energy_text(settings.sqrt_s_tev))
    return figure

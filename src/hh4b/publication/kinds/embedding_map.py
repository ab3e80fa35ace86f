"""Figure of the t-SNE map of the embedding vectors, and silhouette scores of k-means."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import (
    FigureStyle,
    energy_text,
    look_of,
    new_figure,
    put_header,
    series_look,
)


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the map by class on the left and the scores by number of clusters on the right."""
    inputs.only(["embeddings"])
    file = RunFile.read(inputs.one("embeddings"))
    figure = new_figure(style.size(2, height=0.9))
    left, right = figure.subplots(1, 2)
    x, y, signal = (np.array(file.numbers("map", name)) for name in ("x", "y", "signal"))
    for kind, code in (("background", 0), ("signal", 1)):
        look = look_of(kind, style)
        chosen = signal == code
        left.plot(
            x[chosen], y[chosen], look.marker, color=look.color, markersize=1.6, alpha=0.6,
            markeredgewidth=0, label=kind, rasterized=True,
        )  # fmt: skip
    left.set(xlabel="t-SNE 1", ylabel="t-SNE 2")
    left.set_ylim(top=left.get_ylim()[1] + 0.15 * float(np.ptp(left.get_ylim())))
    left.legend(loc="upper right", ncols=2, markerscale=3)
    scores = {int(k): float(v) for k, v in file.get("map", "silhouette").items()}
    look = series_look(0)
    right.plot(list(scores), list(scores.values()), color=look.color, marker=look.marker,
               label="k-means")  # fmt: skip
    own = file.number("map", "silhouette_by_class")
    right.axhline(own, color=series_look(1).color, linestyle="--", label="true classes")
    right.set(xlabel="Number of clusters", ylabel="Silhouette score")
    low, high = right.get_ylim()
    right.set_ylim(min(low, 0), high + 0.3 * (high - min(low, 0)))
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.legend(loc="upper right")
    for axes in (left, right):
        put_header(axes, style, energy_text(settings.sqrt_s_tev))
    return figure

"""Figure of the reliability of classifiers: how often an event of a score is signal."""

import math

import numpy as np
from matplotlib.figure import Figure

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, looks_of, new_figure, put_header
from hh4b.publication.text import math_text

#: Between classifiers in the lower panel, so that no error bar hides another.
SHIFT = 0.008


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the share of signal against the score, and below its distance from the diagonal.

    Both classes have the same total weight. The number behind a name is the mean distance.
    """
    keys = list(inputs.files)
    figure = new_figure(style.size(height=1.35))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.9, 1))
    upper.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, zorder=1)
    lower.axhline(0, color="0.6", linewidth=0.8, zorder=1)
    for place, (key, look) in enumerate(looks_of(keys, style).items()):
        metrics = RunFile.read(inputs.many(key)[0])
        score, share, error = (
            np.array([np.nan if x is None else x for x in metrics.errors("calibration", name)])
            for name in ("mean_score", "signal_share", "error")
        )
        distance = metrics.number("calibration", "distance")
        name = f"{math_text(settings.label(key))}: {distance:.3f}"
        drawn = {
            "color": look.color, "marker": look.marker, "linestyle": look.line,
            "linewidth": 0.6 * style.line_width, "elinewidth": style.line_width,
            "markersize": 0.7 * style.marker_size,
        }  # fmt: skip
        upper.errorbar(score, share, yerr=error, label=name, **drawn)
        shift = SHIFT * (place - 0.5 * (len(keys) - 1))
        lower.errorbar(score + shift, share - score, yerr=error, **drawn)
    upper.set(ylabel="Share of signal", xlim=(0, 1), ylim=(0, 1))
    lower.set(xlabel="Classifier output")
    lower.set_ylabel("share − output", loc="center")
    reach = max(abs(limit) for limit in lower.get_ylim())
    lower.set_ylim(-reach, reach) if math.isfinite(reach) and reach > 0 else None
    upper.legend(loc="upper left", title="mean distance from the diagonal", alignment="left")
    put_header(upper, style, energy_text(settings.sqrt_s_tev))
    figure.align_ylabels([upper, lower])
    return figure

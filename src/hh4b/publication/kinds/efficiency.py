"""Figure of the pairing efficiency against kappa_lambda."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, looks_of, new_figure, put_header
from hh4b.publication.text import math_text


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the curve of every pairing given, with statistical errors."""
    figure = new_figure(style.size())
    axes = figure.add_subplot()
    looks = looks_of(list(inputs.files), style)
    for key, look in looks.items():
        curve = RunFile.read(inputs.one(key))
        points = sorted(
            zip(
                curve.numbers("kappa_lambda"),
                curve.numbers("event_efficiency"),
                (np.nan if error is None else error for error in curve.errors("error")),
                strict=True,
            )
        )
        kappas, values, errors = (list(column) for column in zip(*points, strict=True))
        axes.errorbar(
            kappas, values, yerr=errors, color=look.color, marker=look.marker, linestyle=look.line,
            linewidth=0.8 * style.line_width, elinewidth=0.8 * style.line_width,
            label=math_text(settings.label(key)),
        )  # fmt: skip
    axes.set(xlabel=r"$\kappa_\lambda$", ylabel="Pairing efficiency", ylim=(0, 1))
    axes.xaxis.set_major_locator(MultipleLocator(2))
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    axes.legend(loc="best")
    put_header(axes, style, energy_text(settings.sqrt_s_tev))
    return figure

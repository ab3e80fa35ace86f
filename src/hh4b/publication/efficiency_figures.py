"""Pairing efficiency against kappa_lambda (Figures 1 and 10 of the note)."""

from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.methods import PAIRINGS, pairing_name
from hh4b.publication.style import FigureStyle, energy_text, look_of, new_figure, put_header


def draw_efficiency(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw a curve with statistical errors for every pairing method given.

    Args:
        inputs: efficiency curves by pairing method.
        style: how it looks.
    """
    figure = new_figure(style.size())
    axes = figure.add_subplot()
    top = 0.0
    for index, key in enumerate(inputs.keys(PAIRINGS)):
        curve = RunFile.read(inputs.one(key))
        points = sorted(
            zip(
                curve.numbers("kappa_lambda"),
                curve.numbers("event_efficiency"),
                curve.numbers("error"),
                strict=True,
            )
        )
        kappas, values, errors = (list(column) for column in zip(*points, strict=True))
        look = look_of(key, style, index)
        axes.errorbar(
            kappas, values, yerr=errors, color=look.color, marker=look.marker, linestyle=look.line,
            linewidth=0.8 * style.line_width, elinewidth=0.8 * style.line_width,
            label=pairing_name(key).latex,
        )  # fmt: skip
        top = max(top, max(values))
    axes.set(xlabel=r"$\kappa_\lambda$", ylabel="Pairing efficiency", ylim=(0, 1))
    axes.xaxis.set_major_locator(MultipleLocator(2))
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    axes.legend(loc="best")
    put_header(axes, style, energy_text(13))
    return figure

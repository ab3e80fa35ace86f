"""Figure 14: width of the kappa_lambda interval against luminosity, 14 TeV cross sections.

Inputs: ``<selection>=….json``, a luminosity scan, or limit files at 14 TeV by repeating the key.
"""

from typing import Literal

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hh4b.publication.inputs import Inputs
from hh4b.publication.luminosity_figures import METHODS, curve_of, luminosity_axis, points_of
from hh4b.publication.methods import SELECTIONS, selection_name
from hh4b.publication.style import FigureStyle, energy_text, look_of, new_figure, put_header

ENERGY_TEV = 14.0
LINES: dict[str, Literal["-", "--"]] = {"profile": "-", "cls": "--"}


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw one colour per selection, profile likelihood in full lines, CLs dashed."""
    figure = new_figure(style.size())
    axes = figure.add_subplot()
    handles = []
    for index, key in enumerate(inputs.keys(SELECTIONS)):
        points = points_of(inputs, key, ENERGY_TEV)
        look = look_of(key, style, index)
        for method, line in LINES.items():
            curve = curve_of(points, method, "width")
            axes.errorbar(
                curve.luminosity, curve.value, yerr=curve.error, color=look.color,
                marker=look.marker, linestyle=line, elinewidth=0.8,
            )  # fmt: skip
        luminosity_axis(axes, curve.luminosity)
        name = selection_name(key).latex
        handles.append(Line2D([], [], color=look.color, marker=look.marker, label=name))
    for method, line in LINES.items():
        handles.append(Line2D([], [], color="0.3", linestyle=line, label=METHODS[method]))
    axes.set(ylabel=r"$\Delta\kappa_\lambda$ (95% interval)", ylim=(0, 1.45 * axes.get_ylim()[1]))
    axes.legend(handles=handles, loc="upper right")
    put_header(axes, style, energy_text(ENERGY_TEV))
    return figure

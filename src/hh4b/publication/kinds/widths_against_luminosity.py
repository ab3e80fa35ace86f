"""Figure of the width of the kappa_lambda interval against luminosity."""

from typing import Literal

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pydantic import Field

from hh4b.core.settings import Positive, Settings
from hh4b.publication.inputs import Inputs
from hh4b.publication.luminosity_curves import METHODS, curve_of, luminosity_axis, points_of
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, look_of, new_figure, put_header
from hh4b.publication.text import math_text

LINES: dict[str, Literal["-", "--"]] = {"profile": "-", "cls": "--"}


class WidthsAgainstLuminosityOptions(Settings):
    """Options of the kind."""

    sqrt_s_tev: Positive = Field(14.0, description="energy of the cross sections")


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw one colour per selection, profile likelihood in full lines, CLs dashed."""
    energy = settings.read(WidthsAgainstLuminosityOptions).sqrt_s_tev
    figure = new_figure(style.size())
    axes = figure.add_subplot()
    handles = []
    for index, key in enumerate(list(inputs.files)):
        points = points_of(inputs, key, energy)
        look = look_of(key, style, index)
        for method, line in LINES.items():
            curve = curve_of(points, method, "width")
            axes.errorbar(
                curve.luminosity, curve.value, yerr=curve.error, color=look.color,
                marker=look.marker, linestyle=line, elinewidth=0.8,
            )  # fmt: skip
        luminosity_axis(axes, curve.luminosity)
        name = math_text(settings.label(key))
        handles.append(Line2D([], [], color=look.color, marker=look.marker, label=name))
    for method, line in LINES.items():
        handles.append(Line2D([], [], color="0.3", linestyle=line, label=METHODS[method]))
    axes.set(ylabel=r"$\Delta\kappa_\lambda$ (95% interval)", ylim=(0, 1.45 * axes.get_ylim()[1]))
    axes.legend(handles=handles, loc="upper right")
    put_header(axes, style, energy_text(energy))
    return figure

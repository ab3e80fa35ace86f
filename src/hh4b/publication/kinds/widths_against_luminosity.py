"""Figure of the width of the kappa_lambda interval against luminosity."""

from matplotlib.figure import Figure
from pydantic import Field

from hh4b.core.settings import Positive, Settings
from hh4b.publication.inputs import Inputs
from hh4b.publication.luminosity_curves import (
    FACES,
    LINES,
    METHODS,
    beside,
    curve_of,
    luminosity_axis,
    points_of,
)
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, looks_of, new_figure, put_header
from hh4b.publication.text import math_text


class WidthsAgainstLuminosityOptions(Settings):
    """Options of the kind."""

    sqrt_s_tev: Positive = Field(14.0, description="energy of the cross sections")


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw widths of the profile likelihood with errors, and below what CLs makes of them."""
    energy = settings.read(WidthsAgainstLuminosityOptions).sqrt_s_tev
    keys = list(inputs.files)
    figure = new_figure(style.size(height=1.05))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.4, 1))
    for place, (key, look) in enumerate(looks_of(keys, style).items()):
        points = points_of(inputs, key, energy)
        width, cls = (curve_of(points, method, "width") for method in METHODS)
        shown = beside(width.luminosity, place, len(keys))
        upper.errorbar(
            shown, width.value, yerr=width.error, color=look.color, marker=look.marker,
            linestyle=look.line, linewidth=0.6 * style.line_width, elinewidth=style.line_width,
            markersize=0.7 * style.marker_size, capsize=2,
            label=math_text(settings.label(key)),
        )  # fmt: skip
        lower.plot(
            shown, cls.value / width.value, color=look.color, marker=look.marker,
            linestyle=LINES["cls"], markerfacecolor=FACES["cls"],
            linewidth=0.6 * style.line_width, markersize=0.8 * style.marker_size,
        )  # fmt: skip
        luminosity_axis(lower, width.luminosity)
    lower.axhline(1, color="0.5", linewidth=0.7, zorder=1)
    name = METHODS["profile"]
    upper.set(ylabel=r"$\Delta\kappa_\lambda$ (95%, " + name + ")", ylim=(0, None))
    upper.legend(loc="upper right")
    lower.set_ylabel(METHODS["cls"] + " / profile", loc="center")
    put_header(upper, style, energy_text(energy))
    figure.align_ylabels([upper, lower])
    return figure

"""Figure of expected intervals on kappa_lambda against luminosity."""

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


class IntervalsAgainstLuminosityOptions(Settings):
    """Options of the kind."""

    sqrt_s_tev: Positive = Field(13.0, description="energy of the cross sections")


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the upper ends above the lower ones, both methods beside each other with their errors.

    Each end has its own axis: an error is a few hundredths of the interval, and on one axis for
    both no one would see it.
    """
    energy = settings.read(IntervalsAgainstLuminosityOptions).sqrt_s_tev
    keys = list(inputs.files)
    figure = new_figure(style.size(height=1.25))
    upper, lower = figure.subplots(2, 1, sharex=True)
    looks = looks_of(keys, style)
    for place, key in enumerate(keys):
        points, look = points_of(inputs, key, energy), looks[key]
        for number, method in enumerate(METHODS):
            step = place * len(METHODS) + number
            for axes, end in ((upper, "upper"), (lower, "lower")):
                curve = curve_of(points, method, end)
                axes.errorbar(
                    beside(curve.luminosity, step, len(keys) * len(METHODS)), curve.value,
                    yerr=curve.error, color=look.color, marker=look.marker,
                    linestyle=LINES[method], markerfacecolor=FACES.get(method, look.color),
                    markersize=0.65 * style.marker_size, linewidth=0.6 * style.line_width,
                    elinewidth=style.line_width, capsize=2,
                    label=f"{math_text(settings.label(key))}, {METHODS[method]}",
                )  # fmt: skip
        luminosity_axis(lower, curve.luminosity)
    lower.axhline(1, color="0.5", linewidth=0.7, linestyle=":")
    lower.annotate("SM", (0.015, 1), (0, 1), xycoords=("axes fraction", "data"), va="bottom",
                   textcoords="offset points", color="0.4", fontsize="small")  # fmt: skip
    low, high = lower.get_ylim()
    lower.set(ylabel=r"lower end of $\kappa_\lambda$", ylim=(low, max(high, 1 + 0.12 * (1 - low))))
    upper.set(ylabel=r"upper end of $\kappa_\lambda$, 95%")
    upper.legend(loc="upper right")
    put_header(upper, style, energy_text(energy))
    figure.align_ylabels([upper, lower])
    return figure

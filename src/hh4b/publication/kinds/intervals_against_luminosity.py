"""Figure of expected intervals on kappa_lambda against luminosity."""

from matplotlib.figure import Figure
from pydantic import Field

from hh4b.core.settings import Positive, Settings
from hh4b.publication.inputs import Inputs
from hh4b.publication.luminosity_curves import METHODS, curve_of, luminosity_axis, points_of
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, look_of, new_figure, put_header
from hh4b.publication.text import math_text


class IntervalsAgainstLuminosityOptions(Settings):
    """Options of the kind."""

    sqrt_s_tev: Positive = Field(13.0, description="energy of the cross sections")


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw lower and upper bounds, profile likelihood filled, CLs dashed."""
    energy = settings.read(IntervalsAgainstLuminosityOptions).sqrt_s_tev
    figure = new_figure(style.size())
    axes = figure.add_subplot()
    for index, key in enumerate(list(inputs.files)):
        points = points_of(inputs, key, energy)
        look = look_of(key, style, index)
        name = math_text(settings.label(key))
        for method, text in METHODS.items():
            lower, upper = (curve_of(points, method, q) for q in ("lower", "upper"))
            solid = method == "profile"
            if solid:
                axes.fill_between(
                    lower.luminosity, lower.value, upper.value, color=look.color, alpha=0.13, lw=0
                )
            for curve, label in ((lower, f"{name}, {text}"), (upper, None)):
                axes.errorbar(
                    curve.luminosity, curve.value, yerr=curve.error, color=look.color, label=label,
                    linestyle="-" if solid else "--", marker=look.marker if solid else "none",
                    elinewidth=0.8,
                )  # fmt: skip
        luminosity_axis(axes, lower.luminosity)
    axes.axhline(1, color="0.5", linewidth=0.7, linestyle=":")
    axes.annotate("SM", (0.985, 1), xycoords=("axes fraction", "data"), ha="right", va="bottom",
                  color="0.4", fontsize="small")  # fmt: skip
    low, high = axes.get_ylim()
    axes.set(ylabel=r"95% interval on $\kappa_\lambda$", ylim=(low, high + 0.3 * (high - low)))
    axes.legend(loc="upper right")
    put_header(axes, style, energy_text(energy))
    return figure

"""Figure 5: expected intervals on kappa_lambda against luminosity.

Inputs: ``<selection>=….json``, a luminosity scan, or limit files at 13 TeV by repeating the key;
the note shows ``min_dr_dnn``.
"""

from matplotlib.figure import Figure

from hh4b.publication.inputs import Inputs
from hh4b.publication.luminosity_figures import METHODS, curve_of, luminosity_axis, points_of
from hh4b.publication.methods import SELECTIONS, selection_name
from hh4b.publication.style import FigureStyle, energy_text, look_of, new_figure, put_header

ENERGY_TEV = 13.0


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw lower and upper bounds, profile likelihood filled, CLs dashed."""
    figure = new_figure(style.size())
    axes = figure.add_subplot()
    for index, key in enumerate(inputs.keys(SELECTIONS)):
        points = points_of(inputs, key, ENERGY_TEV)
        look = look_of(key, style, index)
        name = selection_name(key).latex
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
    put_header(axes, style, energy_text(ENERGY_TEV))
    return figure

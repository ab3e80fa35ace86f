"""Figure of -2 Delta ln L against kappa_lambda of selections at one energy and luminosity."""

import numpy as np
from matplotlib.figure import Figure
from scipy.interpolate import CubicSpline

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_cells import withheld
from hh4b.publication.scan_labels import common_conditions
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, look_of, new_figure, put_header
from hh4b.publication.text import math_text

TOP = 16.0
FEW = 5


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the scanned points and the cubic spline through them that gives the interval."""
    keys = list(inputs.files)
    # Many curves leave no room for their names between them.
    below = len(keys) > FEW
    figure = new_figure(style.size(height=0.75 + 0.045 * len(keys) if below else None))
    axes = figure.add_subplot()
    files = [RunFile.read(inputs.one(key)) for key in keys]
    for index, (key, limits) in enumerate(zip(keys, files, strict=True)):
        if reason := withheld(limits):
            name = math_text(f"{settings.label(key)}: {reason}")
            axes.plot([], [], linestyle="none", label=name)
            continue
        kappas = np.array(limits.numbers("kappa_lambda"))
        curve = np.array(limits.numbers("profile", "minus_2_delta_log_l"))
        look = look_of(key, style, index)
        fine = np.linspace(kappas[0], kappas[-1], 501)
        axes.plot(fine, CubicSpline(kappas, curve)(fine), color=look.color, linestyle=look.line)
        axes.plot(
            kappas, curve, color=look.color, marker=look.marker, linestyle="none", markersize=2.2
        )
        axes.plot([], [], color=look.color, linestyle=look.line, marker=look.marker,
                  markersize=2.2, label=math_text(settings.label(key)))  # fmt: skip
    threshold = files[0].number("profile", "threshold")
    axes.axhline(threshold, color="0.4", linewidth=0.8, linestyle="--", zorder=0)
    axes.annotate(
        f"95% ({threshold:g})", (0.5, threshold), (0, 2), xycoords=("axes fraction", "data"),
        textcoords="offset points", color="0.3", fontsize="small", ha="center",
    )  # fmt: skip
    scan = files[0].numbers("kappa_lambda")
    axes.set(
        xlabel=r"$\kappa_\lambda$", ylabel=r"$-2\,\Delta\ln L$", ylim=(0, TOP),
        xlim=(min(scan), max(scan)),
    )  # fmt: skip
    if below:
        figure.legend(loc="outside lower center", ncols=2, fontsize="x-small")
    else:
        axes.legend(loc="upper center")
    put_header(axes, style, common_conditions(inputs, files))
    return figure

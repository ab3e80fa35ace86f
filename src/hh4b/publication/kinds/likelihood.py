"""Figure of -2 Delta ln L against kappa_lambda of selections at one energy and luminosity."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from pydantic import Field
from scipy.interpolate import CubicSpline

from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_cells import withheld
from hh4b.publication.scan_labels import common_conditions
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, Look, looks_of, new_figure, put_header
from hh4b.publication.text import math_text

#: Top of the axis in units of the threshold: what lies far above decides nothing.
TOP = 2.5
#: As many curves can be told apart in one panel; more have panels of their own.
FEW = 4
#: Curves of the large panel where the options name none.
MAIN = 3
#: Small panels in a row, and the height of a row in widths of a journal column.
SMALL_COLUMNS, SMALL_HEIGHT = 4, 0.42
_FAINT = "0.75"


class LikelihoodOptions(Settings):
    """Options of the kind."""

    main: list[str] = Field(
        [], description="selections of the large panel; by default the first three"
    )


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the scanned points and the cubic spline through them that gives the interval.

    More curves than can be told apart have a small panel each, below the large one, whose curves
    stand in every small one in grey.
    """
    keys = list(inputs.files)
    files = {key: RunFile.read(inputs.one(key)) for key in keys}
    looks = looks_of(keys, style)
    chosen = [key for key in settings.read(LikelihoodOptions).main if key in files]
    main = keys if len(keys) <= FEW else (chosen or keys[:MAIN])[:FEW]
    others = [key for key in keys if key not in main]
    rows = -(-len(others) // SMALL_COLUMNS)
    if not others:
        figure = new_figure(style.size())
        large, small = figure.add_subplot(), []
    else:
        figure = new_figure(style.size(2, height=0.72 + SMALL_HEIGHT * rows))
        parts = figure.subfigures(2, 1, squeeze=False, height_ratios=(0.72, SMALL_HEIGHT * rows))
        upper, below = parts[:, 0]
        large = upper.subplots()
        columns = min(SMALL_COLUMNS, len(others))
        grid = below.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        small = list(grid.ravel())
        _label(small, len(others), columns)
    first = files[keys[0]]
    for key in main:
        _draw_curve(large, files[key], looks[key], math_text(settings.label(key)))
    _frame(large, first)
    threshold = first.number("profile", "threshold")
    large.annotate(
        f"95% ({threshold:g})", (0.5, threshold), (0, 2), xycoords=("axes fraction", "data"),
        textcoords="offset points", color="0.3", fontsize="small", ha="center",
    )  # fmt: skip
    large.set(xlabel=r"$\kappa_\lambda$", ylabel=r"$-2\,\Delta\ln L$")
    large.legend(loc="upper center")
    put_header(large, style, common_conditions(inputs, list(files.values())))
    for axes, key in zip(small, others, strict=False):
        for one in main:
            _draw_curve(axes, files[one], looks[one].model_copy(update={"color": _FAINT}))
        _draw_curve(axes, files[key], looks[key])
        _frame(axes, first)
        axes.set_title(math_text(settings.label(key)), fontsize="small", pad=3)
    return figure


def _label(small: list[Axes], number: int, columns: int) -> None:
    """Label the outer panels; a place without a curve says what the grey ones are."""
    for place, axes in enumerate(small):
        if place >= number:
            axes.set_axis_off()
            continue
        if place + columns >= number:
            axes.set_xlabel(r"$\kappa_\lambda$")
            axes.tick_params(labelbottom=True)
        if place % columns == 0:
            axes.set_ylabel(r"$-2\,\Delta\ln L$")
    if number < len(small):
        handle = Line2D([], [], color=_FAINT, label="curves of the\nlarge panel")
        small[number].legend(handles=[handle], loc="center")


def _draw_curve(axes: Axes, limits: RunFile, look: Look, label: str | None = None) -> None:
    """Draw points and spline of a selection, or say why it has none; without a label faint."""
    if reason := withheld(limits):
        if label is None:
            axes.text(0.5, 0.4, math_text(reason), transform=axes.transAxes, ha="center",
                      fontsize="small")  # fmt: skip
        else:
            axes.plot([], [], linestyle="none", label=f"{label}: {math_text(reason)}")
        return
    kappas = np.array(limits.numbers("kappa_lambda"))
    curve = np.array(limits.numbers("profile", "minus_2_delta_log_l"))
    fine = np.linspace(kappas[0], kappas[-1], 501)
    grey = look.color == _FAINT
    axes.plot(
        fine, CubicSpline(kappas, curve)(fine), color=look.color,
        linestyle="-" if grey else look.line, zorder=1 if grey else 2,
    )  # fmt: skip
    if grey:
        return
    axes.plot(kappas, curve, color=look.color, marker=look.marker, linestyle="none", markersize=2.2)
    if label is not None:
        axes.plot([], [], color=look.color, linestyle=look.line, marker=look.marker,
                  markersize=2.2, label=label)  # fmt: skip


def _frame(axes: Axes, limits: RunFile) -> None:
    """Set the axes, and draw the threshold of the interval."""
    threshold, scan = limits.number("profile", "threshold"), limits.numbers("kappa_lambda")
    axes.axhline(threshold, color="0.4", linewidth=0.8, linestyle="--", zorder=0)
    axes.set(ylim=(0, TOP * threshold), xlim=(min(scan), max(scan)))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, prune="both"))

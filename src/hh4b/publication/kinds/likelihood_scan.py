"""Figure of -2 Delta ln L of the likelihood, everything profiled, and with statistics only."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.likelihood_fits import levels_of, percent
from hh4b.publication.scan_labels import common_conditions
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, looks_of, new_figure, put_header, two_columns
from hh4b.publication.text import math_text

TOP = 9.0
_TOYS = ".toys"
_PROFILED: Any = "-"
_FROZEN: Any = (0, (4, 1.5))
_CRITICAL: Any = (0, (1, 1))


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw both curves of each selection, and critical values where ``<selection>.toys`` is."""
    keys = [key for key in inputs.files if not key.endswith(_TOYS)]
    fits = [RunFile.read(inputs.one(key)) for key in keys]
    belts = {k: RunFile.read(inputs.one(k + _TOYS)) for k in keys if k + _TOYS in inputs.files}
    looks = looks_of(keys, style)
    figure = new_figure(style.size(height=0.95))
    axes = figure.add_subplot()
    for key, fit in zip(keys, fits, strict=True):
        kappa = np.array(fit.numbers("curve", "kappa_lambda"))
        for name, line, width in (
            ("minus_2_delta_log_l", _PROFILED, 1.0),
            ("statistics_only", _FROZEN, 0.8),
        ):
            curve = np.array(fit.numbers("curve", name))
            _draw_curve(axes, kappa, curve, looks[key].color, line, width * style.line_width)
        if key in belts:
            _draw_belt(axes, belts[key], looks[key].color, 0.9 * style.line_width)
    scan = fits[0].numbers("curve", "kappa_lambda")
    axes.set(
        xlabel=r"$\kappa_\lambda$", ylabel=r"$-2\,\Delta\ln L$", ylim=(0, TOP),
        xlim=(min(scan), max(scan)),
    )  # fmt: skip
    for level in levels_of(fits[0]):
        _draw_threshold(axes, fits[0].number("intervals", level, "threshold"), percent(level))
    meaning = [("everything profiled", _PROFILED), ("statistics only", _FROZEN)]
    if belts:
        meaning.append(("critical values of toys", _CRITICAL))
    colors = {math_text(settings.label(key)): looks[key].color for key in keys}
    named = [Line2D([], [], color=color, label=name) for name, color in colors.items()]
    meant = [Line2D([], [], color="0.25", linestyle=line, label=n) for n, line in meaning]
    two_columns(figure, named, meant)
    put_header(axes, style, common_conditions(inputs, [*fits, *belts.values()]))
    return figure


def _draw_curve(
    axes: Axes,
    kappa: NDArray[np.float64],
    curve: NDArray[np.float64],
    color: str,
    line: Any,
    width: float,
) -> None:
    fine = np.linspace(kappa[0], kappa[-1], 1001)
    axes.plot(fine, CubicSpline(kappa, curve)(fine), color=color, linestyle=line, linewidth=width)


def _draw_belt(axes: Axes, toys: RunFile, color: str, width: float) -> None:
    for one in toys.get("belt"):
        kappa, critical = np.array(one["kappa_lambda"]), np.array(one["smooth"])
        fine = np.linspace(kappa[0], kappa[-1], 601)
        values = PchipInterpolator(kappa, critical)(fine)
        axes.plot(fine, values, color=color, linestyle=_CRITICAL, linewidth=width)


def _draw_threshold(axes: Axes, threshold: float, name: str) -> None:
    axes.axhline(threshold, color="0.6", linewidth=0.7, zorder=0)
    axes.annotate(
        name.replace(" %", "%"), (0.015, threshold), (0, 1.5), xycoords=("axes fraction", "data"),
        textcoords="offset points", color="0.35", fontsize="small",
    )  # fmt: skip

"""Figure of the Feldman-Cousins belt, and of how often both kinds of interval hold the truth."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.interpolate import PchipInterpolator

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.likelihood_fits import percent, point_of
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import (
    FigureStyle,
    energy_text,
    new_figure,
    put_header,
    series_look,
)
from hh4b.publication.text import math_text

METHODS = {
    "feldman_cousins": ("Feldman–Cousins", "o", True),
    "asymptotic": (r"$\chi^2$ threshold", "s", False),
}
#: By how much points of one value of kappa_lambda stand apart, of the axis.
_APART = 0.006


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a row of two panels per selection: critical values, and coverage."""
    keys = list(inputs.files)
    figure = new_figure(style.size(2, height=0.88 * len(keys)))
    grid = figure.subplots(len(keys), 2, squeeze=False)
    for (left, right), key in zip(grid, keys, strict=True):
        toys = RunFile.read(inputs.one(key))
        _draw_belt(left, toys, style)
        _draw_coverage(right, toys, style)
        right.set_xlim(left.get_xlim())
        put_header(left, style, math_text(settings.label(key)))
        put_header(right, style, energy_text(*point_of(toys)))
    return figure


def _levels(toys: RunFile) -> list[float]:
    return sorted(float(one["level"]) for one in toys.get("belt"))


def _draw_belt(axes: Axes, toys: RunFile, style: FigureStyle) -> None:
    highest = 0.0
    thrown, quantiles = [], []
    for index, one in enumerate(sorted(toys.get("belt"), key=lambda one: float(one["level"]))):
        look, level = series_look(index), float(one["level"])
        kappa = np.array(one["kappa_lambda"], dtype=float)
        fine = np.linspace(kappa[0], kappa[-1], 601)
        smooth, error = (
            PchipInterpolator(kappa, np.array(one[name], dtype=float))(fine)
            for name in ("smooth", "smooth_error")
        )
        axes.fill_between(fine, smooth - error, smooth + error, color=look.color, alpha=0.25, lw=0)
        axes.plot(fine, smooth, color=look.color)
        thrown.append(
            axes.errorbar(
                kappa, one["critical"], yerr=one["critical_error"], fmt=look.marker,
                color=look.color, markersize=0.8 * style.marker_size, elinewidth=0.7,
                label=f"{percent(level).replace(' ', '')} of toys",
            )
        )  # fmt: skip
        quantiles.append(
            axes.axhline(
                one["asymptotic"], color=look.color, linestyle="--", linewidth=0.8,
                label=rf"$\chi^2$: {one['asymptotic']:.2f}",
            )
        )  # fmt: skip
        tops = np.array(one["critical"]) + np.array(one["critical_error"])
        highest = max(highest, float(tops.max()), float(one["asymptotic"]))
    axes.set(
        xlabel=r"true $\kappa_\lambda$", ylabel=r"critical value of $-2\,\Delta\ln L$",
        ylim=(0, 1.35 * highest),
    )  # fmt: skip
    axes.legend(handles=[*thrown, *quantiles], loc="upper center", ncols=2)


def _draw_coverage(axes: Axes, toys: RunFile, style: FigureStyle) -> None:
    rows: list[dict[str, Any]] = toys.get("coverage")
    axes.set(xlabel=r"true $\kappa_\lambda$", ylabel=r"share of intervals that hold it")
    levels = _levels(toys)
    for level in levels:
        axes.axhline(level, color="0.6", linewidth=0.8, zorder=0)
        axes.annotate(
            percent(level).replace(" ", ""), (0.015, level), (0, 1.5), color="0.35",
            xycoords=("axes fraction", "data"), textcoords="offset points", fontsize="small",
        )  # fmt: skip
    if not rows:
        axes.text(0.5, 0.5, "coverage was not measured", ha="center", transform=axes.transAxes)
        return
    kappas = np.array([float(row["kappa_lambda"]) for row in rows])
    span = _span(toys)
    lowest = min(levels)
    for number, (method, (name, marker, filled)) in enumerate(METHODS.items()):
        shares = np.array([float(row[method]["share"]) for row in rows])
        errors = np.array([float(row[method]["error"]) for row in rows])
        color = series_look(number).color
        axes.errorbar(
            kappas + (2 * number - 1) * _APART * span, shares, yerr=errors, fmt=marker,
            color=color, markerfacecolor=color if filled else "white", label=name,
            markersize=1.2 * style.marker_size,
        )  # fmt: skip
        lowest = min(lowest, float((shares - errors).min()))
    redrawn: list[dict[str, Any]] = toys.get("coverage_redrawn") or []
    if redrawn:
        shares, errors = (
            np.array([float(row["feldman_cousins"][name]) for row in redrawn])
            for name in ("share", "error")
        )
        color = series_look(len(METHODS)).color
        axes.errorbar(
            np.array([float(row["kappa_lambda"]) for row in redrawn]) + 3 * _APART * span, shares,
            yerr=errors, fmt="x", color=color, label="redrawn templates",
            markersize=1.2 * style.marker_size,
        )  # fmt: skip
        lowest = min(lowest, float((shares - errors).min()))
    axes.set_ylim(max(0.0, lowest - 0.08), 1.12)
    axes.legend(loc="upper center", ncols=2)


def _span(toys: RunFile) -> float:
    kappa = [float(value) for one in toys.get("belt") for value in one["kappa_lambda"]]
    return max(kappa) - min(kappa)

"""Figure of the pairing efficiency against kappa_lambda."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray
from pydantic import Field

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.kappa import same_kappa
from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import (
    FigureStyle,
    Look,
    energy_text,
    looks_of,
    new_figure,
    put_header,
)
from hh4b.publication.text import math_text

Floats = NDArray[np.float64]


class EfficiencyOptions(Settings):
    """Options of the kind."""

    ratio_to: str | None = Field(
        None, description="pairing that the others are divided by in a lower panel; null = no panel"
    )


class EfficiencyCurve(NamedTuple):
    """Efficiency of a pairing at P values of kappa_lambda, in rising order; NaN = no error.

    Attributes:
        kappa: shape (P,).
        value: shape (P,).
        error: shape (P,).
    """

    kappa: Floats
    value: Floats
    error: Floats


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the curve of every pairing given, with statistical errors.

    Errors of ratios are those of independent curves. Pairings of the same events fluctuate
    together, so that they are too large rather than too small.

    Raises:
        ConfigError: if the pairing to divide by is not among the inputs.
    """
    options = settings.read(EfficiencyOptions)
    looks = looks_of(list(inputs.files), style)
    curves = {key: read_curve(RunFile.read(inputs.one(key))) for key in looks}
    reference = options.ratio_to
    if reference is not None and reference not in curves:
        raise ConfigError(
            f"{inputs.what}: ratio_to = {reference!r} is none of the curves: {', '.join(curves)}"
        )
    figure = new_figure(style.size(height=1.0 if reference else None))
    if reference:
        axes, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
    else:
        axes = lower = figure.add_subplot()
    for key, look in looks.items():
        _plot(axes, curves[key], look, style, math_text(settings.label(key)))
        if reference:
            _plot(lower, ratio(curves[key], curves[reference]), look, style)
    axes.set(ylabel="Pairing efficiency", ylim=(0, 1))
    lower.set(xlabel=r"$\kappa_\lambda$")
    axes.xaxis.set_major_locator(MultipleLocator(2))
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    axes.legend(loc="best")
    if reference:
        lower.set_ylabel(f"ratio to\n{math_text(settings.label(reference))}", loc="center")
        figure.align_ylabels([axes, lower])
    put_header(axes, style, energy_text(settings.sqrt_s_tev))
    return figure


def read_curve(file: RunFile) -> EfficiencyCurve:
    """Read an efficiency against kappa_lambda, in rising order.

    Raises:
        ContractError: if the file has no such curve.
    """
    errors = (np.nan if error is None else error for error in file.errors("error"))
    values = file.numbers("kappa_lambda"), file.numbers("event_efficiency"), errors
    points = np.array(sorted(zip(*values, strict=True)), dtype=float)
    if not len(points):
        raise ContractError(f"{file.path}: the curve has no point")
    return EfficiencyCurve(*points.T)


def ratio(curve: EfficiencyCurve, reference: EfficiencyCurve) -> EfficiencyCurve:
    """Return the ratio of two efficiencies where both have a point, with independent errors.

    The reference over itself has no error.
    """
    pairs = [
        (i, j)
        for i, kappa in enumerate(curve.kappa)
        for j, other in enumerate(reference.kappa)
        if same_kappa(kappa, other) and reference.value[j] > 0
    ]
    mine, theirs = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    value = curve.value[mine] / reference.value[theirs]
    if curve is reference:
        return EfficiencyCurve(curve.kappa[mine], value, np.zeros(len(mine)))
    error = np.hypot(curve.error[mine], value * reference.error[theirs]) / reference.value[theirs]
    return EfficiencyCurve(curve.kappa[mine], value, error)


def _plot(
    axes: Axes, curve: EfficiencyCurve, look: Look, style: FigureStyle, label: str | None = None
) -> None:
    axes.errorbar(
        curve.kappa, curve.value, yerr=curve.error, color=look.color, marker=look.marker,
        linestyle=look.line, linewidth=0.8 * style.line_width,
        elinewidth=0.8 * style.line_width, label=label,
    )  # fmt: skip

"""Figure of the allowed regions of kappa_lambda and the signal strength."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.likelihood_fits import percent
from hh4b.publication.scan_labels import common_conditions
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, looks_of, new_figure, put_header, two_columns
from hh4b.publication.text import math_text

Floats = NDArray[np.float64]
_LINES: tuple[Any, ...] = ("-", (0, (4, 1.5)), ":")
_FINE = 301


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a line per level around what is allowed; the first selection's regions are shaded.

    Raises:
        ContractError: if a fit was made without the contour.
    """
    keys = list(inputs.files)
    fits = [RunFile.read(inputs.one(key)) for key in keys]
    looks = looks_of(keys, style)
    figure = new_figure(style.size(height=0.92))
    axes = figure.add_subplot()
    shown: list[str] = []
    for number, (key, fit) in enumerate(zip(keys, fits, strict=True)):
        kappa, mu, values = _grid(fit)
        levels = sorted(fit.get("contour", "thresholds"), key=float)
        shown = [*dict.fromkeys([*shown, *levels])]
        thresholds = [fit.number("contour", "thresholds", level) for level in levels]
        if number == 0:
            for threshold, strength in zip(thresholds, (0.28, 0.12, 0.06), strict=False):
                axes.contourf(
                    kappa, mu, values.T, levels=[-1e9, threshold], alpha=strength,
                    colors=[looks[key].color],
                )  # fmt: skip
        for level, threshold in zip(levels, thresholds, strict=True):
            axes.contour(
                kappa, mu, values.T, levels=[threshold], colors=[looks[key].color],
                linestyles=[_LINES[shown.index(level) % len(_LINES)]],
                linewidths=style.line_width,
            )  # fmt: skip
    axes.plot(1, 1, "*", color="black", markersize=2 * style.marker_size)
    axes.set(xlabel=r"$\kappa_\lambda$", ylabel=r"signal strength $\mu$")
    axes.set_ylim(bottom=0)
    named = [
        Line2D([], [], color=looks[key].color, label=math_text(settings.label(key))) for key in keys
    ]
    meant = [
        Line2D([], [], color="0.25", linestyle=_LINES[n % len(_LINES)],
               label=percent(level).replace(" %", "% CL"))
        for n, level in enumerate(shown)
    ]  # fmt: skip
    meant.append(
        Line2D([], [], color="black", marker="*", linestyle="none", label="Standard Model",
               markersize=2 * mpl.rcParams["lines.markersize"])
    )  # fmt: skip
    two_columns(figure, named, meant)
    put_header(axes, style, common_conditions(inputs, fits))
    return figure


def _grid(fit: RunFile) -> tuple[Floats, Floats, Floats]:
    """Return kappa_lambda, mu and -2 Delta ln L on a fine grid, (K,), (M,), (K, M)."""
    if fit.get("contour") is None:
        raise ContractError(f"{fit.path}: no contour; fit with likelihood.contour_mu_max above 0")
    kappa = np.array(fit.numbers("contour", "kappa_lambda"))
    mu = np.array(fit.numbers("contour", "mu"))
    values = np.array(fit.get("contour", "minus_2_delta_log_l"), dtype=float)
    fine_kappa = np.linspace(kappa[0], kappa[-1], _FINE)
    fine_mu = np.linspace(mu[0], mu[-1], _FINE)
    # The root is nearly linear far from the best point, and a spline of it does not swing.
    spline = RectBivariateSpline(kappa, mu, np.sqrt(np.maximum(values, 0.0)))
    return fine_kappa, fine_mu, spline(fine_kappa, fine_mu) ** 2

"""Figure of the CLs upper limit on sigma(gg -> HH) against kappa_lambda, a panel per selection."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_cells import withheld
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, new_figure, put_header
from hh4b.publication.text import math_text

# Bands that people with colour blindness tell apart, unlike green and yellow.
ONE_SIGMA, TWO_SIGMA, THEORY = "#607641", "#F5BB54", "#B2182B"
N_BANDS = 5


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw one panel per selection."""
    keys = list(inputs.files)
    columns = min(len(keys), 2)
    rows = -(-len(keys) // columns)
    figure = new_figure(style.size(columns, height=0.82 * rows))
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, key in zip(grid, keys, strict=False):
        limits = RunFile.read(inputs.one(key))
        title = math_text(settings.label(key))
        if reason := withheld(limits):
            axes.text(0.5, 0.5, math_text(f"no interval:\n{reason}"), transform=axes.transAxes,
                      ha="center", va="center")  # fmt: skip
            axes.set_title(title, fontsize="small")
            axes.set(xticks=[], yticks=[])
        else:
            _draw_panel(axes, limits, style)
            axes.legend(loc="upper center", title=title, ncols=2, alignment="left")
        conditions = limits.number("sqrt_s_tev"), limits.number("luminosity_ifb")
        put_header(axes, style, energy_text(*conditions))
    for axes in grid[len(keys) :]:
        axes.remove()
    return figure


def _draw_panel(axes: Axes, limits: RunFile, style: FigureStyle) -> None:
    kappas = np.array(limits.numbers("kappa_lambda"))
    theory = np.array(limits.numbers("cross_section_fb"))
    bands = np.array(limits.get("cls", "cross_section_upper_fb"), dtype=float)
    if bands.shape != (len(kappas), N_BANDS):
        raise ContractError(
            f"{limits.path}: cls/cross_section_upper_fb has shape {bands.shape},"
            f" expected {(len(kappas), N_BANDS)}"
        )
    low2, low1, median, high1, high2 = bands.T
    axes.fill_between(kappas, low2, high2, color=TWO_SIGMA, lw=0, label=r"$\pm 2\sigma$")
    axes.fill_between(kappas, low1, high1, color=ONE_SIGMA, lw=0, label=r"$\pm 1\sigma$")
    axes.plot(kappas, median, color="black", linestyle="--", label="expected limit")
    fine = np.linspace(kappas[0], kappas[-1], 301)
    # Exact: the cross section is a quadratic in kappa_lambda.
    axes.plot(
        fine, np.polyval(np.polyfit(kappas, theory, 2), fine), color=THEORY, label="theory, LO"
    )
    bounds = limits.get("cls", "interval")
    for bound in bounds:
        if bound is not None:
            axes.axvline(float(bound), color="0.35", linewidth=0.7, linestyle=":")
    axes.set_yscale("log")
    low = min(low2.min(), theory.min())
    high = max(high2.max(), theory.max())
    axes.set(
        xlabel=r"$\kappa_\lambda$", ylabel=r"95% CL limit on $\sigma(gg\to HH)$ [fb]",
        xlim=(kappas[0], kappas[-1]), ylim=(0.5 * low, high * (high / low) ** 0.45),
    )  # fmt: skip

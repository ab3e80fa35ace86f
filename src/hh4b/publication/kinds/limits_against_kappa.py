"""Figure of the CLs upper limit on sigma(gg -> HH) against kappa_lambda, a panel per selection."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_cells import withheld
from hh4b.publication.panels import (
    name_panel,
    new_panels,
    outer_labels_only,
    put_headers,
    put_legend,
)
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, put_header
from hh4b.publication.text import math_text

# Bands that people with colour blindness tell apart, unlike green and yellow.
ONE_SIGMA, TWO_SIGMA, THEORY = "#607641", "#F5BB54", "#B2182B"
N_BANDS = 5
LABEL = r"95% CL limit on $\sigma(gg\to HH)$ [fb]"


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw one panel per selection."""
    keys = list(inputs.files)
    files = [RunFile.read(inputs.one(key)) for key in keys]
    panels = new_panels(style, len(keys), height=0.72, share_y=True)
    ranges = []
    for axes, key, limits in zip(panels.axes, keys, files, strict=True):
        title = math_text(settings.label(key))
        if reason := withheld(limits):
            axes.text(0.5, 0.5, math_text(f"no interval:\n{reason}"), transform=axes.transAxes,
                      ha="center", va="center")  # fmt: skip
            axes.set(xticks=[], xlabel=r"$\kappa_\lambda$", ylabel=LABEL)
        else:
            ranges.append(_draw_panel(axes, limits))
        name_panel(axes, title)
    if ranges:
        low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
        panels.axes[0].set_yscale("log")
        panels.axes[0].set_ylim(0.6 * low, high * (high / low) ** 0.15)
    outer_labels_only(panels)
    conditions = [_conditions(limits) for limits in files]
    if len(set(conditions)) == 1:
        put_headers(panels, style, conditions[0])
    else:
        for axes, text in zip(panels.axes, conditions, strict=True):
            put_header(axes, style, text)
    put_legend(panels, _handles())
    return panels.figure


def _conditions(limits: RunFile) -> str:
    return energy_text(limits.number("sqrt_s_tev"), limits.number("luminosity_ifb"))


def _handles() -> list[Artist]:
    """Return what the legend that all panels share explains."""
    return [
        Line2D([], [], color="black", linestyle="--", label="expected limit"),
        Patch(facecolor=ONE_SIGMA, label=r"$\pm 1\sigma$"),
        Patch(facecolor=TWO_SIGMA, label=r"$\pm 2\sigma$"),
        Line2D([], [], color=THEORY, label="theory, LO"),
        Line2D([], [], color="0.35", linewidth=0.7, linestyle=":", label="95% interval"),
    ]


def _draw_panel(axes: Axes, limits: RunFile) -> tuple[float, float]:
    """Draw bands and theory of a selection; return the lowest and the highest point."""
    kappas = np.array(limits.numbers("kappa_lambda"))
    theory = np.array(limits.numbers("cross_section_fb"))
    bands = np.array(limits.get("cls", "cross_section_upper_fb"), dtype=float)
    if bands.shape != (len(kappas), N_BANDS):
        raise ContractError(
            f"{limits.path}: cls/cross_section_upper_fb has shape {bands.shape},"
            f" expected {(len(kappas), N_BANDS)}"
        )
    low2, low1, median, high1, high2 = bands.T
    axes.fill_between(kappas, low2, high2, color=TWO_SIGMA, lw=0)
    axes.fill_between(kappas, low1, high1, color=ONE_SIGMA, lw=0)
    axes.plot(kappas, median, color="black", linestyle="--")
    fine = np.linspace(kappas[0], kappas[-1], 301)
    # Exact: the cross section is a quadratic in kappa_lambda.
    axes.plot(fine, np.polyval(np.polyfit(kappas, theory, 2), fine), color=THEORY)
    bounds = limits.get("cls", "interval")
    for bound in bounds:
        if bound is not None:
            axes.axvline(float(bound), color="0.35", linewidth=0.7, linestyle=":")
    axes.set(xlabel=r"$\kappa_\lambda$", ylabel=LABEL, xlim=(kappas[0], kappas[-1]))
    # The last number would stand in the next panel.
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, prune="upper"))
    return float(min(low2.min(), theory.min())), float(max(high2.max(), theory.max()))

"""Figure of pulls, constraints and impacts on both ends of the interval, largest impact on top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from pydantic import Field

from hh4b.core.errors import ContractError
from hh4b.core.settings import Count, Settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.likelihood_fits import (
    group_label,
    levels_of,
    parameter_label,
    percent,
    point_of,
    sorted_groups,
)
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import (
    FigureStyle,
    energy_text,
    new_figure,
    put_header,
    series_look,
)
from hh4b.publication.text import math_text

LOWER, UPPER = 0, 1
DIRECTIONS = ("up", "down")
_ENDS = {LOWER: "lower", UPPER: "upper"}
_HEIGHT = 0.36


class PullsOptions(Settings):
    """Options of the kind."""

    number: Count = Field(20, description="parameters to show, those of largest impact")


@dataclass(frozen=True)
class Impact:
    """What the figure shows of a parameter.

    Attributes:
        name: in the model.
        group: of parameters.
        value: after the fit.
        error: after the fit; of a constrained parameter in errors before it.
        constrained: whether it has a width before the fit.
        shifts: of (lower, upper) end, by direction; None where an end leaves the scan.
    """

    name: str
    group: str
    value: float
    error: float
    constrained: bool
    shifts: Mapping[str, tuple[float | None, float | None]]

    def size(self, end: int) -> float:
        """Return the larger of both shifts of an end; 0 where none is known."""
        values = (self.shifts[direction][end] for direction in DIRECTIONS)
        return max((abs(value) for value in values if value is not None), default=0.0)


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw pulls in the left panel, shifts of both ends in the others.

    Raises:
        ContractError: if the fit was made without impacts, or no level has any.
    """
    inputs.only(["fit"])
    fit = RunFile.read(inputs.one("fit"))
    level, found = ranked(fit)
    chosen = found[: settings.read(PullsOptions).number]
    figure = new_figure(style.size(2, height=0.42 + 0.058 * len(chosen)))
    grid = figure.subplots(1, 3, sharey=True, width_ratios=[1.1, 1, 1])
    colors = _colors(found)
    _draw_pulls(grid[0], chosen, colors, style)
    for axes, end in zip(grid[1:], _ENDS, strict=True):
        _draw_shifts(axes, chosen, end, colors)
        axes.set(xlabel=f"shift of the {_ENDS[end]} end, {level}")
    names = [math_text(parameter_label(one.name, settings.labels)) for one in chosen]
    grid[0].set_yticks(np.arange(len(chosen)), names, minor=False)
    grid[0].set(ylim=(len(chosen) - 0.4, -0.6))
    for axes in grid:
        for row in range(1, len(chosen), 2):
            axes.axhspan(row - 0.5, row + 0.5, color="0.5", alpha=0.07, linewidth=0, zorder=0)
        axes.tick_params(axis="y", which="both", left=False, right=False)
    put_header(grid[0], style)
    for axes, text in zip(grid[1:], (settings.label("fit"), ""), strict=True):
        axes.set_title(math_text(text), loc="left")
    grid[2].set_title(energy_text(*point_of(fit)), loc="right")
    figure.legend(handles=_legend(chosen, colors), loc="outside lower center", ncols=5)
    return figure


def ranked(fit: RunFile) -> tuple[str, list[Impact]]:
    """Return the highest level at which impacts are known, and all parameters, the largest first.

    Ranked by the impact on the upper end, where none is known by that on the lower one.

    Raises:
        ContractError: if there are no impacts.
    """
    impacts = fit.get("impacts")
    for level in reversed(levels_of(fit)) if impacts else ():
        found = [
            Impact(
                name=name,
                group=str(pull["group"]),
                value=float(pull["value"]),
                error=float(pull["error"]),
                constrained=pull["constraint"] is not None,
                shifts={d: tuple(impacts[level][name][d]) for d in DIRECTIONS},
            )
            for name, pull in fit.get("pulls").items()
        ]
        if any(one.size(end) for one in found for end in _ENDS):
            return percent(level).replace(" ", ""), sorted(
                found, key=lambda o: (-o.size(UPPER), -o.size(LOWER))
            )
    raise ContractError(
        f"{fit.path}: no impacts; fit with likelihood.impacts, and with a scan that holds an end"
        " of the interval"
    )


def _colors(found: Sequence[Impact]) -> dict[str, str]:
    groups = sorted_groups({one.group for one in found})
    return {group: series_look(index).color for index, group in enumerate(groups)}


def _draw_pulls(
    axes: Axes, chosen: Sequence[Impact], colors: Mapping[str, str], style: FigureStyle
) -> None:
    axes.axvspan(-1, 1, color="0.92", linewidth=0, zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.6, zorder=1)
    for row, one in enumerate(chosen):
        if one.constrained:
            axes.errorbar(
                one.value, row, xerr=one.error, fmt="o", color=colors[one.group],
                markersize=style.marker_size, elinewidth=style.line_width,
            )  # fmt: skip
        else:
            text = rf"free: {one.value:.3f} $\pm$ {one.error:.3f}"
            axes.text(0, row, text, ha="center", va="center", fontsize="small",
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    widest = max((abs(one.value) + one.error for one in chosen if one.constrained), default=1)
    reach = max(1.6, 1.1 * widest)
    axes.set(xlabel=r"$(\hat\theta-\theta_0)/\Delta\theta$", xlim=(-reach, reach))


def _draw_shifts(axes: Axes, chosen: Sequence[Impact], end: int, colors: Mapping[str, str]) -> None:
    axes.axvline(0, color="0.5", linewidth=0.6, zorder=3)
    for row, one in enumerate(chosen):
        for direction, place in zip(DIRECTIONS, (-_HEIGHT / 2, _HEIGHT / 2), strict=True):
            shift = one.shifts[direction][end]
            if shift is None:
                side = 1 if end == UPPER else -1
                axes.text(
                    0.99 if side > 0 else 0.01, row + place, "beyond the scan",
                    transform=axes.get_yaxis_transform(), fontsize="small", va="center",
                    ha="right" if side > 0 else "left", color="0.4",
                )  # fmt: skip
                continue
            filled = direction == "up"
            axes.barh(
                row + place, shift, _HEIGHT, edgecolor=colors[one.group], linewidth=0.7, zorder=2,
                facecolor=colors[one.group] if filled else "white",
            )  # fmt: skip
    largest = max((one.size(end) for one in chosen), default=0.0) or 1.0
    axes.set(xlim=(-1.15 * largest, 1.15 * largest))


def _legend(chosen: Sequence[Impact], colors: Mapping[str, str]) -> list[Patch]:
    shown = {one.group for one in chosen}
    groups = [
        Patch(facecolor=color, edgecolor=color, label=group_label(group))
        for group, color in colors.items()
        if group in shown
    ]
    return [
        *groups,
        Patch(facecolor="0.4", edgecolor="0.4", label=r"$\hat\theta$ up by its error"),
        Patch(facecolor="white", edgecolor="0.4", label="down"),
    ]

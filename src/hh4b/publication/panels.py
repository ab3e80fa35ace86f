"""Panels side by side that leave no place empty, and what they share."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hh4b.publication.style import FigureStyle, new_figure, put_header

MOST_COLUMNS = 3
Side = Literal["left", "centre", "right"]


class Panels(NamedTuple):
    """A figure of panels of one size.

    Attributes:
        figure: all of it.
        axes: panels in reading order.
        columns: panels in a row.
        spare: a place without panel, for the legend; None if every place has one.
    """

    figure: Figure
    axes: list[Axes]
    columns: int
    spare: Axes | None


def columns_of(number: int) -> int:
    """Return how many panels stand in a row so that at most one place is left over.

    >>> [columns_of(number) for number in (1, 2, 3, 4, 5, 6, 7)]
    [1, 2, 3, 2, 3, 3, 2]
    """
    if number <= MOST_COLUMNS:
        return number
    return 2 if number % MOST_COLUMNS == 1 else MOST_COLUMNS


def new_panels(style: FigureStyle, number: int, *, height: float, share_y: bool = False) -> Panels:
    """Return empty panels over one journal column, or over the page where there are several.

    Args:
        style: of the figure.
        number: of panels, at least 1.
        height: of a row, in widths of a journal column.
        share_y: whether all panels have one vertical axis; only the left ones write its numbers.
    """
    columns = columns_of(number)
    rows = -(-number // columns)
    figure = new_figure(style.size(min(columns, 2), height=height * rows))
    grid = figure.subplots(rows, columns, squeeze=False, sharey=share_y).ravel()
    for axes in grid[number:]:
        axes.set_axis_off()
    spare = grid[number] if len(grid) > number else None
    return Panels(figure, list(grid[:number]), columns, spare)


def put_headers(panels: Panels, style: FigureStyle, right: str) -> None:
    """Write program and kind of data over the first panel, ``right`` over the last of its row."""
    last = panels.axes[min(panels.columns, len(panels.axes)) - 1]
    if last is panels.axes[0]:
        put_header(last, style, right)
        return
    put_header(panels.axes[0], style)
    put_header(last, style.model_copy(update={"header": "", "qualifier": ""}), right)


def put_legend(panels: Panels, handles: Sequence[Any], *, columns: int | None = None) -> None:
    """Put the legend that all panels share into the place that is left, or below them.

    Args:
        panels: drawn.
        handles: artists with labels.
        columns: of a legend below; None = one row.
    """
    if panels.spare is not None:
        panels.spare.legend(handles=handles, loc="center")
        return
    ncols = columns or max(1, len(handles))
    panels.figure.legend(handles=handles, loc="outside lower center", ncols=ncols)


#: Horizontal place and shift in points by side.
_SIDES = {"left": (0.0, 5), "centre": (0.5, 0), "right": (1.0, -5)}


def name_panel(axes: Axes, text: str, *, side: Side = "right") -> None:
    """Write what a panel shows inside, at the top."""
    place, shift = _SIDES[side]
    axes.annotate(
        text, (place, 1), (shift, -4), xycoords="axes fraction", textcoords="offset points",
        ha="center" if side == "centre" else side, va="top",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
    )  # fmt: skip


def outer_labels_only(panels: Panels) -> None:
    """Hide the vertical axis labels of all but the left panels, whose axis they share."""
    for index, axes in enumerate(panels.axes):
        if index % panels.columns:
            axes.yaxis.label.set_visible(False)

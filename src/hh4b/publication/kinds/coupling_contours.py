"""Figure of the allowed regions of kappa_lambda and other couplings, a panel each."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from scipy.interpolate import RectBivariateSpline

from hh4b.core.errors import ContractError
from hh4b.publication.coupling_results import (
    LIKELIHOODS,
    PROFILED,
    STANDARD_MODEL,
    UNPROFILED,
    Floats,
    Point,
    ShownContour,
    contours_of,
    coupling_label,
    cut_text,
    points_of,
)
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.likelihood_fits import percent
from hh4b.publication.scan_labels import common_conditions
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, looks_of, new_figure, put_header, two_columns
from hh4b.publication.text import math_text

_LINES: tuple[Any, ...] = ("-", (0, (4, 1.5)), ":")
_SHADES = (0.16, 0.09, 0.05)
#: Of the likelihood without nuisances: less of the colour, thinner lines.
_PALE, _THIN = 0.65, 0.7
_MARKERS = ("o", "s", "D", "^", "v")
_FINE = 401
_SAME = 1e-6


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a line per level and likelihood; the first selection's profiled regions are shaded.

    Benchmarks stand in a panel if they are the standard model in all couplings but the panel's.

    Raises:
        ContractError: if there is no contour.
    """
    keys = list(inputs.files)
    files = {key: RunFile.read(inputs.one(key)) for key in keys}
    contours = {key: contours_of(file) for key, file in files.items()}
    planes = list(dict.fromkeys(one.names for found in contours.values() for one in found))
    if not planes:
        raise ContractError(
            f"{files[keys[0]].path}: no contour; choose couplings under likelihood.coupling_ranges"
        )
    levels = _levels(contours)
    points = list({p.name: p for file in files.values() for p in points_of(file)}.values())
    looks = looks_of(keys, style)
    colors = {key: looks[key].color for key in keys}
    figure, panels = _panels(len(planes), style)
    sources: dict[str, str] = {}
    for axes, plane in zip(panels, planes, strict=True):
        for key in keys:
            for contour in contours[key]:
                if contour.names == plane:
                    _draw_contour(axes, contour, colors[key], levels, style, fill=key == keys[0])
        _draw_points(axes, plane, points, sources, style)
        axes.set(xlabel=_label(plane[0]), ylabel=_label(plane[1]))
    named = [Line2D([], [], color=colors[k], label=math_text(settings.label(k))) for k in keys]
    two_columns(figure, [*named, *_point_handles(sources, style)], _line_handles(levels, style))
    note = _note(keys, contours, settings)
    if note:
        figure.legends[0].set_title(note, prop=FontProperties(size="small"))
        figure.legends[0].set_alignment("left")
    conditions = common_conditions(inputs, list(files.values()))
    if len(panels) == 1:
        put_header(panels[0], style, conditions)
    else:
        put_header(panels[0], style)
        put_header(panels[1], style.model_copy(update={"header": "", "qualifier": ""}), conditions)
    return figure


def _levels(contours: Mapping[str, list[ShownContour]]) -> list[str]:
    found = {level for many in contours.values() for one in many for level in one.thresholds}
    return sorted(found, key=float)


def _panels(number: int, style: FigureStyle) -> tuple[Figure, list[Axes]]:
    columns = min(number, 2)
    rows = math.ceil(number / columns)
    figure = new_figure(style.size(columns, height=0.3 + (0.85 if columns == 2 else 0.75) * rows))
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[number:]:
        axes.remove()
    return figure, list(grid[:number])


def _draw_contour(
    axes: Axes,
    contour: ShownContour,
    color: str,
    levels: Sequence[str],
    style: FigureStyle,
    *,
    fill: bool,
) -> None:
    for name in (UNPROFILED, PROFILED):
        x, y, values = _fine(contour, name)
        pale = name == UNPROFILED
        for level, threshold in contour.thresholds.items():
            place = levels.index(level)
            if fill and not pale:
                axes.contourf(
                    x, y, values.T, levels=[-1e9, threshold], colors=[color],
                    alpha=_SHADES[min(place, len(_SHADES) - 1)],
                )  # fmt: skip
            if values.min() < threshold < values.max():
                axes.contour(
                    x, y, values.T, levels=[threshold],
                    colors=[_paler(color) if pale else color],
                    linestyles=[_LINES[place % len(_LINES)]],
                    linewidths=style.line_width * (_THIN if pale else 1.0),
                )  # fmt: skip


def _fine(contour: ShownContour, name: str) -> tuple[Floats, Floats, Floats]:
    """Return x, y and -2 Delta ln L on a fine grid, (X,), (Y,), (X, Y)."""
    x = np.linspace(contour.x[0], contour.x[-1], _FINE)
    y = np.linspace(contour.y[0], contour.y[-1], _FINE)
    degrees = [min(3, len(values) - 1) for values in (contour.x, contour.y)]
    # The root goes nearly as the cross section, a polynomial; the surface itself is far steeper.
    root = np.sqrt(np.maximum(contour.surfaces[name], 0.0))
    spline = RectBivariateSpline(contour.x, contour.y, root, kx=degrees[0], ky=degrees[1])
    return x, y, spline(x, y) ** 2


def _draw_points(
    axes: Axes,
    plane: tuple[str, str],
    points: Sequence[Point],
    sources: dict[str, str],
    style: FigureStyle,
) -> None:
    """Mark points of the plane; ``sources`` gets the marker of each source that is shown."""
    standard = next(one for one in points if one.name == STANDARD_MODEL)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for point in points:
        x, y = (point.couplings[name] for name in plane)
        others = [name for name in point.couplings if name not in plane]
        if any(abs(point.couplings[n] - standard.couplings[n]) > _SAME for n in others):
            continue
        if not (left <= x <= right and bottom <= y <= top):
            continue
        if point is standard:
            axes.plot(x, y, "*", color="black", markersize=2 * style.marker_size, zorder=4)
            continue
        marker = sources.setdefault(point.source, _MARKERS[len(sources) % len(_MARKERS)])
        axes.plot(
            x, y, marker, color="black", markerfacecolor="white", markersize=style.marker_size,
            markeredgewidth=0.8, clip_on=False, zorder=4,
        )  # fmt: skip
        # Towards the middle: a point may stand on the frame.
        side = -1 if x > (left + right) / 2 else 1
        axes.annotate(
            math_text(point.short_label), (x, y), (2.5 * side, 2.5), textcoords="offset points",
            ha="right" if side < 0 else "left", va="bottom", fontsize="small", zorder=4,
            path_effects=[withStroke(linewidth=1.5, foreground="white")],
        )  # fmt: skip
    axes.set(xlim=(left, right), ylim=(bottom, top))


def _point_handles(sources: Mapping[str, str], style: FigureStyle) -> list[Line2D]:
    size = mpl.rcParams["lines.markersize"]
    return [
        Line2D([], [], color="black", marker="*", linestyle="none", label="Standard Model",
               markersize=2 * size),
        *(
            Line2D([], [], color="black", marker=marker, linestyle="none", markerfacecolor="white",
                   markeredgewidth=0.8, markersize=style.marker_size,
                   label=f"benchmark, {source}")
            for source, marker in sources.items()
        ),
    ]  # fmt: skip


def _line_handles(levels: Sequence[str], style: FigureStyle) -> list[Line2D]:
    handles = []
    for name, text in LIKELIHOODS.items():
        pale = name == UNPROFILED
        for number, level in enumerate(levels):
            handles.append(
                Line2D(
                    [], [], color=_paler("0.25") if pale else "0.25",
                    linestyle=_LINES[number % len(_LINES)],
                    linewidth=style.line_width * (_THIN if pale else 1.0),
                    label=f"{percent(level).replace(' %', '% CL')}, {text}",
                )
            )  # fmt: skip
    return handles


def _note(
    keys: Sequence[str], contours: Mapping[str, list[ShownContour]], settings: OutputSettings
) -> str:
    """Say which contours the range of the scan cuts."""
    texts = {key: cut_text(contours[key]) for key in keys}
    found = {key: text for key, text in texts.items() if text}
    if len(keys) > 1:
        found = {key: f"{settings.label(key)}: {text}" for key, text in found.items()}
    if not found:
        return ""
    return "\n".join(["Cut by the range of the scan:", *map(math_text, found.values())])


def _label(name: str) -> str:
    return math_text(coupling_label(name))


def _paler(color: str) -> str:
    red, green, blue = (1 - _PALE * (1 - part) for part in to_rgb(color))
    return to_hex((red, green, blue))

"""How figures look: fonts, colours, physics labels, and files that are the same every time."""

import itertools
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import mplhep  # noqa: F401  registers the TeX Gyre fonts with matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pydantic import BaseModel, ConfigDict, Field, field_validator

from hh4b import __version__
from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path
from hh4b.core.settings import Settings
from hh4b.core.strict_json import parse_json

GOLDEN = 0.75


class FigureStyle(Settings):
    """What may be changed about a figure without changing its content."""

    font_size: float = Field(8.5, gt=3, lt=40, description="of labels, in points")
    font_family: str = Field("TeX Gyre Heros", description="any font that matplotlib knows")
    column_width_in: float = Field(
        3.4, gt=1, lt=20, description="width of one journal column, inch"
    )
    line_width: float = Field(1.2, gt=0, lt=10, description="of curves, in points")
    marker_size: float = Field(3.5, ge=0, lt=30, description="in points")
    dpi: int = Field(300, ge=50, le=1200, description="dots per inch of the PNG")
    header: str = Field("hh4b", description="bold text above the top left corner")
    qualifier: str = Field("simulation", description="text after the header")
    colors: dict[str, str] = Field(default_factory=dict, description="colour by method key")

    @field_validator("colors")
    @classmethod
    def _colors(cls, value: dict[str, str]) -> dict[str, str]:
        for key, color in value.items():
            if not mpl.colors.is_color_like(color):
                raise ValueError(f"{key}: {color!r} is no colour")
        return value

    @classmethod
    def parse(cls, text: str, base: Mapping[str, Any] | None = None) -> "FigureStyle":
        """Read a style from JSON text.

        Args:
            text: a JSON object.
            base: style that the text goes over.

        Raises:
            ConfigError: if it is no JSON object, or a key or value is not known.
        """
        try:
            content = parse_json(text, finite=True)
        except ValueError as error:
            raise ConfigError(f"figure style {text!r} is not JSON ({error})") from error
        if not isinstance(content, dict):
            raise ConfigError(f"figure style {text!r}: expected a JSON object")
        return cls.checked({**(base or {}), **content}, where="figure style: ")

    def rc(self) -> dict[Any, Any]:
        """Return the matplotlib parameters of this style."""
        small = 0.88 * self.font_size
        return {
            # Without it the names inside an SVG file are drawn by chance.
            "svg.hashsalt": "hh4b",
            "font.family": [self.font_family, "DejaVu Sans"],
            "font.size": self.font_size,
            "mathtext.fontset": "stixsans",
            "axes.labelsize": self.font_size,
            "axes.titlesize": self.font_size,
            "axes.linewidth": 0.7,
            "axes.unicode_minus": True,
            "axes.formatter.use_mathtext": True,
            "axes.formatter.limits": (-3, 4),
            "xaxis.labellocation": "right",
            "yaxis.labellocation": "top",
            "legend.fontsize": small,
            "legend.title_fontsize": small,
            "legend.frameon": False,
            "legend.handlelength": 1.8,
            "legend.labelspacing": 0.3,
            "legend.borderaxespad": 0.6,
            "lines.linewidth": self.line_width,
            "lines.markersize": self.marker_size,
            "errorbar.capsize": 0.0,
            "xtick.labelsize": small,
            "ytick.labelsize": small,
            "xtick.direction": "in",
            "ytick.direction": "in",
            "xtick.top": True,
            "ytick.right": True,
            "xtick.minor.visible": True,
            "ytick.minor.visible": True,
            "xtick.major.size": 4,
            "ytick.major.size": 4,
            "xtick.minor.size": 2,
            "ytick.minor.size": 2,
            "xtick.major.width": 0.7,
            "ytick.major.width": 0.7,
            "xtick.minor.width": 0.5,
            "ytick.minor.width": 0.5,
            "figure.dpi": 100,
            "savefig.dpi": self.dpi,
            "pdf.fonttype": 42,
            "image.cmap": "Blues",
        }

    def size(self, columns: float = 1.0, *, height: float | None = None) -> tuple[float, float]:
        """Return width and height in inches of a figure over so many journal columns.

        Args:
            columns: 1, or 2 for the page's width (with the gap between columns).
            height: in units of one column's width; default 3/4 of the figure's width.
        """
        width = self.column_width_in * (columns + 0.06 * (columns - 1))
        return width, self.column_width_in * height if height else width * GOLDEN


# Okabe and Ito's set: told apart with every kind of colour blindness, and in print.
_BLUE, _ORANGE, _GREEN, _VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
_PURPLE, _SKY, _GREY, _BLACK = "#CC79A7", "#56B4E9", "#6E6E6E", "#000000"
_COLORS = {
    "min_dr": _BLUE, "min_dr_dnn": _BLUE, "min_dr_cuts": _SKY,
    "kappa5_spanet": _ORANGE, "kappa5_spanet_dnn": _ORANGE,
    "mixing_spanet": _GREEN, "mixing_spanet_dnn": _VERMILION, "mixing_spanet_cuts": _PURPLE,
    "mixing_spanet_classification_only": _BLACK,
    "sm_spanet": _SKY, "resonant_spanet": _PURPLE,
    "mixing_joint": _GREEN, "mixing_classification_only": _BLACK, "kappa5_joint": _PURPLE,
    "signal": _VERMILION, "background": _GREY,
    "13tev": _BLUE, "14tev": _VERMILION,
}  # fmt: skip
_CYCLE = (_BLUE, _VERMILION, _GREEN, _ORANGE, _PURPLE, _SKY, _BLACK)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))

#: A tuned training has the colour and marker of the untuned one.
_TUNED = {
    "min_dr_dnn_tuned": "min_dr_dnn", "mixing_spanet_dnn_tuned": "mixing_spanet_dnn",
    "mixing_spanet_tuned": "mixing_spanet", "mixing_joint_tuned": "mixing_joint",
}  # fmt: skip
_TUNED_LINE = (0, (1, 1))
#: Backgrounds, in this order; the signal's colour is not among them.
_BACKGROUNDS = (_GREY, _BLUE, _GREEN, _ORANGE, _PURPLE, _SKY, _BLACK)


class Look(BaseModel):
    """Colour, marker and dash pattern of a method: three ways to tell it from the others."""

    model_config = ConfigDict(frozen=True)
    color: str
    marker: str
    line: Any


def look_of(key: str, style: FigureStyle, index: int = 0) -> Look:
    """Return how a method is drawn, the same in all figures.

    Args:
        key: pairing, selection or sample.
        style: may override the colour.
        index: place among the methods of the figure, for keys without a colour of their own.
    """
    stem = _TUNED.get(key, key)
    color = style.colors.get(key) or _COLORS.get(stem) or _CYCLE[index % len(_CYCLE)]
    place = _CYCLE.index(color) if color in _CYCLE else index
    if stem in _COLORS and color not in _CYCLE:
        place = 0
    line = _TUNED_LINE if key != stem else _LINES[place % len(_LINES)]
    return Look(color=color, marker=_MARKERS[place % len(_MARKERS)], line=line)


def looks_of(keys: Sequence[str], style: FigureStyle) -> dict[str, Look]:
    """Return how the methods of one figure are drawn.

    Those without a colour of their own get the colours that the others leave, as long as there are.
    """
    known = {key for key in keys if style.colors.get(key) or _TUNED.get(key, key) in _COLORS}
    looks = {key: look_of(key, style) for key in keys if key in known}
    used = {look.color for look in looks.values()}
    free = [index for index, color in enumerate(_CYCLE) if color not in used]
    places = itertools.cycle(free or range(len(_CYCLE)))
    return {key: looks[key] if key in known else look_of(key, style, next(places)) for key in keys}


def looks_of_samples(keys: Sequence[str], style: FigureStyle) -> dict[str, Look]:
    """Return how signal and backgrounds are drawn: ``signal``, ``background``, or processes."""
    looks, place = {}, 0
    for key in keys:
        if key in ("signal", "background"):
            looks[key] = look_of(key, style)
            continue
        color = style.colors.get(key) or _BACKGROUNDS[place % len(_BACKGROUNDS)]
        number = place % len(_LINES)
        looks[key] = Look(color=color, marker=_MARKERS[number], line=_LINES[number])
        place += 1
    return looks


def series_look(index: int) -> Look:
    """Return how the curve number ``index`` of a series without method names is drawn."""
    place = index % len(_CYCLE)
    return Look(color=_CYCLE[place], marker=_MARKERS[place], line=_LINES[place])


def new_figure(size: tuple[float, float]) -> Figure:
    """Return an empty figure of a size in inches, with the layout that avoids overlaps."""
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def put_header(axes: Axes, style: FigureStyle, right: str = "") -> None:
    """Write program and kind of data above the left corner, and ``right`` above the right one."""
    bold = mpl.rcParams["font.size"]
    text = axes.annotate(
        style.header, (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points",
        ha="left", va="bottom", weight="bold", fontsize=bold, annotation_clip=False,
    )  # fmt: skip
    axes.annotate(
        style.qualifier, (1, 0), (3, 0), xycoords=text, textcoords="offset points",
        ha="left", va="bottom", fontsize=bold, annotation_clip=False,
    )  # fmt: skip
    axes.annotate(
        right, (1, 1), (0, 3), xycoords="axes fraction", textcoords="offset points",
        ha="right", va="bottom", fontsize=0.94 * bold, annotation_clip=False,
    )  # fmt: skip


def two_columns(figure: Figure, left: Sequence[Line2D], right: Sequence[Line2D]) -> None:
    """Put a legend of two columns below a figure: what is drawn, and what lines mean."""
    rows = max(len(left), len(right))
    blank = Line2D([], [], linestyle="none", label=" ")
    handles = [one for side in (left, right) for one in [*side, *[blank] * (rows - len(side))]]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)


def energy_text(sqrt_s_tev: float | None = None, luminosity_ifb: float | None = None) -> str:
    """Return the text on energy and luminosity.

    >>> "13 TeV, 139 fb" in energy_text(13, 139)
    True
    """
    parts = []
    if sqrt_s_tev is not None:
        parts.append(rf"$\sqrt{{s}}$ = {sqrt_s_tev:g} TeV")
    if luminosity_ifb is not None:
        parts.append(rf"{luminosity_ifb:g} fb$^{{-1}}$")
    return ", ".join(parts)


def save_figure(
    stem: Path | str, figure: Figure, title: str, description: str, note: str
) -> list[Path]:
    """Write ``stem.pdf``, ``stem.png`` and ``stem.svg``, each whole or not at all.

    The files hold no date: equal figures give equal bytes.

    Args:
        stem: path without suffix.
        figure: what to write.
        title: e.g. ``"Figure 3"``.
        description: its caption; `hh4b summary` reads it from the PNG.
        note: program and hash of the configuration.

    Returns:
        The paths written.
    """
    metadata: dict[str, dict[str, str | None]] = {
        "pdf": {
            "Title": title, "Subject": description, "Creator": note, "Producer": None,
            "CreationDate": None,
        },
        "png": {"Title": title, "Description": description, "Software": note},
        "svg": {"Title": title, "Description": description, "Creator": note, "Date": None},
    }  # fmt: skip
    paths = []
    for kind, entries in metadata.items():
        path = Path(f"{stem}.{kind}")
        # In memory first: on a full disk the writer of PDF ends in an error of its compression.
        drawn = BytesIO()
        figure.savefig(drawn, format=kind, metadata=entries)
        # All formats have the layout of the first: to find it takes as long as to draw.
        figure.set_layout_engine("none")
        with atomic_path(path) as temporary:
            temporary.write_bytes(drawn.getvalue())
        paths.append(path)
    return paths


def program() -> str:
    """Return name and version of the program."""
    return f"hh4b {__version__}"

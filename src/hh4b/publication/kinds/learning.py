"""Figure of loss, AUC and pairing efficiency of trainings against the epoch."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from hh4b.core.errors import ContractError, InputFileError
from hh4b.publication.inputs import Inputs
from hh4b.publication.panels import columns_of, new_panels, put_headers, put_legend
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, Look, energy_text, looks_of
from hh4b.publication.text import math_text

Curves = Mapping[str, list[float]]
FAINT = 0.35
#: Of training events, which are drawn faint, and of validation events.
DNN_LOSS = ("train_loss", "validation_loss")
SPANET_LOSS = ("loss/total", "validation/loss")
FROM_TRAINING = (DNN_LOSS[0], SPANET_LOSS[0])
AUC = ("validation_auc", "validation/EVENT/signal/auc")
EFFICIENCY = ("validation/event_efficiency",)
#: Title of the vertical axis, and the columns of which a panel shows those that a file has.
PANELS = {
    "Loss of dense networks": DNN_LOSS,
    "Loss of SPANet2": SPANET_LOSS,
    "AUC": AUC,
    "Event efficiency": EFFICIENCY,
}


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a panel for each quantity that a training has; losses of training events faint."""
    keys = list(inputs.files)
    curves = {key: read_curves(inputs.many(key)[0]) for key in keys}
    shown = {
        title: columns
        for title, columns in PANELS.items()
        if any(name in found for found in curves.values() for name in columns)
    }
    rows = -(-len(shown) // columns_of(len(shown)))
    panels = new_panels(style, len(shown), height=0.75 + 0.05 * len(keys) / rows)
    looks = looks_of(keys, style)
    for axes, (title, columns) in zip(panels.axes, shown.items(), strict=True):
        for key in keys:
            _plot(axes, curves[key], columns, looks[key])
        axes.set(xlabel="Epoch", ylabel=title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    put_headers(panels, style, energy_text(settings.sqrt_s_tev))
    handles = [
        Line2D([], [], color=look.color, marker=look.marker, linestyle=look.line,
               label=math_text(settings.label(key)))
        for key, look in looks.items()
    ]  # fmt: skip
    handles += [
        Line2D([], [], color="0.3", label="on validation events"),
        Line2D([], [], color="0.3", alpha=FAINT, label="losses on training events"),
    ]
    put_legend(panels, handles, columns=2)
    return panels.figure


def _plot(axes: Axes, curves: Curves, columns: tuple[str, ...], look: Look) -> None:
    """Draw the columns that a training has, the losses of training events faint."""
    for column in columns:
        if column in curves:
            axes.plot(
                curves["epoch"], curves[column], color=look.color, marker=look.marker,
                markersize=2, linestyle=look.line, linewidth=0.9,
                alpha=FAINT if column in FROM_TRAINING else 1,
            )  # fmt: skip


def read_curves(path: Path) -> dict[str, list[float]]:
    """Read learning curves by column.

    Raises:
        InputFileError: if the file is missing or no table of numbers.
        ContractError: if a needed column is missing.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        curves = {
            name: [float(row[name]) if row[name] else math.nan for row in rows]
            for name in (rows[0] if rows else ())
        }
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:
        raise InputFileError(f"{path} is no table of numbers ({error})") from error
    losses = {*DNN_LOSS, *SPANET_LOSS} & set(curves)
    if "epoch" not in curves or not losses:
        raise ContractError(f"{path}: no columns of epoch and loss; it is no file of a training")
    if DNN_LOSS[0] in curves:
        # `hh4b dnn train` counts epochs from zero.
        curves["epoch"] = [epoch + 1 for epoch in curves["epoch"]]
    return curves

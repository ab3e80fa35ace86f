"""Figure learning: loss and AUC of trainings against the epoch.

Inputs: ``<training>=metrics.csv`` with columns ``epoch, train_loss, validation_loss`` and, if
there, ``validation_auc``.
"""

import csv
import math
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from hh4b.errors import ContractError, InputFileError
from hh4b.publication.inputs import Inputs
from hh4b.publication.methods import SELECTIONS, selection_name
from hh4b.publication.style import FigureStyle, look_of, new_figure, put_header


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw the losses on the left (validation full, training dashed), the AUC on the right."""
    figure = new_figure(style.size(2, height=0.8))
    left, right = figure.subplots(1, 2)
    handles = []
    for index, key in enumerate(inputs.keys(SELECTIONS)):
        curves = read_curves(inputs.many(key)[0])
        look = look_of(key, style, index)
        epochs = [epoch + 1 for epoch in curves["epoch"]]
        left.plot(epochs, curves["validation_loss"], color=look.color)
        left.plot(epochs, curves["train_loss"], color=look.color, linestyle="--")
        if "validation_auc" in curves:
            right.plot(
                epochs, curves["validation_auc"], color=look.color, marker=look.marker,
                markersize=2.5,
            )  # fmt: skip
        handles.append(Line2D([], [], color=look.color, label=selection_name(key).latex))
    kinds = [
        Line2D([], [], color="0.3", label="validation"),
        Line2D([], [], color="0.3", linestyle="--", label="training"),
    ]
    left.set(xlabel="Epoch", ylabel="Loss")
    right.set(xlabel="Epoch", ylabel="AUC on validation events")
    left.legend(handles=[*handles, *kinds], loc="upper right")
    right.legend(handles=handles, loc="best")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        put_header(axes, style)
    return figure


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
    for name in ("epoch", "train_loss", "validation_loss"):
        if name not in curves:
            raise ContractError(f"{path}: no column {name!r}; it is no file of a training")
    return curves

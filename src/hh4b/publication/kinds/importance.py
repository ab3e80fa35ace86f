"""Figure of what dense networks lose when one of their inputs is shuffled among the events."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.observable_labels import observable_label
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, looks_of, new_figure, put_header
from hh4b.publication.text import math_text

Floats = NDArray[np.float64]
#: Height of a row in widths of a journal column.
ROW = 0.062


class MissedInputs(NamedTuple):
    """Loss of AUC by input, with its error where the file has one; 0 where it has none.

    Attributes:
        columns: names of the inputs.
        value: shape (input,).
        error: shape (input,).
    """

    columns: tuple[str, ...]
    value: Floats
    error: Floats


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a row per input, the one that the first classifier misses most on top.

    Errors are those by the folds, which hold events, training and shuffling; without folds, those
    of the repeated shuffling alone.
    """
    keys = list(inputs.files)
    found = {key: read_losses(RunFile.read(inputs.one(key))) for key in keys}
    first = found[keys[0]]
    order = [first.columns[i] for i in np.argsort(-first.value, kind="stable")]
    names = list(dict.fromkeys([*order, *(n for one in found.values() for n in one.columns)]))
    figure = new_figure(style.size(height=0.3 + ROW * len(names)))
    axes = figure.add_subplot()
    thickness = 0.8 / len(keys)
    for place, (key, look) in enumerate(looks_of(keys, style).items()):
        one = found[key]
        rows = np.array([names.index(name) for name in one.columns], dtype=float)
        rows += thickness * (place - 0.5 * (len(keys) - 1))
        axes.errorbar(
            one.value, rows, xerr=one.error, color=look.color, marker=look.marker,
            linestyle="none", markersize=style.marker_size, capsize=1.5,
            label=math_text(settings.label(key)),
        )  # fmt: skip
    for row in range(0, len(names), 2):
        axes.axhspan(row - 0.5, row + 0.5, color="0.95", lw=0, zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.7, zorder=1)
    axes.set_yticks(range(len(names)), [observable_label(name) for name in names], minor=False)
    axes.tick_params(axis="y", which="both", left=False, right=False)
    axes.set(ylim=(len(names) - 0.5, -0.5), xlabel="Loss of AUC when shuffled")
    axes.legend(loc="lower right")
    put_header(axes, style, energy_text(settings.sqrt_s_tev))
    return figure


def read_losses(file: RunFile) -> MissedInputs:
    """Read a file of `hh4b dnn importance`.

    Raises:
        ContractError: if it is none, or its arrays differ in length.
    """
    columns = tuple(str(name) for name in file.get("columns"))
    value = np.array(file.numbers("auc_loss"))
    known = [name for name in ("fold_error", "repeat_error") if file.get(name) is not None]
    error = np.array(file.numbers(known[0])) if known else np.zeros(len(value))
    if not len(columns) == len(value) == len(error):
        raise ContractError(
            f"{file.path}: {len(columns)} inputs with {len(value)} losses and {len(error)} errors"
        )
    return MissedInputs(columns, value, error)

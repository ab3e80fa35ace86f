"""Figure scores: classifier output of signal and background.

Inputs: for each selection S, ``S.signal=DATASET.h5:SCORES.h5`` and ``S.background=…``; both may be
repeated. The score shown is that at kappa_lambda = 1, or at the first value if there is no such.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from hh4b.core import contracts
from hh4b.core.errors import ConfigError, ContractError
from hh4b.publication.event_files import event_weights
from hh4b.publication.histograms import Histogram, draw_fractions
from hh4b.publication.inputs import Inputs
from hh4b.publication.methods import SELECTIONS, selection_name
from hh4b.publication.style import FigureStyle, energy_text, look_of, new_figure, put_header

EDGES = np.linspace(0, 1, 41)
CLASSES = ("signal", "background")


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw one panel per selection on a logarithmic axis."""
    names = {key.rpartition(".")[0] for key in inputs.files}
    keys = [k for k in SELECTIONS if k in names] + sorted(names - set(SELECTIONS))
    columns = min(len(keys), 2)
    rows = -(-len(keys) // columns)
    figure = new_figure(style.size(columns, height=0.8 * rows))
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, key in zip(grid, keys, strict=False):
        top = 0.0
        for kind in CLASSES:
            histogram = read_scores(inputs.what, inputs.many(f"{key}.{kind}"))
            filled = kind == "background"
            top = max(top, draw_fractions(axes, histogram, look_of(kind, style), kind, fill=filled))
        axes.set_yscale("log")
        axes.set(
            xlabel="Classifier output", ylabel=histogram.bin_label(""), xlim=(0, 1),
            ylim=(1e-4, 20 * top),
        )  # fmt: skip
        axes.legend(loc="upper center", title=selection_name(key).latex, ncols=2)
        put_header(axes, style, energy_text(13))
    for axes in grid[len(keys) :]:
        axes.remove()
    return figure


def read_scores(what: str, pairs: tuple[Path, ...]) -> Histogram:
    """Histogram the scores of samples given as ``DATASET.h5:SCORES.h5``, at kappa_lambda = 1.

    Raises:
        ConfigError: if an input is no pair.
        ContractError: if the two files differ in their number of events.
    """
    total: Histogram | None = None
    for pair in pairs:
        dataset, separator, scores = str(pair).partition(":")
        if not separator:
            raise ConfigError(f"{what}: {str(pair)!r} is not of the form DATASET.h5:SCORES.h5")
        arrays = contracts.read_table(scores, contracts.SCORES)
        weights = event_weights(dataset)
        if len(weights) != len(arrays["score"]):
            raise ContractError(
                f"{scores} has {len(arrays['score'])} events, {dataset} has {len(weights)}"
            )
        column = int(np.argmin(np.abs(arrays["kappa_lambda"] - 1)))
        # Samples of different cross section count by their number of events.
        part = Histogram.fill(arrays["score"][:, column], EDGES, weights / weights.mean())
        total = part if total is None else total.merged(part)
    if total is None:
        raise ConfigError(f"{what}: no scores given")
    return total

"""Figure of the classifier output by class or process, a panel per classifier."""

import functools
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from hh4b.core import contracts
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.grouping import count_events
from hh4b.core.joined import split_files
from hh4b.publication.event_columns import event_weights, row_event_ids
from hh4b.publication.histograms import WeightedHistogram, draw_fractions
from hh4b.publication.inputs import Inputs
from hh4b.publication.panels import (
    name_panel,
    new_panels,
    outer_labels_only,
    put_headers,
    put_legend,
)
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, looks_of_samples
from hh4b.publication.text import math_text

EDGES = np.linspace(0, 1, 41)


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw one panel per classifier C on a logarithmic axis.

    Keys are ``C.signal`` and ``C.background``, or ``C.<process>``; files are
    ``DATASET.h5:SCORES.h5``, several of a key are taken together. The score shown is that at
    kappa_lambda = 1, or at the value closest to it.
    """
    panels: dict[str, list[str]] = {}
    for text in inputs.files:
        classifier, separator, sample = text.partition(".")
        if not separator:
            raise ConfigError(f"{inputs.what}: input {text!r} is not of the form CLASSIFIER.SAMPLE")
        panels.setdefault(classifier, []).append(sample)
    drawn = new_panels(style, len(panels), height=0.8, share_y=True)
    top = 0.0
    handles: dict[str, Artist] = {}
    for axes, (classifier, samples) in zip(drawn.axes, panels.items(), strict=True):
        looks = looks_of_samples(samples, style)
        for sample in samples:
            histogram = read_scores(inputs.many(f"{classifier}.{sample}"))
            name, filled = math_text(settings.label(sample)), sample == "background"
            top = max(top, draw_fractions(axes, histogram, looks[sample], name, fill=filled))
        axes.set(xlabel="Classifier output", ylabel=histogram.bin_label(""), xlim=(0, 1))
        axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8], minor=False)
        found, labels = axes.get_legend_handles_labels()
        handles |= dict(zip(labels, found, strict=True))
        name_panel(axes, math_text(settings.label(classifier)), side="left")
    drawn.axes[0].set_yscale("log")
    drawn.axes[0].set_ylim(1e-4, 4 * top or 1)
    outer_labels_only(drawn)
    put_headers(drawn, style, energy_text(settings.sqrt_s_tev))
    put_legend(drawn, list(handles.values()))
    return drawn.figure


def read_scores(pairs: tuple[Path, ...]) -> WeightedHistogram:
    """Histogram the scores of samples given as ``DATASET.h5:SCORES.h5``, at kappa_lambda = 1.

    Raises:
        ConfigError: if an input is no pair.
        ContractError: if the two files differ in their number of events.
    """
    parts = []
    for pair in pairs:
        dataset, scores = split_files(str(pair), ("DATASET.h5", "SCORES.h5")).paths
        arrays = contracts.read_table(scores, contracts.SCORES)
        weights = event_weights(dataset)
        if len(weights) != len(arrays["score"]):
            raise ContractError(
                f"{scores} has {len(arrays['score'])} events, {dataset} has {len(weights)}"
            )
        column = int(np.argmin(np.abs(arrays["kappa_lambda"] - 1)))
        # Samples of different cross section count by their number of events.
        events = row_event_ids(dataset)
        mean = weights.mean() if events is None else weights.sum() / count_events(events)
        score = arrays["score"][:, column]
        parts.append(WeightedHistogram.fill(score, EDGES, weights / mean, events))
    return functools.reduce(WeightedHistogram.merged, parts)

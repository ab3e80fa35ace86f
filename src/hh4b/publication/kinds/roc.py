"""Figure of background rejection against signal efficiency."""

import numpy as np
from matplotlib.figure import Figure

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, looks_of, new_figure, put_header
from hh4b.publication.text import math_text


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw 1 / background efficiency; the first of repeated trainings is shown."""
    figure = new_figure(style.size())
    axes = figure.add_subplot()
    top = 10.0
    for key, look in looks_of(list(inputs.files), style).items():
        metrics = RunFile.read(inputs.many(key)[0])
        signal = np.array(metrics.numbers("roc", "signal_efficiency"))
        background = np.array(metrics.numbers("roc", "background_efficiency"))
        shown = background > 0
        error = metrics.optional("auc_error")
        area = f"{metrics.number('auc'):.3f}" + ("" if error is None else f" ± {error:.3f}")
        label = f"{math_text(settings.label(key))}: {area}"
        axes.plot(
            signal[shown], 1 / background[shown], color=look.color, linestyle=look.line, label=label
        )
        useful = shown & (signal >= 0.05)
        top = max(top, float((1 / background[useful]).max(initial=10.0)))
    efficiency = np.linspace(0.02, 1, 99)
    axes.plot(efficiency, 1 / efficiency, color="0.6", linewidth=0.8, linestyle=":")
    axes.annotate("random", (0.25, 4), (0, 4), textcoords="offset points", color="0.4",
                  fontsize="small")  # fmt: skip
    axes.set_yscale("log")
    axes.set(
        xlabel="Signal efficiency", ylabel="1 / background efficiency", xlim=(0, 1),
        ylim=(1, 3 * top),
    )  # fmt: skip
    axes.legend(loc="upper right", title="area under the curve", alignment="left")
    put_header(axes, style, energy_text(settings.sqrt_s_tev))
    return figure

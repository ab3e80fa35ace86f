"""Figure of the share of the generated events that is left after each step."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from hh4b.core import contracts
from hh4b.core.errors import ContractError
from hh4b.core.strict_json import parse_attribute
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import (
    FigureStyle,
    energy_text,
    looks_of_samples,
    new_figure,
    put_header,
)
from hh4b.publication.text import math_text

_LABELS = {
    "generated": "generated",
    "tagged": "four b tags",
    "four_tag": "four b tags",
    "unambiguous": "clear truth",
    "paired": "paired",
    "delta_eta_hh": r"$|\Delta\eta_{HH}|$",
    "top_veto": "top veto",
    "signal_region": r"$X_{HH}$",
}
#: A tree may lack events that cannot pass, and weights may hold the tags already: these steps of
#: ingestion say nothing about physics.
_SKIPPED = ("in_tree", "four_jets")
#: Between samples, in steps.
SHIFT = 0.12


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the steps on a logarithmic axis, and below their errors in per cent of the share.

    An error of some per cent is narrower than a line on an axis of several decades: it has its own.
    """
    flows = {key: read_cutflow(inputs.one(key)) for key in inputs.files}
    known = any(error > 0 for flow in flows.values() for _, _, error in flow)
    figure = new_figure(style.size(height=1.05 if known else None))
    if known:
        axes, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    else:
        axes = lower = figure.add_subplot()
    labels: list[str] = []
    lowest = 1.0
    looks = looks_of_samples(list(inputs.files), style)
    for place, (key, look) in enumerate(looks.items()):
        steps = flows[key]
        labels = max(labels, [name for name, _, _ in steps], key=len)
        values, errors = [value for _, value, _ in steps], [error for _, _, error in steps]
        # Beside each other, so that no sample hides another.
        x = np.arange(len(values)) + SHIFT * (place - 0.5 * (len(looks) - 1))
        axes.errorbar(
            x, values, yerr=errors, color=look.color, marker=look.marker, linestyle=look.line,
            markersize=0.7 * style.marker_size, capsize=2, label=math_text(settings.label(key)),
        )  # fmt: skip
        lowest = min(lowest, *(value for value in values if value > 0))
        shown = [n for n in range(len(values)) if errors[n] > 0]
        if known:
            lower.plot(
                x[shown], [100 * errors[n] / values[n] for n in shown], color=look.color,
                marker=look.marker, linestyle=look.line, markersize=0.7 * style.marker_size,
            )  # fmt: skip
    axes.set_yscale("log")
    axes.set(ylabel="Share of generated events", ylim=(0.3 * lowest, 5))
    lower.set_xticks(range(len(labels)), labels, rotation=25, ha="right", minor=False)
    for panel in {axes, lower}:
        panel.tick_params(axis="x", which="minor", bottom=False, top=False)
    if known:
        lower.set_ylabel("error [%]", loc="center")
        lower.set_ylim(0, None)
        figure.align_ylabels([axes, lower])
    axes.legend(loc="upper right")
    put_header(axes, style, energy_text(settings.sqrt_s_tev))
    return figure


def read_cutflow(path: Path) -> list[tuple[str, float, float]]:
    """Return step, share of the generated weight, and its error (0 where the file has none).

    Raises:
        ContractError: if the file has no cutflow.
    """
    if path.suffix == ".json":
        steps = RunFile.read(path).get("steps")
        if any(step.get("efficiency") is None for step in steps):
            raise ContractError(f"{path}: efficiencies are unknown: the dataset lacks its total")
        return [("generated", 1.0, 0.0)] + [
            (
                _LABELS.get(step["name"], step["name"].replace("_", " ")),
                float(step["efficiency"]),
                float(step["efficiency_error"] or 0.0),
            )
            for step in steps
        ]
    attributes = contracts.read_attributes(path)
    flow = parse_attribute(attributes, "cutflow", path)
    total = flow["generated"]["sum_weights"]
    return [
        (_LABELS.get(step, step.replace("_", " ")), counts["sum_weights"] / total, 0.0)
        for step, counts in flow.items()
        if step not in _SKIPPED
    ]

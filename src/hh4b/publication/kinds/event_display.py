"""Figure of an event that a method pairs right and of one that it pairs wrong."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch
from matplotlib.ticker import FixedLocator, MaxNLocator

from hh4b.core.errors import ConfigError
from hh4b.core.kinematics import delta_phi
from hh4b.publication.displayed_event import DisplayedEvent, read_events
from hh4b.publication.inputs import Inputs
from hh4b.publication.panels import name_panel
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, new_figure, put_header
from hh4b.publication.text import math_text

#: Radius of the jets.
RADIUS = 0.4
COLORS = {0: "#0072B2", 1: "#E69F00", -1: "#BBBBBB"}
LETTERS = {0: "a", 1: "b", -1: ""}
MISSING = "#6E6E6E"


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a row per event: eta against phi, and momenta across the beam.

    Keys are ``dataset`` and one pairing. Colours are the candidates of the pairing, letters the
    true Higgs bosons: where it is right, each colour has one letter.

    Raises:
        ConfigError: if there is not exactly one pairing.
    """
    keys = [key for key in inputs.files if key != "dataset"]
    if len(keys) != 1:
        raise ConfigError(f"{inputs.what}: wants one pairing beside 'dataset', has {len(keys)}")
    events = read_events(inputs.one("dataset"), inputs.one(keys[0]))
    # The same range for both, as far as their jets need.
    reach = max([2.5, *(float(np.abs(e.eta).max()) + RADIUS for e in events if e is not None)])
    figure = new_figure(style.size(2, height=1.9))
    grid = figure.subplots(2, 2)
    name = math_text(settings.label(keys[0]))
    for (plane, across), event, word in zip(grid, events, ("right", "wrong"), strict=True):
        put_header(plane, style, f"{name}: {word}")
        bare = style.model_copy(update={"header": "", "qualifier": ""})
        put_header(across, bare, energy_text(settings.sqrt_s_tev))
        if event is None:
            for axes in (plane, across):
                axes.text(0.5, 0.5, "no such event", transform=axes.transAxes, ha="center")
                axes.set(xticks=[], yticks=[])
            continue
        _draw_plane(plane, event, reach)
        _draw_across(across, event)
    figure.legend(handles=_handles(events), loc="outside lower center", ncols=5)
    return figure


def _handles(events: tuple[DisplayedEvent | None, ...]) -> list[Artist]:
    found: list[Artist] = [
        Patch(facecolor=COLORS[0], label=r"candidate $H_1$"),
        Patch(facecolor=COLORS[1], label=r"candidate $H_2$"),
        Patch(facecolor=COLORS[-1], label="other jets"),
        Line2D([], [], linestyle="none", label="a, b: true Higgs bosons"),
    ]
    if any(event is not None and event.missing is not None for event in events):
        label = r"$E_\mathrm{T}^\mathrm{miss}$"
        found.append(Line2D([], [], color=MISSING, linestyle="--", label=label))
    return found


def _draw_plane(axes: Axes, event: DisplayedEvent, reach: float) -> None:
    """Draw jets as circles, and a line from jet to jet of each candidate, around the cylinder."""
    turns = (-2 * np.pi, 0.0, 2 * np.pi)
    for number in (0, 1):
        first, second = np.flatnonzero(event.candidate == number)
        step = float(delta_phi(event.phi[second], event.phi[first]))
        for turn in turns:
            axes.plot(
                event.eta[[first, second]], event.phi[first] + turn + np.array([0.0, step]),
                color=COLORS[number], zorder=1,
            )  # fmt: skip
    for eta, phi, pt, candidate, truth in zip(
        event.eta, event.phi, event.pt, event.candidate, event.truth, strict=True
    ):
        for turn in turns:
            axes.add_patch(
                Circle((eta, phi + turn), RADIUS, facecolor=COLORS[candidate], edgecolor="black",
                       linewidth=0.6, zorder=2)
            )  # fmt: skip
        text = f"{LETTERS[truth]}\n{pt:.0f}" if truth >= 0 else f"{pt:.0f}"
        axes.text(eta, phi, text, ha="center", va="center", fontsize="small", zorder=3,
                  color="white" if candidate == 0 else "black", linespacing=0.95)  # fmt: skip
    axes.set(xlabel=r"$\eta$", ylabel=r"$\phi$ [rad], in the circles $p_\mathrm{T}$ [GeV]",
             xlim=(-reach, reach), ylim=(-np.pi, np.pi), aspect="equal")  # fmt: skip
    axes.yaxis.set_major_locator(FixedLocator([-3, -2, -1, 0, 1, 2, 3]))


def _draw_across(axes: Axes, event: DisplayedEvent) -> None:
    """Draw transverse momenta as arrows from the beam."""
    reach = 1.2 * float(event.pt.max())
    for phi, pt, candidate, truth in zip(
        event.phi, event.pt, event.candidate, event.truth, strict=True
    ):
        x, y = pt * np.cos(phi), pt * np.sin(phi)
        axes.annotate(
            "", (x, y), (0, 0), zorder=2,
            arrowprops={"arrowstyle": "-|>", "color": COLORS[candidate], "linewidth": 1.6,
                        "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        away = 1 + 0.06 * reach / pt
        axes.text(away * x, away * y, LETTERS[truth], ha="center", va="center", zorder=3)
    if event.missing is not None:
        size, phi = event.missing
        reach = max(reach, 1.1 * size)
        axes.plot([0, size * np.cos(phi)], [0, size * np.sin(phi)], color=MISSING, linestyle="--",
                  linewidth=1.0, zorder=1)  # fmt: skip
    axes.plot(0, 0, marker="+", color="black", markersize=6)
    axes.set(xlabel=r"$p_x$ [GeV]", ylabel=r"$p_y$ [GeV]", xlim=(-reach, reach),
             ylim=(-reach, reach), aspect="equal")  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    first, second = event.masses
    name_panel(axes, rf"$m_{{H_1}}$ = {first:.0f} GeV, $m_{{H_2}}$ = {second:.0f} GeV", side="left")

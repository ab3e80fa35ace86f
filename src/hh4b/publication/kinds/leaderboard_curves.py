"""Figure of pairings on the same events: against kappa_lambda and against training events."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from hh4b.pairing.metrics import Mean
from hh4b.publication.inputs import Inputs
from hh4b.publication.leaderboard import (
    CEILINGS,
    KappaEvents,
    LeaderboardSettings,
    mean_of,
    pairing_keys,
    read_samples,
    training_sizes,
)
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import (
    FigureStyle,
    Look,
    energy_text,
    looks_of,
    new_figure,
    put_header,
)
from hh4b.publication.text import math_text

#: The ceiling that is drawn: of pairings that look at four jets only.
_CEILING = "best_of_four_leading"
_GREY = "#6E6E6E"


class LeaderboardCurvesOptions(LeaderboardSettings):
    """Options of the kind."""


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw the efficiency against kappa_lambda, and its mean against the number of training events.

    Of a series the pairing with the most training events is drawn against kappa_lambda.

    Raises:
        ConfigError: see `hh4b.publication.leaderboard.read_samples`.
    """
    options = settings.read(LeaderboardCurvesOptions)
    samples, sizes = read_samples(inputs, options), training_sizes(inputs, options)
    groups = _groups(pairing_keys(inputs), options, sizes)
    looks = looks_of([group[-1] for group in groups.values()], style)
    figure = new_figure(style.size(2, height=0.95))
    left, right = figure.subplots(1, 2, sharey=True)
    for name, group in groups.items():
        key, label = group[-1], name if len(group) > 1 else settings.label(group[0])
        _against_kappa(left, samples, key, looks[key], style, math_text(label))
        _against_events(right, samples, group, sizes, looks[key], style)
    values = [one.efficiency(_CEILING).value for one in samples]
    kappas = [one.kappa_lambda for one in samples]
    ceiling = math_text(CEILINGS[_CEILING])
    left.plot(kappas, values, color=_GREY, linestyle=":", linewidth=style.line_width, label=ceiling)
    _level(right, _mean(samples, _CEILING), _GREY, ":", style)
    left.set(xlabel=r"$\kappa_\lambda$", ylabel="Pairing efficiency", ylim=(0, 1))
    shown = sorted({sizes[key] for group in groups.values() for key in group if key in sizes})
    if shown:
        right.set_xscale("log")
        right.xaxis.set_major_locator(FixedLocator(shown))
        right.xaxis.set_minor_locator(NullLocator())
        right.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:,.0f}"))
    else:
        right.xaxis.set_major_locator(NullLocator())
        right.xaxis.set_minor_locator(NullLocator())
    right.set_xlabel("training events")
    right.set_ylabel(r"mean over $\kappa_\lambda$")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    put_header(left, style)
    bare = style.model_copy(update={"header": "", "qualifier": ""})
    put_header(right, bare, energy_text(settings.sqrt_s_tev))
    return figure


def _groups(
    keys: Sequence[str], options: LeaderboardSettings, sizes: dict[str, int]
) -> dict[str, list[str]]:
    """Return pairings by series in rising number of training events; others alone."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(options.series_of(key) or key, []).append(key)
    return {
        name: sorted(group, key=lambda key: sizes.get(key, 0)) for name, group in groups.items()
    }


def _mean(samples: Sequence[KappaEvents], key: str) -> Mean:
    return mean_of([one.efficiency(key) for one in samples])


def _against_kappa(
    axes: Axes,
    samples: Sequence[KappaEvents],
    key: str,
    look: Look,
    style: FigureStyle,
    label: str,
) -> None:
    kappas = [one.kappa_lambda for one in samples]
    _curve(axes, kappas, [one.efficiency(key) for one in samples], look, style, label)


def _against_events(
    axes: Axes,
    samples: Sequence[KappaEvents],
    group: Sequence[str],
    sizes: dict[str, int],
    look: Look,
    style: FigureStyle,
) -> None:
    """Draw a curve of those that learn, and a line across of one that does not."""
    trained = [key for key in group if key in sizes]
    if trained:
        found = [_mean(samples, key) for key in trained]
        _curve(axes, [sizes[key] for key in trained], found, look, style)
    else:
        _level(axes, _mean(samples, group[0]), look.color, look.line, style)


def _curve(
    axes: Axes,
    places: Sequence[float],
    found: Sequence[Mean],
    look: Look,
    style: FigureStyle,
    label: str | None = None,
) -> None:
    values, errors = (
        np.array([np.nan if number is None else number for number in numbers])
        for numbers in zip(*((one.value, one.error) for one in found), strict=True)
    )
    axes.errorbar(
        places, values, yerr=errors, color=look.color, marker=look.marker, linestyle=look.line,
        linewidth=0.8 * style.line_width, elinewidth=0.8 * style.line_width, label=label,
    )  # fmt: skip


def _level(axes: Axes, mean: Mean, color: str, line: object, style: FigureStyle) -> None:
    if mean.value is not None:
        axes.axhline(mean.value, color=color, linestyle=line, linewidth=0.8 * style.line_width)

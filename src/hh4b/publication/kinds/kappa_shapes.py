"""Figure of m_hh and Higgs pT of gg -> HH by kappa_lambda."""

from matplotlib.figure import Figure

from hh4b.core.errors import ConfigError
from hh4b.publication.histograms import WeightedHistogram, draw_fractions
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, energy_text, new_figure, put_header, series_look

PANELS = {"m_hh": r"$m_{HH}$ [GeV]", "h_pt": r"$p_\mathrm{T}(H)$ [GeV]"}


def draw(inputs: Inputs, settings: OutputSettings, style: FigureStyle) -> Figure:
    """Draw a curve per kappa_lambda in both panels."""
    files = {kappa: RunFile.read(inputs.one(key)) for kappa, key in _kappas(inputs)}
    figure = new_figure(style.size(2, height=0.85))
    for axes, (name, label) in zip(figure.subplots(1, 2), PANELS.items(), strict=True):
        top = 0.0
        for index, (kappa, file) in enumerate(files.items()):
            entry = file.get("histograms", name)
            histogram = WeightedHistogram.from_json(entry, where=f"{file.path}: {name}")
            text = rf"$\kappa_\lambda$ = {kappa:g}".replace("-", "−")
            top = max(top, draw_fractions(axes, histogram, series_look(index), text))
        axes.set(
            xlabel=label, ylabel=histogram.bin_label("GeV"), ylim=(0, 1.2 * top),
            xlim=(histogram.edges[0], histogram.edges[-1]),
        )  # fmt: skip
        axes.legend(loc="upper right")
        put_header(axes, style, energy_text(file.number("sqrt_s_tev")))
    return figure


def _kappas(inputs: Inputs) -> list[tuple[float, str]]:
    try:
        return sorted((float(key), key) for key in inputs.files)
    except ValueError as error:
        raise ConfigError(
            f"{inputs.what}: keys must be values of kappa_lambda ({error})"
        ) from error

"""Figure 11: m_hh and Higgs pT of gg -> HH at 13 and 14 TeV.

Inputs: ``13tev=….json 14tev=….json``, files of ``hh4b parton-histograms``.
"""

from matplotlib.figure import Figure

from hh4b.publication.energy_figures import Panel, draw_comparison
from hh4b.publication.inputs import Inputs
from hh4b.publication.style import FigureStyle


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw the figure."""
    panels = [Panel("m_hh", r"$m_{hh}$", "GeV"), Panel("h_pt", r"$p_\mathrm{T}(h)$", "GeV")]
    return draw_comparison(inputs, style, panels, r"$gg\to hh$")

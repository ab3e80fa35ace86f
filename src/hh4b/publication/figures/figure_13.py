"""Figure 13: pT and eta of the leading and the sub-leading b quark at 13 and 14 TeV.

Inputs: ``13tev=….json 14tev=….json``, files of ``hh4b parton-histograms``.
"""

from matplotlib.figure import Figure

from hh4b.publication.energy_figures import Panel, draw_comparison
from hh4b.publication.inputs import Inputs
from hh4b.publication.style import FigureStyle


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw the figure."""
    panels = [
        Panel("b1_pt", r"$p_\mathrm{T}(b_1)$", "GeV"),
        Panel("b1_eta", r"$\eta(b_1)$", ""),
        Panel("b2_pt", r"$p_\mathrm{T}(b_2)$", "GeV"),
        Panel("b2_eta", r"$\eta(b_2)$", ""),
    ]
    return draw_comparison(inputs, style, panels, r"$pp\to b\bar{b}b\bar{b}$")

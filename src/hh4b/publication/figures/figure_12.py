"""Figure 12: m_4b of pp -> 4b at 13 and 14 TeV.

Inputs: ``13tev=….json 14tev=….json``, files of ``hh4b parton-histograms``.
"""

from matplotlib.figure import Figure

from hh4b.publication.energy_figures import Panel, draw_comparison
from hh4b.publication.inputs import Inputs
from hh4b.publication.style import FigureStyle


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw the figure."""
    panels = [Panel("m_4b", r"$m_{4b}$", "GeV")]
    return draw_comparison(inputs, style, panels, r"$pp\to b\bar{b}b\bar{b}$")

"""Figure 3: mass planes and Higgs-candidate masses of background events by pairing method.

Inputs: ``dataset=datasets/….h5`` and ``<pairing>=features/…/….h5``; several samples as repeated
keys in the same order. No selection applies beyond the four-tag cut.
"""

from matplotlib.figure import Figure

from hh4b.publication.inputs import Inputs
from hh4b.publication.mass_figures import draw_masses
from hh4b.publication.style import FigureStyle


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw the figure."""
    return draw_masses(inputs, style, "background")

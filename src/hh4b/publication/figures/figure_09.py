"""Figure 9: correlations of the first three components with the observables, by class.

Inputs: ``embeddings=….json`` of ``hh4b embeddings``.
"""

from matplotlib.figure import Figure

from hh4b.publication.embedding_figures import draw_correlations
from hh4b.publication.inputs import Inputs
from hh4b.publication.style import FigureStyle


def draw(inputs: Inputs, style: FigureStyle) -> Figure:
    """Draw the figure."""
    return draw_correlations(inputs, style, ("signal", "background"))

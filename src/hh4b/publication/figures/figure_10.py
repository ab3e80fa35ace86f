"""Figure 10: pairing efficiency against kappa_lambda by method.

Inputs: ``<pairing>=….json``, the efficiency curve of ``min_dr``, ``mixing_spanet`` …
"""

from hh4b.publication.efficiency_figures import draw_efficiency as draw

__all__ = ["draw"]

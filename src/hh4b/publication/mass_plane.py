"""The plane of the masses of both Higgs candidates, and the signal region in it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from hh4b.selection.cuts import x_hh
from hh4b.selection.settings import CutSettings

Floats = NDArray[np.float64]

PLANE_MAX_GEV = 250.0
#: From so many events on, bins of 5 GeV are filled well enough; below, bins of 10 GeV.
FINE_PLANE_EVENTS = 20_000
REGION_COLOR = "#D55E00"


def bin_width(events: int) -> float:
    """Return the width of a bin in GeV for a number of events."""
    return 5.0 if events >= FINE_PLANE_EVENTS else 10.0


def plane_share(masses: dict[str, Floats], weights: Floats, width: float) -> Floats:
    """Return the share of all events in each bin in per cent.

    Args:
        masses: ``h1_mass`` and ``h2_mass`` in GeV, shape (N,) each.
        weights: shape (N,).
        width: of a bin in GeV.

    Returns:
        Shape (B, B), the bin of the second candidate first; events outside the plane count in the
        whole.
    """
    edges = np.arange(0, PLANE_MAX_GEV + width, width)
    counts, _, _ = np.histogram2d(
        masses["h1_mass"], masses["h2_mass"], bins=(edges, edges), weights=weights
    )
    total = weights.sum()
    return np.asarray(100 * counts.T / (total if total else 1.0))


def draw_plane(axes: Axes, share: Floats, width: float, *, top: float | None = None) -> QuadMesh:
    """Draw a plane of `plane_share`; ``top`` is the share of the darkest colour."""
    edges = np.arange(0, PLANE_MAX_GEV + width, width)
    mesh = axes.pcolormesh(edges, edges, share, rasterized=True, vmin=0, vmax=top)
    axes.set(xlabel=r"$m_{H_1}$ [GeV]", ylabel=r"$m_{H_2}$ [GeV]")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(50))
    return mesh


def bar_label(width: float) -> str:
    """Return what the colours of a plane mean."""
    return rf"Events [% / ({width:g} GeV)$^2$]"


def draw_region(axes: Axes, cuts: CutSettings) -> None:
    """Draw the line on which X_HH is at its limit, and name it."""
    m1, m2 = np.meshgrid(np.linspace(60, 200, 281), np.linspace(60, 200, 281))
    distance = x_hh(m1, m2, cuts)
    axes.contour(m1, m2, distance, levels=[cuts.x_hh_max], colors=REGION_COLOR, linewidths=1.0)
    text = rf"$X_{{HH}}$ = {cuts.x_hh_max:g}"
    named = axes.annotate(text, (148, 130), color=REGION_COLOR, fontsize="small", va="bottom")
    named.set_path_effects([withStroke(linewidth=2, foreground="white")])  # over dark squares

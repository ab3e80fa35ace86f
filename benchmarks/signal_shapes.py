"""Shapes of unweighted signal events against the amplitude's own integration.

``python benchmarks/signal_shapes.py [--figure shapes.png]`` generates an LHE file for each
kappa_lambda, histograms m_HH and pT(H), and compares them with quadrature of the squared amplitude
and the gluon flux: chi2, its probability, and where m_HH dips and peaks.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions, mass_spectrum
from hh4b.generation.higgs_pair_grid import load_grid, velocity
from hh4b.generation.lhe import read_lhe
from hh4b.generation.settings import HiggsPairSettings
from hh4b.generation.signal_stage import write_higgs_pairs

Floats = NDArray[np.float64]
KAPPAS = (-5.0, 1.0, 2.0, 2.4, 5.0, 10.0)
M_EDGES = np.append(np.arange(250.0, 1000.0, 10.0), [1100, 1300, 13e3])
PT_EDGES = np.append(np.arange(0.0, 500.0, 10.0), [600, 6.5e3])
MODEL, BEAMS = HiggsPairModel(173.0, 125.0), Collisions(13e3)


def expected(kappa: float) -> tuple[Floats, Floats]:
    """Return the shares of the cross section in the bins of m_HH and of pT(H)."""
    powers = np.array([1.0, kappa, kappa**2])
    x, w = np.polynomial.legendre.leggauss(16)
    # Square-root spacing at both ends of a bin, for the thresholds.
    position = np.sin(0.25 * np.pi * (x + 1)) ** 2
    slope = 0.25 * np.pi * np.sin(0.5 * np.pi * (x + 1))
    m = M_EDGES[:-1, None] + np.diff(M_EDGES)[:, None] * position
    weight = (mass_spectrum(m.ravel(), BEAMS, MODEL) @ powers).reshape(m.shape)
    weight *= np.diff(M_EDGES)[:, None] * slope * w
    cos_theta = (np.arange(500) + 0.5) / 500
    angular = load_grid(MODEL, 13e3).polynomial(m.ravel()[:, None], cos_theta) @ powers
    angular *= weight.ravel()[:, None] / angular.sum(1, keepdims=True)
    pt = 0.5 * (m * velocity(m, MODEL)).ravel()[:, None] * np.sqrt(1 - cos_theta**2)
    in_pt = np.histogram(pt, PT_EDGES, weights=angular)[0]
    return weight.sum(1) / weight.sum(), in_pt / in_pt.sum()


def generated(kappa: float, n_events: int) -> tuple[Floats, Floats]:
    """Return m_HH and pT(H) of events that went through a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.lhe.gz"
        write_higgs_pairs(path, HiggsPairSettings(kappa_lambda=kappa, events=n_events))
        p = read_lhe(path).events.momenta
    pair = p[:, 2] + p[:, 3]
    m_hh = np.sqrt(pair[:, 0] ** 2 - (pair[:, 1:] ** 2).sum(axis=1))
    return m_hh, np.hypot(p[:, 2, 1], p[:, 2, 2])


def draw(path: Path, kappa_shapes: dict[float, tuple[Floats, ...]], n_events: int) -> None:
    """Draw m_HH and pT(H): points are events, lines the integration."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(kappa_shapes), figsize=(3.2 * len(kappa_shapes), 6))
    for column, (kappa, shapes) in enumerate(kappa_shapes.items()):
        labels = (r"$m_{HH}$ [GeV]", r"$p_T(H)$ [GeV]")
        for row, (edges, label) in enumerate(zip((M_EDGES, PT_EDGES), labels, strict=True)):
            counts, share = shapes[2 * row : 2 * row + 2]
            axis, keep = axes[row, column], np.isclose(np.diff(edges), edges[1] - edges[0])
            centre = 0.5 * (edges[1:] + edges[:-1])
            axis.stairs(n_events * share[keep], edges[: keep.sum() + 1], color="C0")
            axis.errorbar(centre[keep], counts[keep], np.sqrt(counts[keep]), fmt=".k", ms=3)
            axis.set(xlabel=label, ylabel="events / bin", title=rf"$\kappa_\lambda = {kappa:g}$")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print one line for each kappa_lambda."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    kappa_shapes = {}
    print("kappa  variable  chi2/ndf        p   lowest and highest bin between 270 and 450 GeV")
    for kappa in KAPPAS:
        shapes: list[Floats] = []
        for name, values, share, edges in zip(
            ("m_HH", "pT(H)"),
            generated(kappa, arguments.events),
            expected(kappa),
            (M_EDGES, PT_EDGES),
            strict=True,
        ):
            counts = np.histogram(values, edges)[0].astype(float)
            mean = arguments.events * share
            used = mean > 10
            chi2 = ((counts - mean)[used] ** 2 / mean[used]).sum()
            text = f"{kappa:5g}  {name:8s}  {chi2:6.1f}/{used.sum() - 1:3d}"
            text += f"  {stats.chi2.sf(chi2, used.sum() - 1):7.3f}"
            if name == "m_HH":
                centre = 0.5 * (edges[1:] + edges[:-1])
                near = (centre > 270) & (centre < 450)
                low, high = counts[near].argmin(), counts[near].argmax()
                text += f"   {centre[near][low]:.0f} GeV, {centre[near][high]:.0f} GeV"
            print(text)
            shapes += [counts, share]
        kappa_shapes[kappa] = tuple(shapes)
    if arguments.figure:
        draw(arguments.figure, kappa_shapes, arguments.events)


if __name__ == "__main__":
    main()

"""Why the note's cross section differs: its scale, and the b quark in its loop.

``python benchmarks/signal_note_comparison.py`` integrates gg -> HH with the scale of the default
(m_HH / 2) and with the transverse mass (what MG5_aMC takes for 2 -> 2 processes), without and with
the b quark in the triangle. (A b quark in the box is outside our loop integrals.)
``-o docs/numbers/signal_note_comparison.json`` keeps the table for the documents.
"""

import argparse
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.higgs_pair_amplitude import (
    HiggsPairModel,
    triangle_form_factor,
    trilinear_coefficient,
)
from hh4b.generation.higgs_pair_cross_section import GEV2_PB
from hh4b.generation.higgs_pair_grid import load_grid, velocity
from hh4b.generation.pdf import GLUON, load_pdf
from hh4b.publication.benchmark_tables import write_benchmark

Floats = NDArray[np.float64]
TOP = HiggsPairModel(173.0, 125.0)
# A light Higgs boson in the same loop: the triangle alone does not know m_H.
BOTTOM = replace(TOP, m_top_gev=4.7, m_higgs_gev=1.0)
NOTE_FB = {13.0: (41.99, -27.24, 5.506), 14.0: (49.54, -31.97, 6.438)}


def gauss(points: int) -> tuple[Floats, Floats]:
    """Return nodes and weights on [0, 1]."""
    x, weight = np.polynomial.legendre.leggauss(points)
    return 0.5 * (x + 1.0), 0.5 * weight


def coefficients_fb(sqrt_s_gev: float, *, transverse_mass: bool, bottom: bool) -> Floats:
    """Return the coefficients of kappa^0, kappa^1, kappa^2 in fb."""
    total = np.zeros(3)
    x, x_weight = gauss(40)
    cosine, cosine_weight = gauss(16)
    for low, high in pairwise((250.0, 346.0, 1000.0, sqrt_s_gev)):
        m = (low * (high / low) ** (np.sin(0.5 * np.pi * x) ** 2))[:, None]
        slope = m[:, 0] * np.log(high / low) * 0.5 * np.pi * np.sin(np.pi * x)
        f_box, g_box = load_grid(TOP, sqrt_s_gev).box(m, cosine)
        triangle = triangle_form_factor(m, TOP) + bottom * triangle_form_factor(m, BOTTOM)
        triangle = triangle * trilinear_coefficient(m, TOP)
        squared = np.stack(
            np.broadcast_arrays(
                np.abs(f_box) ** 2 + np.abs(g_box) ** 2,
                2 * (f_box * triangle.conj()).real,
                np.abs(triangle) ** 2,
            ),
            axis=-1,
        )
        pt2 = 0.25 * m**2 * velocity(m, TOP) ** 2 * (1 - cosine**2)
        mu = np.sqrt(TOP.m_higgs_gev**2 + pt2) if transverse_mass else 0.5 * m + 0 * cosine
        y_max = np.log(sqrt_s_gev / m)
        shift = np.exp((y_max * x)[:, None, :])
        tau = (m / sqrt_s_gev)[..., None]
        flux = load_pdf().xf(GLUON, tau * shift, mu[..., None])
        flux = flux * load_pdf().xf(GLUON, tau / shift, mu[..., None])
        coupling = (TOP.fermi_constant * AlphaS()(mu)) ** 2 / (512 * (2 * np.pi) ** 3)
        density = 4 * y_max * (flux @ x_weight) * coupling * m * velocity(m, TOP)
        total += np.einsum("m,c,mc,mcp->p", slope * x_weight, cosine_weight, density, squared)
    return 1000 * GEV2_PB * total


def main() -> None:
    """Print the coefficients beside the note's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    output = parser.parse_args().output
    rows: dict[str, list[float]] = {}
    for energy, note in NOTE_FB.items():
        print(f"{energy:g} TeV, the note:       ", np.round(note, 3))
        rows[f"{energy:g} TeV, the note"] = [*note, 1.0, 1.0, 1.0]
        for transverse_mass in (False, True):
            for bottom in (False, True):
                found = coefficients_fb(
                    1000 * energy, transverse_mass=transverse_mass, bottom=bottom
                )
                name = f"{'m_T' if transverse_mass else 'm_HH/2'}, {'t and b' if bottom else 't'}"
                print(f"  {name:20s}", np.round(found, 3), "ratio", np.round(found / note, 3))
                rows[f"{energy:g} TeV, {name}"] = [*found, *(found / note)]
    if output is not None:
        head = [f"{what}κ{power}" for what in ("", "over the note's, ") for power in "⁰¹²"]
        write_benchmark(output, "signal_note_comparison", head, rows, decimals=[2, 2, 3, 3, 3, 3])


if __name__ == "__main__":
    main()

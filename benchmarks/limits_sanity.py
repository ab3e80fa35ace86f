"""Size of the intervals from hand-made templates with the yields that the note prints.

    python benchmarks/limits_sanity.py [-o docs/numbers/limits_sanity.json]

Signal: m_HH spectrum of the own amplitude, smeared by 10 %, with one efficiency for all: the
0.123 fb that the note's cut-based selection leaves of 6.774 fb. Background: its 61 fb, falling
exponentially above 250 GeV with three slopes, since the note prints no numbers of its shape.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.stats import norm

from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions, mass_spectrum
from hh4b.publication.benchmark_tables import write_benchmark
from hh4b.statistics.cross_sections import note_signal_fb
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.limits import scan_model
from hh4b.statistics.processes import BRANCHING_RATIO
from hh4b.statistics.scaling import Normalisation, scale
from hh4b.statistics.template_format import TemplateSet

KAPPA = np.arange(-10.0, 16.0)
EDGES = np.linspace(200, 1000, 11)
BACKGROUND_PB = 628.6
#: Of the table in the documents.
SLOPE_GEV = 150.0


def signal_shapes() -> np.ndarray:
    """Return the share of signal in each bin of reconstructed m_HH by kappa_lambda, (26, 10)."""
    mass = np.linspace(251, 1400, 800)
    table = mass_spectrum(mass, Collisions(13000.0), HiggsPairModel(173.0, 125.0))
    spectrum = np.stack([np.ones_like(KAPPA), KAPPA, KAPPA**2], axis=1) @ table.T
    spectrum /= spectrum.sum(axis=1, keepdims=True)
    in_bin = np.diff(norm.cdf(EDGES, mass[:, None], 0.1 * mass[:, None]), axis=1)
    return spectrum @ in_bin


def main() -> None:
    """Print intervals for three background slopes, energies and luminosities."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    output = parser.parse_args().output
    rows: dict[str, list[str]] = {}
    signal = 0.123 / 6.774 * signal_shapes()
    print("slope/GeV  sqrt(s)/TeV  L/fb-1  profile            CLs")
    for slope in (100.0, 150.0, 200.0):
        background = np.diff(-np.exp(-np.maximum(EDGES - 250.0, 0.0) / slope))
        background[0] = max(background[0], 1e-3)
        background *= 61.0 / (BACKGROUND_PB * 1e3) / background.sum()
        templates = TemplateSet(
            EDGES,
            KAPPA,
            BinnedRows(signal, 0 * signal),
            {"four_b": BinnedRows(background[None], 0 * background[None])},
            0.0,
        )
        for energy, luminosity in ((13, 139.0), (13, 300.0), (14, 300.0), (14, 3000.0)):
            normalisation = Normalisation(
                luminosity,
                energy,
                np.array(note_signal_fb()[energy]),
                {"four_b": BACKGROUND_PB},
                BRANCHING_RATIO,
            )
            scan = scan_model(scale(templates, normalisation), None, threshold=3.92)
            texts = [
                f"[{i.lower:.2f}, {i.upper:.2f}]" if i.width else f"{i.segments} {i.reasons}"
                for i in (scan.profile, scan.cls)
            ]
            if slope == SLOPE_GEV:
                rows[f"{energy} TeV, {luminosity:g} fb⁻¹"] = [t.replace("-", "−") for t in texts]
            print(f"{slope:9g}  {energy:11d}  {luminosity:6g}  {texts[0]:18s} {texts[1]}")
    if output is not None:
        write_benchmark(
            output, "limits_sanity", ["profile", "CLs"], rows, decimals=[2, 2], slope_gev=SLOPE_GEV
        )


if __name__ == "__main__":
    main()

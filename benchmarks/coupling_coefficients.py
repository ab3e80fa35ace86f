"""The coefficients of gg -> HH in five couplings beside the published ones.

``python benchmarks/coupling_coefficients.py`` integrates the amplitude with the densities of the
wheel of Pythia 8 and prints A1 to A15 of sigma / sigma_SM at leading order, with the numerical
error (change at half as many points), and the difference from each publication in percent. The
column "1/s" has h* -> hh behind c_g without the Higgs mass in the propagator; it is what
LHCHXSWG-2016-001 agrees with. The second table has the spread of other densities and scales.
``-o docs/numbers/coupling_coefficients.json`` keeps the first table for the documents.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.coupling_cross_section import CouplingCrossSection, coupling_cross_section
from hh4b.generation.couplings import HiggsPairCouplings, coupling_density
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions
from hh4b.generation.higgs_pair_grid import AmplitudeGrid
from hh4b.generation.published_couplings import published_coefficients
from hh4b.publication.benchmark_tables import write_benchmark

Floats = NDArray[np.float64]
MODEL = HiggsPairModel(173.0, 125.0)
MATCHING = ("NNPDF31_nlo_as_0118_luxqed", 0.118)
#: Densities, alpha_s(m_Z), factor on m_HH / 2, top-quark mass.
OTHERS = {
    "NNPDF3.1 NLO, μ × 2": (*MATCHING, 2.0, 173.0),
    "NNPDF3.1 NLO, μ / 2": (*MATCHING, 0.5, 173.0),
    "NNPDF3.1 NLO, m_t 172.5": (*MATCHING, 1.0, 172.5),
    "NNPDF3.1 NNLO": ("NNPDF31_nnlo_as_0118_luxqed", 0.118, 1.0, 173.0),
    "NNPDF2.3 NLO": ("NNPDF23_nlo_as_0119_qed", 0.119, 1.0, 173.0),
    "NNPDF2.3 LO (default)": ("NNPDF23_lo_as_0130_qed", 0.130, 1.0, 173.0),
}


def propagator_1_over_s(grid: AmplitudeGrid, m_hh_gev: Floats, cos_theta: Floats) -> Floats:
    """Return the quadratic form with 1/s for 1/(s - m_H^2) behind c_g."""
    form = coupling_density(grid, m_hh_gev, cos_theta)
    factor = 1.0 - (grid.model.m_higgs_gev / m_hh_gev) ** 2
    factor = np.broadcast_to(factor, form.shape[:-2])[..., None]
    form[..., 3, :] *= factor
    form[..., :, 3] *= factor
    return form


def cross_section(
    sqrt_s_tev: float, name: str, alpha: float, mu: float = 1.0, m_top: float = 173.0
) -> CouplingCrossSection:
    """Integrate with other densities, scales or masses."""
    beams = Collisions(1000 * sqrt_s_tev, mu, name, AlphaS(at_m_z=alpha))
    return coupling_cross_section(beams, HiggsPairModel(m_top, 125.0))


def percent(found: Floats, wanted: Floats) -> list[str]:
    """Return the differences as text."""
    return [f"{100 * value:+.2f}" for value in found / wanted - 1]


def table(head: list[str], columns: list[list[str]]) -> None:
    """Print rows A1 to A15."""
    print("| | " + " | ".join(head) + " |")
    print("|---" * (len(head) + 1) + "|")
    for i, row in enumerate(zip(*columns, strict=True)):
        print(f"| A{i + 1} | " + " | ".join(row) + " |")
    print()


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    output = parser.parse_args().output
    known = published_coefficients()
    own = {energy: cross_section(energy, *MATCHING) for energy in (13.0, 14.0)}
    values, errors = own[13.0].coefficients(heavy_top=True)
    massless = coupling_cross_section(
        Collisions(13e3, 1.0, MATCHING[0], AlphaS(at_m_z=MATCHING[1])),
        MODEL,
        density=propagator_1_over_s,
    ).coefficients(heavy_top=True)[0]
    reference = known["lhchxswg_2016_13tev"].values
    columns = [
        [f"{value:.6g} ± {error:.0e}" for value, error in zip(values, errors, strict=True)],
        [f"{value:.6g}" for value in reference],
        percent(values, reference),
        percent(massless, reference),
    ]
    for name in ("pdf4lhc15_13tev", "chiral_2018_14tev"):
        other = known[name]
        ours = own[other.sqrt_s_tev].coefficients(heavy_top=other.heavy_top)[0]
        columns.append(percent(ours, other.values))
    sigmas = {energy: sigma.at(HiggsPairCouplings()) for energy, sigma in own.items()}
    print(f"sigma_SM: {sigmas[13.0]:.3f} fb at 13 TeV, {sigmas[14.0]:.3f} fb at 14 TeV\n")
    head = [
        "13 TeV",
        "LHCHXSWG-2016-001",
        "difference, %",
        "with 1/s, %",
        "PDF4LHC15 13 TeV, %",
        "arXiv:1806.05162 14 TeV, %",
    ]
    table(head, columns)
    if output is not None:
        columns[0] = [f"{value:.6g}" for value in values]
        cells = [[one.replace("-", "−") for one in row] for row in zip(*columns, strict=True)]
        rows = {f"A{i + 1}": row for i, row in enumerate(cells)}
        write_benchmark(
            output, "coupling_coefficients", head, rows,
            decimals=[0] * len(head), sigma_13=sigmas[13.0], sigma_14=sigmas[14.0],
            numerical_error=float(np.max(errors)),
        )  # fmt: skip
    spread = [
        percent(cross_section(13.0, *choice).coefficients(heavy_top=True)[0], values)
        for choice in OTHERS.values()
    ]
    table([f"{name}, %" for name in OTHERS], spread)


if __name__ == "__main__":
    main()

"""How near the cross section of pp -> 4b comes to the note's with what its generator does.

``python benchmarks/four_b_note_comparison.py [--relative-error 0.002]`` integrates with the default
scales of MG5_aMC@NLO, then puts in two more facts of its sources: its cut ``etab`` is on the
rapidity of the massive quark (SubProcesses/cuts.f, `rap` of Source/kin_functions.f), and
alpha_s(m_Z) = 0.130 runs with two loops (Source/PDF/pdfwrap.f, Source/alfas_functions.f).
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from hh4b.core.seeds import stream
from hh4b.generation.alpha_s import AlphaS
from hh4b.generation.four_b.generator import samplers
from hh4b.generation.four_b.integrand import FourBProcess, Points
from hh4b.generation.four_b.sampler import Adaptation
from hh4b.generation.settings import FourBProcessSettings

Floats = NDArray[np.float64]
NOTE_PB = 628.6
#: Largest |eta| of a quark with |y| < 2.5, pT > 25 GeV and 4.7 GeV is 2.517.
LOOSE_ETA = 2.52


def two_loops(q_gev: Floats) -> Floats:
    """Solve 1/a + c ln(c a / (1 + c a)) = the same at m_Z + b0 ln(Q^2 / m_Z^2), five flavours."""
    start = AlphaS()
    b0 = 23 / (12 * np.pi)
    c = (102 - 38 / 3 * 5) / (4 * np.pi * (11 - 10 / 3))

    def left(a: Floats) -> Floats:
        return 1 / a + c * np.log(c * a / (1 + c * a))

    wanted = left(np.array(start.at_m_z)) + 2 * b0 * np.log(q_gev / start.m_z_gev)
    a = start(q_gev)
    for _ in range(6):
        a += (left(a) - wanted) * a**2 * (1 + c * a)
    return a


def variants(points: Points) -> Floats:
    """Return the weights of each variant, shape (variant, N)."""
    in_eta = np.abs(points.eta).max(axis=1) < 2.5
    energy, pz = points.momenta[..., 0], points.momenta[..., 3]
    in_y = np.abs(np.arctanh(pz / energy)).max(axis=1) < 2.5
    loops = (two_loops(points.mu_r_gev) / points.alpha_s) ** 4
    return points.weights * np.array([in_eta, in_y, in_eta * loops, in_y * loops])


def main() -> None:
    """Print one line a variant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--relative-error", type=float, default=0.002)
    wanted = parser.parse_args().relative_error
    process = FourBProcess.of(FourBProcessSettings.of(b_abs_eta_max=LOOSE_ETA))
    sums, squares = np.zeros(4), np.zeros(4)
    parts = samplers(process, seed=1, adaptation=Adaptation())
    for sampler in parts:
        total, total2, n = np.zeros(4), np.zeros(4), 0
        rng = stream(2, "4b", "note", sampler.integrand.channel)
        # annihilation, the second channel, is below one per cent of the whole
        error = wanted if sampler is parts[0] else 30 * wanted
        while n == 0 or error_of_mean(total, total2, n)[0] > error * total[0] / n:
            weights = variants(sampler.throw(20_000, rng))
            total, total2, n = total + weights.sum(1), total2 + (weights**2).sum(1), n + 20_000
        sums += total / n
        squares += error_of_mean(total, total2, n) ** 2
    names = ("|eta| < 2.5, one loop", "|y| < 2.5, one loop", "|eta| < 2.5, two loops",
             "|y| < 2.5, two loops")  # fmt: skip
    for name, value, error in zip(names, sums, np.sqrt(squares), strict=True):
        print(f"{name:24s} {value:.1f} +- {error:.1f} pb, over the note's {value / NOTE_PB:.3f}")


def error_of_mean(total: Floats, total2: Floats, n: int) -> Floats:
    """Return the error of the mean of n weights from their sum and sum of squares."""
    return np.asarray(np.sqrt((total2 / n - (total / n) ** 2) / n))


if __name__ == "__main__":
    main()

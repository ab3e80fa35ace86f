"""Closure of the signal reweighting with the exact amplitude, at parton level.

    python benchmarks/limits_closure.py

Points of gg -> HH are drawn at several kappa_lambda; the m_HH histogram of each sample is compared
with the one that the others predict. Prints chi2, its probability, and how many times more events
at kappa_lambda one would need to reach the precision of all samples together.
"""

import numpy as np

from hh4b.core.seeds import stream
from hh4b.generation.higgs_pair_amplitude import HiggsPairModel
from hh4b.generation.higgs_pair_cross_section import Collisions
from hh4b.generation.higgs_pair_sampling import HiggsPairSampler
from hh4b.generation.reweight import cross_section_coefficients_fb, kappa_polynomial
from hh4b.statistics.closure import closure
from hh4b.statistics.templates import (
    CutAndBins,
    Scores,
    SignalEvents,
    direct_signal_template,
    signal_template,
)

KAPPAS = (-5.0, -3.0, -1.0, 1.0, 2.0, 3.0, 5.0, 7.0, 9.0, 12.0)
EVENTS = 20_000
MASSES = {"m_higgs_gev": 125.0, "m_top_gev": 173.0}


def draw(kappa: float) -> SignalEvents:
    """Draw a sample of the wanted size."""
    sampler = HiggsPairSampler.build(kappa, Collisions(13000.0), HiggsPairModel(173.0, 125.0))
    rng = stream(1, "closure", f"{kappa:g}")
    mass = cosine = np.empty(0)
    while len(mass) < EVENTS:
        points = sampler.trials(EVENTS, rng)
        mass = np.append(mass, points.m_hh_gev)[:EVENTS]
        cosine = np.append(cosine, points.cos_theta)[:EVENTS]
    return SignalEvents(
        name=f"kappa_lambda = {kappa:g}",
        efficiency_weight=np.full(EVENTS, 1 / EVENTS),
        m_hh_gev=mass,
        scores=Scores(np.array([1.0]), np.ones((EVENTS, 1))),
        input_kappa_lambda=np.full(EVENTS, kappa),
        n_generated=float(EVENTS),
        kappa_lambda=kappa,
        polynomial=kappa_polynomial(mass, cosine, **MASSES),
    )


def main() -> None:
    """Print a line for each sample."""
    samples = [draw(kappa) for kappa in KAPPAS]
    cross_section = cross_section_coefficients_fb(13.0, **MASSES)
    selection = CutAndBins(0.5, np.linspace(200, 1000, 11))
    print("kappa  chi2/bins  probability  gain in events")
    for kappa in KAPPAS:
        result = closure(samples, kappa, selection, cross_section)
        together = signal_template(samples, kappa, selection, cross_section)
        alone = direct_signal_template(samples, kappa, selection)
        gain = alone.sum_weights_squared.sum() / together.sum_weights_squared.sum()
        ratio = f"{result.chi2:.1f}/{result.degrees_of_freedom}"
        print(f"{kappa:5g}  {ratio:>9s}  {result.probability:11.3f}  {gain:14.2f}")


if __name__ == "__main__":
    main()

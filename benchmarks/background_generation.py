"""CPU time of the 4b generator: matrix elements, thrown points, unweighted events.

    python benchmarks/background_generation.py [--events 30000]

Compilation is done before the clocks start; the fit of the density is part of the events' time.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from hh4b.generation.acceptance import AcceptanceBias
from hh4b.generation.four_b.generator import generate, samplers
from hh4b.generation.four_b.integrand import FourBProcess
from hh4b.generation.four_b.matrix_element import squared_matrix_elements
from hh4b.generation.four_b.sampler import Adaptation
from hh4b.generation.settings import FourBProcessSettings

BIAS = Path(__file__).parents[1] / "config/detector/acceptance_bias.yaml"
SMALL = Adaptation(n_iterations=2, n_points=2000, n_survey=4000, n_batch=2000)


def clocked(work):
    """Return the result of ``work`` and its CPU seconds."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=30000)
    n_events = parser.parse_args().events
    process = FourBProcess.of(FourBProcessSettings.of(four_b_scale="ht_half"))
    bias = AcceptanceBias.from_file(BIAS)
    events = generate(process, 2000, seed=1, bias=bias, adaptation=SMALL).events
    for initial in ("gg", "qq~"):
        momenta = np.tile(events.momenta, (3, 1, 1))
        _, seconds = clocked(
            lambda i=initial, p=momenta: squared_matrix_elements(i, p, b_mass_gev=4.7)
        )
        print(f"{initial} matrix element: {seconds / len(momenta) * 1e6:.1f} us")
    sampler = samplers(process, seed=1, adaptation=SMALL)[0]
    _, seconds = clocked(lambda: sampler.throw(20_000, np.random.default_rng(1)))
    print(f"thrown points (all that belongs to one): {20_000 / seconds:,.0f}/s")
    for name, chosen in (("plain", None), ("acceptance bias", bias)):
        made, seconds = clocked(lambda b=chosen: generate(process, n_events, seed=1, bias=b))
        counts = made.counts
        print(f"{name}: {n_events} events in {seconds:.1f} CPU s, {n_events / seconds:,.0f}/s;"
              f" unweighting efficiency {100 * counts['unweighting_efficiency']:.1f} %,"
              f" overweight share {counts['overweight_share']:.2g},"
              f" sigma {made.cross_section_pb:.2f} +- {made.cross_section_error_pb:.2f} pb",
              )  # fmt: skip


if __name__ == "__main__":
    main()

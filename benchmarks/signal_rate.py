"""Rates of the signal generator per CPU second of a core: ``python benchmarks/signal_rate.py``."""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hh4b.generation.higgs_pair_amplitude import HiggsPairModel, form_factors
from hh4b.generation.higgs_pair_cross_section import Collisions, cross_section
from hh4b.generation.higgs_pair_grid import load_grid
from hh4b.generation.higgs_pair_sampling import HiggsPairSampler
from hh4b.generation.lhe import read_lhe
from hh4b.generation.pdf import load_pdf
from hh4b.generation.settings import HiggsPairSettings
from hh4b.generation.signal_stage import write_higgs_pairs


def report(what: str, count: int, work: Callable[[], object]) -> None:
    """Print units of work per CPU second, after one run that does not count."""
    work()
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    print(f"{what:55s} {count / seconds:12,.0f} /s   ({1e6 * seconds / count:.2f} us)")


def main() -> None:
    """Measure each step on its own, then the whole command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=500_000)
    parser.add_argument("--events", type=int, default=50_000)
    arguments = parser.parse_args()
    n, n_events = arguments.points, arguments.events
    model, beams = HiggsPairModel(173.0, 125.0), Collisions(13e3)
    rng = np.random.default_rng(1)
    m_hh, cos_theta = 250 + rng.exponential(150, n), rng.uniform(-1, 1, n)
    x, q = np.exp(rng.uniform(-7, 0, n)), np.full(n, 200.0)
    start = time.process_time()
    grid = load_grid(model, 13e3)
    print(f"{'amplitude grid, built once':55s} {time.process_time() - start:12.2f} s")
    start = time.process_time()
    cross_section(beams, model)
    print(f"{'cross section as function of kappa':55s} {time.process_time() - start:12.2f} s")
    report("gluon density", n, lambda: load_pdf().xf(21, x, q))
    part = slice(0, n // 5)
    report("form factors, direct", n // 5, lambda: form_factors(m_hh[part], cos_theta[part], model))
    report("squared amplitude from the grid", n, lambda: grid.polynomial(m_hh, cos_theta))
    sampler = HiggsPairSampler.build(1.0, beams, model)
    accepted = len(sampler.trials(n, np.random.default_rng(1)).m_hh_gev)
    report("phase-space points with densities", n, lambda: sampler.trials(n, rng))
    report("unweighted points", accepted, lambda: sampler.trials(n, rng))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.lhe.gz"
        settings = HiggsPairSettings(kappa_lambda=1.0, events=n_events)
        report(
            "events in a file, all of `hh4b generate hh`",
            n_events,
            lambda: write_higgs_pairs(path, settings),
        )
        report("events read back", n_events, lambda: read_lhe(path))


if __name__ == "__main__":
    main()

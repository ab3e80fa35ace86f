"""Rate of min-dR pairing: events per CPU second on random four-tag events.

python benchmarks/pairing_rate.py [--events 1000000]
"""

import argparse
import time

import numpy as np

from hh4b.pairing.metrics import pairing_metrics
from hh4b.pairing.min_dr import pair_min_dr


def main() -> None:
    """Measure and print; the best of five after a warm-up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    n_events = parser.parse_args().events
    rng = np.random.default_rng(1)
    shape = (n_events, 10)
    pt = -np.sort(-rng.exponential(60, shape) - 40, axis=1).astype(np.float32)
    eta = rng.uniform(-2.5, 2.5, shape).astype(np.float32)
    phi = rng.uniform(-np.pi, np.pi, shape).astype(np.float32)
    n_jets = rng.integers(4, 11, n_events)
    valid = np.arange(10) < n_jets[:, None]
    btag = ((np.arange(10) < 4) | (rng.random(shape) < 0.1)).astype(np.float32)
    seconds = []
    for _ in range(6):
        start = time.process_time()
        jets = pair_min_dr(pt, eta, phi, btag, valid)
        seconds.append(time.process_time() - start)
    print(f"min-dR: {n_events / min(seconds[1:]):,.0f} events/s of CPU")
    start = time.process_time()
    pairing_metrics(jets.astype(np.int64), jets, n_jets)
    print(f"metrics: {n_events / (time.process_time() - start):,.0f} events/s of CPU")


if __name__ == "__main__":
    main()

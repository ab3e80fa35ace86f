"""CPU time of each step of `hh4b simulate`, in ms an event on one core.

Usage: python benchmarks/detector_rate.py PARTONS.lhe.gz --detector config/detector/atlas.yaml
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hh4b.detector import response as response_module
from hh4b.detector.jets import cluster
from hh4b.detector.settings import read_detector_settings
from hh4b.detector.tree import TreeWriter
from hh4b.detector.truth import prune
from hh4b.generation.lhe import read_lhe
from hh4b.simulation.event_rows import EventRows, Version, tag
from hh4b.simulation.settings import ShowerChoice, SimulateSettings
from hh4b.simulation.shower import shower, start_pythia

DELPHES_PER_SECOND = (88.0, 120.0)


def timed(call: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """Return the smallest CPU time of several calls in s, and what the last one returned."""
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return best, result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("partons", type=Path)
    parser.add_argument("--detector", type=Path, required=True)
    parser.add_argument("--events", type=int, default=1000)
    arguments = parser.parse_args()
    settings = read_detector_settings(arguments.detector)
    n = arguments.events

    pythia = start_pythia(arguments.partons, first=0)
    bare = timed(lambda: [pythia.next() for _ in range(min(n, 300))], 1)[0] * n / min(n, 300)
    batch, blocks = timed(
        lambda: list(shower(arguments.partons, first=0, count=n, seed=1, labels=("rate",))), 1
    )
    convert, inputs = timed(lambda: [(b.particles(), b.partons()) for b in blocks])
    rng = np.random.default_rng(1)

    steps = {"jets": 0.0}

    def counted_cluster(*args: Any, **kwargs: Any) -> Any:
        start = time.process_time()
        jets = cluster(*args, **kwargs)
        steps["jets"] += time.process_time() - start
        return jets

    response_module.cluster = counted_cluster
    whole, jets = np.inf, 0.0
    for _ in range(4):  # the first call compiles or loads
        steps["jets"] = 0.0
        start = time.process_time()
        made = [response_module.reconstruct(p, q, settings, rng) for p, q in inputs]
        spent = time.process_time() - start
        if spent < whole:
            whole, jets = spent, steps["jets"]
    tags = timed(lambda: [tag(m, settings, ShowerChoice(), rng) for m in made])[0]
    truth = timed(lambda: [prune(b.record) for b in blocks])[0]
    chunk = SimulateSettings(sample="rate", events=n, tags="draw")
    weights = read_lhe(arguments.partons, 0, n).events.weights
    rows = EventRows([Version(chunk, settings)])
    events = [rows.of_block(b, weights[b.index])[0] for b in blocks]

    def write() -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            TreeWriter(Path(folder) / "rate.root", gen_jets=False) as writer,
        ):
            for block in events:
                writer.append(block)

    writing = timed(write)[0]
    detector = convert + whole - jets
    rates = {
        "Pythia, bare next()": bare,
        "Pythia, nextBatch and flat arrays": batch,
        "detector without jets": detector,
        "jets": jets,
        "detector and jets": detector + jets,
        "tags": tags,
        "truth record": truth,
        "writing the tree": writing,
    }
    for name, seconds in rates.items():
        print(f"{name:36} {seconds / n * 1e3:8.3f} ms/event")
    rate = n / (detector + jets)
    print(f"detector and jets / Pythia           {(detector + jets) / batch:8.3f}")
    low, high = DELPHES_PER_SECOND
    print(f"detector and jets: {rate:,.0f} events/s/core; Delphes {low:g} to {high:g}, HepMC3 text"
          f" reading included: {rate / high:.0f} to {rate / low:.0f} times")  # fmt: skip


if __name__ == "__main__":
    main()

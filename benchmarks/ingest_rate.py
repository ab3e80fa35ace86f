"""Rates of ingestion: events per CPU second, and beside an event loop over awkward arrays.

python benchmarks/ingest_rate.py REAL_DELPHES.root [--own OUR.root] [--loop-events 2000]

The real file is ingested as it is; the loop does the same checks, cuts and matching to the events
of the same file with the code of tests/reference/truth_loop.py, on awkward records as an analysis
would, and on the NumPy arrays of each event. Our own file, or else the needed branches of the real
file in our layout, is repeated until it holds 100,000 events. CPU time of the process, after one
warm-up.
"""

import argparse
import importlib.util
import resource
import tempfile
import time
from pathlib import Path

import awkward as ak
import uproot

from hh4b.core.files import Provenance
from hh4b.detector.tree import TreeWriter
from hh4b.events.delphes import Branches
from hh4b.events.ingest_stage import ingest
from hh4b.events.settings import IngestSettings

REFERENCE = Path(__file__).parents[1] / "tests" / "reference" / "truth_loop.py"
SETTINGS = IngestSettings(sample="rate", kappa_lambda=1.0)


def best_rate(path: str, n_events: int, repeats: int = 5) -> float:
    """Return the best of several rates in events per CPU second."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for _ in range(repeats + 1):
            start = time.process_time()
            ingest([path], Path(folder) / "d.h5", SETTINGS)
            seconds.append(time.process_time() - start)
    return n_events / min(seconds[1:])


def loop_rates(path: str, n_events: int) -> tuple[float, float]:
    """Return rates of the plain loop over awkward records, and over arrays of each event."""
    spec = importlib.util.spec_from_file_location("truth_loop", REFERENCE)
    loop = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loop)
    names = Branches.choose("Jet", truth=True, own_tags=False).required
    rates = []
    for library in ("ak", "np"):
        start = time.process_time()
        with uproot.open(path) as file:
            arrays = file["Delphes"].arrays(names, entry_stop=n_events, library=library)
        if library == "ak":
            events = arrays
        else:
            events = [{name: arrays[name][i] for name in names} for i in range(n_events)]
        loop.ingest(events)
        rates.append(n_events / (time.process_time() - start))
    return rates[0], rates[1]


def repeated(path: str, output: str, n_events: int) -> int:
    """Write the events of a file again and again, in our layout; return how many."""
    with uproot.open(path) as file:
        tree = file["Delphes"]
        names = set(tree.keys(full_paths=False))
        with TreeWriter(output, gen_jets=False) as writer:
            wanted = {branch: list(fields) for branch, fields in writer._branches.items()}
            block = {}
            for branch, leaves in wanted.items():
                full = [f"{branch}.{leaf}" for leaf in leaves if f"{branch}.{leaf}" in names]
                arrays = tree.arrays(full)
                block[branch] = ak.zip({name.split(".")[1]: arrays[name] for name in full})
            while writer.n_written < n_events:
                writer.append(block)
            total = writer.n_written
            counts = {"n_generated": total, "sum_weights_generated": float(total)}
            writer.set_provenance(Provenance("simulate", {}, counts=counts))
    return total


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("real")
    parser.add_argument("--own")
    parser.add_argument("--loop-events", type=int, default=2000)
    arguments = parser.parse_args()
    with uproot.open(arguments.real) as file:
        n_real = file["Delphes"].num_entries
    real = best_rate(arguments.real, n_real)
    slow, plain = loop_rates(arguments.real, min(arguments.loop_events, n_real))
    print(f"real file: {real:,.0f} events/s of CPU ({n_real} events)")
    print(f"event loop over awkward arrays: {slow:,.1f} events/s; ratio {real / slow:,.0f}")
    print(f"event loop over NumPy arrays: {plain:,.1f} events/s; ratio {real / plain:,.0f}")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "own.root")
        n_own = repeated(arguments.own or arguments.real, path, 100_000)
        size = Path(path).stat().st_size / n_own
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        own = best_rate(path, n_own, 2)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"own layout: {own:,.0f} events/s of CPU ({n_own} events of {size:.0f} bytes)")
    print(f"peak memory: {before / 1024:.0f} MB before, {after / 1024:.0f} MB after")


if __name__ == "__main__":
    main()

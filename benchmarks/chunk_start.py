"""CPU time until the first event of a chunk of a Les Houches file can be showered.

    python benchmarks/chunk_start.py PARTONS.lhe.gz --first 300000

Once Pythia gets the whole file and is told how many events to skip, which it parses; once it gets a
file with the events of the chunk alone. Both take turns in one process.
"""

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from hh4b.generation.lhe import read_lhe
from hh4b.simulation.shower import Part, start_pythia


def main() -> None:
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("partons", type=Path)
    parser.add_argument("--first", type=int, default=300_000)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    first, rounds = arguments.first, []
    for _ in range(arguments.rounds):
        begin = time.process_time()
        read_lhe(arguments.partons, first, arguments.events)
        start_pythia(arguments.partons, first=first)
        skipped = time.process_time() - begin
        begin = time.process_time()
        file = read_lhe(arguments.partons, first, arguments.events, with_text=True)
        with TemporaryDirectory() as folder:
            part = Part(Path(folder) / "partons.lhe", first)
            part.path.write_bytes(file.text)
            start_pythia(arguments.partons, first=first, part=part)
        rounds.append((skipped, time.process_time() - begin))
    for what, times in zip(("whole file", "events alone"), zip(*rounds, strict=True), strict=True):
        print(f"{what}: {statistics.median(times):.2f} s")
    ratios = [whole / alone for whole, alone in rounds]
    print(f"ratio {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()

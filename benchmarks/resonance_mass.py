"""In how many four-tag events of a resonance both H are matched, by its mass and its scale.

``python benchmarks/resonance_mass.py 450 500 450:2 --events 10000 --work FOLDER`` makes events
X -> HH -> 4b at each mass (GeV), with the detector and the tags of the default study, and counts
the event fraction of Table 3 as `hh4b pair evaluate` does. ``450:2`` starts the shower at twice the
usual scale, m_X / 2. What stands in FOLDER is not made again.
``-o docs/numbers/resonance_mass.json`` keeps the table for the documents.
"""

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from hh4b.core.files import read_json
from hh4b.publication.benchmark_tables import Cell, write_benchmark

GROUPS = ("4", "5", ">=6", "total")
HEAD = tuple(f"event fraction, {one}" for one in ("4 jets", "5 jets", "6 or more", "all"))
DRAWS = 2


def made(output: Path, *words: object, settings: dict[str, Any] | None = None) -> Path:
    """Let a command make a file, unless it is there."""
    if not output.exists():
        told = [] if settings is None else ["--settings", json.dumps(settings)]
        subprocess.run(["hh4b", *map(str, words), "-o", output, *told], check=True)
    return output


def fractions(mass: float, scale: float, events: int, folder: Path, detector: Path) -> list[Cell]:
    """Return the event fractions of a mass and a scale in units of m_X / 2, with their errors."""
    folder.mkdir(parents=True, exist_ok=True)
    partons = made(
        folder / "partons.lhe.gz", "generate", "resonance",
        settings={"events": events, "mass_gev": mass, "mu_factor": scale, "seed": 1},
    )  # fmt: skip
    showered = made(
        folder / "events.root", "simulate", partons, "--detector", detector,
        settings={
            "sample": "resonant", "tags": "weight", "b_tagging": "dl1r_77", "seed": 1,
            "detector_draws": DRAWS, "combination_probability_min": 0.2,
        },
    )  # fmt: skip
    dataset = made(
        folder / "dataset.h5", "ingest", showered,
        settings={"sample": "resonant", "background": False, "matching": "drop_ambiguous"},
    )  # fmt: skip
    pairing = made(folder / "pairing.h5", "pair", "min-dr", dataset)
    report = made(
        folder / "report.json", "pair", "evaluate", "--dataset", dataset, "--pairing", pairing
    )
    groups = read_json(report)["groups"]
    return [(groups[one]["event_fraction"], groups[one]["event_fraction_error"]) for one in GROUPS]


def main() -> None:
    """Print the table, and keep it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("masses", nargs="+", help="GeV, or GeV:SCALE")
    parser.add_argument("--events", type=int, default=10000, help="showers of each mass")
    parser.add_argument("--detector", type=Path, default=Path("config/detector/note.yaml"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    given = parser.parse_args()
    rows: dict[str, list[Cell]] = {}
    print("", *HEAD, sep=" | ")
    for told in given.masses:
        mass, _, scale = told.partition(":")
        name = f"{mass} GeV" + (f", {scale} times the scale" if scale else "")
        rows[name] = fractions(
            float(mass), float(scale or 1), given.events, given.work / told, given.detector
        )
        print(name, *rows[name], sep=" | ", flush=True)
    if given.output:
        write_benchmark(
            given.output, Path(__file__).stem, HEAD, rows, decimals=(3,) * len(HEAD),
            events=given.events,
        )  # fmt: skip


if __name__ == "__main__":
    main()

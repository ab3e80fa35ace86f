"""How the four-tag pass rate of pp -> 4b depends on the scale in the Les Houches file.

Pythia starts its initial-state shower at SCALUP. The same partons are showered with their scale and
with the scale times a factor; everything else, random streams included, is the same.

    python benchmarks/shower_scale.py PARTONS.lhe.gz --factors 0.5 1 --work FOLDER
"""

import argparse
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np

from hh4b.contracts import DATASET, read_attributes, read_table
from hh4b.files import Provenance
from hh4b.generation.lhe import read_lhe, write_lhe


def pass_rate(partons: Path, factor: float, work: Path) -> tuple[float, float]:
    """Return the four-tag pass rate and its error with all scales multiplied by ``factor``."""
    source = read_lhe(partons)
    scaled = replace(source.events, scales=source.events.scales * factor)
    stem = work / f"scale_{factor:g}"
    write_lhe(
        f"{stem}.lhe.gz",
        scaled,
        sqrt_s_gev=13000.0,
        cross_section_error_pb=source.cross_section_error_pb,
        provenance=Provenance("shower_scale", {"factor": factor}),
    )
    detector = Path(__file__).parents[1] / "config/detector/atlas.yaml"
    subprocess.run(
        ["hh4b", "simulate", f"{stem}.lhe.gz", "-o", f"{stem}.root", "--sample", "four_b",
         "--detector", str(detector), "--tags", "weight"],
        check=True,
    )  # fmt: skip
    subprocess.run(
        ["hh4b", "ingest", f"{stem}.root", "-o", f"{stem}.h5", "--background"], check=True
    )
    weights = read_table(f"{stem}.h5", DATASET, columns=["HH4B/weight"])["HH4B/weight"]
    generated = read_attributes(f"{stem}.h5")["sum_weights_generated"]
    return weights.sum() / generated, float(np.sqrt((weights**2).sum())) / generated


def main() -> None:
    """Print one line a factor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("partons", type=Path)
    parser.add_argument("--factors", type=float, nargs="+", default=[0.5, 1.0])
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for factor in arguments.factors:
        rate, error = pass_rate(arguments.partons, factor, arguments.work)
        print(f"SCALUP x {factor:g}: pass rate {rate:.5f} +- {error:.5f}")


if __name__ == "__main__":
    main()

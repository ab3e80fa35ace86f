"""How the four-tag pass rate depends on detector, b-tagging and start of the shower.

The same partons are showered and simulated for each detector file, each tagging and each factor on
their SCALUP, where Pythia starts its initial-state shower; the random streams are the same.

    python benchmarks/four_tag_rate.py PARTONS.lhe.gz --work FOLDER \
        [--detectors config/detector/note.yaml …] [--b-tagging mv2c10_70 …] [--factors 0.5 1]
"""

import argparse
import subprocess
from dataclasses import replace
from itertools import product
from pathlib import Path

from hh4b.core.files import Provenance
from hh4b.generation.lhe import read_lhe, write_lhe
from hh4b.publication.pass_rates import pass_rate

ATLAS = Path(__file__).parents[1] / "config/detector/atlas.yaml"


def scaled(partons: Path, factor: float, work: Path) -> Path:
    """Write the partons with all scales multiplied by ``factor``."""
    if factor == 1.0:
        return partons
    source = read_lhe(partons)
    path = work / f"scale_{factor:g}.lhe.gz"
    write_lhe(
        path,
        replace(source.events, scales=source.events.scales * factor),
        sqrt_s_gev=13000.0,
        cross_section_error_pb=source.cross_section_error_pb,
        provenance=Provenance("four_tag_rate", {"factor": factor}),
    )
    return path


def simulated(partons: Path, detector: Path, tagging: str, stem: Path) -> Path:
    """Shower, simulate and select; return the dataset."""
    subprocess.run(
        ["hh4b", "simulate", str(partons), "-o", f"{stem}.root", "--sample", "four_tag_rate",
         "--detector", str(detector), "--tags", "weight", "--b-tagging", tagging],
        check=True,
    )  # fmt: skip
    subprocess.run(
        ["hh4b", "ingest", f"{stem}.root", "-o", f"{stem}.h5", "--background"], check=True
    )
    return stem.with_name(stem.name + ".h5")


def main() -> None:
    """Print one line a combination."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("partons", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--detectors", type=Path, nargs="+", default=[ATLAS])
    parser.add_argument("--b-tagging", nargs="+", default=["dl1r_77"])
    parser.add_argument("--factors", type=float, nargs="+", default=[1.0])
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for factor, detector, tagging in product(
        arguments.factors, arguments.detectors, arguments.b_tagging
    ):
        stem = arguments.work / f"{detector.stem}_{tagging}_{factor:g}"
        partons = scaled(arguments.partons, factor, arguments.work)
        rate = pass_rate(simulated(partons, detector, tagging, stem))
        print(
            f"{detector.stem}, {tagging}, SCALUP x {factor:g}: pass rate"
            f" {rate.value:.5f} +- {rate.error:.5f}",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""CPU time of tables and figures on a results folder: ``python benchmarks/publication_outputs.py``.

Reads what is there (results/smoke by default) and writes to a temporary folder. Each output is a
process of its own, as in the workflow, so that starting Python and matplotlib counts.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

RESULTS = Path(sys.argv[1] if len(sys.argv) > 1 else "results/smoke")


def measure(label: str, *arguments: str) -> None:
    """Run `hh4b` and print the CPU seconds of the process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["hh4b", *arguments], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{label:32s} {seconds:6.2f} CPU s")


def main() -> None:
    """Measure the outputs that the folder has inputs for."""
    with tempfile.TemporaryDirectory() as folder:
        curve = RESULTS / "metrics/pairing/min_dr.json"
        limits = RESULTS / "limits/min_dr_dnn_13tev_139ifb.json"
        features = next((RESULTS / "features/min_dr").glob("four_b*.h5"))
        dataset = RESULTS / "datasets" / features.name
        partons = sorted((RESULTS / "comparison").glob("four_b_1?tev.json"))
        energies = [f"{path.stem[-5:]}={path}" for path in partons]
        note = ("--reference", "config/reference/note.yaml")
        table = ("table", "26", "-o", f"{folder}/t", *note, "--input", f"min_dr_dnn={limits}")
        measure("table 26", *table)
        measure("figure 1", "figure", "1", "-o", f"{folder}/f1", "--input", f"min_dr={curve}")
        planes = ("--input", f"dataset={dataset}", "--input", f"min_dr={features}")
        measure("figure 3", "figure", "3", "-o", f"{folder}/f3", *planes)
        options = [part for text in energies for part in ("--input", text)]
        measure("figure 13 (four ratio panels)", "figure", "13", "-o", f"{folder}/f13", *options)
        jets = ("--input", f"background={dataset}")
        measure("figure jets (six panels)", "figure", "jets", "-o", f"{folder}/fj", *jets)


if __name__ == "__main__":
    main()

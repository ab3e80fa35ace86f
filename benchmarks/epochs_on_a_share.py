"""How many epochs a network of SPANet2 needs where it has few events.

``python benchmarks/epochs_on_a_share.py --events NAME TRAINING.h5 TESTING.h5 12 20 64 64:loss
--work FOLDER`` trains on TRAINING for so many epochs each, and measures on TESTING; ``64:loss``
keeps the epoch that `best_checkpoint_metric` says. Training files of a learning curve are kept by
``snakemake --notemp``. What stands in FOLDER already is not trained again.
``-o docs/numbers/epochs_on_a_share.json`` keeps the table for the documents.
"""

import argparse
import subprocess
from collections.abc import Sequence
from pathlib import Path

from hh4b.core.files import read_json
from hh4b.publication.benchmark_tables import Cell, write_benchmark
from hh4b.spanet.options import Options

HEAD = ("AUC", "event efficiency")
DECIMALS = (3, 3)


def measured(folder: Path, files: Sequence[Path], epochs: int, metric: str, seed: int) -> Path:
    """Train unless it is done, measure, and return the report."""
    report = folder / "report.json"
    if report.exists():
        return report
    training, testing, options, event = files
    if not (folder / "model.pt").exists():
        folder.mkdir(parents=True, exist_ok=True)
        changed = Options.read(options, {"best_checkpoint_metric": metric})
        told = folder / "options.json"
        told.write_text(changed.model_dump_json(), encoding="utf-8")
        subprocess.run(
            [
                "hh4b", "spanet", "train", "--options", told, "--event", event, "--train", training,
                "-o", folder, "--kappa-balance", "--epochs", str(epochs), "--seed", str(seed),
                "--threads", "1",
            ],
            check=True,
        )  # fmt: skip
    subprocess.run(
        ["hh4b", "spanet", "evaluate", folder, testing, "-o", report, "--threads", "1"], check=True
    )
    return report


def row(report: Path) -> list[Cell]:
    """Return AUC and event efficiency with the errors of the testing events."""
    found = read_json(report)
    classes, total = found["classification"]["EVENT/signal"], found["groups"]["total"]
    return [
        (float(classes["auc"]), float(classes["auc_error"])),
        (float(total["event_efficiency"]), float(total["event_efficiency_error"])),
    ]


def main() -> None:
    """Print the table, and keep it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--events", nargs="+", action="append", required=True,
        metavar=("NAME", "TRAINING"), help="name, training file, testing file, and epochs",
    )  # fmt: skip
    parser.add_argument("--options", type=Path, default=Path("config/spanet/options/small.json"))
    parser.add_argument("--event", type=Path, default=Path("config/spanet/event.yaml"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    given = parser.parse_args()
    rows: dict[str, list[Cell]] = {}
    print("", *HEAD, sep=" | ")
    for name, training, testing, *wanted in given.events:
        files = (Path(training), Path(testing), given.options, given.event)
        for told in wanted:
            epochs, _, metric = told.partition(":")
            kept = metric or "last"
            folder = given.work / f"{name.split()[0]}_{epochs}_{kept}"
            report = measured(folder, files, int(epochs), kept, given.seed)
            label = f"{name}, {epochs} epochs" + (f", kept by {kept}" if metric else "")
            rows[label] = row(report)
            print(label, *rows[label], sep=" | ", flush=True)
    if given.output:
        write_benchmark(
            given.output, Path(__file__).stem, HEAD, rows, decimals=DECIMALS,
            options=given.options.name,
        )  # fmt: skip


if __name__ == "__main__":
    main()

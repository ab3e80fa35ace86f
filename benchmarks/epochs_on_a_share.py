"""How many epochs a network of SPANet2 needs where it has few events.

``python benchmarks/epochs_on_a_share.py --events NAME TRAINING.h5 TESTING.h5 12 20 64 64:loss
--work FOLDER`` trains on TRAINING for so many epochs each, and measures on TESTING; ``64:loss``
keeps the epoch that `best_checkpoint_metric` says. Training files of a learning curve are kept by
``snakemake --notemp``; ``hh4b datasets merge TRAINING.h5 -o SHARE.h5 --share 0.1`` takes a share of
any. What stands in FOLDER already is not trained again. ``--changes`` sets other options, such as
``'{"classification_loss_scale": 0}'`` for assignment alone. ``--options`` may name several files.
``-o docs/numbers/epochs_on_a_share.json`` keeps the table for the documents.
"""

import argparse
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from hh4b.core.files import read_json
from hh4b.publication.benchmark_tables import Cell, write_benchmark
from hh4b.publication.sample_sizes import count_file
from hh4b.spanet.options import Options

HEAD = ("AUC", "event efficiency")
DECIMALS = (3, 3)


@dataclass(frozen=True)
class How:
    """How the networks are trained, the same for all."""

    options: Path
    event: Path
    changes: dict[str, Any]
    balance: bool
    seed: int

    @property
    def assignment_only(self) -> bool:
        """Return whether no network of them learns to tell signal from background."""
        return Options.read(self.options, self.changes).classification_loss_scale == 0


def measured(folder: Path, files: Sequence[Path], epochs: int, metric: str, how: How) -> Path:
    """Train unless it is done, measure, and return the report."""
    report = folder / "report.json"
    if report.exists():
        return report
    training, testing = files
    if not (folder / "model.pt").exists():
        folder.mkdir(parents=True, exist_ok=True)
        changed = Options.read(how.options, {**how.changes, "best_checkpoint_metric": metric})
        told = folder / "options.json"
        told.write_text(changed.model_dump_json(), encoding="utf-8")
        subprocess.run(
            [
                "hh4b", "spanet", "train", "--options", told, "--event", how.event,
                "--train", training, "-o", folder, "--epochs", str(epochs),
                "--seed", str(how.seed), "--threads", "1",
                "--kappa-balance" if how.balance else "--no-kappa-balance",
            ],
            check=True,
        )  # fmt: skip
    subprocess.run(
        ["hh4b", "spanet", "evaluate", folder, testing, "-o", report, "--threads", "1"], check=True
    )
    return report


def row(report: Path, assignment_only: bool) -> list[Cell]:
    """Return AUC, if there is one, and event efficiency with the errors of the testing events."""
    found = read_json(report)
    total = found["groups"]["total"]
    efficiency = (float(total["event_efficiency"]), float(total["event_efficiency_error"]))
    if assignment_only:
        return [efficiency]
    classes = found["classification"]["EVENT/signal"]
    return [(float(classes["auc"]), float(classes["auc_error"])), efficiency]


def main() -> None:
    """Print the table, and keep it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--events", nargs="+", action="append", required=True,
        metavar=("NAME", "TRAINING"), help="name, training file, testing file, and epochs",
    )  # fmt: skip
    parser.add_argument(
        "--options", type=Path, nargs="+", default=[Path("config/spanet/options/small.json")]
    )
    parser.add_argument("--event", type=Path, default=Path("config/spanet/event.yaml"))
    parser.add_argument("--changes", type=json.loads, default={}, help="other options, as JSON")
    parser.add_argument("--kappa-balance", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    given = parser.parse_args()
    hows = [
        How(options, given.event, given.changes, given.kappa_balance, given.seed)
        for options in given.options
    ]
    assignment_only = hows[0].assignment_only
    first = 1 if assignment_only else 0
    rows: dict[str, list[Cell]] = {}
    print("", *HEAD[first:], sep=" | ")
    for (name, training, testing, *wanted), how in product(given.events, hows):
        several = f"{how.options.stem}.json, " if len(hows) > 1 else ""
        for told in wanted:
            epochs, _, metric = told.partition(":")
            kept = metric or "last"
            folder = f"{name.split()[0]}_{epochs}_{kept}"
            place = given.work / (f"{how.options.stem}_{folder}" if several else folder)
            report = measured(place, (Path(training), Path(testing)), int(epochs), kept, how)
            label = f"{several}{name}, {epochs} epochs" + (f", kept by {kept}" if metric else "")
            rows[label] = row(report, assignment_only)
            print(label, *rows[label], sep=" | ", flush=True)
    if given.output:
        write_benchmark(
            given.output, Path(__file__).stem, HEAD[first:], rows, decimals=DECIMALS[first:],
            options=", ".join(options.name for options in given.options),
            changes=json.dumps(given.changes),
            training_events=count_file(Path(given.events[-1][1]))["total"].value or 0,
        )  # fmt: skip


if __name__ == "__main__":
    main()

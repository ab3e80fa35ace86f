"""The published options of SPANet2 at the note's number of events: pairing and AUC beside the note.

``python benchmarks/published_options.py config/scale/evening.yaml`` reads what
``snakemake --configfile config/scale/evening.yaml -- table_sample_size`` has left: metrics of the
training on all events and on shares of them, tested with the same events.
``--repeats LABEL FOLDER ...`` adds trainings on all events beside the study: by `hh4b spanet train`
with its training file; each FOLDER holds ``report.json`` of `hh4b spanet evaluate` on its testing
events. ``-o docs/numbers/published_options.json`` keeps the table for the documents.
"""

import argparse
import csv
import statistics
from collections.abc import Sequence
from math import hypot, sqrt
from pathlib import Path
from typing import Any

from hh4b.core.files import read_json
from hh4b.publication.benchmark_tables import Cell, write_benchmark
from hh4b.publication.reference import Reference
from hh4b.publication.sample_sizes import count_file
from hh4b.study.layout import Layout
from hh4b.study.learning_curves import point_name
from hh4b.study.reading import read_study

TRAINING = "mixing_joint_published"
SMALL = "mixing_joint"
GROUPS = {"4": "4 jets", "5": "5 jets", ">=6": "6 or more", "total": "all 2h events"}
HEAD = (
    "training events", "epochs", "AUC", *(f"event efficiency, {one}" for one in GROUPS.values()),
)  # fmt: skip
DECIMALS = (0, 0, 3, *(3 for _ in GROUPS))


def metrics_of(layout: Layout, name: str) -> Path:
    """Return the file of a training's metrics."""
    return Path(layout.file(f"metrics/spanet/{name}.json"))


def row(layout: Layout, name: str, metrics_file: Path) -> list[Cell]:
    """Return training events, epochs, AUC and event efficiencies of a training."""
    folder = Path(layout.file(f"models/spanet/{name}/repeat_0"))
    values = measured(read_json(metrics_file))
    return [events_of(layout, name), epochs_of(folder), *values]


def row_of_repeats(layout: Layout, name: str, folders: Sequence[Path]) -> list[Cell]:
    """Return the means over equal trainings; errors hold events and the spread of trainings."""
    found = [measured(read_json(folder / "report.json")) for folder in folders]
    means: list[Cell] = []
    for values in zip(*found, strict=True):
        centre = statistics.mean(value for value, _ in values)
        events = statistics.mean(error for _, error in values)
        means.append((centre, hypot(events, spread_of(values) / sqrt(len(values)))))
    return [events_of(layout, name), epochs_of(folders[0]), *means]


def spread_of(values: Sequence[tuple[float, float]]) -> float:
    """Return the standard deviation of the values of several trainings; 0 of one."""
    return statistics.stdev(value for value, _ in values) if len(values) > 1 else 0.0


def events_of(layout: Layout, name: str) -> int:
    """Return the number of training events."""
    file = Path(layout.file(f"trainings/{name}/fold_0_training.h5"))
    return int(count_file(file)["total"].value)


def epochs_of(folder: Path) -> int:
    """Return the number of epochs that a training ran for."""
    return int(float(curves_of(folder)[-1]["epoch"]))


def kept_epoch(folder: Path) -> tuple[int, float]:
    """Return the epoch that assigns most jets, and what the AUC gains after it until the last."""
    rows = curves_of(folder)
    best = max(rows, key=lambda row: float(row["validation/average_jet_accuracy"]))
    name = "validation/EVENT/signal/auc"
    return int(float(best["epoch"])), float(rows[-1][name]) - float(best[name])


def least_loss_epoch(folder: Path) -> int:
    """Return the epoch with the least loss of the validation events."""
    best = min(curves_of(folder), key=lambda row: float(row["validation/loss"]))
    return int(float(best["epoch"]))


def beside_the_note(cells: Sequence[Cell], spread: float, note: Reference) -> dict[str, float]:
    """Return how far the AUC is below the note's, and in errors of the difference.

    The note has one training of these options. Its error is that of its testing events and, of the
    training, the spread of ours, or that of its ten trainings with tuned options (Table 20).
    """
    value, error = cells[HEAD.index("AUC")]
    theirs = note.find("classification", "table_8", "mixing_joint", 1)
    tuned = note.find("classification", "table_20", "mixing_spanet_tuned", 1)
    below = theirs.value - value
    events = hypot(error, theirs.counted_error)
    return {
        "auc_below": round(below, 4),
        "pull_with_our_spread": round(below / hypot(events, spread), 2),
        "pull_with_their_spread": round(below / hypot(events, tuned.error), 2),
    }


def curves_of(folder: Path) -> list[dict[str, str]]:
    """Return the metrics of every epoch."""
    with (folder / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def measured(metrics: dict[str, Any]) -> list[tuple[float, float]]:
    """Return AUC and event efficiencies with the errors of the testing events."""
    entries = [(metrics["classification"]["EVENT/signal"], "auc")]
    entries += [(metrics["groups"][key], "event_efficiency") for key in GROUPS]
    return [(float(entry[name]), float(entry[f"{name}_error"])) for entry, name in entries]


def published(reference: Reference) -> list[Cell]:
    """Return the same of the note, Tables 7 and 8; its table of samples has no epochs."""
    places: list[tuple[str | int, ...]] = [
        ("samples", "mixing_joint", "training", "total"), (),
        ("classification", "table_8", "mixing_joint", 1),
        *(("pairing", "table_7", key, 1) for key in GROUPS),
    ]  # fmt: skip
    found = [reference.find(*place) if place else None for place in places]
    return [None if one is None else one.value for one in found]


def main() -> None:
    """Print the table, and keep it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configuration", type=Path, nargs="+")
    parser.add_argument("--training", default=TRAINING)
    parser.add_argument(
        "--small", type=Path, metavar="METRICS",
        help=f"metrics of the first fold of {SMALL} by `hh4b spanet evaluate`, same testing events",
    )  # fmt: skip
    parser.add_argument(
        "--repeats", nargs="+", action="append", default=[], metavar=("LABEL", "FOLDER"),
        help="a name of the line, and folders of equal trainings",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    given = parser.parse_args()
    study = read_study(Path("config/config.yaml"), *given.configuration)
    layout = Layout(study)
    rows = {}
    for share in sorted(study.learning_curves.shares):
        name = point_name(given.training, share)
        if metrics_of(layout, name).exists():
            rows[f"{100 * share:g} % of the events"] = row(layout, name, metrics_of(layout, name))
        else:
            print(f"{name} is not made yet; it is left out")
    rows["all events"] = row(layout, given.training, metrics_of(layout, given.training))
    if given.small:
        rows["small options, all events"] = row(layout, SMALL, given.small)
    note = Reference.of_file(study.publication.reference)
    spreads: dict[str, float] = {}
    for label, *names in given.repeats:
        folders = [Path(name) for name in names]
        rows[label] = row_of_repeats(layout, given.training, folders)
        if len(folders) > 1:
            found = [measured(read_json(folder / "report.json"))[0] for folder in folders]
            spreads["auc_spread"] = round(spread_of(found), 4)
            kept, gains = zip(*(kept_epoch(folder) for folder in folders), strict=True)
            spreads["kept_epoch"] = statistics.median(kept)
            spreads["least_loss_epoch"] = statistics.median(map(least_loss_epoch, folders))
            spreads["auc_gain_after"] = round(statistics.mean(gains), 4)
            spreads |= beside_the_note(rows[label], spread_of(found), note)
    rows["the note"] = published(note)
    print("", *HEAD, sep=" | ")
    for name, cells in rows.items():
        print(name, *cells, sep=" | ")
    if given.output:
        options = study.spanet_trainings[given.training]
        write_benchmark(
            given.output, Path(__file__).stem, HEAD, rows, decimals=DECIMALS,
            folds=study.event_selection.folds, options=Path(options.options).name, **spreads,
        )  # fmt: skip


if __name__ == "__main__":
    main()

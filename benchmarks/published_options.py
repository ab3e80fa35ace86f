"""The published options of SPANet2 at the note's number of events: pairing and AUC beside the note.

``python benchmarks/published_options.py config/scale/evening.yaml`` reads what
``snakemake --configfile config/scale/evening.yaml -- table_sample_size`` has left: metrics of the
training on all events and on shares of them, tested with the same events.
``-o docs/numbers/published_options.json`` keeps the table for the documents.
"""

import argparse
import csv
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
    metrics = read_json(metrics_file)
    events = count_file(Path(layout.file(f"trainings/{name}/fold_0_training.h5")))["total"].value
    curves = Path(layout.file(f"models/spanet/{name}/repeat_0/metrics.csv"))
    with curves.open(encoding="utf-8", newline="") as stream:
        epochs = int(float(list(csv.DictReader(stream))[-1]["epoch"]))
    found = metrics["classification"]["EVENT/signal"]
    groups = (metrics["groups"][key] for key in GROUPS)
    return [events, epochs, _measured(found, "auc"),
            *(_measured(one, "event_efficiency") for one in groups)]  # fmt: skip


def _measured(entry: dict[str, Any], name: str) -> Cell:
    value, error = entry[name], entry.get(f"{name}_error")
    return float(value) if error is None else (float(value), float(error))


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
    rows["the note"] = published(Reference.of_file(study.publication.reference))
    print("", *HEAD, sep=" | ")
    for name, cells in rows.items():
        print(name, *cells, sep=" | ")
    if given.output:
        options = study.spanet_trainings[given.training]
        write_benchmark(
            given.output, Path(__file__).stem, HEAD, rows, decimals=DECIMALS,
            folds=study.event_selection.folds, options=Path(options.options).name,
        )  # fmt: skip


if __name__ == "__main__":
    main()

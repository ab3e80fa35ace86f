"""What the scale of its inputs is worth to the dense network.

``python benchmarks/dnn_inputs.py RESULTS --repeats 10`` trains the network of a finished study on
the training events of its first fold, so many times with other seeds, and tests it on the events of
that fold: with standardised inputs, as everywhere here, and with inputs as they are, in GeV and
radians, which is what the note's public code trains on. Errors of the table are the spread of the
trainings, as the note prints it; all are tested with the same events.
``-o docs/numbers/dnn_inputs.json`` keeps the table for the documents.
"""

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from hh4b.core.rows_per_shower import RowDraw
from hh4b.publication.benchmark_tables import Cell, write_benchmark
from hh4b.selection.dnn import Standardisation, probability
from hh4b.selection.samples import LabelledFeatures, read_labelled
from hh4b.selection.settings import DnnTrainSettings
from hh4b.selection.training import train
from hh4b.study.job_inputs import JobInputs
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study
from hh4b.study.stage_settings import StageSettings
from hh4b.training.metrics import auc, balanced_accuracy

HEAD = ("AUC", "accuracy", "epochs")
DECIMALS = (4, 4, 0)


def samples(layout: Layout, classifier: str) -> tuple[list[str], list[str]]:
    """Return signal and background samples as `read_labelled` takes them."""
    found = JobInputs(layout).compared("features", classifier)
    signal, background = (
        [f"{a}:{b}" for a, b in zip(found[f"{kind}_datasets"], found[kind], strict=True)]
        for kind in ("signal", "background")
    )
    return signal, background


def trained(
    training: LabelledFeatures, testing: LabelledFeatures, settings: DnnTrainSettings, seed: int
) -> tuple[float, float, int]:
    """Return AUC, accuracy and epochs of one training."""
    found = train(training, settings, seed=seed)
    inputs = torch.from_numpy(np.column_stack([testing.features, testing.kappa]))
    with torch.no_grad():
        score = probability(found.network(inputs.float())).double().numpy()
    area = auc(testing.label, score, testing.weight, testing.events)
    right = balanced_accuracy(
        testing.label, score, testing.weight, threshold=0.5, events=testing.events
    )
    return area.value, right.value, len(found.epochs)


def row(found: Sequence[tuple[float, float, int]]) -> list[Cell]:
    """Return means and spreads over trainings."""
    areas, right, epochs = zip(*found, strict=True)
    return [
        *((statistics.mean(values), statistics.stdev(values)) for values in (areas, right)),
        statistics.mean(epochs),
    ]


def main() -> None:
    """Print the table, and keep it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--classifier", default="min_dr_dnn")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--all-rows", action="store_true", help="all rows of each shower event")
    parser.add_argument("-o", "--output", type=Path, help="JSON of a table for the documents")
    given = parser.parse_args()
    torch.set_num_threads(1)
    study = read_study(given.results / "config.yaml")
    layout = Layout(study.model_copy(update={"results": str(given.results)}))
    settings = StageSettings(layout).dnn_train(given.classifier, "0")
    if given.all_rows:
        settings = settings.model_copy(update={"rows_per_shower": None})
    signal, background = samples(layout, given.classifier)
    training, testing = (
        read_labelled(signal, background, part=part, folds=settings, draw=RowDraw.of(settings))
        for part in ("training", "testing")
    )
    print(f"{len(training.label)} training events, {len(testing.label)} testing events")
    rows: dict[str, list[Cell]] = {}
    print("", *HEAD, sep=" | ")
    for name, fit in (
        ("standardised", Standardisation.fit),
        ("as they are", lambda self, inputs, weight: None),
    ):
        with patch.object(Standardisation, "fit", fit):
            seeds = range(1, given.repeats + 1)
            rows[name] = row([trained(training, testing, settings, seed) for seed in seeds])
        print(name, *rows[name], sep=" | ", flush=True)
    if given.output:
        write_benchmark(
            given.output, Path(__file__).stem, HEAD, rows, decimals=DECIMALS,
            trainings=given.repeats, training_events=len(training.label),
        )  # fmt: skip


if __name__ == "__main__":
    main()

"""Commands: features, classifiers, working points."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hh4b.commands.groups import app, baseline, dnn, select

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SignalFeatures = Annotated[
    list[str], typer.Option("--signal", help="DATASET.h5:FEATURES.h5 of a signal sample; repeat.")
]
BackgroundFeatures = Annotated[
    list[str], typer.Option("--background", help="DATASET.h5:FEATURES.h5 of background; repeat.")
]
SignalScores = Annotated[
    list[str], typer.Option("--signal", help="DATASET.h5:SCORES.h5 of a signal sample; repeat.")
]
BackgroundScores = Annotated[
    list[str], typer.Option("--background", help="DATASET.h5:SCORES.h5 of background; repeat.")
]
ScoreFiles = Annotated[
    list[str],
    typer.Option("--score", help="DATASET.h5:FEATURES.h5:SCORES.h5 to write; repeat."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]
KappaValues = Annotated[
    str, typer.Option("--kappa-values", help='Values of the kappa input, e.g. "-10,-9,…,15".')
]
TrainingOptions = Annotated[
    Path | None, typer.Option("--options", help="Training options, JSON or YAML.")
]
HiddenDim = Annotated[int | None, typer.Option(help="Width of the hidden layers.")]
NLayers = Annotated[int | None, typer.Option(help="Number of hidden layers.")]
LearningRate = Annotated[float | None, typer.Option(help="Step size of Adam.")]
BatchSize = Annotated[int | None, typer.Option(help="Events in one step.")]
Patience = Annotated[int | None, typer.Option(help="Epochs without improvement.")]
MaxEpochs = Annotated[int | None, typer.Option(help="Epochs at most.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads; the network is small.")]


class Part(StrEnum):
    """Events of a dataset by HH4B/split."""

    training = "training"
    testing = "testing"
    all = "all"


class Criterion(StrEnum):
    """How a threshold is chosen."""

    s_over_sqrt_b = "s_over_sqrt_b"
    fixed = "fixed"


def parse_kappas(text: str) -> "NDArray[np.float64]":
    """Turn ``"-10,0,1.5"`` into numbers.

    Raises:
        ConfigError: naming what is no number, or given twice.
    """
    import numpy as np

    from hh4b.core.errors import ConfigError

    values = []
    for part in text.split(","):
        try:
            values.append(float(part))
        except ValueError as error:
            raise ConfigError(f"--kappa-values: {part!r} is no number") from error
    kappas = np.array(values)
    if not np.isfinite(kappas).all() or len(np.unique(kappas)) != len(kappas):
        raise ConfigError(f"--kappa-values {text!r}: values must be finite and given once")
    return kappas


def limit_threads(threads: int) -> None:
    """Let torch use so many threads; sums, and so the last bits of a training, depend on it."""
    import torch

    torch.set_num_threads(threads)


@app.command("features")
def features(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET.h5")],
    pairing: Annotated[Path, typer.Argument(metavar="PAIRING.h5")],
    output: Output,
    without_event_observables: Annotated[
        bool, typer.Option(help="Leave out MET and leptons (datasets without them).")
    ] = False,
) -> None:
    """Compute the high-level observables of every event; H1 has the larger pT."""
    from hh4b.selection.feature_stage import write_features

    write_features(dataset, pairing, output, event_observables=not without_event_observables)


@dnn.command("train")
def dnn_train(
    *,
    signal: SignalFeatures,
    background: BackgroundFeatures,
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory to write.")],
    options: TrainingOptions = None,
    hidden_dim: HiddenDim = None,
    n_layers: NLayers = None,
    learning_rate: LearningRate = None,
    batch_size: BatchSize = None,
    patience: Patience = None,
    max_epochs: MaxEpochs = None,
    validation_fraction: Annotated[float | None, typer.Option(help="Of each class.")] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="JSON for the metrics of the testing events.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides every random number.")] = 1,
    threads: Threads = 1,
) -> None:
    """Train the dense network on the training events (HH4B/split = 0) of the samples."""
    from hh4b.selection.dnn_stage import evaluate_to_file, train_to_directory
    from hh4b.selection.options import read_options

    limit_threads(threads)
    overrides: dict[str, Any] = {
        "hidden_dim": hidden_dim,
        "n_layers": n_layers,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "patience": patience,
        "max_epochs": max_epochs,
        "validation_fraction": validation_fraction,
    }
    chosen = read_options(options, overrides)
    trained = train_to_directory(signal, background, output, chosen, seed=seed)
    if evaluation is not None:
        evaluate_to_file(trained.network, signal, background, evaluation)


@dnn.command("search")
def dnn_search(
    *,
    signal: SignalFeatures,
    background: BackgroundFeatures,
    output: Output,
    storage: Annotated[Path, typer.Option(help="Journal file shared by the workers.")],
    trials: Annotated[int, typer.Option(min=1, help="Of all workers together.")],
    worker: Annotated[int, typer.Option(min=0, help="Number of this worker.")] = 0,
    options: TrainingOptions = None,
    hidden_dim: HiddenDim = None,
    n_layers: NLayers = None,
    learning_rate: LearningRate = None,
    batch_size: BatchSize = None,
    patience: Patience = None,
    max_epochs: MaxEpochs = None,
    ranges: Annotated[str, typer.Option(help="JSON of what is varied; default: the note.")] = "{}",
    seed: Annotated[int, typer.Option(help="Of trainings and sampler.")] = 1,
    threads: Threads = 1,
) -> None:
    """Search learning rate and size of the network; resumes, and shares trials with workers.

    Learning rate and size that are given are those of the first trial.
    """
    from hh4b.selection.options import read_options
    from hh4b.selection.search_stage import search_to_file
    from hh4b.training.search_ranges import DnnRanges, parse_ranges
    from hh4b.training.trials import Worker

    limit_threads(threads)
    overrides: dict[str, Any] = {
        "hidden_dim": hidden_dim,
        "n_layers": n_layers,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "patience": patience,
        "max_epochs": max_epochs,
    }
    chosen = read_options(options, overrides)
    shared = Worker(storage, trials, worker, seed)
    search_to_file(signal, background, output, chosen, shared, parse_ranges(DnnRanges, ranges))


@dnn.command("sensitivity")
def dnn_sensitivity(
    model: Annotated[Path, typer.Argument(metavar="DIR")],
    signal: SignalFeatures,
    background: BackgroundFeatures,
    output: Output,
    part: Annotated[Part, typer.Option(help="Which events.")] = Part.testing,
) -> None:
    """Rank the inputs of a trained network by the gradient of its answer."""
    from hh4b.core.files import Provenance, write_json
    from hh4b.selection.sensitivity import importance_from_files

    found = importance_from_files(model, signal, background, part=part.value)
    write_json(output, found, Provenance("dnn sensitivity", {"part": part.value}))


@dnn.command("predict")
def dnn_predict(
    model: Annotated[Path, typer.Argument(metavar="DIR")],
    score: ScoreFiles,
    kappa_values: KappaValues,
    threads: Threads = 1,
) -> None:
    """Write the score of every event at every kappa input."""
    from hh4b.selection.baseline_stage import parse_job
    from hh4b.selection.dnn_stage import predict_to_file

    limit_threads(threads)
    kappas = parse_kappas(kappa_values)
    for job in [parse_job(text) for text in score]:
        predict_to_file(model, job.features, job.scores, kappas, dataset_path=job.dataset)


@app.command("search-outcome")
def search_outcome(
    workers: Annotated[list[Path], typer.Argument(metavar="WORKER.json", help="Of one study.")],
    output: Output,
) -> None:
    """Write the outcome of a search once all its workers have ended."""
    from hh4b.training.trial_storage import write_outcome

    write_outcome(workers, output)


@app.command("choose-repeat")
def choose_repeat(
    candidates: Annotated[
        list[str], typer.Argument(metavar="MODEL.pt:METRICS.json", help="Repeated trainings.")
    ],
    model: Annotated[Path, typer.Option(help="Checkpoint of the best one, to write.")],
    metrics: Annotated[Path, typer.Option(help="Its metrics, to write (JSON).")],
) -> None:
    """Take the best of repeated trainings: by accuracy, or by event efficiency without classes."""
    from hh4b.training.repeats import choose, parse_candidate

    choose([parse_candidate(text) for text in candidates], model, metrics)


@dnn.command("evaluate")
@app.command("evaluate-classifier")
def evaluate_classifier(
    signal: SignalScores,
    background: BackgroundScores,
    output: Output,
    part: Annotated[Part, typer.Option(help="Which events.")] = Part.testing,
    threshold: Annotated[float, typer.Option(help="Called signal above it.")] = 0.5,
    beta: Annotated[float, typer.Option(help="Of the F_beta score.")] = 2.0,
) -> None:
    """Accuracy, AUC, ROC and further metrics of any classifier, each event at its own kappa."""
    from hh4b.core.files import Provenance, write_json
    from hh4b.selection.evaluation import evaluate

    settings = {"part": part.value, "threshold": threshold, "beta": beta}
    found = evaluate(signal, background, part=part.value, threshold=threshold, beta=beta)
    counts = {name: found[name] for name in ("n_signal", "n_background")}
    write_json(output, found, Provenance("evaluate-classifier", settings, counts=counts))


@app.command("working-point")
def working_point(
    *,
    signal: SignalScores,
    background: BackgroundScores,
    output: Output,
    criterion: Annotated[Criterion, typer.Option()] = Criterion.s_over_sqrt_b,
    threshold: Annotated[float | None, typer.Option(help="For the criterion `fixed`.")] = None,
    step: Annotated[float, typer.Option(help="Of the scan from 0 to 1.")] = 0.01,
    min_background_events: Annotated[
        float, typer.Option(help="Effective background events that must be left.")
    ] = 10.0,
    kappa_lambda: Annotated[float, typer.Option(help="Of the signal events used.")] = 1.0,
    signal_fb: Annotated[float, typer.Option(help="Cross section times branching ratio.")] = 1.0,
    background_fb: Annotated[float, typer.Option(help="Cross section.")] = 1.0,
    luminosity_ifb: Annotated[float, typer.Option(help="Integrated luminosity.")] = 1.0,
    part: Annotated[Part, typer.Option(help="Which events.")] = Part.testing,
    seed: Annotated[int, typer.Option(help="Of the bootstrap error.")] = 1,
) -> None:
    """Choose the threshold p_th: an event is selected if its score exceeds it."""
    from hh4b.core.files import Provenance, write_json
    from hh4b.selection.working_point import Choice, Normalisation, find_working_point

    choice = Choice(
        criterion.value, threshold, step, min_background_events, kappa_lambda, part.value
    )
    factors = Normalisation(signal_fb, background_fb, luminosity_ifb)
    found = find_working_point(signal, background, choice, normalisation=factors, seed=seed)
    settings = {**vars(choice), **vars(factors)}
    write_json(output, found, Provenance("working-point", settings, seed))


@select.command("cuts")
def select_cuts(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET.h5")],
    pairing: Annotated[Path, typer.Argument(metavar="PAIRING.h5")],
    output: Output,
    kappa_values: KappaValues,
    cutflow: Annotated[Path | None, typer.Option(help="JSON of the cutflow to write.")] = None,
    delta_eta_max: Annotated[float, typer.Option(help="|Delta eta_HH| stays below.")] = 1.5,
    x_wt_min: Annotated[float, typer.Option(help="X_Wt stays above.")] = 1.5,
    x_hh_max: Annotated[float, typer.Option(help="X_HH stays below.")] = 1.6,
) -> None:
    """Apply the cut-based selection; scores of 0 or 1 serve like those of a classifier."""
    from pydantic import ValidationError

    from hh4b.core.errors import ConfigError
    from hh4b.selection.cut_stage import select_by_cuts
    from hh4b.selection.cuts import CutOptions

    try:
        options = CutOptions(delta_eta_max=delta_eta_max, x_wt_min=x_wt_min, x_hh_max=x_hh_max)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"--{first['loc'][0]} {first['input']}: {first['msg']}") from error
    select_by_cuts(dataset, pairing, output, cutflow, parse_kappas(kappa_values), options)


@baseline.command("train")
def baseline_train(
    *,
    method: Annotated[
        str,
        typer.Option(
            help="logistic_regression, linear_discriminant, svm, random_forest, gradient_boosting."
        ),
    ],
    signal: SignalFeatures,
    background: BackgroundFeatures,
    score: ScoreFiles,
    kappa_values: KappaValues,
    seed: Annotated[int, typer.Option(help="Decides every random number.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Threads at most.")] = 1,
) -> None:
    """Train a classical classifier and write the scores of the samples given."""
    from hh4b.selection.baseline_stage import parse_job, train_and_score

    jobs = [parse_job(text) for text in score]
    kappas = parse_kappas(kappa_values)
    train_and_score(method, signal, background, jobs, kappas, seed=seed, threads=threads)

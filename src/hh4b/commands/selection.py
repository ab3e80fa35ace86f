"""Commands: features, classifiers, working points."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import app, baseline, dnn, select
from hh4b.commands.guard import Once, Written
from hh4b.commands.options import takes_settings
from hh4b.selection.settings import (
    ClassifierSettings,
    CutScoreSettings,
    DnnSearchSettings,
    DnnTrainSettings,
    EvaluationSettings,
    FeatureSettings,
    PermutationSettings,
    ScoreSettings,
    SensitivitySettings,
    WorkingPointSettings,
)

SignalFeatures = Annotated[
    list[str],
    Once("events"),
    typer.Option("--signal", help="DATASET.h5:FEATURES.h5 of a signal sample; repeat."),
]
BackgroundFeatures = Annotated[
    list[str],
    Once("events"),
    typer.Option("--background", help="[PROCESS=]DATASET.h5:FEATURES.h5 of background; repeat."),
]
SignalScores = Annotated[
    list[str],
    Once("events"),
    typer.Option("--signal", help="DATASET.h5:SCORES.h5 of a signal sample; repeat."),
]
BackgroundScores = Annotated[
    list[str],
    Once("events"),
    typer.Option("--background", help="[PROCESS=]DATASET.h5:SCORES.h5 of background; repeat."),
]
ScoreFiles = Annotated[
    list[str],
    Written(first=2),
    typer.Option("--score", help="DATASET.h5:FEATURES.h5:SCORES.h5 to write; repeat."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]
Dataset = Annotated[Path, typer.Argument(metavar="DATASET.h5")]
Pairing = Annotated[Path, typer.Argument(metavar="PAIRING.h5")]
Model = Annotated[Path, typer.Argument(metavar="DIR")]
Models = Annotated[
    list[Path], typer.Argument(metavar="DIR…", help="One, or one for each of --folds.")
]


def limit_threads(threads: int) -> None:
    """Let torch use so many threads; sums, and so the last bits of a training, depend on it."""
    import torch

    torch.set_num_threads(threads)


@app.command("features")
@takes_settings(FeatureSettings)
def features(settings: FeatureSettings, dataset: Dataset, pairing: Pairing, output: Output) -> None:
    """Compute the high-level observables of every event; H1 has the larger pT."""
    from hh4b.selection.feature_stage import write_features

    write_features(dataset, pairing, output, settings)


@dnn.command("train")
@takes_settings(DnnTrainSettings)
def dnn_train(
    *,
    settings: DnnTrainSettings,
    signal: SignalFeatures,
    background: BackgroundFeatures,
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory to write.")],
    search: Annotated[
        Path | None, typer.Option(help="Outcome of a search: size and step from there.")
    ] = None,
    evaluation: Annotated[
        Path | None, Written(), typer.Option(help="JSON for the metrics of the testing events.")
    ] = None,
) -> None:
    """Train the dense network on the training events of the samples, or on all but a fold."""
    from hh4b.core.files import read_json
    from hh4b.selection.dnn_stage import evaluate_to_file, train_to_directory

    limit_threads(settings.threads)
    if search is not None:
        settings = settings.with_outcome(read_json(search), where=str(search))
    trained = train_to_directory(signal, background, output, settings)
    if evaluation is not None:
        chosen = EvaluationSettings.of(settings)
        evaluate_to_file(trained.network, signal, background, evaluation, chosen)


@dnn.command("search")
@takes_settings(DnnSearchSettings)
def dnn_search(
    *,
    settings: DnnSearchSettings,
    signal: SignalFeatures,
    background: BackgroundFeatures,
    output: Output,
    storage: Annotated[Path, Written(), typer.Option(help="Journal file shared by the workers.")],
    worker: Annotated[int, typer.Option(min=0, help="Number of this worker.")] = 0,
) -> None:
    """Search learning rate and size of the network; resumes, and shares trials with workers.

    Learning rate and size that are given are those of the first trial.
    """
    from hh4b.selection.search_stage import search_to_file

    limit_threads(settings.threads)
    search_to_file(signal, background, output, settings, storage=storage, worker=worker)


@dnn.command("sensitivity")
@takes_settings(SensitivitySettings)
def dnn_sensitivity(
    settings: SensitivitySettings,
    model: Model,
    signal: SignalFeatures,
    background: BackgroundFeatures,
    output: Output,
) -> None:
    """Rank the inputs of a trained network by the gradient of its answer."""
    from hh4b.core.files import Provenance, write_json
    from hh4b.selection.sensitivity import importance_from_files

    found = importance_from_files(model, signal, background, settings)
    write_json(output, found, Provenance("dnn sensitivity", settings.decided()))


@dnn.command("importance")
@takes_settings(PermutationSettings)
def dnn_importance(
    settings: PermutationSettings,
    models: Models,
    signal: SignalFeatures,
    background: BackgroundFeatures,
    output: Output,
) -> None:
    """Tell by how much the AUC on unseen events falls when an input is shuffled."""
    from hh4b.core.files import Provenance, write_json
    from hh4b.selection.permutation import importance_of_files

    found = importance_of_files(models, signal, background, settings)
    decided = settings.decided(exclude={"seed"})
    write_json(output, found, Provenance("dnn importance", decided, settings.seed))


@dnn.command("predict")
@takes_settings(ScoreSettings)
def dnn_predict(settings: ScoreSettings, models: Models, score: ScoreFiles) -> None:
    """Write the score of every event at every kappa input."""
    from hh4b.selection.dnn_stage import predict_to_file
    from hh4b.selection.scoring import parse_job

    limit_threads(settings.threads)
    for job in [parse_job(text) for text in score]:
        predict_to_file(models, job, settings)


@dnn.command("export-onnx")
def dnn_export_onnx(model: Model, output: Output) -> None:
    """Write a network as ONNX, for programs without torch: raw features in, scores out."""
    from hh4b.selection.onnx_stage import export_to_file

    export_to_file(model, output)


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
        list[str],
        Once("candidates"),
        typer.Argument(metavar="MODEL.pt:METRICS.json", help="Repeated trainings."),
    ],
    model: Annotated[Path, Written(), typer.Option(help="Checkpoint of the best one, to write.")],
    metrics: Annotated[Path, Written(), typer.Option(help="Its metrics, to write (JSON).")],
) -> None:
    """Take the best of repeated trainings: by accuracy, or by event efficiency without classes."""
    from hh4b.training.repeats import choose, parse_candidate

    choose([parse_candidate(text) for text in candidates], model, metrics)


@dnn.command("evaluate")
@app.command("evaluate-classifier")
@takes_settings(EvaluationSettings)
def evaluate_classifier(
    settings: EvaluationSettings,
    signal: SignalScores,
    background: BackgroundScores,
    output: Output,
) -> None:
    """Accuracy, AUC, ROC and further metrics of any classifier, each event at its own kappa."""
    from hh4b.core.files import Provenance, write_json
    from hh4b.selection.evaluation import evaluate

    found = evaluate(signal, background, settings)
    counts = {name: found[name] for name in ("n_signal", "n_background")}
    decided = settings.decided()
    write_json(output, found, Provenance("evaluate-classifier", decided, counts=counts))


@app.command("working-point")
@takes_settings(WorkingPointSettings)
def working_point(
    settings: WorkingPointSettings,
    signal: SignalScores,
    background: BackgroundScores,
    output: Output,
) -> None:
    """Choose the threshold p_th: an event is selected if its score exceeds it."""
    from hh4b.core.files import Provenance, write_json
    from hh4b.selection.working_point import find_working_point

    found = find_working_point(signal, background, settings)
    decided = settings.decided(exclude={"seed"})
    write_json(output, found, Provenance("working-point", decided, settings.seed))


@select.command("cuts")
@takes_settings(CutScoreSettings)
def select_cuts(
    settings: CutScoreSettings,
    dataset: Dataset,
    pairing: Pairing,
    output: Output,
    cutflow: Annotated[
        Path | None, Written(), typer.Option(help="JSON of the cutflow to write.")
    ] = None,
) -> None:
    """Apply the cut-based selection; scores of 0 or 1 serve like those of a classifier."""
    from hh4b.selection.cut_stage import select_by_cuts

    select_by_cuts(dataset, pairing, output, cutflow, settings)


@baseline.command("train")
@takes_settings(ClassifierSettings)
def baseline_train(
    settings: ClassifierSettings,
    signal: SignalFeatures,
    background: BackgroundFeatures,
    score: ScoreFiles,
) -> None:
    """Train a classical classifier, own or yours, and write the scores of the samples given."""
    from hh4b.selection.classifier_stage import train_and_score
    from hh4b.selection.scoring import parse_job

    train_and_score(signal, background, [parse_job(text) for text in score], settings)

"""Commands: SPANet2."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hh4b.commands.groups import spanet
from hh4b.commands.guard import Once, Written
from hh4b.commands.options import takes_settings
from hh4b.core.errors import ConfigError
from hh4b.core.strict_json import parse_json, to_json
from hh4b.spanet.settings import (
    SpanetEvaluateSettings,
    SpanetPredictSettings,
    SpanetSearchSettings,
    SpanetTrainSettings,
)

OptionsFile = Annotated[
    Path, typer.Option("--options", help="Options (JSON), e.g. config/spanet/options/small.json.")
]
EventFile = Annotated[
    Path, typer.Option("--event", help="Event description (YAML), e.g. config/spanet/event.yaml.")
]
Model = Annotated[Path, typer.Argument(help="Folder of a training, or a checkpoint file.")]
Changed = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="One of --changes; repeatable, over them."),
]


def parse_changes(texts: list[str] | None) -> dict[str, Any]:
    """Read ``key=value`` with values as in JSON; what is no JSON is text.

    Raises:
        ConfigError: if there is no ``=``.

    >>> parse_changes(["dropout=0.1", "skip_connections=false", "normalization=LayerNorm"])
    {'dropout': 0.1, 'skip_connections': False, 'normalization': 'LayerNorm'}
    """
    found: dict[str, Any] = {}
    for text in texts or []:
        key, separator, value = text.partition("=")
        if not (separator and key):
            raise ConfigError(f"--set {text!r} is not of the form key=value")
        try:
            found[key] = parse_json(value, finite=True)
        except ValueError:
            found[key] = value
    return found


@spanet.command()
@takes_settings(SpanetTrainSettings)
def train(
    options: OptionsFile,
    event: EventFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")],
    settings: SpanetTrainSettings,
    *,
    training: Annotated[
        Path | None, typer.Option("--train", help="Training HDF5; default: of the options.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(help="Validation HDF5; default: a part of the training file.")
    ] = None,
    outcome: Annotated[
        Path | None,
        typer.Option("--search", help="Outcome of `spanet search`: changes the options."),
    ] = None,
    changed: Changed = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Do not go on with an interrupted training.")
    ] = False,
) -> None:
    """Train a network; a training that was interrupted goes on where it was."""
    from hh4b.core.given_once import require_once
    from hh4b.spanet.training_stage import SpanetTrainFiles, train_to_folder

    if training is not None and validation is not None:
        require_once([training, validation], "whose events would train and validate")
    settings = SpanetTrainSettings.of(
        settings, changes={**settings.changes, **parse_changes(changed)}
    )
    files = SpanetTrainFiles(options, event, output, training, validation, outcome)
    train_to_folder(files, settings, restart=restart)


@spanet.command()
@takes_settings(SpanetSearchSettings)
def search(
    options: OptionsFile,
    event: EventFile,
    training: Annotated[Path, typer.Option("--train", help="Training HDF5.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="JSON for the outcome.")],
    storage: Annotated[Path, Written(), typer.Option(help="Journal file shared by the workers.")],
    settings: SpanetSearchSettings,
    changed: Changed = None,
    worker: Annotated[int, typer.Option(min=0, help="Number of this worker.")] = 0,
) -> None:
    """Search learning rate, sizes and regularisation; resumes, and shares trials with workers."""
    from hh4b.spanet.search_stage import SpanetSearchFiles, search_to_file

    settings = SpanetSearchSettings.of(
        settings, changes={**settings.changes, **parse_changes(changed)}
    )
    files = SpanetSearchFiles(options, event, training, storage, output)
    search_to_file(files, settings, worker=worker)


@spanet.command()
@takes_settings(SpanetPredictSettings)
def predict(
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL…", help="Folder of a training, or checkpoint; one for each of --folds."
        ),
    ],
    dataset: Annotated[Path, typer.Argument(help="HDF5 file with the inputs.")],
    settings: SpanetPredictSettings,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Prediction in the reference's layout.")
    ] = None,
    pairing_output: Annotated[
        Path | None, typer.Option(help="Pairing file, for `hh4b features` and `hh4b pair`.")
    ] = None,
    scores_output: Annotated[
        Path | None, typer.Option(help="Score file, for `hh4b select`.")
    ] = None,
) -> None:
    """Predict assignments and classes of all events; at least one of the outputs."""
    from hh4b.spanet.prediction_stage import PredictionFiles, predict_to_files

    files = PredictionFiles(output, pairing_output, scores_output)
    predict_to_files(models, dataset, files, settings)


@spanet.command()
@takes_settings(SpanetEvaluateSettings)
def evaluate(
    model: Model,
    dataset: Annotated[Path, typer.Argument(help="HDF5 file with inputs and targets.")],
    settings: SpanetEvaluateSettings,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSON file for the result.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure assignment by jet multiplicity and classification."""
    from hh4b.spanet.evaluation_stage import evaluate_to_file, report_text

    result = evaluate_to_file(model, dataset, output, settings)
    if as_json:
        typer.echo(to_json(result))
    elif output is None:
        typer.echo(report_text(result))


@spanet.command("evaluate-folds")
@takes_settings(SpanetEvaluateSettings)
def evaluate_folds(
    folds: Annotated[
        list[str],
        Once("events", part=1),
        Written(first=2),
        typer.Argument(
            metavar="MODEL:TESTING.h5[:METRICS.json]…",
            help="Of each fold: network, events it did not see, metrics of these to write.",
        ),
    ],
    settings: SpanetEvaluateSettings,
    output: Annotated[Path, typer.Option("--output", "-o", help="JSON file of all events.")],
) -> None:
    """Measure networks of cross-fitting: each on its fold, and all on all events."""
    from hh4b.spanet.evaluation_stage import evaluate_folds as run
    from hh4b.spanet.evaluation_stage import parse_fold

    run([parse_fold(text) for text in folds], output, settings)


@spanet.command()
def import_checkpoint(
    checkpoint: Annotated[Path, typer.Argument(help="Lightning checkpoint of the reference.")],
    options: OptionsFile,
    event: EventFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="Checkpoint to write.")],
) -> None:
    """Turn a checkpoint of the reference implementation into one of this project."""
    from hh4b.spanet.import_stage import import_to_file

    import_to_file(checkpoint, options, event, output)


@spanet.command("export-onnx")
def export_onnx(
    model: Model,
    output: Annotated[Path, typer.Option("--output", "-o", help="ONNX file to write.")],
) -> None:
    """Write a network as ONNX, for programs without torch: raw features in, assignments out."""
    from hh4b.spanet.onnx_stage import export_to_file

    export_to_file(model, output)

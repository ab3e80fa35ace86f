"""Commands: SPANet2."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hh4b.commands.groups import spanet

OptionsFile = Annotated[Path, typer.Option("--options", help="Options JSON, as of the reference.")]
EventFile = Annotated[Path, typer.Option("--event", help="Event YAML, as of the reference.")]
Model = Annotated[Path, typer.Argument(help="Folder of a training, or a checkpoint file.")]
Threads = Annotated[int, typer.Option(help="Threads; 0: as many as there are cores.")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Option to change; repeatable."),
]
NumGpu = Annotated[int, typer.Option("--num-gpu", help="GPUs; 0: CPU.")]


def parse_changes(texts: list[str]) -> dict[str, Any]:
    """Read ``key=value`` with values as in JSON; what is no JSON is text.

    Raises:
        ConfigError: if there is no ``=``.

    >>> parse_changes(["dropout=0.1", "skip_connections=false", "normalization=LayerNorm"])
    {'dropout': 0.1, 'skip_connections': False, 'normalization': 'LayerNorm'}
    """
    import json

    from hh4b.core.errors import ConfigError

    found: dict[str, Any] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not (separator and key):
            raise ConfigError(f"--set {text!r} is not of the form key=value")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found


@spanet.command()
def train(  # noqa: PLR0917
    options: OptionsFile,
    event: EventFile,
    train: Annotated[
        Path | None, typer.Option("--train", help="Training HDF5; default: of the options.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = ...,  # type: ignore[assignment]
    validation: Annotated[
        Path | None, typer.Option(help="Validation HDF5; default: a part of the training file.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Fixes weights, order of events and dropout.")] = 0,
    changes: Changes = None,
    search: Annotated[
        Path | None, typer.Option(help="Outcome of `spanet search`: changes the options.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Instead of the options' epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Instead of the options'.")] = None,
    num_gpu: Annotated[
        int | None, typer.Option("--num-gpu", help="Instead of the options'; 0: CPU.")
    ] = None,
    threads: Threads = 0,
    restart: Annotated[
        bool, typer.Option("--restart", help="Do not go on with an interrupted training.")
    ] = False,
) -> None:
    """Train a network; a training that was interrupted goes on where it was."""
    from hh4b.core.errors import ConfigError
    from hh4b.core.files import read_json
    from hh4b.spanet.event import EventDescription
    from hh4b.spanet.options import Options
    from hh4b.spanet.preparation import prepare
    from hh4b.spanet.training import choose_devices
    from hh4b.spanet.training_stage import run

    _set_threads(threads)
    read = Options.read(options).changed(**parse_changes(changes or []))
    if search is not None:
        read = read.changed(**read_json(search).get("options", {}))
    given = {"epochs": epochs, "batch_size": batch_size, "num_gpu": num_gpu}
    read = read.changed(**{key: value for key, value in given.items() if value is not None})
    description = EventDescription.read(event)
    choose_devices(read)
    source = train or (Path(read.training_file) if read.training_file else None)
    if source is None:
        raise ConfigError("no training file; give --train or set training_file in the options")
    check = validation or (Path(read.validation_file) if read.validation_file else None)
    data = prepare(read, description, source, check)
    run(read, description, data, output, seed=seed, restart=restart)


@spanet.command()
def search(  # noqa: PLR0917
    options: OptionsFile,
    event: EventFile,
    train: Annotated[Path, typer.Option("--train", help="Training HDF5.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="JSON for the outcome.")],
    storage: Annotated[Path, typer.Option(help="Journal file shared by the workers.")],
    trials: Annotated[int, typer.Option(min=1, help="Of all workers together.")],
    changes: Changes = None,
    epochs: Annotated[int, typer.Option(min=1, help="Of a trial.")] = 10,
    worker: Annotated[int, typer.Option(min=0, help="Number of this worker.")] = 0,
    ranges: Annotated[str, typer.Option(help="JSON of what is varied; default: the note.")] = "{}",
    seed: Annotated[int, typer.Option(help="Of trainings and sampler.")] = 1,
    num_gpu: NumGpu = 0,
    threads: Threads = 0,
) -> None:
    """Search learning rate, sizes and regularisation; resumes, and shares trials with workers."""
    from hh4b.spanet.event import EventDescription
    from hh4b.spanet.options import Options
    from hh4b.spanet.preparation import prepare
    from hh4b.spanet.search_stage import search_to_file
    from hh4b.training.search_ranges import SpanetRanges, parse_ranges
    from hh4b.training.trials import Worker

    _set_threads(threads)
    read = Options.read(options).changed(
        **parse_changes(changes or []) | {"epochs": epochs, "num_gpu": num_gpu}
    )
    varied = parse_ranges(SpanetRanges, ranges)
    description = EventDescription.read(event)
    data = prepare(read, description, train, None)
    shared = Worker(storage, trials, worker, seed)
    search_to_file(read, description, data, output, shared, varied)


@spanet.command()
def predict(  # noqa: PLR0917
    model: Model,
    dataset: Annotated[Path, typer.Argument(help="HDF5 file with the inputs.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Prediction in the reference's layout.")
    ] = None,
    output_vectors: Annotated[
        bool, typer.Option("--output-vectors", help="Write the embedding vectors as well.")
    ] = False,
    pairing_output: Annotated[
        Path | None, typer.Option(help="Pairing file, for `hh4b features` and `hh4b pair`.")
    ] = None,
    scores_output: Annotated[
        Path | None, typer.Option(help="Score file, for `hh4b select`.")
    ] = None,
    kappa_values: Annotated[
        str, typer.Option(help='Values of the kappa input for the scores, e.g. "-10,-9,…,15".')
    ] = "",
    num_gpu: NumGpu = 0,
    threads: Threads = 0,
) -> None:
    """Predict assignments and classes of all events; at least one of the outputs."""
    from hh4b.core.errors import ConfigError
    from hh4b.core.files import Provenance
    from hh4b.spanet import prediction_stage as files

    if output is None and pairing_output is None and scores_output is None:
        raise ConfigError("nothing to write; give --output, --pairing-output or --scores-output")
    network, settings = _load(model, num_gpu, threads)
    made = Provenance("spanet predict", settings)
    if output is not None or pairing_output is not None:
        files.write_predictions(
            network, dataset, made, prediction=output, pairing=pairing_output,
            vectors=output_vectors,
        )  # fmt: skip
    if scores_output is not None:
        from hh4b.core.joined import parse_numbers

        kappas = list(parse_numbers(kappa_values, "--kappa-values")) if kappa_values else []
        files.write_scores(network, dataset, scores_output, kappas, made)


@spanet.command()
def evaluate(
    model: Model,
    dataset: Annotated[Path, typer.Argument(help="HDF5 file with inputs and targets.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSON file for the result.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    num_gpu: NumGpu = 0,
    threads: Threads = 0,
) -> None:
    """Measure assignment by jet multiplicity and classification."""
    import json

    from hh4b.core.files import Provenance, write_json
    from hh4b.spanet.data import read_events
    from hh4b.spanet.evaluation import report
    from hh4b.spanet.prediction import predict as run

    network, settings = _load(model, num_gpu, threads)
    events = read_events(dataset, network.event)
    result = report(network.event, events, run(network, events))
    if output is not None:
        write_json(output, result, Provenance("spanet evaluate", settings))
    if as_json:
        typer.echo(json.dumps(result))
    elif output is None:
        typer.echo(_as_text(result))


@spanet.command()
def import_checkpoint(
    checkpoint: Annotated[Path, typer.Argument(help="Lightning checkpoint of the reference.")],
    options: OptionsFile,
    event: EventFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="Checkpoint to write.")],
) -> None:
    """Turn a checkpoint of the reference implementation into one of this project."""
    from hh4b.core.files import Provenance
    from hh4b.spanet import checkpoints, reference
    from hh4b.spanet.event import EventDescription
    from hh4b.spanet.options import Options

    network, _ = reference.import_network(
        reference.read_state(checkpoint),
        Options.read(options),
        EventDescription.read(event),
        where=str(checkpoint),
    )
    made = Provenance("spanet import-checkpoint", network.configuration())
    checkpoints.save(output, checkpoints.Checkpoint(network), made)


def _load(model: Path, num_gpu: int, threads: int) -> tuple[Any, dict[str, Any]]:
    """Return the network on its device, and what identifies it."""
    from hh4b.spanet import checkpoints
    from hh4b.spanet.training import choose_devices

    _set_threads(threads)
    found = checkpoints.load(model)
    device = choose_devices(found.network.options.changed(num_gpu=num_gpu))[0]
    settings = {
        **found.network.configuration(), "epoch": found.epoch, "training_seed": found.seed,
    }  # fmt: skip
    return found.network.to(device), settings


def _set_threads(threads: int) -> None:
    if threads > 0:
        import torch

        torch.set_num_threads(threads)


def _as_text(result: dict[str, Any]) -> str:
    """Return the report as a short table."""
    lines = [f"{result['n_events']} events"]
    for name, row in result.get("groups", {}).items():
        cells = (
            f"{key} {value:.4g}" for key, value in row.items()
            if isinstance(value, int | float) and not key.endswith("_error")
        )  # fmt: skip
        lines.append(f"{name:>6} jets: " + ", ".join(cells))
    for name, row in result["classification"].items():
        cells = (f"{key} {value:.4f}" for key, value in row.items() if key in {"accuracy", "auc"})
        lines.append(f"{name}: " + ", ".join(cells))
    return "\n".join(lines)

"""Commands: Ingestion and datasets."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import app, datasets, generate
from hh4b.commands.guard import Written
from hh4b.commands.options import takes_settings
from hh4b.events.settings import MIN_TAGS, ImportSettings, IngestSettings, MergeSettings
from hh4b.generation.settings import MadgraphSettings


@app.command("ingest")
@takes_settings(IngestSettings)
def ingest(
    files: list[str] = typer.Argument(help="Delphes ROOT files, globs, addresses, or @LIST."),
    *,
    settings: IngestSettings,
    output: Path = typer.Option(..., "-o", "--output", help="The dataset to write (HDF5)."),
    nominal: Path | None = typer.Option(
        None,
        help="Nominal dataset of the sample, where FILES are its events with another detector or"
        " shower: the events in it keep their part (training, testing) and their kappa draw.",
    ),
    chunks: int | None = typer.Option(
        None, min=1, help="FILES is one name with {chunk} in it, for so many files: 0000, 0001, …"
    ),
) -> None:
    """Turn Delphes ROOT files into a dataset: jets, four-tag cut, truth matching."""
    from hh4b.core.errors import ConfigError
    from hh4b.core.output_paths import protected_inputs
    from hh4b.events.ingest_stage import ingest as run
    from hh4b.events.sources import chunk_files, expand

    if settings.min_tags < MIN_TAGS:
        # The library takes fewer, to look at cuts; every later stage pairs four tagged jets.
        raise ConfigError(f"--min-tags {settings.min_tags}: expected {MIN_TAGS} or more")
    if chunks is not None:
        files = [file for name in files for file in chunk_files(name, chunks)]
    found = files if chunks else expand(files)
    with protected_inputs(found):
        run(found, output, settings, nominal=nominal)


@datasets.command("merge")
@takes_settings(MergeSettings)
def merge(
    inputs: list[Path] = typer.Argument(help="Datasets."),
    *,
    settings: MergeSettings,
    output: Path = typer.Option(..., "-o", "--output", help="The merged dataset (HDF5)."),
) -> None:
    """Concatenate datasets for a training or a test."""
    from hh4b.events.merge_stage import merge as run

    run(inputs, output, settings)


@datasets.command("describe")
def describe(
    file: Path = typer.Argument(help="Dataset in the SPANet layout."),
    *,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Count the events of a dataset by class, matched H, jets and part."""
    from hh4b.core.strict_json import to_json
    from hh4b.events.describe_stage import as_text
    from hh4b.events.describe_stage import describe as run

    description = run(file)
    typer.echo(to_json(description, indent=1) if as_json else as_text(description))


@datasets.command("digest")
def digest(
    files: list[Path] = typer.Argument(help="Datasets in the SPANet layout, one a sample."),
    *,
    published: Path | None = typer.Option(
        None, help="File of `hh4b numbers extract` with the hashes that these must have."
    ),
) -> None:
    """Hash the content of datasets, and compare it with what was published."""
    from hh4b.events.content import content_hashes, require_published, together

    found = content_hashes(files)
    for sample, text in found.items():
        typer.echo(f"{text}  {sample}")
    typer.echo(f"{together(found)}  all {len(found)}")
    if published is not None:
        require_published(found, published)


@datasets.command("import")
@takes_settings(ImportSettings)
def import_published(
    file: Path = typer.Argument(help="Published dataset in the SPANet layout."),
    *,
    settings: ImportSettings,
    output: Path = typer.Option(..., "-o", "--output", help="The dataset to write (HDF5)."),
    testing_file: Path | None = typer.Option(
        None, help="Second file, for testing; FILE is for training."
    ),
) -> None:
    """Take a published dataset (Zenodo) as a sample, with what it lacks named."""
    from hh4b.core.given_once import require_once
    from hh4b.events.import_stage import import_published as run

    if testing_file is not None:
        require_once([file, testing_file], "whose events would train and test")
    run(file, output, settings, testing=testing_file)


@generate.command("madgraph")
@takes_settings(MadgraphSettings)
def generate_madgraph(
    *,
    settings: MadgraphSettings,
    output: Path = typer.Option(..., "-o", "--output", help="Delphes ROOT file to write."),
    delphes_card: Path = typer.Option(..., help="Card to start from: delphes_card_ATLAS.tcl."),
    work: Annotated[Path, Written()] = typer.Option(
        ..., help="Folder for cards, logs and what lies between."
    ),
    cores: int = typer.Option(1, min=1, help="Processes that MG5_aMC may run at once."),
    cards_only: bool = typer.Option(False, "--cards-only", help="Write the cards, run nothing."),
    restart: bool = typer.Option(False, "--restart", help="Replace an earlier run in --work."),
) -> None:
    """Generate, shower and simulate with MG5_aMC, Pythia 8 and Delphes of your own."""
    from hh4b.generation.madgraph_stage import run_madgraph, write_cards

    settings = settings.named_after(output)
    if cards_only:
        write_cards(settings, delphes_card, work, cores=cores)
    else:
        run_madgraph(settings, delphes_card, output, work, cores=cores, restart=restart)

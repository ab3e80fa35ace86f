"""Commands: Ingestion and datasets."""

from pathlib import Path

import typer

from hh4b.commands.groups import app, datasets, generate
from hh4b.core.errors import ConfigError


def _kappa_list(text: str) -> tuple[float, ...]:
    """Read a comma-separated list of couplings."""
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ConfigError(f"--kappa-values {text!r}: {error}; write e.g. '-5,1,2.4'") from error


@app.command("ingest")
def ingest(
    files: list[str] = typer.Argument(help="Delphes ROOT files, globs, addresses, or @LIST."),
    *,
    output: Path = typer.Option(..., "-o", "--output", help="The dataset to write (HDF5)."),
    kappa_lambda: float | None = typer.Option(None, help="Coupling of the signal sample."),
    background: bool = typer.Option(False, "--background", help="A sample without H pairs."),
    sample: str | None = typer.Option(None, help="Name of the sample [default: of the output]."),
    pt_min_gev: float = typer.Option(40.0, help="Jets above this pT are kept."),
    abs_eta_max: float = typer.Option(2.5, help="Jets below this |eta| are kept."),
    max_jets: int = typer.Option(10, help="Leading jets to keep."),
    min_tags: int = typer.Option(4, help="b-tagged jets that an event needs."),
    b_tag_bit: int = typer.Option(0, help="Bit of Jet.BTag."),
    jet_collection: str = typer.Option("Jet", help="Branch of the jets."),
    kappa_values: str | None = typer.Option(None, help="kappa inputs of background: '-5,1,5'."),
    training_fraction: float = typer.Option(0.9, help="Share of events labelled training."),
    seed: int = typer.Option(1, help="Seed of the study."),
    matching: str = typer.Option("one_to_one", help="one_to_one or drop_ambiguous."),
    tag_efficiency: str = typer.Option("file", help="Tags: of the file, or drawn by dl1r_77."),
    allow_negative_weights: bool = typer.Option(False, "--allow-negative-weights"),
    skip_bad_files: bool = typer.Option(False, "--skip-bad-files", help="Leave bad files out."),
) -> None:
    """Turn Delphes ROOT files into a dataset: jets, four-tag cut, truth matching."""
    from hh4b.events.ingest_stage import ingest as run
    from hh4b.events.settings import DEFAULT_KAPPA_VALUES, IngestSettings
    from hh4b.events.sources import expand

    settings = IngestSettings(
        sample=sample or output.stem,
        is_background=background,
        kappa_lambda=kappa_lambda,
        pt_min_gev=pt_min_gev,
        abs_eta_max=abs_eta_max,
        max_jets=max_jets,
        min_tags=min_tags,
        b_tag_bit=b_tag_bit,
        jet_collection=jet_collection,
        kappa_values=DEFAULT_KAPPA_VALUES if kappa_values is None else _kappa_list(kappa_values),
        training_fraction=training_fraction,
        seed=seed,
        matching=matching,
        tag_efficiency=tag_efficiency,
        allow_negative_weights=allow_negative_weights,
    )
    run(expand(files), output, settings, skip_bad_files=skip_bad_files)


@datasets.command("merge")
def merge(
    inputs: list[Path] = typer.Argument(help="Datasets."),
    *,
    output: Path = typer.Option(..., "-o", "--output", help="The merged dataset (HDF5)."),
    part: str = typer.Option("all", help="Events to take: training, testing or all."),
    max_events_per_sample: int | None = typer.Option(None, help="At most so many of each."),
    shuffle_seed: int | None = typer.Option(None, help="Shuffle, by this seed."),
    balance: bool = typer.Option(
        False, "--balance", help="Equal weight of signals, and of signal and background."
    ),
) -> None:
    """Concatenate datasets for a training or a test."""
    from hh4b.events.merge_stage import MergeSettings
    from hh4b.events.merge_stage import merge as run

    run(inputs, output, MergeSettings(part, max_events_per_sample, shuffle_seed, balance))


@datasets.command("describe")
def describe(
    file: Path = typer.Argument(help="Dataset in the SPANet layout."),
    *,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Count the events of a dataset by class, matched H, jets and part."""
    import json

    from hh4b.events.describe import as_text
    from hh4b.events.describe import describe as run

    description = run(file)
    typer.echo(json.dumps(description, indent=1) if as_json else as_text(description))


@datasets.command("import")
def import_published(
    file: Path = typer.Argument(help="Published dataset in the SPANet layout."),
    *,
    output: Path = typer.Option(..., "-o", "--output", help="The dataset to write (HDF5)."),
    sample: str | None = typer.Option(None, help="Name of the sample [default: of the output]."),
    events: str = typer.Option("all", help="signal, background or all."),
    kappa_lambda: float | None = typer.Option(None, help="Signal events of this coupling only."),
    part: str = typer.Option("split", help="The file is for training, testing, or to be split."),
    testing_file: Path | None = typer.Option(
        None, help="Second file, for testing; FILE is for training."
    ),
    training_fraction: float = typer.Option(0.9, help="Share of training events in a split."),
    seed: int = typer.Option(1, help="Seed of the study."),
    n_generated: int | None = typer.Option(None, help="Generated events behind the chosen ones."),
) -> None:
    """Take a published dataset (Zenodo) as a sample, with what it lacks named."""
    from hh4b.events.import_stage import ImportSettings
    from hh4b.events.import_stage import import_published as run

    name = sample or output.stem
    settings = ImportSettings(
        name, events, kappa_lambda, part, training_fraction, seed, n_generated
    )
    run(file, output, settings, testing=testing_file)


@generate.command("madgraph")
def generate_madgraph(
    *,
    process: str = typer.Option(..., help="hh (gg -> HH, top loop) or 4b (pp -> b b~ b b~)."),
    events: int = typer.Option(..., help="Number of events."),
    output: Path = typer.Option(..., "-o", "--output", help="Delphes ROOT file to write."),
    delphes_card: Path = typer.Option(..., help="Card to start from: delphes_card_ATLAS.tcl."),
    work: Path = typer.Option(..., help="Folder for cards, logs and what lies between."),
    kappa_lambda: float = typer.Option(1.0, help="Trilinear coupling of hh."),
    sqrt_s: float = typer.Option(13.0, help="pp energy in TeV."),
    sample: str | None = typer.Option(None, help="Name of the sample [default: of the output]."),
    seed: int = typer.Option(1, help="Seed of the study."),
    shower: str = typer.Option("auto", help="auto, DelphesPythia8 or MG5aMC_PY8_interface."),
    launcher: str = typer.Option("", help="Words in front of every program: a container's."),
    model: str | None = typer.Option(None, help="UFO model instead of loop_sm or sm."),
    cores: int = typer.Option(1, help="Processes that MG5_aMC may run at once."),
    cards_only: bool = typer.Option(False, "--cards-only", help="Write the cards, run nothing."),
    restart: bool = typer.Option(False, "--restart", help="Replace an earlier run in --work."),
) -> None:
    """Generate, shower and simulate with MG5_aMC, Pythia 8 and Delphes of your own."""
    from hh4b.generation.madgraph import MadGraphSettings
    from hh4b.generation.madgraph_stage import Programs, run_madgraph, write_cards

    settings = MadGraphSettings(process, events, seed, sample or output.stem, kappa_lambda, sqrt_s)
    programs = Programs(delphes_card, launcher, shower, model, cores)
    if cards_only:
        write_cards(settings, programs, work)
    else:
        run_madgraph(settings, programs, output, work, restart=restart)

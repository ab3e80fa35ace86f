"""Commands: how files were made."""

from pathlib import Path

import typer

from hh4b.commands import groups


@groups.app.command("provenance")
def provenance(
    file: Path = typer.Argument(help="A file of a study: JSON, HDF5, ROOT, LHE, .pt, table …"),
    as_json: bool = typer.Option(False, "--json", help="All settings, of all files."),
) -> None:
    """Print which configuration made a file, from what, and so on up to the first files."""
    from hh4b.publication.record.chain import chain_json, chain_lines

    for line in [chain_json(file)] if as_json else chain_lines(file):
        typer.echo(line)


@groups.config.command("record")
def record(
    output: Path = typer.Option(..., "-o", "--output", help="JSON file to write: provenance."),
    configuration_output: Path = typer.Option(
        ..., "--configuration", help="YAML file to write: the configuration, defaults filled in."
    ),
    settings_json: str = typer.Option(..., "--settings", help="The configuration as JSON."),
) -> None:
    """Write what made a run: configuration, commit, packages, seeds and inputs."""
    from hh4b.core.errors import ConfigError
    from hh4b.core.strict_json import parse_json
    from hh4b.publication.record.run import write_record
    from hh4b.study.reading import parse_study

    try:
        content = parse_json(settings_json)
    except ValueError as error:
        raise ConfigError(f"the configuration is no JSON ({error})") from error
    if not isinstance(content, dict):
        raise ConfigError(f"the configuration is a JSON {type(content).__name__}, no object")
    write_record(parse_study(content), output, configuration_output)


@groups.app.command("crate")
def crate(
    results: Path = typer.Argument(help="Folder of a finished run."),
    output: Path = typer.Option(..., "-o", "--output", help="NAME.zip, or a new folder."),
    workflow: Path | None = typer.Option(None, help="Folder of the Snakefile, if not this one."),
    events: bool = typer.Option(False, "--events", help="Event files and networks, too."),
    license_: str | None = typer.Option(None, "--license", help="Its address; without it, MIT."),
) -> None:
    """Pack a finished run as an RO-Crate: results, configuration, workflow, software."""
    from hh4b.publication.record.crate import LICENSE, write_crate

    folder = workflow or Path()
    number = write_crate(results, output, folder, events=events, license_=license_ or LICENSE)
    typer.echo(f"{number} files in {output}")


@groups.app.command("archive")
def archive(
    results: Path = typer.Argument(help="Folder of a finished run."),
    output: Path = typer.Option(..., "-o", "--output", help="Folder to write, e.g. docs/night."),
    incomplete: bool = typer.Option(False, "--incomplete", help="Take what an open run has."),
    workspaces: bool = typer.Option(
        True, "--workspaces/--no-workspaces", help="Likelihoods for others, compressed."
    ),
    machine: str | None = typer.Option(None, help="What the jobs ran on; without it, this one."),
) -> None:
    """Keep a run beside the code: tables, figures, limits, job times, conclusions, an index."""
    from hh4b.publication.archive_stage import write_archive

    number = write_archive(
        results, output, incomplete=incomplete, workspaces=workspaces, machine=machine
    )
    typer.echo(f"{number} files in {output}")


@groups.app.command("recount")
def recount(
    archive: Path = typer.Argument(help="Folder that `hh4b archive` wrote; changed in place."),
    causes: Path = typer.Option(..., help="Causes known now, e.g. config/reference/causes.yaml."),
) -> None:
    """Count the differences of an archived run from the note by the causes known now."""
    from hh4b.publication.archive.recount import recount as count_again

    far, unexplained = count_again(archive, causes)
    typer.echo(
        f"{archive}: {far} numbers beyond two errors, {unexplained} without a measured cause"
    )

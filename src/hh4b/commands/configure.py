"""Commands: look at and check a configuration."""

from pathlib import Path
from typing import Literal

import typer

from hh4b.commands import groups
from hh4b.commands.options import takes_settings
from hh4b.study.own_settings import OwnFiles

Files = typer.Argument(help="YAML files, each laid over the ones before.")


@groups.config.command("check")
def check(files: list[Path] = Files) -> None:
    """Check a configuration as the workflow does; list what it makes and what that costs."""
    from hh4b.publication.catalogue import read_checked_study
    from hh4b.study.cost import cost_lines
    from hh4b.study.samples import expand_samples

    study = read_checked_study(*files)
    costs = cost_lines(study)
    for sample in expand_samples(study.samples, study.processes).values():
        typer.echo(f"sample {sample.name}: {sample.definition.source}")
    for name, selection in study.selections.items():
        typer.echo(f"selection {name}: {selection.classifier} on {selection.pairing} pairing")
    for line in costs:
        typer.echo(line)


@groups.config.command("new")
@takes_settings(OwnFiles)
def new(
    *,
    settings: OwnFiles,
    from_: Literal["files"] = typer.Option("files", "--from", help="What the study is of."),
    signal: list[str] = typer.Option(
        ..., help="KAPPA=FILES: signal of a kappa_lambda, e.g. '1=/data/hh/*.root'; repeat."
    ),
    background: list[str] = typer.Option(
        ..., help="NAME=PB=FILES: a background, its cross section in pb and its files; repeat."
    ),
    output: Path = typer.Option(..., "-o", "--output", help="YAML file to write."),
) -> None:
    """Write a small study of your own Delphes or Les Houches files: min-dR, SPANet2, limits."""
    from hh4b.core.errors import ConfigError
    from hh4b.core.files import atomic_path
    from hh4b.study.own_study import own_study

    del from_
    if output.exists():
        raise ConfigError(f"--output {output}: is there already; remove it or name another")
    text = own_study(signal, background, settings)
    with atomic_path(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {output}; build it with: snakemake --cores 2 --configfile {output}")


@groups.config.command("readme")
def readme() -> None:
    """Print the reference of all keys (config/README.md)."""
    from hh4b.study.documentation import markdown

    typer.echo(markdown(), nl=False)


@groups.config.command("schema")
def schema() -> None:
    """Print the JSON schema (workflow/schemas/config.schema.json)."""
    import json

    from hh4b.study.model import Study

    typer.echo(json.dumps(Study.model_json_schema(), indent=1))

"""Commands: look at and check a configuration."""

from pathlib import Path

import typer

from hh4b.commands import groups

Files = typer.Argument(help="YAML files, each laid over the ones before.")


@groups.config.command("check")
def check(files: list[Path] = Files) -> None:
    """Check a configuration as the workflow does; list what it makes and what that costs."""
    from hh4b.publication.catalogue import check_outputs
    from hh4b.study.cost import cost_lines
    from hh4b.study.file_checks import check_files
    from hh4b.study.reading import read_study
    from hh4b.study.samples import expand_samples

    study = read_study(*files)
    check_files(study)
    check_outputs(study)
    costs = cost_lines(study)
    for sample in expand_samples(study.samples, study.processes).values():
        typer.echo(f"sample {sample.name}: {sample.definition.source}")
    for name, selection in study.selections.items():
        typer.echo(f"selection {name}: {selection.classifier} on {selection.pairing} pairing")
    for line in costs:
        typer.echo(line)


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

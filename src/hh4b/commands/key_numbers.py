"""Commands: key numbers of finished studies."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands import groups
from hh4b.commands.guard import Changed


@groups.numbers.command("extract")
def extract(
    results: Path = typer.Argument(help="Folder of the results of a finished study."),
    output: Path = typer.Option(
        ..., "-o", "--output", help="JSON file to write; its name is that of the study."
    ),
    configuration: list[Path] = typer.Option(
        [Path("config/config.yaml")],
        help="YAML file of the study; repeatable, each laid over the ones before.",
    ),
) -> None:
    """Write the numbers that documents quote, with their errors and the hashes of their files."""
    from hh4b.publication.numbers_stage import extract_numbers

    extract_numbers(results, output, configuration)


@groups.numbers.command("fill")
def fill(
    documents: Annotated[list[Path], Changed()] = typer.Argument(
        help="Markdown files with marked places."
    ),
    numbers: list[Path] = typer.Option(
        [Path("docs/numbers")], help="Files of `hh4b numbers extract`, or folders of them."
    ),
    check: bool = typer.Option(False, "--check", help="Change nothing; fail if a text differs."),
) -> None:
    """Put numbers of builds into the marked places of documents (docs/figures.md)."""
    from hh4b.core.errors import ContractError
    from hh4b.publication.numbers_stage import fill_documents

    lines = fill_documents(documents, numbers, check=check)
    for line in lines:
        typer.echo(line)
    if check and lines:
        raise ContractError(
            f"{len(lines)} places differ from the numbers; run the same without --check"
        )


@groups.numbers.command("compare")
def compare(
    numbers: list[Path] = typer.Argument(help="Files of `hh4b numbers extract`, one a study."),
    output: Path = typer.Option(..., "-o", "--output", help="Table to write, .md or .csv."),
) -> None:
    """Write the key numbers of several studies side by side, beside the note's."""
    from hh4b.publication.numbers_stage import compare_studies

    compare_studies(numbers, output)

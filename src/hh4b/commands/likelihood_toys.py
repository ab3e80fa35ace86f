"""Command: pseudo-experiments of a likelihood model."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import likelihood
from hh4b.commands.options import takes_settings
from hh4b.likelihood.settings import LikelihoodToySettings


@likelihood.command("toys")
@takes_settings(LikelihoodToySettings)
def toys(
    settings: LikelihoodToySettings,
    model_file: Annotated[Path, typer.Argument(help="Likelihood model (JSON).")],
    *,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Result (JSON).")] = None,
    redrawn: Annotated[
        Path | None,
        typer.Option(help="Likelihoods of redrawn templates; data are thrown from all in turn."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the result to standard output.")
    ] = False,
) -> None:
    """Throw pseudo-experiments: Feldman-Cousins belt, coverage, injections."""
    from hh4b.likelihood.toys_stage import make_toys

    text = make_toys(model_file, output, settings, redrawn=redrawn)
    if as_json or output is None:
        typer.echo(text)

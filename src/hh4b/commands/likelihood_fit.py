"""Command: the fit of a likelihood model."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import likelihood
from hh4b.commands.options import takes_settings
from hh4b.likelihood.settings import LikelihoodFitSettings


@likelihood.command("fit")
@takes_settings(LikelihoodFitSettings)
def fit(
    settings: LikelihoodFitSettings,
    model_file: Annotated[Path, typer.Argument(help="Likelihood model (JSON).")],
    *,
    redrawn: Annotated[
        Path | None,
        typer.Option(help="Likelihoods of redrawn templates (JSON): errors of the intervals."),
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Result (JSON).")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the result to standard output.")
    ] = False,
) -> None:
    """Scan kappa_lambda with every nuisance profiled: intervals, limits on mu, pulls, impacts."""
    from hh4b.likelihood.fit_stage import make_fit

    text = make_fit(model_file, output, settings, redrawn=redrawn)
    if as_json or output is None:
        typer.echo(text)

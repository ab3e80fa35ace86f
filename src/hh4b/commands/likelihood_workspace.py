"""Command: likelihood models in the formats of others."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import likelihood
from hh4b.commands.guard import Written
from hh4b.commands.options import takes_settings
from hh4b.likelihood.settings import LikelihoodWorkspaceSettings


@likelihood.command("workspace")
@takes_settings(LikelihoodWorkspaceSettings)
def workspace(
    settings: LikelihoodWorkspaceSettings,
    source: Annotated[Path, typer.Argument(help="Likelihood model, HS3 or HistFactory (JSON).")],
    *,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="HS3 file.")] = None,
    histfactory: Annotated[
        Path | None, Written(), typer.Option(help="HistFactory JSON, for pyhf and cabinetry.")
    ] = None,
    model: Annotated[
        Path | None,
        Written(),
        typer.Option(help="Likelihood model, where the source is another format."),
    ] = None,
) -> None:
    """Write a likelihood as HS3 and HistFactory JSON, or read it from them."""
    from hh4b.likelihood.workspace_stage import make_exchange_files

    make_exchange_files(source, settings, hs3=output, histfactory=histfactory, model_output=model)

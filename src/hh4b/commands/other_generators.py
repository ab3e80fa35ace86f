"""Commands: parton events of other generators."""

from pathlib import Path

import typer

from hh4b.commands.groups import app
from hh4b.commands.options import takes_settings
from hh4b.generation.settings import TakePartonsSettings


@app.command("take-partons")
@takes_settings(TakePartonsSettings)
def take_partons(
    files: list[str] = typer.Argument(help="Les Houches files of any generator, globs, or @LIST."),
    *,
    settings: TakePartonsSettings,
    output: Path = typer.Option(..., "-o", "--output", help="LHE file to write (.lhe.gz)."),
) -> None:
    """Take parton events of MadGraph, POWHEG, Sherpa and others as a sample.

    Weights are scaled to the cross section of the header; those with names stay.
    """
    from hh4b.events.sources import expand
    from hh4b.generation.foreign_stage import take_partons as run

    run(expand(files), output, settings)

"""Commands: events of other generators, partons and particles."""

from pathlib import Path

import typer

from hh4b.commands.groups import app
from hh4b.commands.options import takes_settings
from hh4b.generation.settings import TakePartonsSettings
from hh4b.simulation.settings import TakeParticlesSettings


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


@app.command("take-particles")
@takes_settings(TakeParticlesSettings)
def take_particles(
    files: list[str] = typer.Argument(
        help="HepMC files of version 2 or 3, plain or packed (gzip, zstd), globs, or @LIST."
    ),
    *,
    settings: TakeParticlesSettings,
    output: Path = typer.Option(..., "-o", "--output", help="Index to write (.json)."),
) -> None:
    """Take particle events of other generators and showers as a sample.

    The files stay where they are; `hh4b simulate` takes the index and reads them.
    """
    from hh4b.events.sources import expand
    from hh4b.simulation.take_particles_stage import take_particles as run

    run(expand(files), output, settings)

"""Commands: Shower and detector."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import app
from hh4b.commands.guard import Written
from hh4b.commands.options import takes_settings
from hh4b.simulation.settings import SimulateSettings, ValidateSettings


@app.command("simulate")
@takes_settings(SimulateSettings)
def simulate_command(
    partons: Path = typer.Argument(
        ...,
        help="Les Houches file, plain or gzipped, or index of particle events (take-particles).",
    ),
    *,
    settings: SimulateSettings,
    output: Path = typer.Option(..., "--output", "-o", help="Delphes ROOT file to write."),
    detector: Path = typer.Option(..., help="Detector card, e.g. config/detector/atlas.yaml."),
    varied: Annotated[list[str], Written(first=0)] = typer.Option(
        [], help="NAME=FILE: the tree of one of the variations; repeat for each."
    ),
) -> None:
    """Shower parton-level events and simulate the detector: one chunk of a sample.

    Events of an index of particles have been showered.
    """
    from hh4b.simulation.simulate_stage import simulate

    simulate(partons, detector, output, settings, varied=_named_files(varied))


def _named_files(values: list[str]) -> dict[str, Path]:
    """Read NAME=FILE, each name once.

    Raises:
        ConfigError: naming the value that is none.
    """
    from hh4b.core.errors import ConfigError

    files: dict[str, Path] = {}
    for value in values:
        name, _, file = value.partition("=")
        if not (name and file):
            raise ConfigError(f"--varied {value!r}: expected NAME=FILE")
        if name in files:
            raise ConfigError(f"--varied {value!r}: {name!r} has a file already")
        files[name] = Path(file)
    return files


@app.command("validate-detector")
@takes_settings(ValidateSettings)
def validate_detector_command(
    particles: Path = typer.Argument(..., help="Generator events: HepMC text or flat HDF5."),
    delphes: Path = typer.Argument(..., help="What Delphes made of the same events, ROOT."),
    *,
    settings: ValidateSettings,
    detector: Path = typer.Option(..., help="Detector card, e.g. config/detector/atlas.yaml."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Markdown file of the tables."),
    figures: Annotated[Path | None, Written()] = typer.Option(None, help="Folder for the figures."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
) -> None:
    """Compare our detector with Delphes on the same generator events."""
    from hh4b.core.strict_json import to_json
    from hh4b.simulation.report import as_dict, tables
    from hh4b.simulation.validate_stage import validate_detector

    comparison = validate_detector(
        particles, delphes, detector, settings, output=output, figures=figures
    )
    typer.echo(to_json(as_dict(comparison), indent=1) if as_json else tables(comparison))

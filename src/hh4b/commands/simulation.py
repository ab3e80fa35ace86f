"""Commands: Shower and detector."""

from pathlib import Path
from typing import Literal

import typer

from hh4b.commands.groups import app


@app.command("simulate")
def simulate_command(
    partons: Path = typer.Argument(..., help="Les Houches file, plain or gzipped."),
    *,
    output: Path = typer.Option(..., "--output", "-o", help="Delphes ROOT file to write."),
    sample: str = typer.Option(..., help="Name of the sample; names its random streams."),
    detector: Path = typer.Option(..., help="Detector settings, e.g. config/detector/atlas.yaml."),
    first: int = typer.Option(0, min=0, help="First event of the file."),
    events: int | None = typer.Option(None, min=1, help="Number of events; default: all."),
    seed: int = typer.Option(1, min=0, help="Seed of the study."),
    tags: Literal["draw", "weight"] = typer.Option(
        "draw", help="Draw b-tags, or weigh events by their chance of the four-tag cut."
    ),
    b_tagging: str | None = typer.Option(
        None, help="Named tag efficiencies of the detector file instead of its default."
    ),
    gen_jets: bool = typer.Option(False, help="Also write jets of generator particles."),
    pythia: list[str] = typer.Option([], help="Further Pythia setting, e.g. 'Tune:pp = 21'."),
) -> None:
    """Shower parton-level events and simulate the detector: one chunk of a sample."""
    from hh4b.detector.settings import read_detector_settings
    from hh4b.detector.simulation import Chunk, simulate

    settings = read_detector_settings(detector)
    if b_tagging is not None:
        settings = settings.with_tagging(b_tagging)
    chunk = Chunk(
        partons=partons,
        sample=sample,
        first=first,
        n_events=events,
        seed=seed,
        tags=tags,
        gen_jets=gen_jets,
        pythia_commands=tuple(pythia),
    )
    simulate(chunk, settings, output)

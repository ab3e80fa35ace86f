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
    from hh4b.simulation.simulate_stage import Chunk, simulate

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


@app.command("validate-detector")
def validate_detector_command(
    particles: Path = typer.Argument(..., help="Generator events: HepMC3 text or flat HDF5."),
    delphes: Path = typer.Argument(..., help="What Delphes made of the same events, ROOT."),
    *,
    detector: Path = typer.Option(..., help="Detector settings, e.g. config/detector/atlas.yaml."),
    b_tagging: str = typer.Option("delphes_card", help="Named tag efficiencies to compare with."),
    repeats: int = typer.Option(10, min=2, help="Runs of our detector on the events."),
    seed: int = typer.Option(1, min=0, help="Seed of our detector."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Markdown file of the tables."),
    figures: Path | None = typer.Option(None, help="Folder for the figures."),
    json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
) -> None:
    """Compare our detector with Delphes on the same generator events."""
    import json as json_module

    from hh4b.core.files import atomic_path
    from hh4b.detector.settings import read_detector_settings
    from hh4b.simulation.report import as_dict, draw_figures, tables
    from hh4b.simulation.validation import compare

    settings = read_detector_settings(detector).with_tagging(b_tagging)
    comparison = compare(particles, delphes, settings, repeats=repeats, seed=seed)
    if figures is not None:
        draw_figures(comparison, figures)
    text = tables(comparison)
    if output is not None:
        with atomic_path(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    typer.echo(json_module.dumps(as_dict(comparison), indent=1) if json else text)

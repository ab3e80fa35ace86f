"""Commands: Tables and figures."""

from pathlib import Path

import typer

from hh4b.commands.groups import app

INPUT = typer.Option(..., "--input", metavar="KEY=PATH", help="A file of the run; repeatable.")
STEM = typer.Option(..., "-o", "--output", help="Path of the output without suffix.")


@app.command("table")
def table(
    name: str = typer.Argument(help="Number of the table in the note, or an extra table's name."),
    output: Path = STEM,
    reference: Path = typer.Option(..., help="Published values: config/reference/note.yaml."),
    input_: list[str] = INPUT,
) -> None:
    """Write a table as CSV, Markdown and LaTeX: this run beside the note."""
    from hh4b.publication.find import find_module
    from hh4b.publication.inputs import Inputs
    from hh4b.publication.reference import Reference
    from hh4b.publication.tables import write_files

    module = find_module("table", name)
    built = module.build(Inputs.parse(f"table {name}", input_), Reference.read(reference))
    write_files(output, f"Table {name}", built)


@app.command("figure")
def figure(
    name: str = typer.Argument(help="Number of the figure in the note, or an extra's name."),
    output: Path = STEM,
    input_: list[str] = INPUT,
    style: str = typer.Option("{}", help="Style as JSON, e.g. '{\"font_size\": 12}'."),
) -> None:
    """Draw a figure as PDF and PNG."""
    from hh4b.publication.find import find_module
    from hh4b.publication.inputs import Inputs
    from hh4b.publication.style import FigureStyle, write_figure

    chosen = FigureStyle.parse(style)
    inputs = Inputs.parse(f"figure {name}", input_)
    write_figure(output, name, find_module("figure", name).draw, inputs, chosen)


@app.command("parton-histograms")
def parton_histograms(
    partons: Path = typer.Argument(help="LHE file of gg -> HH or pp -> 4b events."),
    output: Path = typer.Option(..., "-o", "--output", help="JSON file to write."),
) -> None:
    """Histogram parton-level events once, for the figures that compare energies."""
    from hh4b.publication.partons import write_parton_histograms

    write_parton_histograms(partons, output)


@app.command("summary")
def summary(
    output: Path = typer.Option(..., "-o", "--output", help="Markdown page to write."),
    tables: Path = typer.Option(..., help="Folder of the tables."),
    figures: Path = typer.Option(..., help="Folder of the figures."),
) -> None:
    """Write one page with all tables and figures, and where this run and the note differ."""
    from hh4b.publication.summary import write_summary

    write_summary(output, tables, figures)


@app.command("embeddings")
def embeddings(
    samples: list[str] = typer.Argument(
        metavar="DATASET:PREDICTION:FEATURES", help="Files of a sample; signal and background."
    ),
    output: Path = typer.Option(..., "-o", "--output", help="JSON file to write."),
    points: int = typer.Option(600, help="Events in the map and the silhouette scores."),
    seed: int = typer.Option(1, help="Of the map, the clusters and the choice of points."),
) -> None:
    """Analyse SPANet2 embedding vectors: components, correlations, map, clusters."""
    from hh4b.publication.embeddings import EmbeddingOptions, write_embeddings

    write_embeddings(samples, output, EmbeddingOptions(points=points, seed=seed))


@app.command("hepdata")
def hepdata(
    output: Path = typer.Option(..., "-o", "--output", help="Folder of the submission."),
    tables: Path = typer.Option(..., help="Folder of the tables."),
) -> None:
    """Write all tables as a HEPData submission; published values are not part of it."""
    from hh4b.publication.hepdata import write_submission

    write_submission(tables, output)

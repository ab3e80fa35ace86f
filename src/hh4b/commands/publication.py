"""Commands: Tables and figures."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import app
from hh4b.commands.guard import Once
from hh4b.commands.many_values import ManyValues
from hh4b.commands.options import takes_settings
from hh4b.core.settings import settings_object
from hh4b.publication.settings import Medium, OutputSettings
from hh4b.spanet.settings import EmbeddingSettings

KeyedFiles = Annotated[list[str], Once("")]
INPUT = typer.Option(..., "--input", metavar="KEY=PATH", help="A file of the run; repeatable.")
SETTINGS = typer.Option(
    None, help="What it is, as JSON; without it, the package's output of that name."
)
STEM = typer.Option(..., "-o", "--output", help="Path of the output without suffix.")


def _settings(medium: Medium, name: str, text: str | None) -> OutputSettings:
    if text is not None:
        return OutputSettings.from_json(text)
    from hh4b.publication.catalogue import default_settings

    return default_settings(medium, name)


@app.command("table")
def table(
    name: str = typer.Argument(help="Number of the table in the note, or another table's name."),
    output: Path = STEM,
    reference: Path | None = typer.Option(
        None, help="Published values: config/reference/note.yaml; without it, none are shown."
    ),
    input_: KeyedFiles = INPUT,
    settings: str | None = SETTINGS,
) -> None:
    """Write a table as CSV, Markdown, LaTeX and JSON: this run beside the note."""
    from hh4b.publication.inputs import Inputs
    from hh4b.publication.outputs_stage import write_table

    chosen = _settings("table", name, settings)
    write_table(output, name, Inputs.parse(f"table {name}", input_), reference, chosen)


@app.command("figure")
def figure(
    name: str = typer.Argument(help="Number of the figure in the note, or another's name."),
    output: Path = STEM,
    input_: KeyedFiles = INPUT,
    settings: str | None = SETTINGS,
    style: str = typer.Option(
        "{}", help="Style as JSON, e.g. '{\"font_size\": 12}', over that of --settings."
    ),
) -> None:
    """Draw a figure as PDF, PNG and SVG."""
    from hh4b.publication.inputs import Inputs
    from hh4b.publication.outputs_stage import write_figure
    from hh4b.publication.style import FigureStyle

    chosen = _settings("figure", name, settings)
    look = FigureStyle.parse(style, chosen.style)
    write_figure(output, name, Inputs.parse(f"figure {name}", input_), chosen, look)


@app.command("parton-histograms")
def parton_histograms(
    partons: Path = typer.Argument(help="LHE file of gg -> HH or pp -> 4b events."),
    output: Path = typer.Option(..., "-o", "--output", help="JSON file to write."),
) -> None:
    """Histogram parton-level events once, for the figures that compare energies."""
    from hh4b.publication.partons_stage import write_parton_histograms

    write_parton_histograms(partons, output)


@app.command("summary", cls=ManyValues)
def summary(
    output: Path = typer.Option(..., "-o", "--output", help="Markdown page to write."),
    tables: list[Path] = typer.Option([], help="CSV files of tables, or a folder of them."),
    figures: list[Path] = typer.Option([], help="PNG files of figures, or a folder of them."),
    causes: Path | None = typer.Option(None, help="Causes: config/reference/causes.yaml."),
    input_: KeyedFiles = typer.Option([], "--input", metavar="KEY=PATH", help="A file of the run."),
    settings: str = typer.Option("{}", help="What the study calls its parts, as JSON."),
) -> None:
    """Write one page: what can be believed, why the note differs, all tables and figures."""
    from hh4b.publication.inputs import Inputs
    from hh4b.publication.page.files import PageFiles
    from hh4b.publication.settings import PageSettings
    from hh4b.publication.summary_stage import write_summary

    inputs = Inputs.parse("summary", input_) if input_ else Inputs("summary", {})
    files = PageFiles(inputs, PageSettings.from_json(settings))
    write_summary(output, tables, figures, causes=causes, files=files)


@app.command("page")
def page(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="YAML files of the study, each laid over the ones before."),
    ] = None,
    output: Path = typer.Option(..., "-o", "--output", help="HTML page to write."),
    results: Path | None = typer.Option(None, help="Folder of the results, if it was moved."),
    settings: str | None = typer.Option(None, help="The study as JSON, in place of files."),
) -> None:
    """Write one HTML file: intervals, the run, the note's conclusions, all tables and figures."""
    from hh4b.core.errors import ConfigError
    from hh4b.publication.page_stage import write_page
    from hh4b.study.reading import parse_study, read_study

    if (settings is None) == (not files):
        raise ConfigError(
            "give the YAML files of the study, e.g. config/config.yaml, or --settings"
        )
    study = read_study(*files) if files else parse_study(settings_object(settings or "{}"))
    write_page(study, output, results=results)


@app.command("embeddings")
@takes_settings(EmbeddingSettings)
def embeddings(
    settings: EmbeddingSettings,
    samples: Annotated[
        list[str],
        Once("events"),
        typer.Argument(
            metavar="DATASET:PREDICTION:FEATURES", help="Files of a sample; signal and background."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="JSON file to write.")],
) -> None:
    """Analyse SPANet2 embedding vectors: components, correlations, map, clusters."""
    from hh4b.publication.embeddings_stage import write_embeddings

    write_embeddings(samples, output, settings)


@app.command("hepdata", cls=ManyValues)
def hepdata(
    output: Path = typer.Option(..., "-o", "--output", help="Folder of the submission."),
    tables: list[Path] = typer.Option([], help="CSV files of tables, or a folder of them."),
    limits: list[Path] = typer.Option([], help="Limit file (hh4b limits)."),
    fit: list[Path] = typer.Option([], help="Fit (hh4b likelihood fit)."),
    templates: list[Path] = typer.Option(
        [], help="Templates (hh4b templates, hh4b likelihood templates)."
    ),
    cutflow: list[Path] = typer.Option([], help="Cutflow; those of a folder share a table."),
    workspace: list[Path] = typer.Option([], help="HS3 or HistFactory JSON, a resource."),
) -> None:
    """Write tables, results and likelihoods as a HEPData submission, without published values."""
    from hh4b.publication.hepdata_stage import HepdataFiles, write_submission

    files = HepdataFiles(tables, limits, fit, templates, cutflow, workspace)
    write_submission(files, output)

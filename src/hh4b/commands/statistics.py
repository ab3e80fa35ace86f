"""Commands: Templates, workspaces, limits."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import app
from hh4b.commands.guard import Once, Written
from hh4b.commands.options import takes_settings
from hh4b.statistics.settings import (
    LimitSettings,
    LuminosityScanSettings,
    TemplateSettings,
    WorkspaceSettings,
)

TemplateFiles = Annotated[
    list[Path], typer.Argument(help="Templates (JSON); several are of an energy each.")
]
ReplicasFiles = Annotated[
    list[Path], typer.Option(help="Replicas of the templates (HDF5), for errors: bootstrap.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write the result to standard output.")]


@app.command("templates")
@takes_settings(TemplateSettings)
def templates(
    settings: TemplateSettings,
    *,
    sample: Annotated[
        list[str],
        Once("events"),
        typer.Option(help="PROCESS=DATASET:FEATURES:SCORES; samples of a process pool."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Template file (JSON).")],
    varied: Annotated[
        list[str],
        Once(""),
        typer.Option(help="SYSTEMATIC.up.PROCESS=DATASET:FEATURES:SCORES, and the same with down."),
    ] = [],  # noqa: B006
    working_point: Annotated[
        Path | None, typer.Option(help="Working point with the threshold.")
    ] = None,
    replicas_output: Annotated[
        Path | None, typer.Option(help="Replicas of the templates (HDF5), for errors: bootstrap.")
    ] = None,
    energy_weights: Annotated[
        list[Path],
        typer.Option(help="Factors of a sample (hh4b energy-weights), for templates at_energy."),
    ] = [],  # noqa: B006
    at_energy: Annotated[
        list[str],
        Written(first=0),
        typer.Option(
            help="ENERGY=FILE: the same events at another energy in TeV; ENERGY=FILE:REPLICAS with"
            " errors: bootstrap."
        ),
    ] = [],  # noqa: B006
    parton_weights: Annotated[
        list[Path],
        typer.Option(
            help="Factors of a sample (hh4b parton-weights), for systematics of effect partons."
        ),
    ] = [],  # noqa: B006
) -> None:
    """Histogram m_HH of the signal at every kappa_lambda and of each background."""
    from hh4b.statistics.template_stage import make_templates

    make_templates(
        sample,
        output,
        settings,
        varied=varied,
        working_point=working_point,
        replicas_output=replicas_output,
        energy_weights=energy_weights,
        at_energy=at_energy,
        parton_weights=parton_weights,
    )


@app.command("workspace")
@takes_settings(WorkspaceSettings)
def workspace(
    settings: WorkspaceSettings,
    template_files: TemplateFiles,
    *,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="Workspace (pyhf JSON); {energy} and {luminosity} in it stand for values."
            " {kappa_lambda} writes a file for each hypothesis, for stock pyhf.",
        ),
    ],
) -> None:
    """Turn templates into a HistFactory workspace with one measurement per kappa_lambda."""
    from hh4b.statistics.workspace_stage import make_workspaces

    make_workspaces(template_files, output, settings)


@app.command("limits")
@takes_settings(LimitSettings)
def limits(
    settings: LimitSettings,
    workspace_files: Annotated[list[Path], typer.Argument(help="Workspaces (pyhf JSON).")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Limit file (JSON); a folder for several workspaces."),
    ] = None,
    replicas_file: ReplicasFiles = [],  # noqa: B006
    trainings: Annotated[
        list[Path],
        typer.Option(
            help="Limit file of a repeated training; at least five make the error of the training."
        ),
    ] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Scan kappa_lambda by profile likelihood and CLs, and find the 95 % intervals."""
    from hh4b.statistics import limits_stage as library

    for workspace_file, place in library.places(workspace_files, output):
        text = library.make_limits(
            workspace_file, place, settings, replicas_files=replicas_file, trainings=trainings
        )
        if as_json or place is None:
            typer.echo(text)


@app.command("luminosity-scan")
@takes_settings(LuminosityScanSettings)
def luminosity_scan(
    settings: LuminosityScanSettings,
    template_files: TemplateFiles,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="Scan (JSON).")],
    reach: Annotated[
        list[Path],
        typer.Option(help="Limit file of another selection: find where its bounds are reached."),
    ] = [],  # noqa: B006
    replicas_file: ReplicasFiles = [],  # noqa: B006
) -> None:
    """Find both intervals at many luminosities in one go."""
    from hh4b.statistics.luminosity_stage import make_luminosity_scan

    make_luminosity_scan(
        template_files, output, settings, reach=reach, replicas_files=replicas_file
    )


@app.command("compare-limits")
def compare_limits(
    limit_files: Annotated[list[Path], typer.Argument(help="Limit files, two or more.")],
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Differences (JSON).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare intervals pair by pair, with the error of the difference from shared replicas."""
    from hh4b.statistics.comparison_stage import compare_files

    text = compare_files(limit_files, output)
    if as_json or output is None:
        typer.echo(text)

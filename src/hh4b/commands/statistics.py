"""Commands: Templates, workspaces, limits."""

from pathlib import Path

import typer

from hh4b.commands.groups import app

NOTE_SCAN = ",".join(str(kappa) for kappa in range(-10, 16))
NOTE_MIXTURE = "-5,-3,-1,1,2,3,5,7,9,12"


@app.command("templates")
def templates(
    *,
    signal: list[str] = typer.Option(..., help="DATASET:FEATURES:SCORES of a signal sample."),
    background: list[str] = typer.Option(..., help="The same of a background sample."),
    output: Path = typer.Option(..., "-o", "--output", help="Template file to write (JSON)."),
    working_point: Path | None = typer.Option(None, help="Working point with the threshold."),
    threshold: float | None = typer.Option(None, help="Pass above this score."),
    kappa_values: str = typer.Option(NOTE_SCAN, help="Hypotheses, separated by commas."),
    bins: int = typer.Option(10, help="Number of m_HH bins."),
    m_hh_min_gev: float = typer.Option(200.0, help="Lower edge of the first bin."),
    m_hh_max_gev: float = typer.Option(1000.0, help="Upper edge of the last bin."),
    overflow: str = typer.Option("drop", help="Events outside: drop, or include in the end bins."),
    kappa_input: str = typer.Option("hypothesis", help="Signal score at: hypothesis or own."),
    background_kappa: str = typer.Option(
        "average", help="Background score at: average over the list, drawn, or hypothesis."
    ),
    background_kappa_values: str = typer.Option(
        NOTE_MIXTURE, help="List that the background's kappa input is drawn from."
    ),
    part: str = typer.Option("testing", help="Events to use: testing, training or all."),
    signal_method: str = typer.Option("reweighted", help="reweighted, or direct (closure)."),
    sqrt_s_tev: float = typer.Option(13.0, help="Energy at which the signal was generated."),
) -> None:
    """Histogram m_HH of signal at every kappa_lambda and of background after the selection."""
    from hh4b.statistics import template_stage as library

    library.make_templates(
        library.TemplateOptions(
            signal=tuple(signal),
            background=tuple(background),
            threshold=library.choose_threshold(working_point, threshold),
            kappa_values=library.parse_numbers(kappa_values, "--kappa-values"),
            bins=bins,
            m_hh_min_gev=m_hh_min_gev,
            m_hh_max_gev=m_hh_max_gev,
            overflow=overflow,
            kappa_input=kappa_input,
            background_kappa=background_kappa,
            background_kappa_values=library.parse_numbers(
                background_kappa_values, "--background-kappa-values"
            ),
            part=part,
            signal_method=signal_method,
            sqrt_s_tev=sqrt_s_tev,
        ),
        output,
    )


@app.command("workspace")
def workspace(
    *,
    template_file: Path = typer.Argument(..., help="Templates (JSON)."),
    output: str = typer.Option(
        ...,
        "-o",
        "--output",
        help="Workspace to write (pyhf JSON); {energy} and {luminosity} in it stand for values.",
    ),
    sqrt_s_tev: str = typer.Option("13", help="Energies of the cross sections, by commas."),
    luminosity_ifb: str = typer.Option("139", help="Integrated luminosities, by commas."),
    signal_cross_section: str = typer.Option("note", help="note, own, or a YAML file."),
    background_cross_section_pb: float | None = typer.Option(
        None, help="Default: that of the cross-section file at this energy."
    ),
    branching_ratio: float | None = typer.Option(None, help="H -> bb; default: as in the file."),
    model: str = typer.Option("note", help="Statistical model: note or complete."),
    asimov: str = typer.Option("background", help="Asimov data: background or sm."),
    background_uncertainty: float = typer.Option(0.05, help="Relative, in the complete model."),
    empty_background_bins: str = typer.Option("merge", help="merge, or error."),
    minimum_effective_events: float = typer.Option(
        0.0, help="Bins with fewer effective background events count as empty."
    ),
) -> None:
    """Turn templates into a HistFactory workspace with one measurement per kappa_lambda."""
    from hh4b.statistics import workspace_stage as library
    from hh4b.statistics.template_stage import parse_numbers

    library.make_workspaces(
        template_file,
        output,
        energies_tev=parse_numbers(sqrt_s_tev, "--sqrt-s-tev"),
        luminosities_ifb=parse_numbers(luminosity_ifb, "--luminosity-ifb"),
        options=library.WorkspaceOptions(
            signal_cross_section=signal_cross_section,
            background_cross_section_pb=background_cross_section_pb,
            branching_ratio=branching_ratio,
            model=model,
            asimov=asimov,
            background_uncertainty=background_uncertainty,
            empty_background_bins=empty_background_bins,
            minimum_effective_events=minimum_effective_events,
        ),
    )


@app.command("limits")
def limits(
    *,
    workspace_files: list[Path] = typer.Argument(..., help="Workspaces (pyhf JSON)."),
    output: Path | None = typer.Option(
        None,
        "-o",
        "--output",
        help="Limit file to write (JSON); a folder for several workspaces.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Write the result to standard output."),
    threshold: float | None = typer.Option(
        None, help="Bound on -2 Delta ln L; default: 3.92 (note), 3.84 (complete)."
    ),
    replicas: int = typer.Option(
        200, help="Replicas of the templates for the statistical error; 0 leaves it out."
    ),
    seed: int = typer.Option(1, help="Seed of the replicas."),
    engine: str = typer.Option("own", help="own, or pyhf for workspaces with more modifiers."),
    optimizer: str = typer.Option("minuit", help="Of the engine pyhf: scipy or minuit."),
) -> None:
    """Scan kappa_lambda by profile likelihood and CLs, and find the 95 % intervals."""
    from hh4b.statistics import limits_stage as library

    for workspace_file, place in library.places(workspace_files, output):
        text = library.make_limits(
            workspace_file,
            place,
            threshold=threshold,
            replicas=replicas,
            seed=seed,
            engine=engine,
            optimizer=optimizer,
        )
        if as_json or place is None:
            typer.echo(text)


@app.command("luminosity-scan")
def luminosity_scan(
    *,
    template_file: Path = typer.Argument(..., help="Templates (JSON)."),
    output: Path = typer.Option(..., "-o", "--output", help="Scan to write (JSON)."),
    luminosities_ifb: str = typer.Option(
        "100,139,200,300,500,700,1000,1500,2000,3000", help="Separated by commas."
    ),
    sqrt_s_tev: str = typer.Option("13", help="Energies of the cross sections, by commas."),
    signal_cross_section: str = typer.Option("note", help="note, own, or a YAML file."),
    background_cross_section_pb: float | None = typer.Option(
        None, help="At every energy; default: those of the cross-section file."
    ),
    branching_ratio: float | None = typer.Option(None, help="H -> bb; default: as in the file."),
    empty_background_bins: str = typer.Option("merge", help="merge, or error."),
    minimum_effective_events: float = typer.Option(
        0.0, help="Bins with fewer effective background events count as empty."
    ),
    reach: list[Path] = typer.Option(
        [], help="Limit file of another selection: find the luminosity that reaches its bounds."
    ),
    replicas: int = typer.Option(
        200, help="Replicas of the templates for the statistical error; 0 leaves it out."
    ),
    seed: int = typer.Option(1, help="Seed of the replicas."),
) -> None:
    """Find both intervals of the note's model at many luminosities in one go."""
    from hh4b.statistics import luminosity_stage as library
    from hh4b.statistics.template_stage import parse_numbers
    from hh4b.statistics.workspace_stage import WorkspaceOptions

    library.make_luminosity_scan(
        template_file,
        output,
        WorkspaceOptions(
            signal_cross_section=signal_cross_section,
            background_cross_section_pb=background_cross_section_pb,
            branching_ratio=branching_ratio,
            empty_background_bins=empty_background_bins,
            minimum_effective_events=minimum_effective_events,
        ),
        luminosities_ifb=parse_numbers(luminosities_ifb, "--luminosities-ifb"),
        energies_tev=parse_numbers(sqrt_s_tev, "--sqrt-s-tev"),
        reach=reach,
        replicas=replicas,
        seed=seed,
    )

"""Command: couplings beside kappa_lambda."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import likelihood
from hh4b.commands.guard import Once
from hh4b.commands.options import takes_settings
from hh4b.likelihood.settings import LikelihoodCouplingSettings


@likelihood.command("couplings")
@takes_settings(LikelihoodCouplingSettings)
def couplings(
    settings: LikelihoodCouplingSettings,
    category_templates: Annotated[Path, typer.Argument(help="Category templates (JSON).")],
    *,
    sample: Annotated[
        list[str],
        Once("events"),
        typer.Option(help="PROCESS=DATASET:FEATURES:SCORES, as the templates had them."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Result (JSON).")],
    energy_weights: Annotated[
        list[Path],
        typer.Option(help="Factors of a sample (hh4b energy-weights), for another energy."),
    ] = [],  # noqa: B006
) -> None:
    """Contours of kappa_lambda against other couplings, and yields at published benchmarks."""
    from hh4b.likelihood.coupling_stage import make_couplings

    make_couplings(category_templates, sample, output, settings, energy_weights=energy_weights)

"""Commands: category templates, and the likelihood made of them."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands.groups import likelihood
from hh4b.commands.guard import Once
from hh4b.commands.options import takes_settings
from hh4b.likelihood.settings import (
    CategoryTemplateSettings,
    LikelihoodModelSettings,
    LikelihoodRedrawSettings,
)

Samples = Annotated[
    list[str],
    Once("events"),
    typer.Option(help="PROCESS=DATASET:FEATURES:SCORES; samples of a process pool."),
]
Varied = Annotated[
    list[str],
    Once(""),
    typer.Option(help="SYSTEMATIC.up.PROCESS=DATASET:FEATURES:SCORES, and the same with down."),
]
EnergyWeights = Annotated[
    list[Path],
    typer.Option(help="Factors of a sample (hh4b energy-weights); their energies are added."),
]
PartonWeights = Annotated[
    list[Path],
    typer.Option(
        help="Factors of a sample (hh4b parton-weights), for systematics of effect partons."
    ),
]


@likelihood.command("templates")
@takes_settings(CategoryTemplateSettings)
def templates(
    settings: CategoryTemplateSettings,
    *,
    sample: Samples,
    output: Annotated[Path, typer.Option("-o", "--output", help="Category templates (JSON).")],
    varied: Varied = [],  # noqa: B006
    energy_weights: EnergyWeights = [],  # noqa: B006
    parton_weights: PartonWeights = [],  # noqa: B006
) -> None:
    """Fill score categories with the components of the signal and smooth backgrounds."""
    from hh4b.likelihood.category_stage import make_category_templates

    make_category_templates(
        sample,
        output,
        settings,
        varied=varied,
        energy_weights=energy_weights,
        parton_weights=parton_weights,
    )


@likelihood.command("model")
@takes_settings(LikelihoodModelSettings)
def model(
    settings: LikelihoodModelSettings,
    category_templates: Annotated[Path, typer.Argument(help="Category templates (JSON).")],
    *,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="Likelihood (JSON); {energy} and {luminosity} in it stand for values.",
        ),
    ],
) -> None:
    """Turn category templates into a likelihood in kappa_lambda with all its uncertainties."""
    from hh4b.likelihood.model_stage import make_models

    make_models(category_templates, output, settings)


@likelihood.command("redraw")
@takes_settings(LikelihoodRedrawSettings)
def redraw(
    settings: LikelihoodRedrawSettings,
    category_templates: Annotated[Path, typer.Argument(help="Category templates (JSON).")],
    *,
    sample: Samples,
    output: Annotated[Path, typer.Option("-o", "--output", help="Likelihoods (JSON).")],
    varied: Varied = [],  # noqa: B006
    energy_weights: EnergyWeights = [],  # noqa: B006
    parton_weights: PartonWeights = [],  # noqa: B006
) -> None:
    """Redraw category templates from their events and make a likelihood of each replica."""
    from hh4b.likelihood.redrawn import make_redrawn

    make_redrawn(
        category_templates,
        sample,
        output,
        settings,
        varied=varied,
        energy_weights=energy_weights,
        parton_weights=parton_weights,
    )

"""Commands: gg -> HH and X -> HH at parton level; parton events of other energies and scales."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands import groups
from hh4b.commands.many_values import ManyValues
from hh4b.commands.options import takes_settings
from hh4b.generation.settings import (
    EnergyWeightSettings,
    FormFactorSettings,
    HiggsPairCrossSectionSettings,
    HiggsPairSettings,
    PartonWeightSettings,
    ResonanceSettings,
)

Output = Annotated[Path, typer.Option("--output", "-o", help="LHE file to write (.lhe.gz).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@groups.generate.command("hh")
@takes_settings(HiggsPairSettings)
def generate_hh(*, settings: HiggsPairSettings, output: Output) -> None:
    """Write gg -> HH -> 4b events of the exact top-quark loop at leading order.

    The weights, in pb, average to sigma(gg -> HH): the branching ratio of H -> bb counts as 1.
    """
    from hh4b.generation.signal_stage import write_higgs_pairs

    write_higgs_pairs(output, settings)


@groups.generate.command("resonance")
@takes_settings(ResonanceSettings)
def generate_resonance(*, settings: ResonanceSettings, output: Output) -> None:
    """Write events of a narrow scalar resonance, gg -> X -> HH -> 4b."""
    from hh4b.generation.signal_stage import write_resonance

    write_resonance(output, settings)


@groups.cross_section.command("hh", cls=ManyValues)
@takes_settings(HiggsPairCrossSectionSettings)
def cross_section_hh(
    *,
    settings: HiggsPairCrossSectionSettings,
    kappa_lambda: Annotated[
        list[str], typer.Option("--kappa-lambda", help="One or more values of kappa_lambda.")
    ],
    as_json: Json = False,
) -> None:
    """Cross section of gg -> HH at leading order with the exact top-quark loop."""
    from hh4b.generation import signal_report as report

    rows = report.cross_section_rows(report.numbers(kappa_lambda, "--kappa-lambda"), settings)
    typer.echo(report.as_json(rows) if as_json else report.as_table(rows))


@groups.app.command("form-factors", cls=ManyValues)
@takes_settings(FormFactorSettings)
def form_factors(
    *,
    settings: FormFactorSettings,
    sqrt_s_hat: Annotated[
        list[str], typer.Option("--sqrt-s-hat", help="One or more masses of the pair, GeV.")
    ],
    cos_theta: Annotated[
        list[str],
        typer.Option(
            "--cos-theta",
            help="As many cosines as masses, or one; with other numbers all combinations.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Form factors F_triangle, F_box, G_box of gg -> HH, directly from the loop integrals."""
    from hh4b.generation import signal_report as report

    rows = report.form_factor_rows(
        report.numbers(sqrt_s_hat, "--sqrt-s-hat"),
        report.numbers(cos_theta, "--cos-theta"),
        settings,
    )
    typer.echo(report.as_json(rows) if as_json else report.as_table(rows))


@groups.app.command("energy-weights")
@takes_settings(EnergyWeightSettings)
def energy_weights(
    *,
    settings: EnergyWeightSettings,
    partons: Annotated[
        list[Path], typer.Argument(help="Parton events (.lhe.gz), called by their sample.")
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="Factors (HDF5); {sample} and {energy} in it stand for values.",
        ),
    ],
) -> None:
    """Factors that make events of one collision energy those of another, by parton densities."""
    from hh4b.generation.energy_stage import write_energy_weights

    write_energy_weights(partons, output, settings)


@groups.app.command("parton-weights")
@takes_settings(PartonWeightSettings)
def parton_weights(
    *,
    settings: PartonWeightSettings,
    partons: Annotated[
        list[Path], typer.Argument(help="Parton events (.lhe.gz), called by their sample.")
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="Factors (HDF5); {systematic}, {side} and {sample} in it stand for values.",
        ),
    ],
) -> None:
    """Factors of parton events for other scales and parton densities, by systematic and side."""
    from hh4b.generation.parton_stage import write_parton_weights

    write_parton_weights(partons, output, settings)

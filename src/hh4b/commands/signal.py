"""Commands: gg -> HH and X -> HH at parton level."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands import groups
from hh4b.commands.many_values import ManyValues

SqrtS = Annotated[float, typer.Option("--sqrt-s", help="pp energy in TeV.")]
MTop = Annotated[float, typer.Option("--m-top", help="Top-quark mass in the loop, GeV.")]
MHiggs = Annotated[float, typer.Option("--m-higgs", help="Higgs mass, GeV.")]
BMass = Annotated[float, typer.Option("--b-mass-gev", help="Mass of the b quark, GeV.")]
MuFactor = Annotated[
    float, typer.Option("--mu-factor", help="Scale mu_R = mu_F in units of m_HH / 2.")
]
Events = Annotated[int, typer.Option("--events", help="Events to write.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of all random streams.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="LHE file to write (.lhe.gz).")]
Bias = Annotated[
    str, typer.Option("--acceptance-bias", help="File of the acceptance bias, or none.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@groups.generate.command("hh")
def generate_hh(
    *,
    kappa_lambda: Annotated[str, typer.Option("--kappa-lambda", help="Trilinear coupling.")],
    events: Events,
    output: Output,
    sqrt_s: SqrtS = 13.0,
    seed: Seed = 1,
    m_top: MTop = 173.0,
    m_higgs: MHiggs = 125.0,
    b_mass_gev: BMass = 4.7,
    mu_factor: MuFactor = 1.0,
    acceptance_bias: Bias = "none",
) -> None:
    """Write gg -> HH -> 4b events of the exact top-quark loop at leading order.

    The weights, in pb, average to sigma(gg -> HH): the branching ratio of H -> bb counts as 1.
    """
    from hh4b.generation import signal_stage as library
    from hh4b.generation.signal_reports import parse_one_number

    library.write_higgs_pairs(
        output,
        parse_one_number(kappa_lambda, "--kappa-lambda"),
        m_top,
        library.SignalSettings(
            sqrt_s, events, seed, m_higgs, b_mass_gev, mu_factor,
            library.parse_bias(acceptance_bias),
        ),
    )  # fmt: skip


@groups.generate.command("resonance")
def generate_resonance(
    *,
    mass: Annotated[float, typer.Option("--mass", help="Mass of the resonance X, GeV.")],
    events: Events,
    output: Output,
    sqrt_s: SqrtS = 13.0,
    seed: Seed = 1,
    cross_section_pb: Annotated[
        float, typer.Option("--cross-section-pb", help="sigma(gg -> X -> HH), pb.")
    ] = 1.0,
    m_higgs: MHiggs = 125.0,
    b_mass_gev: BMass = 4.7,
    mu_factor: MuFactor = 1.0,
    acceptance_bias: Bias = "none",
) -> None:
    """Write events of a narrow scalar resonance, gg -> X -> HH -> 4b."""
    from hh4b.generation import signal_stage as library

    library.write_resonance(
        output,
        mass,
        cross_section_pb,
        library.SignalSettings(
            sqrt_s, events, seed, m_higgs, b_mass_gev, mu_factor,
            library.parse_bias(acceptance_bias),
        ),
    )  # fmt: skip


@groups.cross_section.command("hh", cls=ManyValues)
def cross_section_hh(
    kappa_lambda: Annotated[
        list[str], typer.Option("--kappa-lambda", help="One or more values of kappa_lambda.")
    ],
    sqrt_s: SqrtS = 13.0,
    m_top: MTop = 173.0,
    m_higgs: MHiggs = 125.0,
    mu_factor: MuFactor = 1.0,
    as_json: Json = False,
) -> None:
    """Cross section of gg -> HH at leading order with the exact top-quark loop."""
    from hh4b.generation import signal_reports as library

    rows = library.cross_section_rows(
        library.parse_numbers(kappa_lambda, "--kappa-lambda"),
        library.collisions(sqrt_s, mu_factor),
        library.model(m_top, m_higgs),
    )
    typer.echo(library.as_json(rows) if as_json else library.as_table(rows))


@groups.app.command("form-factors", cls=ManyValues)
def form_factors(
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
    m_top: MTop = 173.0,
    m_higgs: MHiggs = 125.0,
    as_json: Json = False,
) -> None:
    """Form factors F_triangle, F_box, G_box of gg -> HH, directly from the loop integrals."""
    from hh4b.generation import signal_reports as library

    rows = library.form_factor_rows(
        library.parse_numbers(sqrt_s_hat, "--sqrt-s-hat"),
        library.parse_numbers(cos_theta, "--cos-theta"),
        library.model(m_top, m_higgs),
    )
    typer.echo(library.as_json(rows) if as_json else library.as_table(rows))

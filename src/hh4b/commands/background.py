"""Commands: pp -> 4b at parton level."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands import groups

SqrtS = Annotated[float, typer.Option("--sqrt-s", help="pp energy in TeV.")]
PtMin = Annotated[float, typer.Option("--pt-min-gev", help="Least pT of each b quark, GeV.")]
AbsEtaMax = Annotated[float, typer.Option("--abs-eta-max", help="Largest |eta| of each b quark.")]
BMass = Annotated[float, typer.Option("--b-mass-gev", help="Mass of the b quark, GeV.")]
Scale = Annotated[
    str,
    typer.Option("--scale", help="Central scale: ht_half, ht, mean_mt, m4b_half or kt_clustered."),
]
MuFactor = Annotated[float, typer.Option("--mu-factor", help="Factor on the central scale.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of all random streams.")]


@groups.cross_section.command("4b")
def cross_section_four_b(
    *,
    sqrt_s: SqrtS = 13.0,
    pt_min_gev: PtMin = 25.0,
    abs_eta_max: AbsEtaMax = 2.5,
    b_mass_gev: BMass = 4.7,
    scale: Scale = "ht_half",
    mu_factor: MuFactor = 1.0,
    seed: Seed = 1,
    relative_error: Annotated[
        float, typer.Option(help="Statistical error to reach, relative.")
    ] = 0.003,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Cross section of pp -> b b~ b b~ at leading order, with its scale band."""
    from dataclasses import asdict

    from hh4b.generation.four_b import generator
    from hh4b.generation.four_b.integrand import Process

    process = Process(
        sqrt_s_gev=1000.0 * sqrt_s,
        pt_min_gev=pt_min_gev,
        abs_eta_max=abs_eta_max,
        b_mass_gev=b_mass_gev,
        scale=scale,
        mu_factor=mu_factor,
    )
    result = generator.cross_section(process, seed=seed, relative_error=relative_error)
    row = {
        "sqrt_s_tev": sqrt_s,
        "cross_section_fb": 1000.0 * result.value_pb,
        "error_fb": 1000.0 * result.error_pb,
        "cross_section_pb": result.value_pb,
        "error_pb": result.error_pb,
        "scale_band_pb": [result.low_pb, result.high_pb],
        "channels_pb": result.channels_pb,
        "cuts": {"pt_min_gev": pt_min_gev, "abs_eta_max": abs_eta_max},
        "settings": asdict(process),
    }
    if as_json:
        import json

        typer.echo(json.dumps([row]))
    else:
        typer.echo(
            f"sigma(pp -> 4b, {sqrt_s:g} TeV) = {result.value_pb:.2f} +- {result.error_pb:.2f} pb,"
            f" scale x (2, 1/2): {result.low_pb:.1f} to {result.high_pb:.1f} pb"
        )


@groups.generate.command("4b")
def generate_four_b(
    *,
    events: Annotated[int, typer.Option("--events", min=1, help="Events to write.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="LHE file (.lhe.gz).")],
    sqrt_s: SqrtS = 13.0,
    seed: Seed = 1,
    pt_min_gev: PtMin = 25.0,
    abs_eta_max: AbsEtaMax = 2.5,
    b_mass_gev: BMass = 4.7,
    scale: Scale = "ht_half",
    mu_factor: MuFactor = 1.0,
    acceptance_bias: Annotated[
        str,
        typer.Option(help="YAML file of the acceptance bias, or none."),
    ] = "none",
) -> None:
    """Unweighted events of pp -> b b~ b b~ at leading order (times 1/bias, if one is given)."""
    from dataclasses import asdict

    from hh4b.core.files import Provenance
    from hh4b.generation.acceptance import AcceptanceBias
    from hh4b.generation.four_b import generator
    from hh4b.generation.four_b.integrand import Process
    from hh4b.generation.lhe import write_lhe

    process = Process(
        sqrt_s_gev=1000.0 * sqrt_s,
        pt_min_gev=pt_min_gev,
        abs_eta_max=abs_eta_max,
        b_mass_gev=b_mass_gev,
        scale=scale,
        mu_factor=mu_factor,
    )
    bias = None if acceptance_bias == "none" else AcceptanceBias.from_file(acceptance_bias)
    result = generator.generate(process, events, seed=seed, bias=bias)
    settings = {
        **asdict(process),
        "acceptance_bias": None if bias is None else bias.model_dump(),
    }
    write_lhe(
        output,
        result.events,
        sqrt_s_gev=process.sqrt_s_gev,
        cross_section_error_pb=result.cross_section_error_pb,
        provenance=Provenance("generate 4b", settings, seed, result.counts),
    )

"""Commands: pp -> 4b at parton level."""

from pathlib import Path
from typing import Annotated

import typer

from hh4b.commands import groups
from hh4b.commands.options import takes_settings
from hh4b.generation.settings import FourBCrossSectionSettings, FourBSettings


@groups.cross_section.command("4b")
@takes_settings(FourBCrossSectionSettings)
def cross_section_four_b(
    *,
    settings: FourBCrossSectionSettings,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Cross section of pp -> b b~ b b~ at leading order, with its scale band."""
    from hh4b.core.strict_json import to_json
    from hh4b.generation.four_b_report import as_line, cross_section_row

    row = cross_section_row(settings)
    typer.echo(to_json([row]) if as_json else as_line(row))


@groups.generate.command("4b")
@takes_settings(FourBSettings)
def generate_four_b(
    *,
    settings: FourBSettings,
    output: Annotated[Path, typer.Option("--output", "-o", help="LHE file (.lhe.gz).")],
) -> None:
    """Unweighted events of pp -> b b~ b b~ at leading order (times 1/bias, if one is given)."""
    from hh4b.generation.four_b_stage import write_four_b

    write_four_b(output, settings)

"""The command `hh4b`: one sub-command per stage, each usable by hand."""

import sys

import typer

from hh4b.commands import (
    background,
    configure,
    events,
    groups,
    key_numbers,
    likelihood_couplings,
    likelihood_fit,
    likelihood_templates,
    likelihood_toys,
    likelihood_workspace,
    other_generators,
    pairing,
    publication,
    selection,
    signal,
    simulation,
    spanet,
    statistics,
)
from hh4b.core import logs
from hh4b.core.errors import Hh4bError

# Importing a module of hh4b.commands registers its commands; heavy libraries load inside them.
MODULES = (
    configure, signal, background, simulation, events, pairing, spanet, selection, statistics,
    likelihood_templates, likelihood_fit, likelihood_toys, likelihood_couplings,
    likelihood_workspace, publication, key_numbers, other_generators,
)  # fmt: skip


def main() -> None:
    """Run the command line; errors of the project end in one line and exit code 1."""
    try:
        groups.app()
    except Hh4bError as error:
        sys.stderr.write(f"hh4b: {type(error).__name__}: {error}\n")
        sys.exit(1)


@groups.app.callback()
def _common(
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log more than the milestones."),
) -> None:
    """HH -> 4b: from generated events to an interval on kappa_lambda."""
    logs.configure(verbose=verbose)

"""Commands: Pairing and its metrics."""

from pathlib import Path

import typer

from hh4b.commands.groups import pair

_DATASETS = typer.Option(..., "--dataset", help="A dataset; once for each sample.")
_PAIRINGS = typer.Option(..., "--pairing", help="Its pairing; same order as --dataset.")
_PART = typer.Option("all", help="Events to use: training, testing or all.")


@pair.command("min-dr")
def min_dr(
    dataset: Path = typer.Argument(help="Dataset in the SPANet layout."),
    output: Path = typer.Option(..., "-o", "--output", help="The pairing to write (HDF5)."),
) -> None:
    """Pair by the smallest distance in the leading Higgs candidate."""
    from hh4b.pairing.min_dr import pair_file

    pair_file(dataset, output)


@pair.command("evaluate")
def evaluate(
    dataset: list[Path] = _DATASETS,
    pairing: list[Path] = _PAIRINGS,
    output: Path = typer.Option(..., "-o", "--output", help="The metrics to write (JSON)."),
    part: str = _PART,
) -> None:
    """Measure pairings by jet multiplicity; several samples count together."""
    from hh4b.pairing.evaluation_stage import evaluate_files

    groups = evaluate_files(dataset, pairing, output, part=part)
    for name, row in groups.items():
        typer.echo(
            f"{name:>6}  "
            + "  ".join(
                f"{key} {'-' if row[key] is None else format(row[key], '.4f')}"
                for key in ("event_fraction", "event_efficiency", "higgs_efficiency")
            )
        )


@pair.command("efficiency-curve")
def efficiency_curve(
    dataset: list[Path] = _DATASETS,
    pairing: list[Path] = _PAIRINGS,
    output: Path = typer.Option(..., "-o", "--output", help="The curve to write (JSON)."),
    part: str = _PART,
) -> None:
    """Measure event efficiency against kappa_lambda, one point a signal sample."""
    from hh4b.pairing.evaluation_stage import efficiency_curve as run

    run(dataset, pairing, output, part=part)

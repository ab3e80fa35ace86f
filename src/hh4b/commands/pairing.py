"""Commands: Pairing and its metrics."""

from pathlib import Path

import typer

from hh4b.commands.groups import pair
from hh4b.commands.options import takes_settings
from hh4b.pairing.settings import PairingEvaluationSettings, PairSettings

_DATASET = typer.Argument(help="Dataset in the SPANet layout.")
_PAIRING = typer.Option(..., "-o", "--output", help="The pairing to write (HDF5).")
_DATASETS = typer.Option(..., "--dataset", help="A dataset; once for each sample.")
_PAIRINGS = typer.Option(..., "--pairing", help="Its pairing; same order as --dataset.")


@pair.command("run")
@takes_settings(PairSettings)
def run_method(settings: PairSettings, dataset: Path = _DATASET, output: Path = _PAIRING) -> None:
    """Pair by a method of the package, of an entry point or of a file: path.py:name."""
    from hh4b.pairing.pairing_stage import pair_file

    pair_file(dataset, output, settings)


@pair.command("min-dr")
def min_dr(dataset: Path = _DATASET, output: Path = _PAIRING) -> None:
    """Pair by the smallest distance in the leading Higgs candidate."""
    from hh4b.pairing.pairing_stage import pair_file

    pair_file(dataset, output, PairSettings.checked({"method": "min_dr"}))


@pair.command("evaluate")
@takes_settings(PairingEvaluationSettings)
def evaluate(
    settings: PairingEvaluationSettings,
    dataset: list[Path] = _DATASETS,
    pairing: list[Path] = _PAIRINGS,
    output: Path = typer.Option(..., "-o", "--output", help="The metrics to write (JSON)."),
) -> None:
    """Measure pairings by jet multiplicity; several samples count together."""
    from hh4b.pairing.evaluation_stage import evaluate_files

    groups = evaluate_files(dataset, pairing, output, settings)
    for name, row in groups.items():
        typer.echo(
            f"{name:>6}  "
            + "  ".join(
                f"{key} {'-' if row[key] is None else format(row[key], '.4f')}"
                for key in ("event_fraction", "event_efficiency", "higgs_efficiency")
            )
        )


@pair.command("efficiency-curve")
@takes_settings(PairingEvaluationSettings)
def efficiency_curve(
    settings: PairingEvaluationSettings,
    dataset: list[Path] = _DATASETS,
    pairing: list[Path] = _PAIRINGS,
    output: Path = typer.Option(..., "-o", "--output", help="The curve to write (JSON)."),
) -> None:
    """Measure event efficiency against kappa_lambda, one point a signal sample."""
    from hh4b.pairing.evaluation_stage import efficiency_curve as run

    run(dataset, pairing, output, settings)

"""Table of pairings on the same events: by kappa_lambda, and by number of training events."""

from collections.abc import Callable, Sequence
from functools import partial

from hh4b.pairing.metrics import Mean
from hh4b.publication.inputs import Inputs, Measured
from hh4b.publication.leaderboard import (
    CEILINGS,
    KappaEvents,
    LeaderboardSettings,
    mean_of,
    pairing_keys,
    read_samples,
    training_sizes,
)
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn


class LeaderboardOptions(LeaderboardSettings):
    """Options of the kind."""


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table: a row for each pairing, the best first; then what any could reach.

    Raises:
        ConfigError: see `hh4b.publication.leaderboard.read_samples`.
    """
    del reference
    options = settings.read(LeaderboardOptions)
    samples, sizes = read_samples(inputs, options), training_sizes(inputs, options)
    keys = sorted(pairing_keys(inputs), key=lambda key: -(_mean(samples, key).value or 0.0))
    rows = []
    for key in [*keys, *CEILINGS]:
        cells = _cells(samples, partial(KappaEvents.efficiency, key=key))
        if options.reference and key != options.reference and key not in CEILINGS:
            other = options.reference
            found = mean_of([one.difference(key, other) for one in samples])
            cells["difference"] = _cell(found, samples)
        label = CEILINGS.get(key) or options.series_of(key) or settings.label(key)
        rows.append(Row(key, (label, f"{sizes[key]:,}" if key in sizes else ""), cells))
    share = _cells(samples, lambda one: one.fraction)
    rows.append(Row("events", ("share of all events that count here", ""), share))
    columns = [
        TableColumn(f"kappa_lambda_{one.kappa_lambda:g}", _kappa(one.kappa_lambda), 3)
        for one in samples
    ]
    columns.append(TableColumn("mean", "mean", 3))
    if options.reference:
        label = settings.label(options.reference)
        columns.append(TableColumn("difference", f"mean − that of {label}", 3))
    return Table(
        settings.title,
        ("Pairing", "Training events"),
        tuple(columns),
        tuple(rows),
        (
            "Share of events with both Higgs bosons paired right, of those whose four quarks have a"
            " jet each.",
            "Errors are of the events measured; another seed of a training is not in them. Those"
            " of the difference are of the same events, paired.",
            *settings.remarks,
        ),
    )


def _mean(samples: Sequence[KappaEvents], key: str) -> Mean:
    return mean_of([one.efficiency(key) for one in samples])


def _cells(
    samples: Sequence[KappaEvents], number: Callable[[KappaEvents], Mean]
) -> dict[str, Cell]:
    """Return a cell for each kappa_lambda, and one for their mean."""
    found = [number(one) for one in samples]
    cells = {
        f"kappa_lambda_{one.kappa_lambda:g}": _cell(value, [one])
        for one, value in zip(samples, found, strict=True)
    }
    return cells | {"mean": _cell(mean_of(found), samples)}


def _cell(value: Mean, samples: Sequence[KappaEvents]) -> Cell:
    source = samples[0].source
    if len(samples) > 1:
        source += f" and {len(samples) - 1} more"
    digest = samples[0].configuration_hash if len(samples) == 1 else ""
    text = "no events" if value.value is None else ""
    return Cell(Measured(value.value, value.error, source, digest, text=text))


def _kappa(value: float) -> str:
    return f"κλ = {value:g}".replace("-", "−")

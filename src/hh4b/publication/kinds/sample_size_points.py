"""Table of quality against the number of training events."""

from collections.abc import Mapping

from pydantic import Field

from hh4b.core.settings import Settings
from hh4b.core.training_share import Share
from hh4b.publication.inputs import Inputs, Measured, RunFile
from hh4b.publication.limit_cells import METHODS, WIDTHS, width_of
from hh4b.publication.reference import Published, Reference
from hh4b.publication.sample_sizes import count_file
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn
from hh4b.statistics.comparison import difference, share_replicas

_GAIN = "profile_width_gain"
COLUMNS = (
    TableColumn("events", "Training events", 0),
    TableColumn("auc", "AUC", 3),
    TableColumn("event_efficiency", "Event efficiency", 3),
    *WIDTHS.values(),
    TableColumn(_GAIN, "Profile likelihood, Δκλ above that of all events", 2),
)


class CurvePoint(Settings):
    """A point of a curve."""

    curve: str = Field(description="name of the curve, the entry that learns from all events")
    share: Share | None = Field(None, description="share of the training events; null = all")


class SamplePlace(Settings):
    """Where the note has a value, as a path of keys in the reference file."""

    events: list[list[str]] = Field([], description="numbers of training events, added")
    auc: list[str | int] | None = Field(None, description="area under the curve")
    event_efficiency: list[str | int] | None = Field(None, description="of 2h events")
    limits: list[str | int] | None = Field(None, description="limits by method")


class SampleSizePointsOptions(Settings):
    """Options of the kind."""

    points: dict[str, CurvePoint] = Field({}, description="by name, the first part of input keys")
    note: dict[str, SamplePlace] = Field({}, description="the note's values by curve")


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from metrics, pairing, limits and training events of every point.

    Raises:
        ContractError: if a file is not what it should be.
        ConfigError: if an input is missing.
    """
    options = settings.read(SampleSizePointsOptions)
    points = options.points
    whole = {p.curve: name for name, p in points.items() if p.share is None}
    rows = []
    for name, point in points.items():
        cells = _cells(inputs, name, whole.get(point.curve, name))
        if point.share is None and point.curve in options.note:
            cells = _beside(cells, _published(options.note[point.curve], reference))
        share = "100" if point.share is None else f"{100 * point.share:g}"
        rows.append(Row(name, (settings.label(point.curve), share), cells))
    return Table(
        settings.title, ("Network", "Share of the events, %"), COLUMNS, tuple(rows),
        tuple(settings.remarks),
    )  # fmt: skip


def _cells(inputs: Inputs, name: str, whole: str) -> dict[str, Cell]:
    cells = {"events": Cell(_trained(inputs, name))}
    if f"{name}.metrics" in inputs.files:
        file = RunFile.read(inputs.one(f"{name}.metrics"))
        at = ("classification", "EVENT/signal") if file.has("classification") else ()
        cells["auc"] = Cell(file.measured(file.number(*at, "auc"), file.optional(*at, "auc_error")))
    if f"{name}.pairing" in inputs.files:
        file = RunFile.read(inputs.one(f"{name}.pairing"))
        keys = ("groups", "total", "event_efficiency")
        error = file.optional(*keys[:-1], f"{keys[-1]}_error")
        cells["event_efficiency"] = Cell(file.measured(file.number(*keys), error))
    if f"{name}.limits" in inputs.files:
        file = RunFile.read(inputs.one(f"{name}.limits"))
        cells |= {WIDTHS[method].name: Cell(width_of(file, method)) for method in METHODS}
        if name != whole:
            cells[_GAIN] = Cell(_gain(file, RunFile.read(inputs.one(f"{whole}.limits"))))
    return cells


def _trained(inputs: Inputs, name: str) -> Measured:
    path = inputs.one(f"{name}.trained")
    if path.suffix == ".h5":
        return count_file(path)["total"]
    file = RunFile.read(path)
    return file.measured(file.number("n_signal") + file.number("n_background"))


def _gain(limits: RunFile, whole: RunFile) -> Measured:
    """Return how much wider an interval is than that of all events, with the paired error."""
    parts = limits.content["profile"], whole.content["profile"]
    shared = share_replicas(limits.content, whole.content)
    found = difference(*parts, "width", shared=shared)
    return limits.measured(found.value, found.error, text=found.reason or "")


def _published(place: SamplePlace, reference: Reference) -> dict[str, Published | None]:
    numbers = [reference.find(*path) for path in place.events]
    known = [one.value for one in numbers if one is not None]
    found: dict[str, Published | None] = {
        "events": Published(sum(known)) if known and len(known) == len(numbers) else None,
        "auc": reference.find(*place.auc) if place.auc else None,
        "event_efficiency": (
            reference.find(*place.event_efficiency) if place.event_efficiency else None
        ),
    }
    for method in METHODS:
        limits = reference.width(*place.limits, method) if place.limits else None
        found[WIDTHS[method].name] = limits
    return found


def _beside(
    cells: Mapping[str, Cell], published: Mapping[str, Published | None]
) -> dict[str, Cell]:
    return {name: Cell(cell.run, published.get(name)) for name, cell in cells.items()}

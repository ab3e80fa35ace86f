"""Table of the event efficiency of SPANet (version 1 settings) and SPANet2, by training sample."""

from pydantic import Field

from hh4b.core.errors import ConfigError
from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.pairing_cells import ERROR_REMARK, group_metric
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

_COLUMNS = {
    "event_efficiency_version1": TableColumn("event_efficiency_version1", "SPANet", 3),
    "event_efficiency": TableColumn("event_efficiency", "SPANet2", 3),
}


class PairingVersionsOptions(Settings):
    """Options of the kind."""

    samples: dict[str, str] = Field(description="label by row")
    trainings: dict[str, tuple[str, str]] = Field(
        description="input keys of SPANet and SPANet2 by row"
    )
    table: str = Field("table_5", description="entry of the reference file to compare with")


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from the pairing metrics of trainings; those not given are left out.

    Raises:
        ConfigError: if a sample has no label.
    """
    options = settings.read(PairingVersionsOptions)
    inputs.only([key for pair in options.trainings.values() for key in pair])
    rows = []
    for name, keys in options.trainings.items():
        if name not in options.samples:
            raise ConfigError(f"{inputs.what}: options: samples has no label of {name!r}")
        cells = {
            column: Cell(
                group_metric(RunFile.read(inputs.one(key)), "total", "event_efficiency"),
                reference.find("pairing", options.table, name, index),
            )
            for index, (column, key) in enumerate(zip(_COLUMNS, keys, strict=True))
            if key in inputs.files
        }
        if cells:
            rows.append(Row(name, (options.samples[name],), cells))
    return Table(
        settings.title,
        ("Sample",),
        tuple(_COLUMNS.values()),
        tuple(rows),
        (ERROR_REMARK, *settings.remarks),
    )

"""Table of pairing performance by the number of jets."""

from pydantic import Field

from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.pairing_cells import ERROR_REMARK, group_metric
from hh4b.publication.reference import Published, Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

_GROUPS = {"4": "= 4", "5": "= 5", ">=6": "≥ 6", "total": "Total"}
_QUANTITIES = {
    "event_fraction": "Event fraction",
    "event_efficiency": "Event efficiency",
    "higgs_efficiency": "Higgs efficiency",
}


class PairingByMultiplicityOptions(Settings):
    """Options of the kind."""

    table: str | None = Field(None, description="entry of the reference file to compare with")
    total_efficiency: list[str | int] = Field(
        [], description="path of the note's total event efficiency, where it has no more"
    )


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from the pairing metrics of one method, or of several under each other."""
    options = settings.read(PairingByMultiplicityOptions)
    several = len(inputs.files) > 1
    rows = []
    for key in inputs.files:
        metrics = RunFile.read(inputs.one(key))
        for group, label in _GROUPS.items():
            cells = {
                quantity: Cell(
                    group_metric(metrics, group, quantity),
                    _note(reference, options, group, quantity),
                )
                for quantity in _QUANTITIES
            }
            labels = (settings.label(key), label) if several else (label,)
            rows.append(Row(f"{key}.{group}" if several else group, labels, cells))
    return Table(
        settings.title,
        ("Training", "Jets") if several else ("Jets",),
        tuple(TableColumn(name, label, 3) for name, label in _QUANTITIES.items()),
        tuple(rows),
        (ERROR_REMARK, *settings.remarks),
    )


def _note(
    reference: Reference, options: PairingByMultiplicityOptions, group: str, quantity: str
) -> Published | None:
    if options.table is not None:
        index = list(_QUANTITIES).index(quantity)
        return reference.find("pairing", options.table, group, index)
    if options.total_efficiency and (group, quantity) == ("total", "event_efficiency"):
        return reference.find("pairing", *options.total_efficiency)
    return None

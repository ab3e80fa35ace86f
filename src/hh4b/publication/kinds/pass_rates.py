"""Table of the share of generated events that pass the four-tag cut, unbiased."""

from pydantic import Field

from hh4b.core.settings import Settings
from hh4b.publication.inputs import Inputs
from hh4b.publication.pass_rates import pass_rate
from hh4b.publication.reference import Reference
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn


class PassRatesOptions(Settings):
    """Options of the kind."""

    note: dict[str, str] = Field(
        {"sm_hh": "sm_hh", "four_b": "four_b"}, description="entry of the note by row key"
    )


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table; the datasets of one key are samples of one process and are pooled."""
    note = settings.read(PassRatesOptions).note
    rows = []
    for key in inputs.files:
        published = reference.find("pass_rates", "four_tag", note[key]) if key in note else None
        cell = Cell(pass_rate(inputs.many(key)), published)
        rows.append(Row(key, (settings.label(key),), {"pass_rate": cell}))
    column = TableColumn("pass_rate", "Pass rate", 5)
    return Table(settings.title, ("Sample",), (column,), tuple(rows), tuple(settings.remarks))

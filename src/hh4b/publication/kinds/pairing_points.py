"""Table of pairing efficiencies at some kappa_lambda, one row per pairing."""

from pydantic import Field

from hh4b.core.settings import Kappas, Settings
from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.pairing_cells import ERROR_REMARK, curve_point
from hh4b.publication.reference import Reference
from hh4b.publication.settings import NoteValues, OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn


class PairingPointsOptions(Settings):
    """Options of the kind."""

    note: NoteValues = Field(NoteValues(), description="values to compare with, in this order")
    kappa_lambda: Kappas = Field([-5.0, 1.0, 5.0], description="columns")


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from the efficiency curve of each pairing."""
    options = settings.read(PairingPointsOptions)
    columns = tuple(
        TableColumn(f"kappa_lambda_{kappa:g}", f"κλ = {kappa:g}".replace("-", "−"), 3)
        for kappa in options.kappa_lambda
    )
    rows = []
    for key in inputs.files:
        curve = RunFile.read(inputs.one(key))
        cells = {}
        for index, (kappa, column) in enumerate(zip(options.kappa_lambda, columns, strict=True)):
            point = curve_point(curve, kappa) or curve.measured(None, text="not in this run")
            table, row = options.note.table, options.note.row(key)
            note = reference.find("pairing", table, row, index) if table else None
            cells[column.name] = Cell(point, note)
        rows.append(Row(key, (settings.label(key),), cells))
    return Table(
        settings.title,
        ("Pairing method",),
        columns,
        tuple(rows),
        (ERROR_REMARK, *settings.remarks),
    )

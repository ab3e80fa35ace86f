"""Table 12: sample sizes of the DNN training.

Inputs: ``dataset=datasets/….h5``, once for every sample, signal and background.
"""

from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.sample_sizes import PARTS, count_by_part
from hh4b.publication.tables import Cell, Column, Row, Table, plain

TITLE = plain("Numbers of events for the DNN training after the four-tag cut")
CLASSES = ("signal", "background")


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    inputs.only(["dataset"])
    rows = []
    for part in PARTS:
        counts = count_by_part(inputs.many("dataset"), part)
        cells = {
            name: Cell(counts[name], reference.find("samples", "dnn", part, name))
            for name in CLASSES
        }
        rows.append(Row((plain(part),), cells))
    columns = tuple(Column(name, plain(name.capitalize()), 0) for name in CLASSES)
    return Table(TITLE, (plain("Part"),), columns, tuple(rows))

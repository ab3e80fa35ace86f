"""Table pass_rates: share of the generated events that pass the four-tag cut, unbiased.

Inputs: ``sm_hh=datasets/….h5`` and ``four_b=datasets/….h5``; further samples under other keys.
"""

from hh4b.publication.inputs import Inputs
from hh4b.publication.pass_rates import pass_rate
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Cell, Column, Row, Table, Text, plain

TITLE = plain("Share of generated events that pass the four-tag cut")
SAMPLES = {
    "sm_hh": Text("SM gg → HH", r"SM $gg \to HH$"),
    "four_b": Text("pp → 4b", r"$pp \to b\bar{b}b\bar{b}$"),
}
REMARKS = (
    plain("Weighted: cuts and biases at parton level are undone. Errors: statistical."),
    Text(
        "The note's numbers have MV2c10 70 % b-tags for pp → 4b and DL1r 77 % for HH"
        " (docs/physics.md).",
        r"The note's numbers have MV2c10 70\,\% b-tags for $pp \to 4b$ and DL1r 77\,\% for $HH$"
        r" (docs/physics.md).",
    ),
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    rows = []
    for key in inputs.keys(tuple(SAMPLES)):
        label = SAMPLES.get(key, plain(key.replace("_", " ")))
        cell = Cell(pass_rate(inputs.one(key)), reference.find("pass_rates", "four_tag", key))
        rows.append(Row((label,), {"pass_rate": cell}))
    column = Column("pass_rate", plain("Pass rate"), 5)
    return Table(TITLE, (plain("Sample"),), (column,), tuple(rows), REMARKS)

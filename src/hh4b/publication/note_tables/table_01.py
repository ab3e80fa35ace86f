"""Table 1: pairing by SPANet2 on SM events.

Inputs: ``pairing=….json``, pairing metrics by jet multiplicity.
"""

from hh4b.publication import pairing_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Pairing by SPANet2 trained and tested on SM HH events",
    r"Pairing by SPANet2 trained and tested on SM $HH$ events",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return pairing_tables.build_multiplicity(inputs, reference, note_table="table_1", title=TITLE)

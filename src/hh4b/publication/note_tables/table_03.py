"""Table 3: pairing by SPANet2 on resonant events.

Inputs: ``pairing=….json``, pairing metrics by jet multiplicity.
"""

from hh4b.publication import pairing_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Pairing by SPANet2 trained and tested on resonant events",
    r"Pairing by SPANet2 trained and tested on resonant events",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return pairing_tables.build_multiplicity(inputs, reference, note_table="table_3", title=TITLE)

"""Table 2: pairing by SPANet2 at kappa_lambda = 5.

Inputs: ``pairing=….json``, pairing metrics by jet multiplicity.
"""

from hh4b.publication import pairing_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Pairing by SPANet2 trained and tested at κλ = 5",
    r"Pairing by SPANet2 trained and tested at $\kappa_\lambda = 5$",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return pairing_tables.build_multiplicity(inputs, reference, note_table="table_2", title=TITLE)

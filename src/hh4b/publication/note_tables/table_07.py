"""Table 7: pairing by the joint SPANet2 on mixed kappa_lambda.

Inputs: ``pairing=….json``, pairing metrics by jet multiplicity.
"""

from hh4b.publication import pairing_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text, plain

TITLE = Text(
    "Pairing by SPANet2 trained on mixed κλ for pairing and classification",
    r"Pairing by SPANet2 trained on mixed $\kappa_\lambda$ for pairing and classification",
)

REMARK = plain("Event fractions of the note count the background events of its testing sample too.")


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return pairing_tables.build_multiplicity(
        inputs, reference, note_table="table_7", title=TITLE, remarks=(REMARK,)
    )

"""Table 6: pairing by the joint SPANet2 at kappa_lambda = 5.

Inputs: ``pairing=….json``, pairing metrics by jet multiplicity.
"""

from hh4b.publication import pairing_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text, plain

TITLE = Text(
    "Pairing by SPANet2 trained at κλ = 5 for pairing and classification",
    r"Pairing by SPANet2 trained at $\kappa_\lambda = 5$ for pairing and classification",
)

REMARK = plain(
    "The note's Table 6 repeats its Table 3: it has no values of this training to compare with."
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return pairing_tables.build_multiplicity(
        inputs, reference, note_table=None, title=TITLE, remarks=(REMARK,)
    )

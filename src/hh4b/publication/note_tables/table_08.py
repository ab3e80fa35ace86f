"""Table 8: classification by the joint SPANet2.

Inputs: ``<selection>=….json`` with the classifier metrics of ``mixing_joint``;
a key given several times stands for repeated trainings.
"""

from hh4b.publication import classification_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Classification by SPANet2 trained on the mixed κλ samples",
    r"Classification by SPANet2 trained on the mixed $\kappa_\lambda$ samples",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return classification_tables.build(inputs, reference, number=8, title=TITLE)

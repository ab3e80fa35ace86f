"""Table 18: classification by SPANet2 trained for classification only.

Inputs: ``<selection>=….json`` with the classifier metrics of ``mixing_spanet_classification_only``;
a key given several times stands for repeated trainings.
"""

from hh4b.publication import classification_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Classification by SPANet2 with the assignment loss switched off",
    r"Classification by SPANet2 with the assignment loss switched off",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return classification_tables.build(inputs, reference, number=18, title=TITLE)

"""Table 20: classification by the tuned SPANet2.

Inputs: ``<selection>=….json`` with the classifier metrics of ``mixing_spanet_tuned``;
a key given several times stands for repeated trainings.
"""

from hh4b.publication import classification_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Classification by SPANet2, hyper-parameters tuned",
    r"Classification by SPANet2, hyper-parameters tuned",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return classification_tables.build(inputs, reference, number=20, title=TITLE)

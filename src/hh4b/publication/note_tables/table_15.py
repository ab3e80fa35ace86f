"""Table 15: classification by selection, default settings.

Inputs: ``<selection>=….json`` with the classifier metrics of ``min_dr_dnn``,
``kappa5_spanet_dnn``, ``mixing_spanet_dnn``, ``mixing_spanet``; a key given several times stands
for repeated trainings.
"""

from hh4b.publication import classification_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Classification by selection, default settings",
    r"Classification by selection, default settings",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return classification_tables.build(inputs, reference, number=15, title=TITLE)

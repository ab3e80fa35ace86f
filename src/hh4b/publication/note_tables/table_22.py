"""Table 22: classification by the tuned DNNs.

Inputs: ``<selection>=….json`` with the classifier metrics of ``min_dr_dnn_tuned`` and
``mixing_spanet_dnn_tuned``; a key given several times stands for repeated trainings.
"""

from hh4b.publication import classification_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Classification by DNN, hyper-parameters tuned",
    r"Classification by DNN, hyper-parameters tuned",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return classification_tables.build(inputs, reference, number=22, title=TITLE)

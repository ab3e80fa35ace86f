"""Table 23: expected kappa_lambda intervals of the tuned DNNs.

Inputs: ``<selection>=limits/….json`` for ``min_dr_dnn_tuned`` and ``mixing_spanet_dnn_tuned``;
selections not given are left out.
"""

from hh4b.publication import limit_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Expected 95 % intervals on κλ of DNN selections, hyper-parameters tuned",
    r"Expected 95\,\% intervals on $\kappa_\lambda$ of DNN selections, hyper-parameters tuned",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return limit_tables.build(inputs, reference, number=23, title=TITLE)

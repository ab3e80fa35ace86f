"""Table 14: expected kappa_lambda intervals with a DNN on each pairing.

Inputs: ``<selection>=limits/….json`` for ``min_dr_dnn``, ``kappa5_spanet_dnn``,
``mixing_spanet_dnn``; selections not given are left out.
"""

from hh4b.publication import limit_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Expected 95 % intervals on κλ with a DNN on each pairing",
    r"Expected 95\,\% intervals on $\kappa_\lambda$ with a DNN on each pairing",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return limit_tables.build(inputs, reference, number=14, title=TITLE)

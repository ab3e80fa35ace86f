"""Table 16: expected kappa_lambda intervals by selection, default settings.

Inputs: ``<selection>=limits/….json`` for ``min_dr_dnn``, ``kappa5_spanet_dnn``,
``mixing_spanet_dnn``, ``mixing_spanet``; selections not given are left out.
"""

from hh4b.publication import limit_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Expected 95 % intervals on κλ by selection, default settings",
    r"Expected 95\,\% intervals on $\kappa_\lambda$ by selection, default settings",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return limit_tables.build(inputs, reference, number=16, title=TITLE)

"""Table 9: expected kappa_lambda interval of SPANet2 as classifier.

Inputs: ``<selection>=limits/….json`` for ``mixing_spanet``; selections not given are left out.
"""

from hh4b.publication import limit_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Expected 95 % intervals on κλ of SPANet2 as classifier",
    r"Expected 95\,\% intervals on $\kappa_\lambda$ of SPANet2 as classifier",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return limit_tables.build(inputs, reference, number=9, title=TITLE)

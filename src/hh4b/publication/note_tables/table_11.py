"""Table 11: expected kappa_lambda intervals by selection, first trainings.

Inputs: ``<selection>=limits/….json`` for ``min_dr_dnn``, ``kappa5_spanet_dnn``,
``mixing_spanet``; selections not given are left out.
"""

from hh4b.publication import limit_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Expected 95 % intervals on κλ by selection, first trainings",
    r"Expected 95\,\% intervals on $\kappa_\lambda$ by selection, first trainings",
)

REMARK = Text(
    "The note's first trainings met background whose testing κλ was always 1, which its section 6.3"
    " calls a bug; this run shows its own trainings, those of Table 16.",
    r"The note's first trainings met background whose testing $\kappa_\lambda$ was always 1, which"
    r" its section 6.3 calls a bug; this run shows its own trainings, those of Table 16.",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return limit_tables.build(inputs, reference, number=11, title=TITLE, remarks=(REMARK,))

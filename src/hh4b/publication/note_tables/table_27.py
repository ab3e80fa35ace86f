"""Table 27: expected kappa_lambda intervals with 14 TeV cross sections.

Inputs: ``<selection>=limits/….json`` of ``min_dr_dnn``, ``mixing_spanet_dnn``, ``mixing_spanet``,
each once per luminosity.
"""

from hh4b.publication import luminosity_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text

TITLE = Text(
    "Expected 95 % intervals on κλ with 14 TeV cross sections",
    r"Expected 95\,\% intervals on $\kappa_\lambda$ with 14 TeV cross sections",
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    return luminosity_tables.build_by_selection(inputs, reference, number=27, title=TITLE)

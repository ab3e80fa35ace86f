"""Table 24: pairing efficiency at kappa_lambda = -5, 1, 5.

Inputs: ``<pairing>=….json`` with the efficiency curve of ``min_dr``, ``mixing_spanet`` …
"""

from dataclasses import replace

from hh4b.publication import pairing_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text, plain

TITLE = Text("Pairing efficiency by κλ", r"Pairing efficiency by $\kappa_\lambda$")
SLIP = plain("The note's caption calls this table classification; its numbers are efficiencies.")


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    table = pairing_tables.build_curve_points(
        inputs, reference, note_table="table_24", title=TITLE, kappas=(-5, 1, 5)
    )
    return replace(table, remarks=(*table.remarks, SLIP))

"""Table 4: pairing by SPANet2 on mixed kappa_lambda, assignment only.

Inputs: ``pairing=….json``, pairing metrics by jet multiplicity.
"""

from dataclasses import replace

from hh4b.publication import pairing_tables
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Table, Text, plain

TITLE = Text(
    "Pairing by SPANet2 trained and tested on mixed κλ, assignment only",
    r"Pairing by SPANet2 trained and tested on mixed $\kappa_\lambda$, assignment only",
)

REMARK = plain(
    "The note's Table 4 repeats its Table 3, so only the total event efficiency, which its Table 5"
    " gives, is compared."
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    table = pairing_tables.build_multiplicity(
        inputs, reference, note_table=None, title=TITLE, remarks=(REMARK,)
    )
    total = table.rows[-1]
    published = reference.find("pairing", "table_5", "mixing", 1)
    cell = replace(total.cells["event_efficiency"], note=published)
    cells = {**total.cells, "event_efficiency": cell}
    return replace(table, rows=(*table.rows[:-1], replace(total, cells=cells)))

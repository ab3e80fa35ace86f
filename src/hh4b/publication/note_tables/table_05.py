"""Table 5: event efficiency of SPANet (version 1 settings) and SPANet2, by training.

Inputs: ``<training>=….json`` with the pairing metrics of the SPANet2 trainings ``sm``, ``kappa5``,
``resonant``, ``mixing``, and ``<training>_version1=….json`` of those with version 1 settings.
"""

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.pairing_tables import ERROR_REMARK, total_metric
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Cell, Column, Row, Table, Text, plain

TITLE = plain("Event efficiency of SPANet and SPANet2 by training")
VERSIONS = {"_version1": plain("SPANet"), "": plain("SPANet2")}
TRAININGS = {
    "sm": plain("SM"),
    "kappa5": Text("κλ = 5", r"$\kappa_\lambda = 5$"),
    "resonant": plain("Resonant"),
    "mixing": Text("Mixing κλ", r"Mixing $\kappa_\lambda$"),
}
SLIP = plain("The note's caption names resonant samples; its rows are four different samples.")
MEANING = plain("SPANet: this code with the settings of version 1 that the note lists.")


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    inputs.only([name + suffix for name in TRAININGS for suffix in VERSIONS])
    rows = []
    for name, label in TRAININGS.items():
        cells = {}
        for index, suffix in enumerate(VERSIONS):
            if name + suffix not in inputs.files:
                continue
            metrics = RunFile.read(inputs.one(name + suffix))
            cells[f"event_efficiency{suffix}"] = Cell(
                total_metric(metrics, "event_efficiency"),
                reference.find("pairing", "table_5", name, index),
            )
        if cells:
            rows.append(Row((label,), cells))
    columns = tuple(Column(f"event_efficiency{s}", label, 3) for s, label in VERSIONS.items())
    return Table(TITLE, (plain("Sample"),), columns, tuple(rows), (ERROR_REMARK, MEANING, SLIP))

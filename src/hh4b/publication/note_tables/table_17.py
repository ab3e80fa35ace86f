"""Table 17: expected kappa_lambda interval of SPANet2 by luminosity, and equivalent luminosities.

Inputs: ``mixing_spanet=limits/….json`` once per luminosity, and ``min_dr_dnn=….json``, the
luminosity scan of min-dR + DNN made with ``--reach`` of those limits.
"""

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_tables import BOUNDS, COLUMNS, ERROR_REMARK, METHODS, conditions_text
from hh4b.publication.luminosity_tables import (
    LUMINOSITY,
    by_luminosity,
    equivalent_of,
    interval_cells,
    luminosity_key,
    scan_range,
)
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Cell, Column, Row, Table, Text, plain

TITLE = Text(
    "Expected 95 % intervals on κλ of SPANet2 by luminosity, and the luminosity at which"
    " min-ΔR + DNN reaches the same bound",
    r"Expected 95\,\% intervals on $\kappa_\lambda$ of SPANet2 by luminosity, and the luminosity"
    r" at which min-$\Delta R$ + DNN reaches the same bound",
)
EQUIVALENT = tuple(
    Column(
        f"equivalent_{method}_{bound}",
        Text(f"Equivalent L, {name}, {bound}", rf"Equivalent $\mathcal{{L}}$, {name}, {bound}"),
        0,
    )
    for method, name in (("profile", "profile"), ("cls", "CLs"))
    for bound in BOUNDS
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    inputs.only(["min_dr_dnn", "mixing_spanet"])
    scan = RunFile.read(inputs.one("min_dr_dnn"))
    rows = []
    for limits in by_luminosity(inputs, "mixing_spanet"):
        luminosity = luminosity_key(limits)
        place = ("limits", "table_17", luminosity)
        cells = interval_cells(limits, reference, place, width=False)
        for method in METHODS:
            for index, quantity in enumerate(BOUNDS):
                cells[f"equivalent_{method}_{quantity}"] = Cell(
                    equivalent_of(scan, limits, method, quantity),
                    reference.find(*place, "equivalent_luminosity", method, index),
                )
        rows.append(Row((plain(f"{luminosity:g}"),), cells))
    return Table(
        TITLE,
        (LUMINOSITY,),
        (*COLUMNS, *EQUIVALENT),
        tuple(rows),
        (conditions_text(inputs.many("mixing_spanet")), scan_range(scan), ERROR_REMARK),
    )

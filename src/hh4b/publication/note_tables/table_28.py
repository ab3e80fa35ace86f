"""Table 28: expected kappa_lambda interval of SPANet2 at 14 TeV, and equivalent luminosities.

Inputs: ``mixing_spanet=limits/….json`` once per luminosity, and ``min_dr_dnn=….json``, the
luminosity scan of min-dR + DNN made with ``--reach`` of those limits.
"""

from hh4b.publication.inputs import Inputs, RunFile
from hh4b.publication.limit_tables import ERROR_REMARK, METHODS, conditions_text
from hh4b.publication.luminosity_tables import (
    LUMINOSITY,
    by_luminosity,
    columns_with_width,
    equivalent_of,
    interval_cells,
    luminosity_key,
    scan_range,
)
from hh4b.publication.reference import Reference
from hh4b.publication.tables import Cell, Column, Row, Table, Text, plain

TITLE = Text(
    "Expected 95 % intervals on κλ of SPANet2 with 14 TeV cross sections, and the luminosity at"
    " which min-ΔR + DNN reaches the same Δκλ",
    r"Expected 95\,\% intervals on $\kappa_\lambda$ of SPANet2 with 14 TeV cross sections, and the"
    r" luminosity at which min-$\Delta R$ + DNN reaches the same $\Delta\kappa_\lambda$",
)
EQUIVALENT = tuple(
    Column(
        f"equivalent_{method}",
        Text(f"Equivalent L, {name}", rf"Equivalent $\mathcal{{L}}$, {name}"),
        0,
    )
    for method, name in (("profile", "profile"), ("cls", "CLs"))
)


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    inputs.only(["min_dr_dnn", "mixing_spanet"])
    scan = RunFile.read(inputs.one("min_dr_dnn"))
    rows = []
    for limits in by_luminosity(inputs, "mixing_spanet"):
        luminosity = luminosity_key(limits)
        place = ("limits", "table_28", luminosity)
        cells = interval_cells(limits, reference, place, width=True)
        for method in METHODS:
            cells[f"equivalent_{method}"] = Cell(
                equivalent_of(scan, limits, method, "width"),
                reference.find(*place, "equivalent_luminosity", method),
            )
        rows.append(Row((plain(f"{luminosity:g}"),), cells))
    return Table(
        TITLE,
        (LUMINOSITY,),
        (*columns_with_width(), *EQUIVALENT),
        tuple(rows),
        (conditions_text(inputs.many("mixing_spanet")), scan_range(scan), ERROR_REMARK),
    )

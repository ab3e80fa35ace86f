"""Table samples: sizes of the SPANet training and testing samples (sections 2 and 3 of the note).

Inputs: ``<training>.training=….h5`` and ``<training>.testing=….h5`` for the trainings ``sm``,
``kappa5``, ``resonant``, ``mixing``, ``kappa5_joint``, ``mixing_joint`` or others.
"""

from hh4b.core.errors import ConfigError
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.sample_sizes import PARTS, count_file
from hh4b.publication.tables import Cell, Column, Row, Table, plain

TITLE = plain("Numbers of events in the SPANet samples after the four-tag cut")
COLUMNS = {
    "total": "Total",
    "h1": "One H matched",
    "h2": "Both H matched",
    "signal": "Signal",
    "background": "Background",
}


def build(inputs: Inputs, reference: Reference) -> Table:
    """Build the table."""
    rows = []
    for key in inputs.keys(()):
        training, _, part = key.rpartition(".")
        if not training or part not in PARTS:
            raise ConfigError(
                f"{inputs.what}: input {key!r} is not of the form <training>.training or .testing"
            )
        counts = count_file(inputs.one(key))
        cells = {
            name: Cell(counts[name], reference.find("samples", training, part, name))
            for name in COLUMNS
        }
        rows.append(Row((plain(training), plain(part)), cells))
    return Table(
        TITLE,
        (plain("Training"), plain("Part")),
        tuple(Column(name, plain(label), 0) for name, label in COLUMNS.items()),
        tuple(rows),
    )

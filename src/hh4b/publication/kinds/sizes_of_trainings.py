"""Table of event numbers of the samples that SPANet2 is trained and tested with."""

from hh4b.core.errors import ConfigError
from hh4b.publication.inputs import Inputs
from hh4b.publication.reference import Reference
from hh4b.publication.sample_sizes import PARTS, Division, count_file
from hh4b.publication.settings import OutputSettings
from hh4b.publication.tables import Cell, Row, Table, TableColumn

_COLUMNS = {
    "total": "Total",
    "h1": "One H matched",
    "h2": "Both H matched",
    "signal": "Signal",
    "background": "Background",
}


def build(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build the table from ``<training>.training`` and ``<training>.testing``.

    Raises:
        ConfigError: if a key is of another form.
    """
    rows = []
    for key in inputs.files:
        training, _, part = key.rpartition(".")
        if not training or part not in PARTS:
            raise ConfigError(
                f"{inputs.what}: input {key!r} is not of the form <training>.training or .testing"
            )
        counts = count_file(inputs.one(key))
        cells = {
            name: Cell(counts[name], reference.find("samples", training, part, name))
            for name in _COLUMNS
        }
        rows.append(Row(key, (settings.label(key), part), cells))
    return Table(
        settings.title,
        ("Training", "Part"),
        tuple(TableColumn(name, label, 0) for name, label in _COLUMNS.items()),
        tuple(rows),
        (*settings.remarks, *settings.read(Division).remarks()),
    )

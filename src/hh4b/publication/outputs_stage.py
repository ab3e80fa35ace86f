"""Make a table or figure and write its files."""

from pathlib import Path

import matplotlib as mpl

from hh4b.core.errors import ConfigError
from hh4b.core.files import canonical_hash
from hh4b.publication.inputs import Inputs, configuration_hashes
from hh4b.publication.reference import Reference
from hh4b.publication.registry import function_of
from hh4b.publication.settings import OutputSettings
from hh4b.publication.style import FigureStyle, program, save_figure
from hh4b.publication.tables import Table, write_files


def build_table(inputs: Inputs, reference: Reference, settings: OutputSettings) -> Table:
    """Build a table by its kind.

    Raises:
        ConfigError: if there is no such kind, or a user's function returns no table.
    """
    table = function_of(settings.kind, "table")(inputs, reference, settings)
    if not isinstance(table, Table):
        raise ConfigError(
            f"{inputs.what}: kind {settings.kind!r} returned {type(table).__name__}, not a Table of"
            " hh4b.publication.tables"
        )
    return table


def write_table(
    stem: Path | str,
    key: str,
    inputs: Inputs,
    reference: Path | str | None,
    settings: OutputSettings,
) -> list[Path]:
    """Write a table as CSV, Markdown, LaTeX and JSON.

    Args:
        stem: path without suffix.
        key: number or name of the table.
        inputs: files by key.
        reference: published values; None = none.
        settings: what the table is.

    Returns:
        The paths written.

    Raises:
        Hh4bError: if an input is missing or of the wrong kind.
    """
    published = Reference.of_file(reference)
    table = build_table(inputs, published, settings)
    return write_files(stem, f"Table {key}", table)


def write_figure(
    stem: Path | str, key: str, inputs: Inputs, settings: OutputSettings, style: FigureStyle
) -> list[Path]:
    """Draw a figure and write it as PDF, PNG and SVG.

    Equal inputs, settings and style give equal bytes. The configuration hash of all of them stands
    in the metadata, and so does the caption.

    Args:
        stem: path without suffix.
        key: number or name of the figure.
        inputs: files by key.
        settings: what the figure is.
        style: how it looks.

    Returns:
        The paths written.

    Raises:
        Hh4bError: if an input is missing or of the wrong kind.
    """
    what = {
        "figure": key,
        "settings": settings.model_dump(mode="json"),
        "style": style.model_dump(),
        "inputs": configuration_hashes(inputs),
    }
    note = f"{program()}, configuration {canonical_hash(what)}"
    with mpl.rc_context(style.rc()):
        figure = function_of(settings.kind, "figure")(inputs, settings, style)
        if not isinstance(figure, mpl.figure.Figure):
            raise ConfigError(
                f"{inputs.what}: kind {settings.kind!r} returned {type(figure).__name__}, not a"
                " matplotlib Figure"
            )
        return save_figure(stem, figure, f"Figure {key}", settings.title, note)

"""Tables that a benchmark measured, kept as a file and filled into documents."""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path
from hh4b.core.strict_json import to_json
from hh4b.publication.key_numbers import Numbers, written
from hh4b.publication.number_entries import number
from hh4b.publication.tables import DASH

Cell = float | int | str | tuple[float, float] | None


def write_benchmark(
    path: Path,
    benchmark: str,
    head: Sequence[str],
    rows: Mapping[str, Sequence[Cell]],
    *,
    decimals: Sequence[int],
    **size: int | float | str,
) -> None:
    """Write what a benchmark found for `hh4b numbers fill`, whole or not at all.

    Args:
        path: JSON file to write; its name is that of the table in documents.
        benchmark: name of the script.
        head: names of the columns, without that of the lines.
        rows: by name of the line a cell for each column: a number, a number with its error, or
            text. Numbers that are not finite are left out.
        decimals: digits behind the point by column.
        **size: how much was done, and with what: numbers that the document quotes beside the table.

    Raises:
        ConfigError: if a line does not have a cell for each column.
    """
    for label, cells in rows.items():
        if not len(cells) == len(head) == len(decimals):
            raise ConfigError(
                f"{path}: line {label!r} has {len(cells)} cells, {len(head)} columns and"
                f" {len(decimals)} numbers of decimals are named; give as many of each"
            )
    content = {
        "benchmark": benchmark,
        "size": size,
        "head": list(head),
        "decimals": list(decimals),
        "rows": {label: [_entry(cell) for cell in cells] for label, cells in rows.items()},
    }
    with atomic_path(path) as temporary:
        text = to_json(content, indent=1, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def _entry(cell: Cell) -> Any:
    if cell is None or isinstance(cell, str):
        return cell
    value, error = cell if isinstance(cell, tuple) else (cell, None)
    return number(value, error) if isfinite(value) else None


def benchmark_table(numbers: Numbers, names: Sequence[str]) -> str:
    """Return the table of one benchmark as Markdown.

    Args:
        numbers: with a file of `write_benchmark`.
        names: of that file.

    Raises:
        ConfigError: if not one file is named, or it is of another kind.
    """
    if len(names) != 1:
        raise ConfigError("a table of a benchmark needs the name of its file")
    content = numbers.find(names[0])
    if not {"head", "decimals", "rows"} <= content.keys():
        raise ConfigError(f"{names[0]}: no table of a benchmark; it is another file of numbers")
    rows = [["", *content["head"]], ["---", *["--:"] * len(content["head"])]]
    for label, cells in content["rows"].items():
        pairs = zip(cells, content["decimals"], strict=True)
        rows.append([label, *(_cell(cell, decimals) for cell, decimals in pairs)])
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def _cell(node: Any, decimals: int) -> str:
    return (None if node is None else written(node, decimals)) or DASH

"""Files of key numbers: what `hh4b numbers` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.files import atomic_path
from hh4b.core.strict_json import to_json
from hh4b.publication.documents import Place, filled, places
from hh4b.publication.key_numbers import Numbers
from hh4b.publication.number_extract import Extract
from hh4b.publication.number_tables import as_csv, table_text
from hh4b.study.layout import Layout
from hh4b.study.reading import read_study

#: Deeper entries of a file of numbers stand on one line.
_DEPTH = 2


def extract_numbers(results: Path, output: Path, configuration: Sequence[Path]) -> None:
    """Write the key numbers of a finished study.

    Args:
        results: folder of its results.
        output: JSON file to write; its name is that of the study in keys.
        configuration: files of the study, each laid over the ones before.

    Raises:
        ConfigError: if the folder is not that of a finished study of the configuration.
    """
    study = read_study(*configuration).model_copy(update={"results": str(results)})
    content = Extract(Layout(study)).content()
    with atomic_path(output) as temporary:
        temporary.write_text(_readable(content) + "\n", encoding="utf-8")


def _readable(node: Any, depth: int = 0) -> str:
    """Return JSON with a line for each small entry."""
    if not isinstance(node, dict) or depth > _DEPTH or not node:
        return to_json(node, ensure_ascii=False, separators=(",", ":"))
    pad = " " * (depth + 1)
    lines = [f"{pad}{to_json(key)}: {_readable(value, depth + 1)}" for key, value in node.items()]
    return "{\n" + ",\n".join(lines) + "\n" + " " * depth + "}"


def fill_documents(documents: Sequence[Path], numbers: Sequence[Path], *, check: bool) -> list[str]:
    """Fill the marked places of documents, or only look whether they are right.

    Args:
        documents: Markdown files.
        numbers: files of numbers, or folders of them.
        check: change nothing.

    Returns:
        A line for each place whose text was not what the numbers give.

    Raises:
        ConfigError: with file and line, if a mark is broken or a key is unknown.
        InputFileError: if a file cannot be read.
    """
    known = Numbers.read(numbers)
    lines = []
    for path in documents:
        text = _read(path)
        found = places(text, known, where=str(path))
        wrong = [place for place in found if place.text != place.expected]
        lines += [_difference(path, place) for place in wrong]
        if wrong and not check:
            with atomic_path(path) as temporary:
                temporary.write_text(filled(text, found), encoding="utf-8")
    return lines


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error


def _difference(path: Path, place: Place) -> str:
    if "\n" in place.expected:
        was, becomes = place.text.splitlines(), place.expected.splitlines()
        rows = [row for row in becomes if row not in was] or [
            row for row in was if row not in becomes
        ]
        first = f", e.g. {rows[0]}" if rows else ""
        return f"{path}:{place.line}: table {place.key} differs from the numbers{first}"
    return f"{path}:{place.line}: {place.key} is {place.expected!r}, the text has {place.text!r}"


def compare_studies(numbers: Sequence[Path], output: Path) -> None:
    """Write the key numbers of studies side by side, as ``.md`` or ``.csv``.

    Raises:
        ConfigError: if the name of the output ends otherwise.
    """
    known = Numbers.read(numbers)
    if output.suffix not in (".md", ".csv"):
        raise ConfigError(f"{output}: the table is written as .md or .csv")
    text = as_csv(known) if output.suffix == ".csv" else table_text("studies", known, [])
    with atomic_path(output) as temporary:
        temporary.write_text(text, encoding="utf-8")

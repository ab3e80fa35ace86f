"""No key of the configuration lacks a meaning, in the schema and on the page made of it."""

import json
import re

import pytest

from hh4b.study.documentation import markdown
from hh4b.study.model import Study


def keys():
    schema = Study.model_json_schema()
    for name, definition in [("Study", schema), *schema["$defs"].items()]:
        for key, item in definition.get("properties", {}).items():
            yield pytest.param(definition, key, item, id=f"{name}.{key}")


KEYS = list(keys())


def test_there_are_keys():
    assert len(KEYS) > 250


@pytest.mark.parametrize(("definition", "key", "item"), KEYS)
def test_a_key_has_a_meaning(definition, key, item):
    assert definition.get("description"), "the section has no sentence of its own"
    if "const" in item:
        return  # the key that says what an entry is; the page says so
    meaning = item.get("description", "")
    assert len(meaning) >= 8, f"{key}: {meaning!r}"
    assert len(meaning.split()) > 1 or meaning != key.replace("_", " ")


def test_tables_of_the_page_are_whole():
    """Every row has four cells: a bar in a meaning would make more of them."""
    rows = [line for line in markdown().splitlines() if line.startswith("|")]
    assert len(rows) > len(KEYS)
    for row in rows:
        cells = re.split(r"(?<!\\)\|", row)[1:-1]
        assert len(cells) == 4, row
        assert all(cell.strip() or "---" in row for cell in cells), row


def test_kinds_of_values_are_words_that_say_something():
    text = markdown()
    assert "mapping to values" not in text
    assert not re.search(r"\| (object|any|)\s*\|", text)
    assert json.dumps(Study.model_json_schema())

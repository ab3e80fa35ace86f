"""The reference of all configuration keys, generated from the model."""

import json
from collections.abc import Iterator
from typing import Any

from hh4b.study.model import Study

_INTRODUCTION = """# Configuration

`config/config.yaml` is the default study. A file of your own is laid over it with
`snakemake --configfile mine.yaml`: a key that it has replaces the one of the default, keys that it
does not have stay. Lists are replaced as a whole. `null` removes an entry of a section, or a key of
a sample: `systematics: {four_b_scale: null}`.

Everything is checked before the first job: an unknown key or name, a key that stands twice, a wrong
type, an impossible value or a missing file stops the run. All that is wrong is said at once: key,
value, what was expected, what may have been meant, file and line. `hh4b config check FILE …` checks
without running.

This page is made from the code (`hh4b config readme`). Units stand in the keys. A name is made of
small letters, digits and `_`, and begins with a letter.
"""
#: Meaning of the key that says what an entry of a section is.
_CHOICE = "this word makes the entry one of this kind"


def markdown() -> str:
    """Return the reference as Markdown: one table a section, in the order of a study."""
    schema = Study.model_json_schema()
    definitions = schema["$defs"]
    parts = [_INTRODUCTION, "## Study\n", _table(schema)]
    for name in _in_order(schema, definitions):
        text = definitions[name].get("description", "")
        parts += [f"## {name}\n", f"{text}\n", _table(definitions[name])]
    return "\n".join(parts)


def _in_order(schema: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    """Return the names of definitions as a reader of the study meets them."""
    found: list[str] = []
    for item in schema.get("properties", {}).values():
        for name in _references(item):
            inner = [name, *_in_order(definitions[name], definitions)]
            found += [one for one in inner if one not in found]
    return found


def _references(item: Any) -> Iterator[str]:
    if isinstance(item, dict):
        if "$ref" in item:
            yield _name(item["$ref"])
        for value in item.values():
            yield from _references(value)
    elif isinstance(item, list):
        for value in item:
            yield from _references(value)


def _table(definition: dict[str, Any]) -> str:
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    required = set(definition.get("required", ()))
    for key, item in definition.get("properties", {}).items():
        default = "required" if key in required else _default(item)
        meaning = item.get("description", _CHOICE if "const" in item else "")
        cells = (f"`{key}`", _kind(item), default, meaning)
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _default(item: dict[str, Any]) -> str:
    """Return a default as it stands in YAML; that of a section is its own table."""
    if "default" not in item or "$ref" in item:
        return "see below"
    value = item["default"]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if text else "empty"


def _kind(item: dict[str, Any]) -> str:
    return " or ".join(_kinds(item))


def _kinds(item: dict[str, Any]) -> Iterator[str]:
    if "$ref" in item:
        yield f"[{_name(item['$ref'])}](#{_name(item['$ref']).lower()})"
    for option in (*item.get("anyOf", ()), *item.get("oneOf", ())):
        yield from _kinds(option)
    if "const" in item:
        yield f"`{item['const']}`"
    elif "enum" in item:
        yield " or ".join(f"`{value}`" for value in item["enum"])
    elif "prefixItems" in item:
        kinds = [_kind(part) for part in item["prefixItems"]]
        same = len(set(kinds)) == 1
        yield f"{len(kinds)} times {kinds[0]}" if same else f"list of {', '.join(kinds)}"
    elif item.get("type") == "array":
        yield f"list of {_kind(item['items'])}"
    elif item.get("type") == "object":
        yield _mapping(item)
    elif "type" in item:
        yield item["type"] + _bounds(item)


def _mapping(item: dict[str, Any]) -> str:
    """Return what a mapping is of: ``key → value``."""
    for pattern, inner in item.get("patternProperties", {}).items():
        key = "`figure_…`" if "figure" in pattern else "name"
        return f"mapping {key} → {_kind(inner)}"
    inner = item.get("additionalProperties", True)
    # Plain values of any type, as options have them.
    return f"mapping → {_kind(inner)}" if isinstance(inner, dict) and inner else "mapping"


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[1]


def _bounds(item: dict[str, Any]) -> str:
    signs = {
        "exclusiveMinimum": ">",
        "minimum": "≥",
        "exclusiveMaximum": "<",
        "maximum": "≤",
    }
    bounds = [f"{sign} {item[key]:g}" for key, sign in signs.items() if key in item]
    return f" {', '.join(bounds)}" if bounds else ""

"""The reference of all configuration keys, generated from the model."""

from collections.abc import Iterator
from typing import Any

from hh4b.study.model import Study

_INTRODUCTION = """# Configuration

`config/config.yaml` is the default study. An overlay such as `config/scale/smoke.yaml`, given by
`snakemake --configfile …`, replaces single keys; mappings merge, lists and values are replaced, and
null takes an entry of a named section, or a key of a sample, away.
Everything is checked before the first job: an unknown key, a wrong type or an impossible value
stops the run with the key, the value and what was expected, as `hh4b config check FILE …` does.

This page is generated from `hh4b.study` (`hh4b config readme`). Units stand in the keys.
"""


def markdown() -> str:
    """Return the reference as Markdown: one table a section."""
    schema = Study.model_json_schema()
    parts = [_INTRODUCTION, "## Study\n", _table(schema)]
    for name, definition in schema["$defs"].items():
        parts += [f"## {name}\n", f"{definition.get('description', '')}\n", _table(definition)]
    return "\n".join(parts)


def _table(definition: dict[str, Any]) -> str:
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    required = set(definition.get("required", ()))
    for key, item in definition.get("properties", {}).items():
        default = "required" if key in required else _default(item)
        lines.append(
            f"| `{key}` | {' or '.join(_kinds(item))} | {default} | {item.get('description', '')} |"
        )
    return "\n".join(lines) + "\n"


def _default(item: dict[str, Any]) -> str:
    value = item.get("default")
    return "see below" if isinstance(value, dict) and value else f"`{value}`"


def _kinds(item: dict[str, Any]) -> Iterator[str]:
    if "$ref" in item:
        yield _link(item["$ref"])
    for option in item.get("anyOf", ()):
        yield from _kinds(option)
    for option in item.get("oneOf", ()):
        yield _link(option["$ref"])
    if "const" in item:
        yield f"`{item['const']}`"
    elif "enum" in item:
        yield " or ".join(f"`{value}`" for value in item["enum"])
    elif "prefixItems" in item:
        kinds = (" or ".join(_kinds(part)) for part in item["prefixItems"])
        yield f"list of {', '.join(kinds)}"
    elif item.get("type") == "array":
        yield f"list of {' or '.join(_kinds(item['items']))}"
    elif item.get("type") == "object":
        inner = item.get("additionalProperties", True)
        values = " or ".join(_kinds(inner)) if isinstance(inner, dict) else "values"
        yield f"mapping to {values}"
    elif "type" in item:
        yield item["type"] + _bounds(item)


def _link(reference: str) -> str:
    name = reference.rsplit("/", 1)[1]
    return f"[{name}](#{name.lower()})"


def _bounds(item: dict[str, Any]) -> str:
    signs = {
        "exclusiveMinimum": ">",
        "minimum": "≥",
        "exclusiveMaximum": "<",
        "maximum": "≤",
    }
    bounds = [f"{sign} {item[key]:g}" for key, sign in signs.items() if key in item]
    return f" {', '.join(bounds)}" if bounds else ""

"""YAML files that people write: read safely, and strictly."""

import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from hh4b.core.errors import ConfigError, Hh4bError

#: Values of a document when all references are written out; more is an attack or a mistake.
_MOST_VALUES = 1_000_000


def read_strictly(
    path: Path | str,
    *,
    keys: Collection[str] = (),
    unreadable: type[Hh4bError] = ConfigError,
) -> dict[str, Any]:
    """Read one YAML file that is a mapping; a key that stands twice is refused.

    YAML itself keeps the last one without a word. Numbers are finite.

    Args:
        path: the file.
        keys: what it may have, for the message where it has none.
        unreadable: the error where it cannot be read or is no YAML.

    Raises:
        Hh4bError: the ``unreadable`` one, if the file is missing, not UTF-8 or no YAML, has a key
            twice or a number that is not finite.
        ConfigError: if it is no mapping.
    """
    path = short_path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise unreadable(f"{path} is not UTF-8 text; save it as UTF-8") from error
    content = parse_yaml(text, where=str(path), unreadable=unreadable)
    if not isinstance(content, dict):
        more = f"; expected the keys {sorted(keys)}" if keys else ""
        raise ConfigError(f"{path} holds no mapping of keys to values{more}")
    return content


def short_path(path: Path | str) -> Path:
    """Return a path as messages name it: from the current folder, if it lies below it."""
    path = Path(path)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def key_lines(path: Path | str) -> dict[str, int]:
    """Return the line of every key of a YAML file, the keys above it before it with points between.

    It serves messages: of a file that cannot be read there are none.
    """
    try:
        node = yaml.compose(Path(path).read_text(encoding="utf-8-sig"), yaml.SafeLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    lines: dict[str, int] = {}

    def visit(inner: Any, above: str) -> None:
        if not isinstance(inner, yaml.MappingNode):
            return
        for key, value in inner.value:
            if isinstance(key, yaml.ScalarNode):
                lines[above + key.value] = key.start_mark.line + 1
                visit(value, f"{above}{key.value}.")

    visit(node, "")
    return lines


def parse_yaml(text: str, *, where: str, unreadable: type[Hh4bError] = ConfigError) -> Any:
    """Return what YAML text says, as `read_strictly` reads it.

    Args:
        text: one document.
        where: it comes from, for messages.
        unreadable: the error if it is no YAML.

    Raises:
        Hh4bError: the ``unreadable`` one.
    """
    try:
        # A loader made of the safe one.
        return yaml.load(text, _StrictLoader)
    except _Refused as error:
        raise unreadable(f"{where}: {error}") from error
    except RecursionError as error:
        raise unreadable(f"{where} is not YAML: it is nested too deeply") from error
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        # The last four come from tags whose value is none of their kind, such as `!!int x`.
        reason = " ".join(str(error).split())
        raise unreadable(f"{where} is not YAML: {reason}") from error


class _Refused(Exception):
    """YAML that says what nobody can mean."""


class _StrictLoader(yaml.SafeLoader):
    """Looks at the keys as they are written, before ``<<`` brings in those of another mapping."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Compose a mapping as ever, and refuse a key that is there already."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        lines: dict[Any, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag.endswith(":merge"):
                continue
            name, line = self.construct_object(key), key.start_mark.line + 1
            if name in lines:
                raise _Refused(
                    f"line {line}: key {name!r} is there already in line {lines[name]}; every key"
                    " stands once"
                )
            lines[name] = line
        return node

    def get_single_node(self) -> Any:
        """Compose the document, and refuse one that its references make too large."""
        node = super().get_single_node()
        if _values(node, {}) > _MOST_VALUES:
            raise _Refused(f"its references (*name) stand for more than {_MOST_VALUES} values")
        return node

    def construct_yaml_float(self, node: Any) -> float:
        """Read a number as ever, and refuse one that is not finite."""
        value = float(super().construct_yaml_float(node))
        if not math.isfinite(value):
            raise _Refused(f"line {node.start_mark.line + 1}: {node.value} is no finite number")
        return value


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _StrictLoader.construct_yaml_float)


def _values(node: Any, known: dict[int, int]) -> int:
    """Count the values below a node, those that are referred to each time."""
    if id(node) not in known:
        # A node that refers to itself counts as too large.
        known[id(node)] = _MOST_VALUES + 1
        inner: list[Any] = []
        if isinstance(node, yaml.MappingNode):
            inner = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            inner = node.value
        known[id(node)] = 1 + sum(_values(part, known) for part in inner)
    return known[id(node)]

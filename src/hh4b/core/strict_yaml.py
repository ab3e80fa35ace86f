"""YAML files that people write: read safely, and strictly."""

from pathlib import Path
from typing import Any

import yaml

from hh4b.core.errors import ConfigError


def read_strictly(path: Path | str) -> dict[str, Any]:
    """Read one YAML file of a study; a key that stands twice is refused.

    YAML itself keeps the last one without a word.

    Raises:
        ConfigError: if the file is missing, is no YAML mapping, or has a key twice.
    """
    path = Path(path)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    try:
        # A loader made of the safe one.
        content = yaml.load(path.read_text(encoding="utf-8"), _StrictLoader)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except _KeyTwice as error:
        raise ConfigError(f"{path}: {error}") from error
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path} is not YAML: {reason}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds no mapping of keys to values")
    return content


class _KeyTwice(Exception):
    """A mapping has a key twice."""


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
                raise _KeyTwice(
                    f"line {line}: key {name!r} is there already in line {lines[name]}; every key"
                    " stands once"
                )
            lines[name] = line
        return node

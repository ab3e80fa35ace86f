"""Published values of the note; a type of their own, so that none can pass for a measurement."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.core.strict_yaml import read_strictly
from hh4b.publication.counted_errors import counted_error


@dataclass(frozen=True)
class Published:
    """A number printed in the note.

    Attributes:
        value: as printed.
        error: as printed, the spread of repeated trainings; None where the note gives none.
        counted_error: of the events that it was tested with; None where they are not known.
    """

    value: float
    error: float | None = None
    counted_error: float | None = None

    @property
    def whole_error(self) -> float:
        """Both errors, added in squares; 0 where none is known."""
        return hypot(self.error or 0.0, self.counted_error or 0.0)


@dataclass(frozen=True)
class Reference:
    """The tables of the note.

    Attributes:
        path: the file they came from.
        content: its sections (``pairing``, ``classification``, ``limits``, ``samples`` …).
    """

    path: Path
    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path | str) -> "Reference":
        """Read the file of published values.

        Raises:
            ConfigError: if it is missing, no YAML mapping, or has a key twice.
        """
        return cls(Path(path), read_strictly(path))

    @classmethod
    def of_file(cls, path: Path | str | None) -> "Reference":
        """Read the file of published values; without one there are none.

        Raises:
            ConfigError: as `read` does.
        """
        return cls(Path(), {}) if path is None else cls.read(path)

    def find(self, *keys: str | float) -> Published | None:
        """Return the number at a path of keys and list indices, or None where the note has none.

        A pair in place of the number is read as value and error.

        Raises:
            ConfigError: if something other than a number stands there.
        """
        node: Any = self.content
        for key in keys:
            named = isinstance(node, Mapping) and key in node
            counted = isinstance(node, list) and isinstance(key, int) and key < len(node)
            if not (named or counted):
                return None
            node = node[key]
        if isinstance(node, int | float) and not isinstance(node, bool):
            return Published(float(node), None, counted_error(self.content, keys))
        if isinstance(node, list) and len(node) == 2:
            return Published(float(node[0]), float(node[1]), counted_error(self.content, keys))
        place = "/".join(map(str, keys))
        raise ConfigError(f"{self.path}: entry {place!r} is {node!r}, expected a number")

    def has(self, *keys: str | float) -> bool:
        """Return whether there is an entry at a path of keys."""
        node: Any = self.content
        for key in keys:
            if not isinstance(node, Mapping) or key not in node:
                return False
            node = node[key]
        return True

    def width(self, *keys: str | float) -> Published | None:
        """Return upper minus lower bound of an interval of the note, or None."""
        lower, upper = self.find(*keys, 0), self.find(*keys, 1)
        if lower is None or upper is None:
            return None
        # Rounded as the note prints it: the difference of two numbers with two digits.
        return Published(round(upper.value - lower.value, 2))

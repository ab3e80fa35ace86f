"""Other values in nested plain data, by dotted key."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.core.spelling import did_you_mean


def replaced(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of nested mappings and lists with some values replaced.

    Args:
        content: of the detector card.
        changes: values by dotted key; a number counts the entries of a list from 0.

    Raises:
        ConfigError: naming a key that is not there already.

    >>> replaced({"a": {"b": [1, 2]}}, {"a.b.1": 5})
    {'a': {'b': [1, 5]}}
    """
    result = deepcopy(dict(content))
    for dotted, value in changes.items():
        *outer, last = dotted.split(".")
        place: Any = result
        for key in outer:
            place = place[_key(place, key, dotted)]
        place[_key(place, last, dotted)] = value
    return result


def _key(place: Any, key: str, dotted: str) -> str | int:
    """Return the key or index of a part, which must be there."""
    if isinstance(place, dict):
        if key in place:
            return key
        raise ConfigError(
            f"detector key {dotted!r}: {key!r} is none of {sorted(place)}{did_you_mean(key, place)}"
        )
    if isinstance(place, list) and key.isdecimal() and int(key) < len(place):
        return int(key)
    raise ConfigError(f"detector key {dotted!r}: there is no {key!r} in {place!r}")

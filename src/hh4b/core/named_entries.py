"""Lists of named entries in the JSON files of others, as HS3 and HistFactory have them."""

from collections.abc import Mapping, Sequence
from typing import Any

from hh4b.core.errors import ContractError


def by_name(
    entries: Sequence[Mapping[str, Any]], section: str, where: str
) -> dict[str, Mapping[str, Any]]:
    """Return the entries of a section of a file by their names, in their order.

    Raises:
        ContractError: if two have the same name: which of them is meant cannot be known.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for one in entries:
        if found.setdefault(one["name"], one) is not one:
            raise ContractError(
                f"{where}: {section} has two entries {one['name']!r}; give each a name of its own"
            )
    return found

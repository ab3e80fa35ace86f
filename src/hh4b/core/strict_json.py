"""JSON that nobody may misread: UTF-8, every key once, nothing that is not there dropped.

Python itself keeps the last of two equal keys without a word, and writes NaN, which is no JSON.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hh4b.core.errors import ContractError

_REQUIRED: Any = object()


def parse_json(text: str | bytes, *, finite: bool = False) -> Any:
    """Return what JSON text says.

    Args:
        text: JSON; bytes are UTF-8, with or without a byte-order mark.
        finite: refuse the numbers NaN and Infinity, which JSON does not know but Python writes,
            and those too large for a float.

    Raises:
        ValueError: in one line, if the text is not JSON or has a key twice.

    >>> parse_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ValueError: key 'a' stands twice in one object
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_number if finite else None,
            parse_float=_finite if finite else None,
        )
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def to_json(content: Any, **layout: Any) -> str:
    """Return plain data as JSON text, which has finite numbers only.

    Args:
        content: mappings, lists, texts, numbers.
        layout: keywords of `json.dumps`.

    Raises:
        ContractError: naming the entry, if a number is NaN or infinite.

    >>> to_json({"fit": {"errors": [0.1, float("nan")]}})
    Traceback (most recent call last):
    hh4b.core.errors.ContractError: the entry fit.errors.1 is nan, a number that JSON does not \
have; look for what makes it in the inputs
    """
    try:
        return json.dumps(content, allow_nan=False, **layout)
    except ValueError:
        found = next(_not_finite(content, layout.get("default")), None)
        if found is None:  # another reason, such as a mapping that holds itself
            raise
    key, value = found
    raise ContractError(
        f"the entry {key or '(all)'} is {value}, a number that JSON does not have; look for what"
        " makes it in the inputs"
    )


def _not_finite(
    content: Any, default: Callable[[Any], Any] | None, key: str = ""
) -> Iterator[tuple[str, float]]:
    """Yield key, with points between, and value of every number that is not finite."""
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(content, float):
        if not math.isfinite(content):
            yield key, content
    elif isinstance(content, Mapping):
        inner = content.items()
    elif isinstance(content, list | tuple):
        inner = enumerate(content)
    elif not isinstance(content, str | int | None) and default is not None:
        yield from _not_finite(default(content), default, key)
    for name, value in inner:
        yield from _not_finite(value, default, f"{key}.{name}" if key else str(name))


def parse_attribute(
    attributes: Mapping[str, Any], name: str, path: Path | str, *, default: Any = _REQUIRED
) -> Any:
    """Return what an attribute of an HDF5 file, which holds JSON, says.

    Args:
        attributes: of the file's root.
        name: of the attribute.
        path: the file, for messages.
        default: where the attribute is missing; without one it must be there.

    Raises:
        ContractError: if it is missing or not JSON.
    """
    if name not in attributes:
        if default is not _REQUIRED:
            return default
        raise ContractError(f"{path}: the attribute {name!r} is missing; make the file again")
    try:
        return parse_json(str(attributes[name]))
    except ValueError as error:
        raise ContractError(
            f"{path}: the attribute {name!r} is not JSON ({error}); make the file again"
        ) from error


def parse_provenance(attributes: Mapping[str, Any], path: Path | str) -> dict[str, Any]:
    """Return how an HDF5 file was made; empty where it does not say.

    Raises:
        ContractError: if the attribute is no JSON object.
    """
    content = parse_attribute(attributes, "provenance", path, default={})
    if not isinstance(content, dict):
        raise ContractError(f"{path}: the attribute 'provenance' is no object; make the file again")
    return content


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} stands twice in one object")
    return content


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number here")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large")
    return value

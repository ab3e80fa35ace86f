"""What pydantic found, in the words of who wrote the values: key, value, what was expected.

Paths of pydantic name the branches of unions, which are no keys; here they are followed through the
types, which also know the keys and choices that could have been meant.
"""

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from hh4b.core.spelling import did_you_mean

#: Names of entries, which are parts of names of files.
NAME = r"^[a-z][a-z0-9_]*$"
_UNIONS = (Union, types.UnionType)
#: Characters of a value in a message: a damaged file can have a whole block in its place.
_LONGEST_VALUE = 100


class Wrong(NamedTuple):
    """One thing that is wrong.

    Attributes:
        key: with points between; empty where all values together are meant.
        text: value and what was expected.
    """

    key: str
    text: str

    @property
    def line(self) -> str:
        """Return both in one line."""
        return f"{self.key}: {self.text}" if self.key else self.text


def wrongs(error: ValidationError, model: type[BaseModel]) -> list[Wrong]:
    """Return all that is wrong with values for ``model``, a line for each key."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in error.errors():
        keys, kind = _followed(model, one["loc"])
        key, value, expected = _said(one, keys, kind)
        texts = found.setdefault((key, value), [])
        if expected not in texts:
            texts.append(expected)
    # Every branch of a union says what it expects of a value.
    return [Wrong(key, value + " or ".join(texts)) for (key, value), texts in found.items()]


def one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """Say in one line what is wrong first: key, value, what was expected; and how much more is."""
    first, *others = wrongs(error, model)
    more = f" (and {len(others)} more)" if others else ""
    return f"{first.line}{more}"


def _said(one: Any, keys: tuple[str, ...], kind: Any) -> tuple[str, str, str]:
    """Return key, value and what was expected of one error."""
    key, value = ".".join(keys), one["input"]
    text = one["msg"].removeprefix("Value error, ")
    match one["type"]:
        case "extra_forbidden":
            known = kind.model_fields if _is_model(kind) else ()
            return key, f"unknown key, value {shown(value)}", did_you_mean(keys[-1], known)
        case "missing":
            return key, "is missing; add it", ""
        case "union_tag_invalid" | "union_tag_not_found":
            return _of_tag(one, keys, kind)
        case "value_error" if isinstance(value, Mapping):
            # Keys that do not fit together: the text names them, the whole section would hide them.
            return key, "", text
        case "string_pattern_mismatch" if one["ctx"]["pattern"] == NAME:
            text = "expected a name of small letters, digits and _ that begins with a letter"
        case "model_type" | "model_attributes_type" | "dict_type":
            text = "expected keys and values"
        case "literal_error":
            text += did_you_mean(value, _choices(kind))
    return key or "configuration", f"value {shown(value)}: ", text


def _of_tag(one: Any, keys: tuple[str, ...], kind: Any) -> tuple[str, str, str]:
    """Say what is wrong with the key that decides which keys an entry has."""
    name = one["ctx"]["discriminator"].strip("'")
    members = [_bare(member) for member in get_args(_bare(kind))]
    choices = [
        choice
        for member in members
        if _is_model(member)
        for choice in _choices(member.model_fields[name].annotation)
    ]
    key = ".".join((*keys, name))
    if one["type"] == "union_tag_not_found":
        return key, "is missing; ", f"expected one of {choices}"
    value = one["input"].get(name)
    return (
        key, f"value {shown(value)}: ", f"expected one of {choices}{did_you_mean(value, choices)}"
    )  # fmt: skip


def shown(value: object) -> str:
    """Write a value so that a line with it can be read: the beginning of a long one.

    >>> shown("a" * 1000)[-3:], len(shown("a" * 1000)), shown(2.5)
    ('aa…', 101, '2.5')
    """
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


# Paths through types -------------------------------------------------------------------------


def _followed(kind: Any, path: Sequence[str | int]) -> tuple[tuple[str, ...], Any]:
    """Return the keys of a path of pydantic, and the type at its end.

    That of an unknown key is the model that does not know it.
    """
    kind = _bare(kind)
    if not path:
        return (), kind
    part, rest = path[0], path[1:]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in _UNIONS:
        return _through_union(arguments, path, kind)
    if _is_model(kind):
        field = kind.model_fields.get(part)
        if field is None:
            return (str(part),), kind
        deeper, last = _followed(field.annotation, rest)
    elif origin in (dict, Mapping):
        if rest == ("[key]",):
            return (str(part),), arguments[0]
        deeper, last = _followed(arguments[1], rest)
    elif origin in (list, tuple, set):
        deeper, last = _followed(arguments[0], rest)
    else:
        # The name of a plain type or of a function of its check.
        return (), kind
    return (str(part), *deeper), last


def _through_union(
    members: Sequence[Any], path: Sequence[Any], kind: Any
) -> tuple[tuple[str, ...], Any]:
    """Follow a path through a union; its name for the branch is no key."""
    part, rest = path[0], path[1:]
    for member in members:
        if part in _tags(member) or _is_called(part, member):
            return _followed(member, rest)
    for way in (path, rest):
        for member in members:
            keys, last = _followed(member, way)
            if keys:
                return keys, last
    return (), kind


def _is_called(part: Any, member: Any) -> bool:
    """Whether pydantic calls a member so: ``dict[str,any]``, ``function-after[check(), Model]``."""
    label, bare = str(part), _bare(member)
    if "[" not in label or label == "[key]":
        return False
    if _is_model(bare):
        return label.endswith((f" {bare.__name__}]", f"[{bare.__name__}]"))
    return label.startswith(f"{getattr(get_origin(bare), '__name__', '')}[")


def _tags(member: Any) -> list[Any]:
    """Return what pydantic calls a member of a union in paths."""
    tags = [one.tag for one in get_args(member)[1:] if isinstance(one, Tag)]
    bare = _bare(member)
    if _is_model(bare):
        tags.append(bare.__name__)
        for field in bare.model_fields.values():
            if get_origin(field.annotation) is Literal:
                tags += get_args(field.annotation)
    return tags


def _choices(kind: Any) -> list[Any]:
    """Return the words that a type knows."""
    kind = _bare(kind)
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if get_origin(kind) in _UNIONS:
        return [choice for member in get_args(kind) for choice in _choices(member)]
    return []


def _bare(kind: Any) -> Any:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)

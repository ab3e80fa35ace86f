"""Flags of a command made from the settings of its stage: one default, one meaning, one check.

A function that takes ``settings`` gets a flag for every field, and ``--settings`` for all of them
as JSON, which is how the workflow hands them over. Flags go over the JSON.
"""

import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hh4b.core.errors import ConfigError
from hh4b.core.joined import parse_numbers
from hh4b.core.settings import Settings, settings_object
from hh4b.core.strict_json import parse_json

#: What a flag that says ``none`` stands for: the default taken away, as null does in JSON.
_NONE = object()
_SCALARS = (bool, int, float, str, Path)


def takes_settings(
    settings_class: type[Settings],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace the parameter ``settings`` of a command by a flag for each field of the class.

    A field ``jet_pt_min_gev`` becomes ``--jet-pt-min-gev``; further names stand in the field's
    ``json_schema_extra={"flags": [...]}``. Numbers in lists are separated by commas, texts in lists
    repeat the flag, anything deeper is JSON.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function, eval_str=True)
        own = [p for p in signature.parameters.values() if p.name != "settings"]
        flags = [_flag(name, field) for name, field in settings_class.model_fields.items()]
        whole = inspect.Parameter(
            "settings_json",
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                str | None, typer.Option("--settings", help="All settings as JSON; flags go over.")
            ],
        )
        parameters = sorted([*own, *flags, whole], key=lambda p: (p.kind, p.default is not p.empty))

        @functools.wraps(function)
        def command(**values: Any) -> Any:
            text = values.pop("settings_json")
            given = {
                name: _parsed(name, field, values.pop(_parameter(name)))
                for name, field in settings_class.model_fields.items()
            }
            base = {} if text is None else settings_object(text)
            for name, value in given.items():
                if value is not None:
                    base[name] = None if value is _NONE else value
            settings = settings_class.checked(base)
            return function(settings=settings, **values)

        command.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=parameters, return_annotation=None
        )
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        return command

    return decorate


def _parameter(name: str) -> str:
    return f"setting_{name}"


def _flag(name: str, field: FieldInfo) -> inspect.Parameter:
    kind = _kind(field)
    extra: Any = field.json_schema_extra or {}
    spelled = "--" + name.replace("_", "-")
    names: list[str] = [spelled, *extra.get("flags", [])]
    if kind is bool:
        names[0] += "/--no-" + spelled.removeprefix("--")
    help_text = (field.description or "").replace("\n", " ")
    if not field.is_required() and field.get_default(call_default_factory=True) is not None:
        help_text += f" [default: {_shown(field.get_default(call_default_factory=True))}]"
    annotation: Any = list[str] | None if kind == list[str] else (kind or str) | None
    if kind == list[float]:
        annotation = str | None
    return inspect.Parameter(
        _parameter(name),
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[annotation, typer.Option(*names, help=help_text)],
    )


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return str(value)


def _kind(field: FieldInfo) -> Any:
    """Return the type of a flag: a scalar, list[str], list[float], or None for JSON."""
    return _plain_kind(field.annotation)


def _plain_kind(annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _plain_kind(arguments[0])
    if origin in (Union, types.UnionType):
        kinds = {_plain_kind(a) for a in arguments if a is not type(None)}
        return kinds.pop() if len(kinds) == 1 else str
    if origin is Literal:
        return str
    if origin in (list, tuple):
        inner = {_plain_kind(a) for a in arguments if a is not ...}
        return list[str] if inner == {str} else list[float] if inner <= {int, float} else None
    return annotation if annotation in _SCALARS else None


def _parsed(name: str, field: FieldInfo, value: Any) -> Any:
    if value is None or (isinstance(value, list) and not value):
        return None
    kind = _kind(field)
    option = "--" + name.replace("_", "-")
    if kind == list[float]:
        return list(parse_numbers(value, option))
    if kind is None:
        try:
            return parse_json(value, finite=True)
        except ValueError as error:
            raise ConfigError(f"{option} is not JSON: {error}") from error
    if kind is str and value == "none" and type(None) in get_args(field.annotation):
        return _NONE
    return value

"""The base of all settings, and the few types they share.

A setting has one home: the class of the stage that uses it, with its default, unit, bounds and
meaning. The configuration of a study is put together from these classes, commands make their flags
of them, and a rule hands them over whole, as one JSON value.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hh4b.core.errors import ConfigError
from hh4b.core.strict_json import parse_json

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Kappa = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
Kappas = Annotated[list[Kappa], Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Seed = Annotated[int, Field(ge=0)]
#: Events of a sample by its column ``HH4B/split``, see `hh4b.core.parts`.
Part = Literal["training", "testing", "all"]
#: Characters of a value in a message: a damaged file can have a whole block in its place.
_SHOWN = 200


class Settings(BaseModel):
    """Settings of a stage or a section of the configuration: frozen, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False)

    @classmethod
    def of(cls, *sections: BaseModel, **values: Any) -> Self:
        """Take from ``sections`` every field that this class has too, and ``values`` over them.

        What a section says thus reaches every stage whose settings know the field, and no rule
        copies it by hand.

        Raises:
            ConfigError: if the fields together are not valid.
        """
        taken = {
            name: getattr(section, name)
            for section in sections
            for name in type(section).model_fields
            if name in cls.model_fields
        }
        return cls.checked({**taken, **values})

    @classmethod
    def checked(cls, content: Mapping[str, Any], *, where: str = "") -> Self:
        """Validate plain data.

        Raises:
            ConfigError: one line with key, value and what was expected, for the first thing wrong.
        """
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise ConfigError(f"{where}{one_line(error)}") from error

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the settings from JSON text, as `as_json` writes them.

        Raises:
            ConfigError: if the text is no JSON object, or not valid.
        """
        return cls.checked(settings_object(text), where="--settings: ")

    def as_json(self) -> str:
        """Return all settings as one line of JSON; mappings keep their order."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False)


def settings_object(text: str) -> dict[str, Any]:
    """Read the JSON object of an option ``--settings``, its keys unchecked.

    Raises:
        ConfigError: if the text is no JSON object.
    """
    try:
        content = parse_json(text, finite=True)
    except ValueError as error:
        raise ConfigError(f"--settings is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"--settings {text!r}: expected a JSON object")
    return content


def one_line(error: ValidationError) -> str:
    """Say in one line what is wrong first: key, value, what was expected."""
    errors = error.errors()
    first = errors[0]
    # Discriminated unions put the name of the branch into the path; keys are what users see.
    # Those of types add the type, with brackets, which no key has.
    key = ".".join(str(part) for part in first["loc"] if "[" not in str(part))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return f"{key}: unknown key, value {shown(first['input'])}{more}"
    if first["type"] == "missing":
        return f"{key}: is missing{more}"
    if first["type"] == "value_error" and isinstance(first["input"], dict):
        # Keys that do not fit together: the message names them, the whole section would hide them.
        return f"{key}{': ' if key else ''}{message}{more}"
    return f"{key or 'configuration'}: value {shown(first['input'])}: {message}{more}"


def shown(value: object) -> str:
    """Write a value so that a line with it can be read: the beginning of a long one.

    >>> shown("a" * 1000)[-3:], len(shown("a" * 1000)), shown(2.5)
    ('aa…', 201, '2.5')
    """
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

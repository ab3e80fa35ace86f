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
from hh4b.core.validation import NAME, one_line

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Kappa = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
Kappas = Annotated[list[Kappa], Field(min_length=1)]
Name = Annotated[str, Field(pattern=NAME)]
Seed = Annotated[int, Field(ge=0)]
#: Events of a sample by its column ``HH4B/split``, see `hh4b.core.parts`.
Part = Literal["training", "testing", "all"]


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
            raise ConfigError(f"{where}{one_line(error, cls)}") from error

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

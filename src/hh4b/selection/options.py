"""Training options of the dense network: typed, closed, readable from JSON or YAML."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hh4b.core.errors import ConfigError, InputFileError


class TrainingOptions(BaseModel):
    """How the network is built and trained; the defaults are those of the note."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden_dim: int = Field(default=256, ge=1, description="width of the hidden layers")
    n_layers: int = Field(default=2, ge=1, description="number of hidden layers")
    learning_rate: float = Field(default=5e-3, gt=0, lt=1, description="step size of Adam")
    batch_size: int = Field(default=512, ge=1, description="events in one step")
    patience: int = Field(
        default=10, ge=1, description="epochs without a better loss before the stop"
    )
    max_epochs: int = Field(default=200, ge=1, description="epochs at most")
    validation_fraction: float = Field(default=0.05, gt=0, lt=1, description="share of each class")


def read_options(path: Path | str | None, overrides: Mapping[str, Any]) -> TrainingOptions:
    """Read options from a file, then apply what the command line says.

    Args:
        path: JSON or YAML mapping, or one with the mapping under the key ``options`` (as a
            search writes it); None = defaults.
        overrides: values by name; None = not given.

    Raises:
        InputFileError: if the file cannot be read.
        ConfigError: naming an unknown key or an impossible value.
    """
    values: dict[str, Any] = {}
    if path is not None:
        values = _read_mapping(Path(path))
    values |= {name: value for name, value in overrides.items() if value is not None}
    return build_options(values, where=str(path or "the command line"))


def build_options(values: Mapping[str, Any], *, where: str) -> TrainingOptions:
    """Check values and return options.

    Raises:
        ConfigError: naming an unknown key or an impossible value.
    """
    try:
        return TrainingOptions.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        known = ", ".join(TrainingOptions.model_fields)
        raise ConfigError(
            f"{where}: training option {key} = {first['input']!r}: {first['msg']}; known: {known}"
        ) from error


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise InputFileError(f"{path} is neither JSON nor YAML ({reason})") from error
    if isinstance(content, dict) and isinstance(content.get("options"), dict):
        content = content["options"]
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds no mapping of training options")
    return content

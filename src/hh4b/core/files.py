"""Files between stages: written whole or not at all, and carrying how they were made."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hh4b import __version__
from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.output_paths import atomic_path as atomic_path
from hh4b.core.strict_json import parse_json


def require_places(output: str, counts: Mapping[str, int]) -> None:
    """Check that a name of files tells apart what is written.

    Args:
        output: name, with ``{key}`` where values of a key stand.
        counts: number of values by key.

    Raises:
        ConfigError: naming the first key with several values and no place.
    """
    for key, number in counts.items():
        if number > 1 and f"{{{key}}}" not in output:
            raise ConfigError(
                f"--output {output}: {number} values of {key} would write one file; put {{{key}}}"
                " into its name"
            )


@dataclass(frozen=True)
class Provenance:
    """How a file was made.

    Attributes:
        stage: the command that wrote the file, e.g. ``"generate hh"``.
        settings: every setting that decides the content (no paths, no number of cores).
        seed: the seed of the stage, or None where nothing is random.
        counts: events in and out, sums of weights: numbers by name.
    """

    stage: str
    settings: Mapping[str, Any]
    seed: int | None = None
    counts: Mapping[str, float | int] = field(default_factory=dict)

    @property
    def configuration_hash(self) -> str:
        """Return a short digest of stage, settings and seed."""
        return canonical_hash({"stage": self.stage, "settings": self.settings, "seed": self.seed})

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for a JSON header or HDF5 attribute."""
        return {
            **asdict(self),
            "configuration_hash": self.configuration_hash,
            "version": __version__,
        }

    def as_json(self) -> str:
        """Return `as_dict` as one line of JSON."""
        return json.dumps(self.as_dict(), sort_keys=True, default=str)


def canonical_hash(data: Any) -> str:
    """Return 16 hexadecimal digits that depend on the content of ``data`` only.

    >>> canonical_hash({"a": 1, "b": 2}) == canonical_hash({"b": 2, "a": 1})
    True
    """
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_json(path: Path | str, content: Mapping[str, Any], provenance: Provenance) -> None:
    """Write ``content`` and its provenance as readable JSON, whole or not at all."""
    with atomic_path(path) as temporary:
        text = json.dumps({**content, "provenance": provenance.as_dict()}, indent=1, default=_plain)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path | str, *, finite: bool = False) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        path: the file.
        finite: refuse NaN and infinite numbers.

    Raises:
        InputFileError: if the file is missing or is not a whole JSON object, or has a key twice.
    """
    try:
        content = parse_json(Path(path).read_bytes(), finite=finite)
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputFileError(f"{path} is not JSON ({error}); make it again") from error
    if not isinstance(content, dict):
        raise InputFileError(f"{path} holds a JSON {type(content).__name__}, expected an object")
    return content


def _plain(value: Any) -> Any:
    """Turn NumPy scalars and arrays into what JSON knows."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)

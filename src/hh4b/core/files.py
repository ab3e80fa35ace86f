"""Files between stages: written whole or not at all, and carrying how they were made."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hh4b import __version__
from hh4b.core.command_inputs import command_inputs, with_inputs
from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.core.output_paths import atomic_path as atomic_path
from hh4b.core.strict_json import parse_json, to_json

#: Length of all names of inputs together, in characters: HDF5 attributes end at 64 KiB.
_NAMES_LENGTH = 16_000


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
        """Return plain data for a JSON header or HDF5 attribute.

        ``inputs`` are the files that the command reads, see `made_from`; where they are too many,
        ``n_inputs`` counts all of them.
        """
        return {
            **asdict(self),
            "configuration_hash": self.configuration_hash,
            "version": __version__,
            **_inputs(),
        }

    def as_json(self) -> str:
        """Return `as_dict` as one line of JSON."""
        return to_json(self.as_dict(), sort_keys=True, default=str)


@contextmanager
def made_from(inputs: Iterable[Path | str], output: Path | str | None) -> Iterator[None]:
    """Let files that are written in the block say which files they are made from.

    Args:
        inputs: files that are read.
        output: the first file that is written, see `input_name`.
    """
    beside = Path.cwd() / "output" if output is None else Path(output)
    names = tuple(dict.fromkeys(input_name(path, beside) for path in inputs))
    with with_inputs(names=names):
        yield


def input_name(path: Path | str, output: Path | str) -> str:
    """Return how an output names one of its inputs: from the lowest folder that holds both.

    So a study may lie anywhere, and be moved, and its files are the same. Without such a folder it
    is the name as seen from the current folder, or else without any folder.

    >>> input_name("/a/results/datasets/hh.h5", "/a/results/pairings/min_dr/hh.h5")
    'datasets/hh.h5'
    """
    absolute, folder = os.path.abspath(path), os.path.abspath(Path(output).parent)  # noqa: PTH100
    for shared in (Path(os.path.commonpath([absolute, folder])), Path.cwd()):
        if shared != Path(shared.anchor) and Path(absolute).is_relative_to(shared):
            return Path(absolute).relative_to(shared).as_posix()
    return Path(absolute).name


def _inputs() -> dict[str, Any]:
    kept: list[str] = []
    length = 0
    names = command_inputs().names
    for name in names:
        length += len(name)
        if length > _NAMES_LENGTH:
            return {"inputs": kept, "n_inputs": len(names)}
        kept.append(name)
    return {"inputs": kept} if kept else {}


def canonical_hash(data: Any) -> str:
    """Return 16 hexadecimal digits that depend on the content of ``data`` only.

    >>> canonical_hash({"a": 1, "b": 2}) == canonical_hash({"b": 2, "a": 1})
    True
    """
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_json(path: Path | str, content: Mapping[str, Any], provenance: Provenance) -> None:
    """Write ``content`` and its provenance as readable JSON, whole or not at all.

    Raises:
        ContractError: naming the entry, if a number is NaN or infinite.
    """
    whole = {**content, "provenance": provenance.as_dict()}
    with atomic_path(path) as temporary:
        try:
            text = to_json(whole, indent=1, default=_plain)
        except ContractError as error:
            raise ContractError(f"cannot write {path}: {error}") from error
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

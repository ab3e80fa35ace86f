"""The input files of a table or figure, by key, and typed reading of the run's JSON files."""

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import canonical_hash, read_json
from hh4b.core.strict_json import parse_provenance
from hh4b.training.error_parts import MINIMUM_TRAININGS


@dataclass(frozen=True)
class Inputs:
    """Files by key, e.g. ``min_dr_dnn -> (limits/min_dr_dnn_13tev_139ifb.json,)``.

    Attributes:
        what: the output that asks, e.g. ``"table 26"``; named in errors.
        files: paths by key, in the order of the command line.
    """

    what: str
    files: Mapping[str, tuple[Path, ...]]

    @classmethod
    def parse(cls, what: str, texts: Iterable[str]) -> "Inputs":
        """Read ``key=path`` options; a key may be repeated.

        Raises:
            ConfigError: if a text has no key or no path.
        """
        files: dict[str, tuple[Path, ...]] = {}
        for text in texts:
            key, separator, path = text.partition("=")
            if not (separator and key and path):
                raise ConfigError(f"{what}: --input {text!r} is not of the form key=path")
            files[key] = (*files.get(key, ()), Path(path))
        if not files:
            raise ConfigError(f"{what}: no input given; add --input key=path (see docs/figures.md)")
        return cls(what, files)

    def many(self, key: str) -> tuple[Path, ...]:
        """Return all files of a key, at least one.

        Raises:
            ConfigError: if the key was not given.
        """
        if key not in self.files:
            given = ", ".join(self.files)
            raise ConfigError(f"{self.what}: input {key!r} is missing (given: {given})")
        return self.files[key]

    def one(self, key: str) -> Path:
        """Return the only file of a key.

        Raises:
            ConfigError: if it was not given, or more than once.
        """
        paths = self.many(key)
        if len(paths) > 1:
            raise ConfigError(f"{self.what}: input {key!r} was given {len(paths)} times, want one")
        return paths[0]

    def only(self, allowed: Iterable[str]) -> None:
        """Refuse keys that the output does not know.

        Raises:
            ConfigError: naming the key and those that exist.
        """
        names = list(allowed)
        for key in self.files:
            if key not in names:
                raise ConfigError(
                    f"{self.what}: unknown input {key!r}, expected one of {', '.join(names)}"
                )


@dataclass(frozen=True)
class Measured:
    """A number of this run. Made from files of the run only, never from published values.

    Attributes:
        value: the number, or None where the run has none (``text`` says why).
        error: its statistical error, or None where the file gives none.
        source: the file it came from, as ``folder/name``.
        configuration_hash: of that file.
        text: printed in place of the value where there is none, e.g. ``"> 3000"``.
    """

    value: float | None
    error: float | None
    source: str
    configuration_hash: str
    text: str = ""


@dataclass(frozen=True)
class RunFile:
    """A JSON file of the run: content with located errors.

    Attributes:
        path: the file.
        content: what it holds.
    """

    path: Path
    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path | str) -> "RunFile":
        """Read a JSON file of the run.

        Raises:
            InputFileError: if it is missing or not JSON.
        """
        return cls(Path(path), read_json(path))

    @property
    def source(self) -> str:
        """Return ``folder/name``: enough to find the file, the same on every machine."""
        return "/".join(self.path.parts[-2:])

    @property
    def configuration_hash(self) -> str:
        """Return the hash of the configuration the file was made with, or nothing."""
        provenance = self.content.get("provenance", {})
        return str(provenance.get("configuration_hash", ""))

    def get(self, *keys: str) -> Any:
        """Return the entry at a path of keys.

        Raises:
            ContractError: if it is not there.
        """
        node: Any = self.content
        for depth, key in enumerate(keys):
            if not isinstance(node, Mapping) or key not in node:
                place = "/".join(keys[: depth + 1])
                raise ContractError(
                    f"{self.path}: entry {place!r} is missing; the file is of another kind or stage"
                )
            node = node[key]
        return node

    def has(self, *keys: str) -> bool:
        """Return whether there is an entry at a path of keys."""
        node: Any = self.content
        for key in keys:
            if not isinstance(node, Mapping) or key not in node:
                return False
            node = node[key]
        return True

    def number(self, *keys: str) -> float:
        """Return a finite number.

        Raises:
            ContractError: if it is missing or no finite number.
        """
        return self._finite(self.get(*keys), keys)

    def numbers(self, *keys: str) -> list[float]:
        """Return a list of finite numbers.

        Raises:
            ContractError: if it is missing or holds anything else.
        """
        entry = self.get(*keys)
        if not isinstance(entry, list):
            raise ContractError(f"{self.path}: entry {'/'.join(keys)!r} is no list of numbers")
        return [self._finite(item, keys) for item in entry]

    def errors(self, *keys: str) -> list[float | None]:
        """Return a list of errors, None where the file gives none.

        Raises:
            ContractError: if it is missing or holds anything but numbers and null.
        """
        entry = self.get(*keys)
        if not isinstance(entry, list):
            raise ContractError(f"{self.path}: entry {'/'.join(keys)!r} is no list of numbers")
        return [None if item is None else self._finite(item, keys) for item in entry]

    def measured(
        self, value: float | None, error: float | None = None, *, text: str = ""
    ) -> Measured:
        """Return a number of this file with where it came from."""
        return Measured(value, error, self.source, self.configuration_hash, text)

    def optional(self, *keys: str) -> float | None:
        """Return a finite number, or None where the file has null or no entry."""
        if not self.has(*keys) or self.get(*keys) is None:
            return None
        return self.number(*keys)

    def part(self, *keys: str) -> "RunFile":
        """Return an entry that is an object as a file of its own, with the same provenance."""
        entry = self.get(*keys)
        if not isinstance(entry, Mapping):
            raise ContractError(f"{self.path}: entry {'/'.join(keys)!r} is no object")
        return RunFile(self.path, {**entry, "provenance": self.content.get("provenance", {})})

    def _finite(self, entry: Any, keys: tuple[str, ...]) -> float:
        if (
            isinstance(entry, bool)
            or not isinstance(entry, int | float)
            or not math.isfinite(entry)
        ):
            raise ContractError(
                f"{self.path}: entry {'/'.join(keys)!r} is {json.dumps(entry, default=str)[:60]},"
                " expected a finite number"
            )
        return float(entry)


def mean_of_repeats(values: Sequence[Measured]) -> Measured:
    """Return the mean over repeated trainings that were measured with the same events.

    Its error is that of the events, the mean over the trainings. From five trainings on the spread
    of a training (n - 1) is added in squares; of fewer, the spread is no error.

    Raises:
        ContractError: if a value is missing.
    """
    if len(values) == 1:
        return values[0]
    numbers = [value.value for value in values if value.value is not None]
    if len(numbers) < len(values):
        raise ContractError(f"{values[0].source}: a repeated training has no value")
    errors = [value.error for value in values if value.error is not None]
    events = statistics.fmean(errors) if len(errors) == len(values) else None
    enough = len(numbers) >= MINIMUM_TRAININGS
    spread = statistics.stdev(numbers) if enough else 0.0
    return Measured(
        statistics.fmean(numbers),
        None if events is None else math.hypot(events, spread),
        f"{values[0].source} and {len(values) - 1} repeats",
        canonical_hash([value.configuration_hash for value in values]),
    )


def configuration_hashes(inputs: Inputs) -> dict[str, list[str]]:
    """Return by key the configuration hashes of the input files, for the output's provenance.

    A file may come with its dataset, as ``DATASET.h5:SCORES.h5``.
    """
    return {
        key: [_hash_of(Path(part)) for path in paths for part in str(path).split(":")]
        for key, paths in sorted(inputs.files.items())
    }


def _hash_of(path: Path) -> str:
    if path.suffix in (".h5", ".hdf5"):
        from hh4b.core.contracts import read_attributes

        provenance = parse_provenance(read_attributes(path), path)
        return str(provenance.get("configuration_hash", ""))
    if path.suffix == ".json":
        return RunFile.read(path).configuration_hash
    return ""

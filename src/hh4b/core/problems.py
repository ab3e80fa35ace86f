"""All that is wrong with a configuration, collected to be said at once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from hh4b.core.errors import ConfigError, Hh4bError
from hh4b.core.settings import Settings
from hh4b.core.strict_yaml import key_lines, short_path
from hh4b.core.validation import Wrong, wrongs

_Checked = TypeVar("_Checked", bound=Settings)


class _Place(NamedTuple):
    """Where a key stands: number of the file, line."""

    file: int
    line: int


class Problems:
    """What is wrong, in the order in which it was found until it is said."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._found: list[Wrong] = []

    def __len__(self) -> int:
        """Return how many things are wrong."""
        return len(self._found)

    def add(self, key: str, text: str) -> None:
        """Add one thing.

        What was said already, perhaps with less before it, is not said again.

        Args:
            key: with points between.
            text: value, what was expected and what to do, in one line.
        """
        wrong = Wrong(key, text)
        if not any(wrong.line.endswith(one.line) for one in self._found):
            self._found.append(wrong)

    @contextmanager
    def at(self, key: str) -> Iterator[None]:
        """Take up an error that ends the block, with the key before what it says."""
        try:
            yield
        except Hh4bError as error:
            self.add(key, str(error))

    @contextmanager
    def named(self, key: str) -> Iterator[None]:
        """Take up an error whose message begins with a key: ``key`` or one below it."""
        try:
            yield
        except Hh4bError as error:
            first, _, rest = str(error).partition(" ")
            name = first.rstrip(":")
            if not name.startswith(key):
                self.add(key, str(error))
            elif first.endswith(":"):
                self.add(name, rest)
            elif not any(str(error) == one.line for one in self._found):
                self._found.append(_Sentence(name, str(error)))

    def check(
        self, settings: type[_Checked], content: Mapping[str, Any], key: str
    ) -> _Checked | None:
        """Check values of a section; return them, or None where something is wrong."""
        try:
            return settings.model_validate(content)
        except ValidationError as error:
            for wrong in wrongs(error, settings):
                self.add(".".join(filter(None, (key, wrong.key))), wrong.text)
            return None

    def require_none(self, files: Sequence[Path | str] = (), *, advice: str = "") -> None:
        """Say everything at once, in the order of the files.

        Args:
            files: YAML files that the keys may stand in, each laid over the ones before.
            advice: where to read more.

        Raises:
            ConfigError: one line if one thing is wrong, else one line for each behind a first.
        """
        if not self._found:
            return
        places = _places(files, self._found)
        nowhere = _Place(len(files), 0)
        lines = []
        # Sorting keeps the order of those on one line.
        for place, wrong in sorted(
            zip(places, self._found, strict=True), key=lambda pair: pair[0] or nowhere
        ):
            where = f" ({short_path(files[place.file])}, line {place.line})" if place else ""
            lines.append(f"{wrong.line}{where}")
        more = f"; {advice}" if advice else ""
        if len(lines) == 1:
            raise ConfigError(f"{lines[0]}{more}")
        raise ConfigError("\n  ".join([f"{len(lines)} things are wrong{more}:", *lines]))


class _Sentence(Wrong):
    """Something wrong whose text has the key in it."""

    @property
    def line(self) -> str:
        """Return the text."""
        return self.text


def _places(files: Sequence[Path | str], found: Sequence[Wrong]) -> list[_Place | None]:
    """Return for each thing where its key, or the section that lacks it, stands last."""
    lines = [key_lines(file) for file in files]

    def place(key: str) -> _Place | None:
        while key:
            for file in reversed(range(len(lines))):
                if key in lines[file]:
                    return _Place(file, lines[file][key])
            key = key.rpartition(".")[0]
        return None

    return [place(one.key) for one in found]

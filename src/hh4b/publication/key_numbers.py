"""Key numbers of studies by key, and how they are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError
from hh4b.core.files import read_json
from hh4b.publication.tables import DASH, format_number

#: Of an interval both bounds have these; of its key they can be the last part.
_OF_NUMBERS = ("value", "error", "note", "note_error")


@dataclass(frozen=True)
class Numbers:
    """The key numbers of several studies.

    Attributes:
        studies: content of the files of `hh4b numbers extract` by name.
    """

    studies: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, paths: Sequence[Path]) -> "Numbers":
        """Read files, or all of a folder; the name of a file is that of its study.

        Raises:
            ConfigError: if there is no file, or two have one name.
            InputFileError: if a file cannot be read.
        """
        files = [file for path in paths for file in _files(path)]
        if not files:
            raise ConfigError(f"{', '.join(map(str, paths))}: no file of `hh4b numbers extract`")
        if len({file.stem for file in files}) < len(files):
            raise ConfigError(f"two files of one name among {', '.join(map(str, files))}")
        # The default study is the first one of every table.
        files.sort(key=lambda file: file.stem != "default")
        return cls({file.stem: read_json(file) for file in files})

    def find(self, key: str) -> Any:
        """Return what stands at a key, e.g. ``default/limits/mixing_spanet/13/139/profile``.

        ``…/note`` behind an interval is the note's; ``…/seconds/all`` is the sum of all stages.

        Raises:
            ConfigError: if nothing stands there, with what does.
        """
        node: Any = self.studies
        parts = key.split("/")
        for depth, part in enumerate(parts):
            if is_interval(node) and part in _OF_NUMBERS:
                node = {side: node[side].get(part) for side in ("lower", "upper")}
            elif isinstance(node, Mapping) and part in node:
                node = node[part]
            elif part == "all" and parts[depth - 1] == "seconds":
                node = all_jobs(node)
            else:
                known = ", ".join(map(str, node)) if isinstance(node, Mapping) else "no entries"
                place = "/".join(parts[:depth]) or "the numbers"
                raise ConfigError(f"{key}: no {part!r} in {place}, which has: {known[:200]}")
        return node

    def text(self, key: str, decimals: int | None = None) -> str:
        """Return what stands at a key as it is printed.

        Args:
            key: see `find`.
            decimals: digits behind the point; two for intervals and likelihoods, three otherwise.

        Raises:
            ConfigError: if nothing stands there, or something that is not printed in one piece.
        """
        if decimals is None:
            decimals = 2 if {"profile", "cls", "likelihood"} & set(key.split("/")) else 3
        text = written(self.find(key), decimals)
        if text is None:
            raise ConfigError(f"{key}: no number, interval or text stands there; name one below it")
        return text


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def all_jobs(stages: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the jobs of all stages together, and what they took, in CPU seconds and minutes.

    >>> all_jobs({"simulate": {"jobs": 2, "seconds": 90.0}, "pair": {"jobs": 1, "seconds": 30.0}})
    {'jobs': 3, 'seconds': 120.0, 'minutes': 2.0}
    """
    seconds = sum(one["seconds"] for one in stages.values())
    jobs = sum(one["jobs"] for one in stages.values())
    return {"jobs": jobs, "seconds": seconds, "minutes": seconds / 60}


def is_interval(node: Any) -> bool:
    """Return whether an entry has two bounds."""
    return isinstance(node, Mapping) and {"lower", "upper"} <= set(node)


def written(node: Any, decimals: int) -> str | None:
    """Return an entry as it is printed; None if it is a folder of others.

    >>> written({"value": 0.8661, "error": 0.0012}, 3)
    '0.866 ± 0.001'
    >>> written({"lower": {"value": -3.2}, "upper": {"value": 10.31}}, 2)
    '[−3.20, 10.31]'
    >>> written(80000, 3)
    '80,000'
    """
    if is_interval(node):
        return f"[{written(node['lower'], decimals)}, {written(node['upper'], decimals)}]"
    if isinstance(node, Mapping):
        known = "value" in node
        return format_number(node["value"], node.get("error"), decimals) if known else None
    if isinstance(node, bool) or node is None:
        return {True: "yes", False: "no", None: DASH}[node]
    if isinstance(node, int):
        return f"{node:,}".replace("-", "−")
    return node if isinstance(node, str) else format_number(node, None, decimals)

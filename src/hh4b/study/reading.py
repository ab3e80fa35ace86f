"""Reading a study: one clear line for what is wrong."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hh4b.core.errors import ConfigError
from hh4b.core.settings import one_line
from hh4b.core.strict_yaml import read_strictly
from hh4b.study.model import Study
from hh4b.study.references import check_references


def parse_study(content: Mapping[str, Any]) -> Study:
    """Turn plain data into a checked study.

    Raises:
        ConfigError: one line with key, value and what was expected, for the first thing wrong.
    """
    try:
        study = Study.model_validate(_without_removed(content))
    except ValidationError as error:
        line = one_line(error)
        taken_away = "unknown key" in line and line.startswith("samples.")
        remedy = " (null takes a key of the default study away)" if taken_away else ""
        raise ConfigError(f"{line}{remedy}; see config/README.md") from error
    check_references(study)
    return study


def read_study(*paths: Path | str) -> Study:
    """Read YAML files, each laid over the ones before, into a checked study.

    Raises:
        ConfigError: if a file is missing or no YAML mapping, or the study is not valid.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        content = read_strictly(path)
        merged = _overlay({} if content.get("standalone") is True else merged, content)
    return parse_study(merged)


def is_standalone(paths: Iterable[Path | str]) -> bool:
    """Return whether one of several files is a study of its own, with nothing under it.

    Files that cannot be read are not; who reads them whole says what is wrong.
    """
    for path in paths:
        try:
            if read_strictly(path).get("standalone") is True:
                return True
        except ConfigError:
            continue
    return False


#: Sections whose entries an overlay can take away by null.
_NAMED = (
    "processes", "samples", "spanet_trainings", "pairings", "searches", "classifiers",
    "selections", "systematics", "outputs",
)  # fmt: skip


def _without_removed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Drop entries that are null, and keys of samples that are: how an overlay takes them away."""
    kept = dict(content)
    for section in _NAMED:
        if isinstance(kept.get(section), Mapping):
            kept[section] = {k: v for k, v in kept[section].items() if v is not None}
    if isinstance(kept.get("samples"), Mapping):
        kept["samples"] = {
            name: {k: v for k, v in sample.items() if v is not None}
            if isinstance(sample, Mapping)
            else sample
            for name, sample in kept["samples"].items()
        }
    return kept


def _overlay(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Lay ``top`` over ``base``; mappings merge, everything else is replaced."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _overlay(below, value) if both and below is not None else value
    return merged

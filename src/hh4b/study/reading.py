"""Reading a study: a clear line for each thing that is wrong, all at once."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hh4b.core.errors import ConfigError
from hh4b.core.problems import Problems
from hh4b.core.strict_yaml import read_strictly
from hh4b.core.validation import wrongs
from hh4b.study.learning_curves import with_points
from hh4b.study.model import Study
from hh4b.study.names import find_unknown_names
from hh4b.study.references import find_mismatches

ADVICE = "see config/README.md"


def parse_study(content: Mapping[str, Any], *, files: Sequence[Path | str] = ()) -> Study:
    """Turn plain data into a checked study.

    Args:
        content: all sections.
        files: YAML files that it comes from, for messages.

    Raises:
        ConfigError: key, value and what was expected, a line for each thing that is wrong.
    """
    problems = Problems()
    study = sound_study(content, problems, files=files)
    find_mismatches(study, problems)
    problems.require_none(files)
    return study


def sound_study(
    content: Mapping[str, Any], problems: Problems, *, files: Sequence[Path | str] = ()
) -> Study:
    """Turn plain data into a study whose keys, values and names are fine, each by itself.

    Whether they fit together is the next question, which makes no sense before.

    Args:
        content: all sections.
        problems: what is wrong with it already.
        files: YAML files that it comes from, for messages.

    Raises:
        ConfigError: key, value and what was expected, a line for each thing that is wrong.
    """
    kept = with_points(_without_removed(content))
    study = None
    try:
        study = Study.model_validate(kept)
    except ValidationError as error:
        for wrong in wrongs(error, Study):
            taken_away = wrong.text.startswith("unknown key") and wrong.key.startswith("samples.")
            remedy = " (null takes a key of the default study away)" if taken_away else ""
            problems.add(wrong.key, wrong.text + remedy)
    find_unknown_names(kept, problems)
    problems.require_none(files, advice="" if study else ADVICE)
    assert study is not None
    return study


def read_study(*paths: Path | str) -> Study:
    """Read YAML files, each laid over the ones before, into a checked study.

    Raises:
        ConfigError: if a file is missing or no YAML mapping, or the study is not valid.
    """
    return parse_study(read_content(*paths), files=paths)


def read_content(*paths: Path | str) -> dict[str, Any]:
    """Read YAML files, each laid over the ones before.

    Raises:
        ConfigError: a line for each file that is missing or no YAML mapping.
    """
    merged: dict[str, Any] = {}
    for content in read_files(paths):
        merged = _overlay({} if content.get("standalone") is True else merged, content)
    return merged


def read_files(paths: Iterable[Path | str]) -> list[dict[str, Any]]:
    """Read YAML files.

    Raises:
        ConfigError: a line for each file that is missing or no YAML mapping.
    """
    contents, wrong = [], []
    for path in paths:
        try:
            contents.append(read_strictly(path))
        except ConfigError as error:
            wrong.append(str(error))
    if wrong:
        first = [f"{len(wrong)} files are wrong:"] if len(wrong) > 1 else []
        raise ConfigError("\n  ".join([*first, *wrong]))
    return contents


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

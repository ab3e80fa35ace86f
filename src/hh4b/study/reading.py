"""Reading a study: one clear line for what is wrong, and the samples it expands to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from hh4b.core.errors import ConfigError
from hh4b.study.model import (
    FilesSample,
    MadgraphSample,
    Sample,
    SignalSample,
    SpanetDatasetSample,
    Study,
)
from hh4b.study.references import check_references


@dataclass(frozen=True)
class SampleInfo:
    """One sample after expansion of lists.

    Attributes:
        name: name of its files.
        group: key under `samples` it comes from.
        definition: its section.
        kappa_lambda: of a non-resonant signal, else None.
        background: whether it is background.
    """

    name: str
    group: str
    definition: Sample
    kappa_lambda: float | None
    background: bool

    @property
    def events(self) -> int:
        """Return the number of events to shower or generate; 0 for files of a user."""
        definition = self.definition
        if isinstance(definition, FilesSample | SpanetDatasetSample):
            return 0
        if isinstance(definition, SignalSample) and self.kappa_lambda in definition.events_at:
            return definition.events_at[self.kappa_lambda]
        return definition.events

    @property
    def generated(self) -> bool:
        """Return whether the events come from the own generator, shower and detector."""
        return not isinstance(self.definition, FilesSample | MadgraphSample | SpanetDatasetSample)


def parse_study(content: Mapping[str, Any]) -> Study:
    """Turn plain data into a checked study.

    Raises:
        ConfigError: one line with key, value and what was expected, for the first thing wrong.
    """
    try:
        study = Study.model_validate(_without_removed(content))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(_one_line(first, len(error.errors()) - 1)) from error
    check_references(study)
    return study


def read_study(*paths: Path | str) -> Study:
    """Read YAML files, each laid over the ones before, into a checked study.

    Raises:
        ConfigError: if a file is missing or no YAML mapping, or the study is not valid.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        try:
            content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"cannot read configuration {path}: {error.strerror}") from error
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            raise ConfigError(f"{path} is not YAML: {reason}") from error
        if not isinstance(content, dict):
            raise ConfigError(f"{path} holds no mapping of keys to values")
        merged = _overlay(merged, content)
    return parse_study(merged)


def sample_name(group: str, kappa_lambda: float) -> str:
    """Return the file name of one value of kappa_lambda.

    >>> sample_name("hh", -5), sample_name("hh", 2.4)
    ('hh_kl-5', 'hh_kl2.4')
    """
    return f"{group}_kl{kappa_lambda:g}"


def expand_samples(study: Study) -> dict[str, SampleInfo]:
    """Return every sample of the study by name, lists of kappa_lambda written out."""
    return {info.name: info for info in _expand(study)}


def _expand(study: Study) -> Iterator[SampleInfo]:
    for group, definition in study.samples.items():
        if isinstance(definition, SignalSample):
            for kappa in definition.kappa_lambda:
                yield SampleInfo(sample_name(group, kappa), group, definition, kappa, False)
        elif isinstance(definition, FilesSample | MadgraphSample):
            kappa_or_none = definition.kappa_lambda
            yield SampleInfo(group, group, definition, kappa_or_none, kappa_or_none is None)
        elif isinstance(definition, SpanetDatasetSample):
            background = definition.events == "background"
            yield SampleInfo(group, group, definition, definition.kappa_lambda, background)
        else:
            yield SampleInfo(group, group, definition, None, definition.source == "four_b")


#: Sections whose entries an overlay can take away by null.
_NAMED = (
    "samples", "spanet_trainings", "pairings", "searches", "classifiers", "selections",
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


def _one_line(error: Any, others: int) -> str:
    # The discriminated unions put the name of the branch into the path; keys are what users see.
    key = ".".join(str(part) for part in error["loc"]) or "configuration"
    more = f" (and {others} more)" if others else ""
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        remedy = " (null takes a key of the default study away)" if key[:8] == "samples." else ""
        return f"{key}: unknown key, value {error['input']!r}{remedy}; see config/README.md{more}"
    if error["type"] == "missing":
        return f"{key}: is missing; see config/README.md{more}"
    return f"{key}: value {error['input']!r}: {message}{more}"

"""The best of repeated trainings: its model and its metrics under the name of all."""

import logging
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, atomic_path, read_json, write_json
from hh4b.core.joined import split_files

log = logging.getLogger(__name__)
#: Entries of a metrics file that rank trainings, in order of preference: with a classifier its
#: accuracy, as in section 6.3 of the note, else how many events are paired right.
RANKED_BY = (
    ("accuracy",),
    ("classification", "EVENT/signal", "accuracy"),
    ("assignment", "event_efficiency"),
)


class Candidate(NamedTuple):
    """A training: its checkpoint, and its metrics on the testing events."""

    model: Path
    metrics: Path


def parse_candidate(text: str) -> Candidate:
    """Split ``"MODEL.pt:METRICS.json"``.

    Raises:
        ConfigError: if there are not two paths.
    """
    return Candidate(*split_files(text, ("MODEL.pt", "METRICS.json")).paths)


def choose(candidates: Sequence[Candidate], model: Path, metrics: Path) -> int:
    """Copy model and metrics of the best training; return its number.

    The metrics get an entry ``choice``: by what, the values of all, and the number chosen. The
    first of equal ones is taken.

    Args:
        candidates: trainings of one kind.
        model: checkpoint to write.
        metrics: JSON to write.

    Raises:
        ConfigError: if there is no candidate.
        ContractError: if metrics lack an entry to rank by.
    """
    if not candidates:
        raise ConfigError("no training to choose from; give at least one MODEL.pt:METRICS.json")
    contents = [read_json(candidate.metrics) for candidate in candidates]
    entry = _ranked_by(contents[0], candidates[0].metrics)
    values = [
        _number(content, entry, candidate.metrics)
        for content, candidate in zip(contents, candidates, strict=True)
    ]
    best = max(range(len(values)), key=lambda index: (values[index], -index))
    choice = {"by": "/".join(entry), "values": values, "chosen": best}
    log.info("training %d of %d is the best: %s = %.4f", best, len(values), choice["by"],
             values[best])  # fmt: skip
    made_from = [content.get("provenance", {}).get("configuration_hash") for content in contents]
    provenance = Provenance("choose-repeat", {"metrics": made_from, "chosen": best})
    with atomic_path(model) as temporary:
        shutil.copyfile(candidates[best].model, temporary)
    write_json(metrics, {**contents[best], "choice": choice}, provenance)
    return best


def _ranked_by(content: dict[str, Any], path: Path) -> tuple[str, ...]:
    for entry in RANKED_BY:
        if _find(content, entry) is not None:
            return entry
    known = ", ".join("/".join(entry) for entry in RANKED_BY)
    raise ContractError(f"{path} has none of {known}; give metrics of a classifier or a pairing")


def _find(content: Any, entry: Sequence[str]) -> Any:
    for key in entry:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _number(content: dict[str, Any], entry: Sequence[str], path: Path) -> float:
    value = _find(content, entry)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ContractError(f"{path}: entry {'/'.join(entry)!r} is {value!r}, expected a number")
    return float(value)

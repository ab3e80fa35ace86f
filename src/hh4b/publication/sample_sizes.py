"""Numbers of events in datasets, by class and by how much of the truth was matched."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hh4b.core import contracts
from hh4b.core.columns import TARGETS
from hh4b.core.folds import FoldPart
from hh4b.core.parts import part_mask
from hh4b.core.strict_json import parse_provenance
from hh4b.publication.inputs import Measured

PARTS = ("training", "testing")
_SIGNAL, _SPLIT = "CLASSIFICATIONS/EVENT/signal", "HH4B/split"


def count_file(path: Path) -> dict[str, Measured]:
    """Count the events of a dataset: total, one (h1) or both (h2) H matched, signal, background."""
    arrays = contracts.read_table(path, contracts.DATASET, columns=[*TARGETS, _SIGNAL])
    return _measured([path], _counts(arrays))


class Division(FoldPart):
    """What divides the events that a table counts into training and testing."""

    fewer_networks: dict[str, int] = Field(
        default={}, description="networks by label, of trainings that have not one for each fold"
    )

    def remarks(self) -> list[str]:
        """Return what a table says of it."""
        if not self.folds:
            return []
        remarks = [
            f"Cross-fitting: numbers of the first of {self.folds} trainings; every event is a"
            " testing event of one of them, and of no other."
        ]
        if self.fewer_networks:
            names = ", ".join(f"{label} ({n})" for label, n in self.fewer_networks.items())
            remarks.append(
                f"Trained and tested for the first folds only, numbers in brackets: {names}."
            )
        return remarks


def count_by_part(paths: Iterable[Path], part: str, division: Division) -> Measured:
    """Count the events of the training or testing part of several datasets."""
    files = list(paths)
    total = 0
    for path in files:
        with contracts.open_table(path) as file:
            divided = _SPLIT in file
        names = [_SIGNAL, _SPLIT] if divided else [_SIGNAL]
        arrays = contracts.read_table(path, contracts.DATASET, columns=names)
        number = len(arrays[_SIGNAL])
        total += int(part_mask(path, arrays.get(_SPLIT), part, number, folds=division).sum())
    return _measured(files, {"events": total})["events"]


def _counts(arrays: dict[str, NDArray[np.int64]]) -> dict[str, int]:
    found = np.stack([arrays[name] >= 0 for name in TARGETS], axis=1).reshape(-1, 2, 2)
    matched = found.all(axis=2).sum(axis=1)
    signal = int((arrays[_SIGNAL] == 1).sum())
    return {
        "total": len(matched),
        "h1": int((matched == 1).sum()),
        "h2": int((matched == 2).sum()),
        "signal": signal,
        "background": len(matched) - signal,
    }


def _measured(paths: list[Path], counts: dict[str, int]) -> dict[str, Measured]:
    """Return counts as numbers of the run: exact, so without error."""
    source = "/".join(paths[0].parts[-2:])
    if len(paths) > 1:
        source += f" and {len(paths) - 1} more"
    hashes = [parse_provenance(contracts.read_attributes(path), path) for path in paths]
    digest = str(hashes[0].get("configuration_hash", "")) if len(paths) == 1 else ""
    return {name: Measured(count, None, source, digest) for name, count in counts.items()}

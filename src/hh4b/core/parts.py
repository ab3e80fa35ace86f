"""The training and the testing events of a sample: by its column ``HH4B/split``, or by folds."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.contracts import DATASET, open_table, read_attributes, read_table
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.folds import FoldPart, Folds
from hh4b.core.settings import Part
from hh4b.core.shower_events import ShowerEvents

PARTS: tuple[Part, ...] = ("training", "testing", "all")
_NUMBER = "HH4B/event_number"


def part_mask(
    path: Path | str,
    split: NDArray[np.int8] | None,
    part: str,
    rows: int,
    *,
    folds: FoldPart | None = None,
) -> NDArray[np.bool_]:
    """Return which events belong to a part of the sample, as a mask of shape (event,).

    Args:
        path: the dataset, for errors and for its event numbers.
        split: its column ``HH4B/split``, None if it has none.
        part: ``training``, ``testing`` or ``all``.
        rows: number of events.
        folds: with folds, ``testing`` is one of them, and ``training`` are all others.

    Raises:
        ConfigError: for an unknown part.
        ContractError: if a part is asked for and the dataset is not divided, or if there are no
            events inside or outside of the fold.
    """
    if part not in PARTS:
        raise ConfigError(f"part {part!r}: must be one of {', '.join(PARTS)}")
    if part == "all":
        return np.ones(rows, np.bool_)
    if folds is not None and folds.folds:
        inside = _inside(path, rows, folds)
        return inside if part == "testing" else ~inside
    if split is None:
        raise ContractError(
            f"{path}: column 'HH4B/split' is missing, so that the {part} part is not known;"
            " take --part all"
        )
    return np.asarray(split == PARTS.index(part))


def fold_numbers(path: Path | str, rows: int, folds: Folds) -> NDArray[np.int8]:
    """Return the fold of every event of a dataset, shape (event,).

    It follows from the name of the sample and ``HH4B/event_number``: all rows of a generated event
    are in one fold, in varied datasets too. Without event numbers the row counts as one.

    Args:
        path: the dataset; its name stands for that of a sample that has none.
        rows: number of events.
        folds: number of folds, at least 2, and their seed.
    """
    with open_table(path) as file:
        numbered = _NUMBER in file
    if numbered:
        numbers = read_table(path, DATASET, columns=[_NUMBER])[_NUMBER].astype(np.int64)
    else:
        numbers = np.arange(rows, dtype=np.int64)
    sample = str(read_attributes(path).get("sample") or Path(path).stem)
    return ShowerEvents(sample, numbers).folds(folds)


def fold_attributes(folds: Folds) -> dict[str, int]:
    """Return what scores or a pairing say of the folds of their networks; nothing without folds."""
    return {"folds": folds.folds, "fold_seed": folds.fold_seed} if folds.folds else {}


def folds_of_networks(path: Path | str) -> Folds:
    """Return the folds of the networks behind a file of scores or of a pairing.

    A file that says nothing of folds comes from one network, or from none.
    """
    attributes = read_attributes(path)
    return Folds.checked({n: int(attributes[n]) for n in ("folds", "fold_seed") if n in attributes})


def require_folds_of_scores(path: Path | str, folds: Folds) -> None:
    """Check that scores were made by networks of these folds, if the file says how it was made.

    Scores of cuts come from no network, and say nothing of folds.

    Args:
        path: the file of scores.
        folds: of the stage that reads them; without folds there is nothing to check.

    Raises:
        ContractError: if they were made with other folds.
    """
    made = folds_of_networks(path)
    if folds.folds and made.folds and fold_attributes(made) != fold_attributes(folds):
        raise ContractError(
            f"{path}: scores are of networks of {made.folds} folds of seed {made.fold_seed}, wanted"
            f" {folds.folds} of seed {folds.fold_seed}; give the folds of the training, or predict"
            " again"
        )


def _inside(path: Path | str, rows: int, folds: FoldPart) -> NDArray[np.bool_]:
    inside = np.asarray(fold_numbers(path, rows, folds) == folds.fold)
    if not inside.any() or inside.all():
        held = "all events are" if inside.any() else "no event is"
        raise ContractError(
            f"{path}: {held} in fold {folds.fold} of {folds.folds}, of {rows} events; take fewer"
            f" folds or a larger sample, or see whether {_NUMBER!r} tells events apart"
        )
    return inside

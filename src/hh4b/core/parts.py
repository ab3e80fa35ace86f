"""The training and the testing events of a sample, by its column ``HH4B/split``."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.settings import Part

PARTS: tuple[Part, ...] = ("training", "testing", "all")


def part_mask(
    path: Path | str, split: NDArray[np.int8] | None, part: str, rows: int
) -> NDArray[np.bool_]:
    """Return which events belong to a part of the sample, as a mask of shape (event,).

    Args:
        path: the dataset, for errors.
        split: its column ``HH4B/split``, None if it has none.
        part: ``training``, ``testing`` or ``all``.
        rows: number of events.

    Raises:
        ConfigError: for an unknown part.
        ContractError: if a part is asked for and the dataset is not divided.
    """
    if part not in PARTS:
        raise ConfigError(f"part {part!r}: must be one of {', '.join(PARTS)}")
    if part == "all":
        return np.ones(rows, np.bool_)
    if split is None:
        raise ContractError(
            f"{path}: column 'HH4B/split' is missing, so that the {part} part is not known;"
            " take --part all"
        )
    return np.asarray(split == PARTS.index(part))

"""The training and the testing events of a sample, by its column ``HH4B/split``."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hh4b.core.errors import ConfigError, ContractError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Part = Literal["training", "testing", "all"]
PARTS: tuple[Part, ...] = ("training", "testing", "all")


def part_mask(
    path: Path | str, split: "NDArray[np.int8] | None", part: str, rows: int
) -> "NDArray[np.bool_]":
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
    # Settings of stages name parts, and the command line loads them without NumPy.
    import numpy as np

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

"""What events of other generators must be to make one sample, whatever file they are in."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, InputFileError

#: Relative difference of cross sections of files of one sample.
_SAME_PROCESS = 0.2


def require_enough(files: Sequence[str], found: int, wanted: int | None) -> None:
    """Check that files have as many events as are asked for; None = all that there are.

    Raises:
        InputFileError: with both numbers.
    """
    if wanted is not None and found < wanted:
        raise InputFileError(
            f"{', '.join(files)}: {found} events together, but {wanted} were asked for; give more"
            " files or ask for fewer events"
        )


def require_one_process(cross_sections_pb: Sequence[tuple[Path | str, float]]) -> None:
    """Check that files are of one process: events of all are taken as one sample.

    Args:
        cross_sections_pb: of each file.

    Raises:
        ContractError: naming the first file of another process.
    """
    first, one = cross_sections_pb[0]
    for path, other in cross_sections_pb[1:]:
        if abs(one - other) > _SAME_PROCESS * max(abs(one), abs(other)):
            raise ContractError(
                f"{path}: its cross section is {other:g} pb, that of {first} {one:g} pb; files of"
                " one sample are runs of one process, make a sample of each process"
            )


def require_same_names(names: Sequence[tuple[Path | str, Sequence[str]]]) -> None:
    """Check that files have the same named weights.

    Raises:
        ContractError: naming a weight that one of them lacks.
    """
    first, ours = names[0]
    for path, theirs in names[1:]:
        if set(theirs) != set(ours):
            name = sorted(set(theirs) ^ set(ours))[0]
            raise ContractError(
                f"{path} and {first}: only one of them has the weight {name!r}; files of one"
                " sample have the same weights"
            )


def require_signs(path: Path | str, weights: NDArray[np.float64], *, allowed: bool) -> None:
    """Check that there are no negative weights, unless they are meant.

    Raises:
        ContractError: with their number.
    """
    negative = weights < 0
    if negative.any() and not allowed:
        raise ContractError(
            f"{path}: {negative.sum()} of {len(negative)} events have negative weights, the first"
            f" is event {int(np.argmax(negative))}; if they are meant, write"
            " allow_negative_weights: true (--allow-negative-weights)"
        )

"""What a kind of file is, and where the repository has good ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        suffix: of its name.
        good: bytes of a file that is whole.
        damage: writes a damaged file; returns whether no reader may take it.
        read: what reads it.
    """

    suffix: str
    good: bytes
    damage: Callable[[np.random.Generator, Path], bool]
    read: Callable[[Path], Any]


def of_bytes(data, damage):
    """Return a damage that may leave a good file."""

    def write(rng, path):
        path.write_bytes(damage(rng, data))
        return False

    return write

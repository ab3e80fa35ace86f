"""What a kind of file is, and where the repository has good ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
#: Numbers at every place of an event, of every kind.
REGRESSIONS = """REGRESSIONS:
  EVENT: [m_hh, [p_z, laplacian]]
  h1: {PARTICLE: [[energy, log_gaussian]], b2: [pt]}
"""


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


def event_with_regressions(folder):
    """Return a description of events with numbers to be predicted, and its file."""
    from hh4b.spanet.event import EventDescription

    path = folder / "event_with_regressions.yaml"
    plain = (ROOT / "config/spanet/event.yaml").read_text()
    path.write_text(plain.replace("REGRESSIONS:\n", REGRESSIONS))
    described = EventDescription.read(path)
    assert len(described.regressions) == 4
    return described, path

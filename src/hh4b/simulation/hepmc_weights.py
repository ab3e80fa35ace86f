"""Weights and cross sections of HepMC events."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, InputFileError
from hh4b.simulation.hepmc_text import EventLines, event_lines

Floats = NDArray[np.float64]
#: Name of a weight that has none.
UNNAMED = "Weight"
#: Lines that speak of weights, cross sections and names, beside that of the event.
_KEYS = frozenset("WNCA")
_QUOTED = re.compile(r'"([^"]*)"')
_CROSS_SECTION = ("C ", "A 0 GenCrossSection ")
#: Place of the number of random states in the line of an event of version 2.
_RANDOM = 11


@dataclass(frozen=True)
class FileWeights:
    """What a file says of its weights.

    Attributes:
        names: of the weights of an event, in their order.
        counts: number of the weight that counts.
        nominal: this weight of each event, shape (N,).
        sums: of each weight over the first events that were asked for, shape (weight,).
        cross_section_pb: as the last event states it, None where it states none.
    """

    names: tuple[str, ...]
    counts: int
    nominal: Floats
    sums: Floats
    cross_section_pb: float | None


def survey(path: Path | str, weight: str | None, events: int | None) -> FileWeights:
    """Read the weights of all events of a file.

    Args:
        path: the file.
        weight: name of the weight that counts; None = the first.
        events: sum the weights of so many; None = of all.

    Raises:
        InputFileError: if the file is missing, cut or damaged.
        ContractError: if it has no such weight, or not in every event.
    """
    names: tuple[str, ...] = ()
    nominal: list[float] = []
    sums, counts, stated = np.zeros(0), 0, None
    for number, lines in enumerate(event_lines(path, _KEYS)):
        try:
            values, stated = weights_of(lines), cross_section_of(lines) or stated
            found = names_of(lines, len(values))
        except (ValueError, IndexError) as error:
            raise InputFileError(
                f"{path}: event {number} is not HepMC text: {error}; make it again"
            ) from error
        if number == 0:
            names, sums = found, np.zeros(len(found))
            counts = _number(weight, names, path)
        if found != names:
            raise ContractError(f"{path}: event {number} has other weights than the first event")
        nominal.append(values[counts])
        if events is None or number < events:
            sums += values
    return FileWeights(names, counts, np.array(nominal), sums, stated)


def _number(weight: str | None, names: tuple[str, ...], path: Path | str) -> int:
    if weight is None:
        return 0
    if names.count(weight) != 1:
        there = ", ".join(names[:20])
        raise ContractError(
            f"{path}: weight {weight!r} is not there once; the weights are {there}"
            f"{', …' if len(names) > 20 else ''}"
        )
    return names.index(weight)


def weights_of(event: EventLines) -> list[float]:
    """Return the weights of an event; 1 where it has none.

    Raises:
        ValueError: if one is no finite number.
        IndexError: if the line of the event is too short.
    """
    if event.version == 3:
        words = next((line.split()[1:] for line in event.lines if line.startswith("W ")), [])
    else:
        head = event.lines[0].split()
        place = _RANDOM + 1 + int(head[_RANDOM])
        words = head[place + 1 :]
        if place <= _RANDOM or len(words) != int(head[place]):
            raise ValueError(f"{len(words)} weights, but the event says {head[place]}")
    values = [float(word) for word in words] or [1.0]
    if any("_" in word for word in words) or not np.isfinite(values).all():
        raise ValueError("a weight is not a finite number")
    return values


def names_of(event: EventLines, n_weights: int) -> tuple[str, ...]:
    """Return the names of the weights of an event.

    Raises:
        ValueError: if there are not as many names as weights.
    """
    names = list(_names(event, n_weights))
    if not names:
        return (UNNAMED, *(str(number) for number in range(1, n_weights)))
    if len(names) != n_weights:
        raise ValueError(f"{n_weights} weights in the event, but {len(names)} names")
    return tuple(names)


def _names(event: EventLines, n_weights: int) -> Iterator[str]:
    if event.version == 2:
        for line in event.lines:
            if line.startswith("N "):
                yield from _QUOTED.findall(line)
        return
    # A line break between names is written \|, a backslash twice.
    parts = re.split(r"(\\.)", event.weights)
    names = "".join({"\\|": "\n", "\\\\": "\\"}.get(part, part) for part in parts).split("\n")
    if len(names) == 1 and names[0].count(" ") == n_weights - 1 > 0:
        names = names[0].split(" ")
    yield from (name for name in names if name)


def cross_section_of(event: EventLines) -> float | None:
    """Return the cross section that an event states in pb, None if it knows none.

    Raises:
        ValueError: if it is no finite number.
    """
    for line in event.lines:
        if line.startswith(_CROSS_SECTION):
            value = float(line.split()[1 if line[0] == "C" else 3])
            if not np.isfinite(value):
                raise ValueError("the cross section is not a finite number")
            return value if value > 0 else None
    return None

"""The text of Les Houches event files: header, events, numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import InputFileError

Floats = NDArray[np.float64]
END = b"</LesHouchesEvents>"


def read_head(stream: IO[bytes], path: Path | str) -> tuple[bytes, tuple[list[bytes], list[bytes]]]:
    """Return everything before ``<init>``, and the words of beams and (first) process."""
    header: list[bytes] = []
    for line in stream:
        if line.strip() == b"<init>":
            break
        header.append(line)
        if len(header) == 1 and not line.startswith((b"<LesHouchesEvents", b"<?xml")):
            raise InputFileError(f"{path} is not an LHE file: it starts with {line[:40]!r}")
    words = next(stream, b"").split(), next(stream, b"").split()
    for line in stream:
        if line.startswith(b"</init"):
            return b"".join(header), words
    raise InputFileError(f"{path} is cut in the middle, or no LHE file: no <init>; make it again")


def event_blocks(stream: IO[bytes], path: Path | str) -> Iterator[list[bytes]]:
    """Yield the lines of each event; tell if the file ends too early."""
    block: list[bytes] = []
    inside = False
    for line in stream:
        if line.startswith(b"<event"):
            block, inside = [], True
        elif line.startswith(b"</event"):
            yield block
            inside = False
        elif inside:
            block.append(line)
        elif line.startswith(END):
            return
    raise InputFileError(f"{path} is cut in the middle: no {END.decode()}; make it again")


def numbers(lines: list[bytes], columns: int) -> Floats:
    """Parse lines of ``columns`` numbers each, shape (lines, columns)."""
    words = b" ".join(lines).split()
    return np.fromiter(map(float, words), np.float64, len(words)).reshape(len(lines), columns)

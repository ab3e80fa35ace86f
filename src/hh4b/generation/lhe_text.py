"""The text of Les Houches event files: header, events, numbers.

Tags may be indented and have attributes, lines may end as on other systems, and a mark of the byte
order may stand first: programs write all of these.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import InputFileError

Floats = NDArray[np.float64]
END = b"</LesHouchesEvents>"
# By whether an event has begun: tags that cannot stand there.
_GROUP = {b"eventgroup": "groups of events cannot be read, write single ones"}
_MISPLACED = {
    False: {b"/event": "an event ends here that has not begun", **_GROUP},
    True: {
        b"event": "it has no end, </event>, before the next one begins",
        END[1:-1]: "it has no end, </event>, before the file ends",
        **_GROUP,
    },
}
_BEGIN, _END = b"<event>\n", b"</event>\n"
# Found without a look into the line.
_COMMON = {_BEGIN: b"event", _END: b"/event"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_STARTS = (b"<LesHouchesEvents", b"<?xml", b"<!")
#: How files of this package begin.
OPENING = '<LesHouchesEvents version="3.0">\n<header>\n<hh4b>\n'
# A file that is no text, or unpacks to nothing but zeros, has lines that no memory holds.
_LINE_BYTES_MAX = 1 << 24
_CHUNK_BYTES = 1 << 18


def lines_of(stream: IO[bytes], path: Path | str) -> Iterator[bytes]:
    """Yield the lines of a file.

    Raises:
        InputFileError: if a line is too long for text.
    """
    rest = b""
    while chunk := stream.read(_CHUNK_BYTES):
        lines = (rest + chunk).splitlines(keepends=True)
        # A line may go on in the next chunk, be it only with the second mark of its end.
        rest = lines.pop()
        _check_length(rest, path)
        yield from lines
    if rest:
        yield rest


def short_lines(stream: IO[bytes], path: Path | str) -> Iterator[bytes]:
    """Yield the lines of a file one by one, so that what follows is left in the stream.

    Raises:
        InputFileError: if a line is too long for text.
    """
    while line := stream.readline(_LINE_BYTES_MAX + 1):
        _check_length(line, path)
        yield line


def _check_length(line: bytes, path: Path | str) -> None:
    if len(line) > _LINE_BYTES_MAX:
        raise InputFileError(
            f"{path} is not an LHE file: a line has more than {_LINE_BYTES_MAX} bytes"
        )


def read_head(
    lines: Iterator[bytes], path: Path | str
) -> tuple[bytes, tuple[list[bytes], list[bytes]]]:
    """Return everything before ``<init>``, and the words of beams and (first) process.

    Raises:
        InputFileError: if the file does not begin as a Les Houches file, or has no ``<init>``.
    """
    header: list[bytes] = []
    started = False
    for raw in lines:
        line = raw.removeprefix(_BYTE_ORDER_MARK) if not header else raw
        header.append(line)
        if not started and line.strip():
            started = True
            if not line.lstrip().startswith(_STARTS):
                raise InputFileError(f"{path} is not an LHE file: it starts with {line[:40]!r}")
        if tag_of(line) == b"init":
            words = _init(lines)
            if words is not None:
                return b"".join(header[:-1]), words
            break
    raise InputFileError(
        f"{path} is cut in the middle, or no LHE file: no whole <init>; make it again"
    )


def _init(lines: Iterator[bytes]) -> tuple[list[bytes], list[bytes]] | None:
    """Return the words of the first two lines of numbers up to ``</init>``; None = it is cut."""
    words: list[list[bytes]] = []
    for line in lines:
        tag = tag_of(line)
        if tag == b"/init":
            return (words[0], words[1]) if len(words) > 1 else None
        if tag in (b"event", b"init"):
            return None
        if not tag and line.strip() and not line.lstrip().startswith(b"#"):
            words.append(line.split())
    return None


def tag_of(line: bytes) -> bytes:
    """Return the name of the tag that a line begins with; empty if it begins with none.

    >>> tag_of(b"  <event npNLO='0'>")
    b'event'
    >>> tag_of(b"</event>")
    b'/event'
    """
    text = line.lstrip()
    if not text.startswith(b"<"):
        return b""
    name = text[1:].partition(b">")[0].split(None, 1)
    return name[0] if name else b""


def event_blocks(lines: Iterator[bytes], path: Path | str) -> Iterator[list[bytes]]:
    """Yield the lines of each event: its head, its particles, and what follows them.

    Empty lines and comments before and between the particles are left out.

    Raises:
        InputFileError: if the file ends too early.
        ValueError: if an event does not end, or has not as many particles as it says.
    """
    block: list[bytes] = []
    inside = False
    number = 0
    for line in lines:
        # Most lines are of particles, and to look for tags takes longer.
        if b"<" not in line:
            if inside:
                block.append(line)
            continue
        tag = _COMMON.get(line) or tag_of(line)
        if tag in _MISPLACED[inside]:
            raise ValueError(f"event {number}: {_MISPLACED[inside][tag]}")
        if tag == b"event":
            inside = True
            block = [rest] if (rest := line.partition(b">")[2].strip()) else []
        elif tag == b"/event":
            yield _whole(block, number)
            inside = False
            number += 1
        elif tag == END[1:-1]:
            return
        elif inside:
            block.append(line)
    raise InputFileError(f"{path} is cut in the middle: no {END.decode()}; make it again")


def regular_blocks(
    stream: IO[bytes], first: int, count: int | None, last: int | None = None
) -> tuple[list[list[bytes]], int] | None:
    """Return the lines of the events asked for, as `event_blocks` yields them, and how many follow.

    For files whose events hold no tags, as this package writes them: all others are split and
    counted, not looked into, so that a job of a large file does not wait for those before it.

    Args:
        stream: behind ``</init>``.
        first: events to skip.
        count: events to take; None = all that follow.
        last: line of an event before which to stop; None = all its lines.

    Returns:
        None if the file is not like that, or cut: `event_blocks` says what is wrong.

    Raises:
        ValueError: if an event asked for has not as many particles as it says.
    """
    blocks: list[list[bytes]] = []
    number, rest = 0, b""
    while chunk := stream.read(_CHUNK_BYTES):
        text, end, rest = (rest + chunk).rpartition(_END)
        if not end:
            if len(rest) > _LINE_BYTES_MAX:
                return None
            continue
        size = text.count(_END) + 1
        if text.count(b"<") != 2 * size - 1:
            return None
        stop = size if count is None else min(first + count - number, size)
        for place in range(start := max(first - number, 0), stop):
            if place == start:
                events = text.split(_END)
            if not events[place].startswith(_BEGIN):
                return None
            lines = events[place][len(_BEGIN) :].splitlines(keepends=True)
            blocks.append(_whole(lines, number + place)[:last])
        number += size
    return (blocks, number) if rest.strip() == END else None


def _whole(block: list[bytes], number: int) -> list[bytes]:
    """Return an event that has as many lines of particles as it says."""
    words = block[0].split() if block else []
    if len(words) == 6 and len(block) == int(words[0]) + 1:
        return block
    numbered = [line for line in block if line.strip() and not line.lstrip().startswith(b"#")]
    end = next((i for i, line in enumerate(numbered) if tag_of(line)), len(numbered))
    words = numbered[0].split() if end else [b"0"]
    size = int(words[0])
    if size < 1 or end != size + 1:
        raise ValueError(
            f"event {number} says it has {size} particles, but {max(end - 1, 0)} stand there"
        )
    # What follows the particles keeps its comments.
    last = next(i for i, line in enumerate(block) if line is numbered[size])
    return [*numbered[: size + 1], *block[last + 1 :]]


def numbers(lines: list[bytes], columns: int) -> Floats:
    """Parse lines of ``columns`` numbers each, shape (lines, columns).

    Raises:
        ValueError: if a word is no number, or a line has another number of words.
    """
    text = b" ".join(lines)
    if b"_" in text:  # which Python allows in numbers
        raise ValueError("a number with '_'")
    words = text.split()
    return np.fromiter(map(float, words), np.float64, len(words)).reshape(len(lines), columns)

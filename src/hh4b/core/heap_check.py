"""Whether the texts of an HDF5 file can be read: damage there that HDF5 never comes back from.

Texts of any length lie in collections, each a chain of entries that say how long they are. HDF5
follows the chain without a look at its lengths, and one of zero keeps it in place for ever. An
attribute says once more how long its texts are, and HDF5 fills as much memory before it reads them.
"""

import mmap
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
_HEAD = struct.Struct("<8sQ")
_ENTRY = struct.Struct("<HHIQ")
#: Before the name of an attribute: version, a byte, and the sizes of its name, type and dimensions.
_ATTRIBUTE = struct.Struct("<BBHHH")
#: Of the newest version, whose encoding follows.
_WITH_ENCODING = 3
#: Length of a text, and the place of its collection and its number there.
_TEXT = struct.Struct("<IQI")
#: Bytes at either end of a file that are looked at: attributes are written first or last.
_LOOKED_AT = 1 << 26
#: Where attributes nearly always are: a look at all of the above for every name would take longer
#: than to read a small file.
_NEAR = 1 << 16


def require_sound_texts(path: Path | str, texts: Mapping[str, int]) -> None:
    """Follow all chains at both ends of a file, and look at the lengths of the texts there.

    Args:
        path: the file.
        texts: attributes that are texts of any length, with the number of texts in each.

    Raises:
        ValueError: if an entry is shorter than its own head, or longer than its collection, or a
            text is longer than the file.
        OSError: if the file cannot be read.
    """
    with (
        Path(path).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        for start, end in _ends(len(data), _LOOKED_AT):
            _follow(data, start, end)
        for name, count in texts.items():
            for place in _places(data, name):
                _require_possible_lengths(data, place, count)


def _ends(size: int, reach: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first and the last bytes of a file, each once."""
    return (0, min(size, reach)), (max(reach, size - reach), size)


def _follow(data: mmap.mmap, start: int, end: int) -> None:
    place = data.find(_SIGNATURE, start, end)
    while place >= 0:
        if place + _HEAD.size <= len(data):
            _, size = _HEAD.unpack_from(data, place)
            # Others are not collections, or HDF5 itself says what is wrong.
            if _HEAD.size < size <= len(data) - place:
                _follow_one(data, place, size)
        place = data.find(_SIGNATURE, place + 1, end)


def _follow_one(data: mmap.mmap, place: int, size: int) -> None:
    here = _HEAD.size
    while here + _ENTRY.size <= size:
        index, _, _, length = _ENTRY.unpack_from(data, place + here)
        # Entry 0 is the free space, whose length counts its head; texts begin at multiples of 8.
        taken = _ENTRY.size + (length + 7) // 8 * 8 if index else length
        if taken < _ENTRY.size or here + taken > size:
            raise ValueError("texts do not follow each other")
        here += taken


def _places(data: mmap.mmap, name: str) -> list[int]:
    """Return where the values of attributes of this name begin."""
    word = name.encode() + b"\x00"
    for reach in (_NEAR, _LOOKED_AT):
        ends = _ends(len(data), reach)
        found = [place for start, end in ends for place in _attributes(data, word, start, end)]
        if found:
            return found
    return []


def _attributes(data: mmap.mmap, word: bytes, start: int, end: int) -> Iterator[int]:
    place = data.find(word, start, end)
    while place >= 0:
        for more in (0, 1):
            head = place - _ATTRIBUTE.size - more
            if head < 0:
                continue
            version, _, size, kind, dimensions = _ATTRIBUTE.unpack_from(data, head)
            if size != len(word) or (version == _WITH_ENCODING) != bool(more):
                continue
            parts = (size, kind, dimensions)
            # The first version fills each part up to a multiple of 8.
            yield place + sum((n + 7) // 8 * 8 if version == 1 else n for n in parts)
        place = data.find(word, place + 1, end)


def _require_possible_lengths(data: mmap.mmap, place: int, count: int) -> None:
    there = max(0, len(data) - place) // _TEXT.size
    for number in range(min(count, there)):
        length, _, _ = _TEXT.unpack_from(data, place + number * _TEXT.size)
        if length > len(data):
            raise ValueError("a text is longer than the file")

"""Whether the texts of an HDF5 file can be read: damage there that HDF5 never comes back from.

Texts of any length lie in collections, each a chain of entries that say how long they are. HDF5
follows the chain without a look at its lengths, and one of zero keeps it in place for ever.
"""

import mmap
import struct
from pathlib import Path

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
_HEAD = struct.Struct("<8sQ")
_ENTRY = struct.Struct("<HHIQ")
#: Bytes at either end of a file that are looked at: attributes are written first or last.
_LOOKED_AT = 1 << 26


def require_sound_heaps(path: Path | str) -> None:
    """Follow all chains at both ends of a file.

    Raises:
        ValueError: if an entry is shorter than its own head, or longer than its collection.
        OSError: if the file cannot be read.
    """
    with (
        Path(path).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        _follow(data, 0, min(len(data), _LOOKED_AT))
        _follow(data, max(_LOOKED_AT, len(data) - _LOOKED_AT), len(data))


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

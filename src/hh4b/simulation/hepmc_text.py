"""The text of HepMC event files of versions 2 and 3: unpacked, and cut into events.

What is read is the listing that HepMC3 calls Asciiv3 (arXiv:1912.08005) and that of version 2,
IO_GenEvent, plain or packed by gzip or zstd. Files that were simply put one behind the other are
one file with several listings.
"""

import gzip
import io
import zlib
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from hh4b.core.errors import InputFileError

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
#: By the word in front of ``-START_EVENT_LISTING``.
_VERSIONS = {"Asciiv3": 3, "IO_GenEvent": 2}
_LINE_MAX = 1 << 22


@dataclass(frozen=True)
class EventLines:
    """The text of an event.

    Attributes:
        version: of the listing, 2 or 3.
        lines: from that of the key ``E`` on.
        weights: text of the line of the run that names the weights (version 3), or empty.
    """

    version: int
    lines: list[str]
    weights: str


@contextmanager
def _unpacked(path: Path | str) -> Iterator[IO[str]]:
    with Path(path).open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        stream: Any = raw
        if start.startswith(_GZIP):
            stream = gzip.GzipFile(fileobj=raw)
        elif start == _ZSTD:
            # Only files that are packed so need it.
            import zstandard

            # Another block may follow, as where packed files were put together.
            stream = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        with io.TextIOWrapper(io.BufferedReader(stream, 1 << 20), encoding="utf-8-sig") as text:
            yield text


@contextmanager
def one_line_errors(path: Path | str) -> Iterator[None]:
    """Turn what goes wrong with the bytes of a file into one line.

    Raises:
        InputFileError: if the file is missing, cut, damaged or no text.
    """
    try:
        yield
    except (EOFError, zlib.error) as error:
        raise InputFileError(f"{path} is cut in the middle; make it again") from error
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputFileError(f"{path} is not HepMC text: it is not UTF-8") from error
    except ValueError as error:
        raise InputFileError(f"{path} is not HepMC text: {error}; make it again") from error
    except Exception as error:
        # zstandard need not be loaded, so that its error has no name here.
        if type(error).__module__.partition(".")[0] != "zstandard":
            raise
        raise InputFileError(f"{path} is damaged ({error}); make it again") from error


def event_lines(path: Path | str, keys: Container[str] | None = None) -> Iterator[EventLines]:
    """Yield the text of each event of a file.

    Args:
        path: plain, or packed by gzip or zstd, by its content.
        keys: keep lines of these keys (and that of the event) only; None = all.

    Raises:
        InputFileError: if the file is missing, cut in the middle or no HepMC text, or holds no
            event.
    """
    with one_line_errors(path), _unpacked(path) as text:
        found = False
        for event in _listed(iter(partial(text.readline, _LINE_MAX), ""), keys, path):
            found = True
            yield event
    if not found:
        raise InputFileError(f"{path} holds no event")


def _listed(
    lines: Iterator[str], keys: Container[str] | None, path: Path | str
) -> Iterator[EventLines]:
    # Outside of a listing the version is 0.
    version, listings, weights = 0, 0, ""
    block: list[str] = []
    for line in lines:
        key = line[:2]
        if len(line) == _LINE_MAX:
            raise ValueError(f"a line has more than {_LINE_MAX} characters")
        if version and key not in ("E ", "He"):
            if block:
                if keys is None or key[:1] in keys:
                    block.append(line)
            elif key == "W ":
                weights = line[2:].rstrip("\n")
            continue
        if block:
            yield EventLines(version, block, weights)
            block = []
        if version and key == "E ":
            block = [line]
        elif line.startswith("HepMC::"):
            version = _listing(line, version)
            listings += version > 0
            weights = "" if version else weights
        elif line.strip():
            raise ValueError(f"{line[:40]!r} stands outside of the listing of events")
    if version or not listings:
        raise InputFileError(f"{path} is cut in the middle: no end of the event listing")


def _listing(line: str, version: int) -> int:
    """Return the version of the listing that a line begins, 0 if it ends one or says nothing."""
    name, _, what = line.strip().removeprefix("HepMC::").partition("-")
    if what == "START_EVENT_LISTING":
        if version:
            raise ValueError("a listing of events begins within another")
        if name not in _VERSIONS:
            raise ValueError(f"a listing {name} is not read; write HepMC3 (Asciiv3)")
        return _VERSIONS[name]
    if what == "END_EVENT_LISTING" and _VERSIONS.get(name) != version:
        raise ValueError(f"a listing {name} ends that has not begun")
    if not what and version:
        raise ValueError("a file begins within the listing of events of another")
    return 0

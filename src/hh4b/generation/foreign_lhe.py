"""Les Houches files of other generators: their header, their named weights, their text.

What this package writes has one convention of weights and no more than `hh4b.generation.lhe` reads.
Files of others have any of the conventions, any number of processes, and weights by name, of scales
and parton densities for instance, whose groups and names are kept.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, InputFileError

Floats = NDArray[np.float64]
_PROTON = 2212
#: Weights of one absolute value: their sign alone says something.
_SAME_SIZE = 1e-6
_INITRWGT = re.compile(rb"<initrwgt\b[^>]*>(.*?)</initrwgt>", re.DOTALL)
_IDS = re.compile(rb"<weight\b[^>]*?\bid\s*=\s*(?:'([^']*)'|\"([^\"]*)\")")
_WGT = re.compile(rb"<wgt\b[^>]*?\bid\s*=\s*(?:'([^']*)'|\"([^\"]*)\")[^>]*>([^<]*)</wgt>")
_WEIGHTS = re.compile(rb"<weights\b[^>]*>([^<]*)</weights>")
_SCALES = re.compile(rb"<scales\b[^>]*?(?:/>|>[^<]*</scales>)")


@dataclass(frozen=True)
class ForeignHead:
    """What stands before the events.

    Attributes:
        sqrt_s_gev: energy of both beams together.
        lhapdf_id: number of the parton densities in LHAPDF's index, of the first beam.
        cross_section_pb: summed over the processes of the file.
        cross_section_error_pb: its statistical error.
        weight_groups: inner text of ``<initrwgt>``, empty where there is none.
        weight_ids: of the named weights, in the order of the header.
    """

    sqrt_s_gev: float
    lhapdf_id: int
    cross_section_pb: float
    cross_section_error_pb: float
    weight_groups: bytes
    weight_ids: tuple[str, ...]


@contextmanager
def open_lhe(path: Path | str) -> Iterator[IO[bytes]]:
    """Open a Les Houches file, plain or gzipped, and turn what goes wrong with it into one line.

    Raises:
        InputFileError: if the file is missing, cut, or its numbers are none.
    """
    try:
        with Path(path).open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            plain: Any = gzip.GzipFile(fileobj=raw) if zipped else raw
            with io.BufferedReader(plain, 1 << 20) as stream:
                yield stream
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise InputFileError(f"{path} is cut in the middle ({error}); make it again") from error
    except (ValueError, IndexError) as error:
        raise InputFileError(f"{path} is not a valid LHE file: {error}; make it again") from error


def read_foreign_head(stream: IO[bytes], path: Path | str) -> ForeignHead:
    """Read everything before the first event; the stream then stands behind ``</init>``.

    Raises:
        InputFileError: if there is no whole ``<init>``.
        ContractError: if the beams are not protons.
        ValueError: if a number is none.
    """
    header = b"".join(_until(stream, b"<init", path))
    lines = [
        line.split()
        for line in _until(stream, b"</init", path)
        if line.strip() and line.lstrip()[:1] not in (b"<", b"#")
    ]
    if not lines or len(lines[0]) < 10 or len(lines) <= int(lines[0][9]):
        raise InputFileError(f"{path}: <init> is not whole; make the file again")
    beams = lines[0]
    if (kinds := (int(beams[0]), int(beams[1]))) != (_PROTON, _PROTON):
        raise ContractError(f"{path}: beams are {kinds}, expected protons, {_PROTON} twice")
    processes = np.array([line[:2] for line in lines[1 : 1 + int(beams[9])]], dtype=np.float64)
    found = _INITRWGT.search(header)
    groups = found[1].strip() if found else b""
    return ForeignHead(
        sqrt_s_gev=float(beams[2]) + float(beams[3]),
        lhapdf_id=int(beams[6]),
        cross_section_pb=float(processes[:, 0].sum()),
        cross_section_error_pb=float(np.hypot.reduce(processes[:, 1])),
        weight_groups=groups,
        weight_ids=tuple(_name(one) for one in _IDS.findall(groups)),
    )


def _until(stream: IO[bytes], tag: bytes, path: Path | str) -> Iterator[bytes]:
    """Yield the lines before a line that begins with a tag."""
    for line in stream:
        start = line.lstrip()
        if start.startswith(tag) and not start[len(tag) : len(tag) + 1].isalnum():
            return
        yield line
    raise InputFileError(
        f"{path} is cut in the middle, or no LHE file: no {tag.decode()}>; make it again"
    )


def normalisation(weights: Floats, cross_section_pb: float, path: Path | str) -> float:
    """Return the factor that makes the mean of the weights the cross section of the file.

    Conventions differ: weights in pb whose mean or whose sum is the cross section, or plus and
    minus one. Signs stay, so that the mean is that of signed weights.

    Args:
        weights: of all events of the file, shape (N,).
        cross_section_pb: of its header; not positive = unknown, and weights are taken as they are
            if they differ in size.
        path: for messages.

    Raises:
        ContractError: if the signed weights do not sum to a positive number.
    """
    mean = float(weights.mean()) if len(weights) else 0.0
    if not (np.isfinite(mean) and mean > 0):
        raise ContractError(
            f"{path}: the weights of {len(weights)} events sum to {weights.sum():g}; signed weights"
            " must have a positive sum, take more events or another file"
        )
    if cross_section_pb > 0:
        return cross_section_pb / mean
    size = np.abs(weights)
    if np.ptp(size) <= _SAME_SIZE * size.max():
        raise ContractError(
            f"{path}: <init> has no cross section and the weights are all of one size; the file"
            " does not say what it is normalised to, write the cross section into <init>"
        )
    return 1.0


def named_weights(tail: bytes, ids: Sequence[str]) -> dict[str, float]:
    """Return the weights of an event by name.

    Args:
        tail: text of the event behind its particles.
        ids: names of the header, which a list without names follows.

    Raises:
        ValueError: if a weight is no number, or a list without names has another length.
    """
    found = {_name(one[:2]): float(one[2]) for one in _WGT.findall(tail)}
    compressed = _WEIGHTS.search(tail)
    if not found and compressed:
        values = compressed[1].split()
        if len(values) != len(ids):
            raise ValueError(f"{len(values)} weights in an event, but {len(ids)} in the header")
        found = dict(zip(ids, map(float, values), strict=True))
    return found


def event_text(
    block: list[bytes], weight: float, factor: float, ids: Sequence[str]
) -> tuple[bytes, dict[str, float]]:
    """Return an event as this package writes it, and its named weights.

    Particles stay as they are written, with spins and lifetimes; comments and what single programs
    note for themselves go.

    Args:
        block: lines between the tags.
        weight: of the event, factor included.
        factor: on the named weights.
        ids: names of the header.

    Raises:
        ValueError: if a weight is no number, or is not among the names.
    """
    words = block[0].split()
    size = int(words[0])
    rest = b"".join(block[size + 1 :])
    others = {name: factor * value for name, value in named_weights(rest, ids).items()}
    if ids and tuple(sorted(others)) != tuple(sorted(ids)):
        wrong = sorted(set(others) ^ set(ids))
        raise ValueError(f"weight {wrong[0]!r} is in the header or in an event, but not in both")
    if not np.isfinite([weight, *others.values()]).all():
        raise ValueError("a weight is not a finite number")
    head = b"%s 1 %.10e %s\n" % (words[0], weight, b" ".join(words[3:6]))
    lines = [b" " + b" ".join(line.split()) + b"\n" for line in block[1 : size + 1]]
    if scales := _SCALES.search(rest):
        lines.append(b" ".join(scales[0].split()) + b"\n")
    if others:
        lines.append(b"<rwgt>\n")
        lines += [b"<wgt id='%s'> %.10e </wgt>\n" % (k.encode(), v) for k, v in others.items()]
        lines.append(b"</rwgt>\n")
    return b"".join([b"<event>\n", head, *lines, b"</event>\n"]), others


def _name(groups: tuple[bytes, ...]) -> str:
    """Return the one of two groups of an expression that matched."""
    return next((group for group in groups if group), b"").decode("utf-8", "replace")

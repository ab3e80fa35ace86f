"""Les Houches event files (version 3.0, arXiv:hep-ph/0609017 and arXiv:1405.1067) as arrays.

Weights follow ``IDWTUP = -4``: in pb, and their mean over the events of the file is the cross
section. The header carries the provenance in an element ``<hh4b>``.
"""

import gzip
import io
import math
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance, atomic_path
from hh4b.core.strict_json import parse_json
from hh4b.generation.lhe_checks import check_events, check_whole_numbers, located
from hh4b.generation.lhe_text import (
    END,
    OPENING,
    event_blocks,
    lines_of,
    numbers,
    read_head,
    regular_blocks,
    short_lines,
)
from hh4b.generation.pdf import DEFAULT_LHAPDF_ID

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

_EVENTS_PER_WRITE = 4096
# Two proton beams; weights as written are to be used, and average to the cross section.
_INIT = "<init>\n2212 2212 {beam} {beam} 0 0 {pdf} {pdf} -4 1\n{sigma} {error} {largest} 1\n</init>"
_PARTICLE = " {} {} {} {} {} {} %.10e %.10e %.10e %.10e %.10e 0 9\n"


@dataclass(frozen=True)
class LheEvents:
    """N parton-level events of at most P particles; the integer arrays may be broadcast views.

    Attributes:
        pid: PDG numbers, shape (N, P); 0 fills up events with fewer particles, at the end.
        status: -1 incoming, 2 decayed, 1 final, shape (N, P).
        mothers: first and last mother, counted from 1, 0 = none, shape (N, P, 2).
        colours: colour and anticolour line, 0 = none, shape (N, P, 2).
        momenta: (E, px, py, pz) in GeV, shape (N, P, 4).
        masses: in GeV, shape (N, P).
        weights: in pb, shape (N,).
        scales: scale of the hard process in GeV, shape (N,).
        alpha_s: strong coupling at that scale, shape (N,).
    """

    pid: Integers
    status: Integers
    mothers: Integers
    colours: Integers
    momenta: Floats
    masses: Floats
    weights: Floats
    scales: Floats
    alpha_s: Floats

    def __post_init__(self) -> None:
        """Check that the shapes belong together."""
        n_events, n_particles = self.pid.shape
        tails = {"mothers": (2,), "colours": (2,), "momenta": (4,)}
        for item in fields(self):
            if item.name in ("weights", "scales", "alpha_s"):
                wanted: tuple[int, ...] = (n_events,)
            else:
                wanted = (n_events, n_particles, *tails.get(item.name, ()))
            if (got := getattr(self, item.name).shape) != wanted:
                raise ContractError(f"LheEvents.{item.name} has shape {got}, expected {wanted}")

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.pid)

    def select(self, rows: slice | Integers) -> "LheEvents":
        """Return the events of a slice or an index array."""
        return LheEvents(*(getattr(self, item.name)[rows] for item in fields(self)))


@dataclass(frozen=True)
class LheFile:
    """What `read_lhe` gives.

    Attributes:
        events: the events asked for.
        n_events_file: number of events in the whole file.
        cross_section_pb: the file's total, from ``<init>``.
        cross_section_error_pb: its statistical error.
        provenance: content of ``<hh4b>``; empty for files of other programs.
        sqrt_s_gev: energy of the two beams together, from ``<init>``.
        lhapdf_ids: numbers of both beams' parton densities in LHAPDF's index.
        text: of a file with these events alone, if it was asked for; empty if the events hold tags,
            as those of other programs may.
    """

    events: LheEvents
    n_events_file: int
    cross_section_pb: float
    cross_section_error_pb: float
    provenance: dict[str, Any]
    sqrt_s_gev: float
    lhapdf_ids: tuple[int, int]
    text: bytes = b""


def write_lhe(
    path: Path | str,
    events: LheEvents,
    *,
    sqrt_s_gev: float,
    cross_section_error_pb: float,
    provenance: Provenance,
    lhapdf_id: int = DEFAULT_LHAPDF_ID,
) -> None:
    """Write events as gzipped LHE 3.0, whole or not at all.

    Args:
        path: file to write.
        events: at least one event; the cross section is the mean of the weights.
        sqrt_s_gev: energy of the two proton beams together.
        cross_section_error_pb: statistical error of the cross section.
        provenance: goes into the header.
        lhapdf_id: number of the parton densities in LHAPDF's index.

    Raises:
        ContractError: if there is no event, or a weight or momentum that is not finite.
        InputFileError: if the file system refuses.
    """
    if len(events) == 0:
        raise ContractError(f"no event to write to {path}")
    for name in ("momenta", "masses", "weights", "scales", "alpha_s"):
        finite = np.isfinite(getattr(events, name)).reshape(len(events), -1).all(axis=1)
        if not finite.all():
            raise ContractError(f"{path}: {name} of event {np.argmin(finite)} is not finite")
    head = head_text(
        provenance,
        sqrt_s_gev=sqrt_s_gev,
        weights=events.weights,
        cross_section_error_pb=cross_section_error_pb,
        lhapdf_id=lhapdf_id,
    )
    # A fixed time and an empty name in the gzip header: equal events make equal files.
    with (
        atomic_path(path) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=2, fileobj=raw, mtime=0) as stream,
    ):
        stream.write(head.encode())
        for start in range(0, len(events), _EVENTS_PER_WRITE):
            block = events.select(slice(start, start + _EVENTS_PER_WRITE))
            stream.write(_format(block).encode())
        stream.write(END + b"\n")


def head_text(
    provenance: Provenance,
    *,
    sqrt_s_gev: float,
    weights: Floats,
    cross_section_error_pb: float,
    lhapdf_id: int = DEFAULT_LHAPDF_ID,
    more: str = "",
) -> str:
    """Return what stands before the events of a file of this package.

    Args:
        provenance: goes into the header.
        sqrt_s_gev: energy of the two proton beams together.
        weights: of all events in pb, shape (N,); their mean is the cross section.
        cross_section_error_pb: its statistical error.
        lhapdf_id: number of the parton densities in LHAPDF's index.
        more: further elements of the header.
    """
    # "<" and "&" would end the header element early; JSON may write them by their number.
    note = provenance.as_json().replace("<", "\\u003c").replace("&", "\\u0026")
    init = _INIT.format(
        beam=f"{sqrt_s_gev / 2:.8e}",
        pdf=lhapdf_id,
        sigma=f"{weights.mean():.10e}",
        error=f"{cross_section_error_pb:.10e}",
        largest=f"{np.abs(weights).max():.10e}",
    )
    return f"{OPENING}{note}\n</hh4b>\n{more}</header>\n{init}\n"


def _format(events: LheEvents) -> str:
    """Return the ``<event>`` elements of a block.

    Events with the same integers (particles, mothers, colour lines) share one format string, so
    that only floating-point numbers are formatted event by event.
    """
    n_events, n_particles = events.pid.shape
    integers = np.concatenate(
        [np.stack([events.pid, events.status], axis=-1), events.mothers, events.colours], axis=-1
    )
    kinds, kind = np.unique(integers.reshape(n_events, -1), axis=0, return_inverse=True)
    templates = []
    for rows in kinds.reshape(-1, n_particles, 6).tolist():
        particles = [_PARTICLE.format(*row) for row in rows if row[0] != 0]
        head = f"<event>\n{len(particles)} 1 %.10e %.8e -1 %.8e\n"
        templates.append((head + "".join(particles) + "</event>\n", 3 + 5 * len(particles)))
    heads = np.stack([events.weights, events.scales, events.alpha_s], axis=1)
    bodies = np.concatenate([events.momenta[..., [1, 2, 3, 0]], events.masses[..., None]], axis=-1)
    floats = np.concatenate([heads, bodies.reshape(n_events, -1)], axis=1)
    texts = []
    for index, row in zip(kind.ravel().tolist(), floats.tolist(), strict=True):
        template, length = templates[index]
        texts.append(template % tuple(row[:length]))
    return "".join(texts)


def read_lhe(
    path: Path | str,
    first: int = 0,
    count: int | None = None,
    *,
    particles: int | None = None,
    with_text: bool = False,
) -> LheFile:
    """Read events ``first`` to ``first + count`` of an LHE file, plain or gzipped.

    The file is followed to its end in any case, so that a cut one is found at once.

    Args:
        path: the file.
        first: events to skip.
        count: events to read; default: all that follow.
        particles: take the first ones of each event only, which saves time: the incoming partons
            come first; default: all.
        with_text: whether to keep the text of whole events, for a program that would read the file
            from its beginning; not together with ``particles``.

    Raises:
        InputFileError: if the file is missing, not LHE, cut, or has fewer events than asked for.
        ContractError: if a number of an event asked for cannot be meant.
    """
    try:
        with Path(path).open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            plain: Any = gzip.GzipFile(fileobj=raw) if zipped else raw
            with io.BufferedReader(plain, 1 << 20) as stream:
                texts = _texts(stream, (first, count, particles), path)
                return _read(texts, (first, count, particles), path, with_text=with_text)
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise InputFileError(f"{path} is cut in the middle ({error}); make it again") from error
    except (ValueError, IndexError, OverflowError, RecursionError) as error:
        raise InputFileError(f"{path} is not a valid LHE file: {error}; make it again") from error


class _Texts(NamedTuple):
    """The parts of a file.

    Attributes:
        header: all before ``<init>``.
        beams: words of the first line of ``<init>``.
        init: words of its second line, of the (first) process.
        blocks: lines of the events asked for, as far as asked for.
        n_events: number of events in the whole file.
        regular: whether its events hold no tags.
    """

    header: bytes
    beams: list[bytes]
    init: list[bytes]
    blocks: list[list[bytes]]
    n_events: int
    regular: bool

    def alone(self) -> bytes:
        """Return the text of a file with these events alone."""
        events = b"".join(b"".join([b"<event>\n", *one, b"</event>\n"]) for one in self.blocks)
        words = b"\n".join(b" ".join(line) for line in (self.beams, self.init))
        return b"%b<init>\n%b\n</init>\n%b%b\n" % (self.header, words, events, END)


#: First event, number of events, particles of each; None = all.
_Asked = tuple[int, int | None, int | None]


def _texts(stream: IO[bytes], asked: _Asked, path: Path | str) -> _Texts:
    first, count, particles = asked
    last = None if particles is None else particles + 1
    opening = OPENING.encode()
    own = stream.read(len(opening)) == opening
    stream.seek(0)
    if own:
        header, words = read_head(short_lines(stream, path), path)
        found = regular_blocks(stream, first, count, last)
        if found is not None:
            return _Texts(header, *words, *found, regular=True)
        stream.seek(0)
    lines = lines_of(stream, path)
    header, words = read_head(lines, path)
    wanted, n_events = [], 0
    for block in event_blocks(lines, path):
        if n_events >= first and (count is None or n_events < first + count):
            wanted.append(block[:last])
        n_events += 1
    return _Texts(header, *words, wanted, n_events, regular=False)


def _read(texts: _Texts, asked: _Asked, path: Path | str, *, with_text: bool) -> LheFile:
    first, count, particles = asked
    header, beams, init, wanted, n_events, regular = texts
    if n_events < first + (count or 0):
        raise InputFileError(
            f"{path} has {n_events} events, but events {first} to {first + (count or 0)} were"
            " asked for; generate more or ask for fewer"
        )
    note = header.partition(b"<hh4b>")[2].partition(b"</hh4b>")[0]
    sqrt_s = float(beams[2]) + float(beams[3])
    sigma, error = float(init[0]), float(init[1])
    if not (0 < sqrt_s < math.inf and math.isfinite(sigma) and math.isfinite(error)):
        raise ContractError(
            f"{path}: <init> has beams of {sqrt_s:g} GeV together and a cross section of {sigma:g}"
            f" +- {error:g} pb, expected finite numbers; make the file again"
        )
    with located(path, first):
        events = _parse(wanted, particles)
    return LheFile(
        events=events,
        n_events_file=n_events,
        cross_section_pb=sigma,
        cross_section_error_pb=error,
        provenance=_provenance(note, path),
        sqrt_s_gev=sqrt_s,
        lhapdf_ids=(int(beams[6]), int(beams[7])),
        text=texts.alone() if with_text and regular and particles is None else b"",
    )


def _provenance(note: bytes, path: Path | str) -> dict[str, Any]:
    """Return what the header of our files says of their making; empty where there is none."""
    try:
        return dict(parse_json(note)) if note.strip() else {}
    except (ValueError, TypeError) as error:
        raise InputFileError(
            f"{path}: the header <hh4b> is no JSON object ({error}); make the file again"
        ) from error


def _parse(blocks: list[list[bytes]], particles: int | None = None) -> LheEvents:
    """Turn event texts into arrays."""
    stated = np.array([int(block[0].split(None, 1)[0]) for block in blocks], dtype=np.intp)
    sizes = stated if particles is None else np.minimum(stated, particles)
    heads = numbers([block[0] for block in blocks], 6)
    lines = [
        line for block, size in zip(blocks, sizes, strict=True) for line in block[1 : size + 1]
    ]
    body = numbers(lines, 13)
    event = np.repeat(np.arange(len(blocks)), sizes)
    slot = np.arange(len(body)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    check_whole_numbers(body[:, :6], event)
    check_events(heads, body, event, slot, stated)
    table = np.zeros((len(blocks), sizes.max(initial=0), 13))
    table[event, slot] = body
    integers = table[..., :6].astype(np.int32)
    return LheEvents(
        pid=integers[..., 0],
        status=integers[..., 1],
        mothers=integers[..., 2:4],
        colours=integers[..., 4:6],
        momenta=table[..., [9, 6, 7, 8]],
        masses=table[..., 10],
        weights=heads[:, 2],
        scales=heads[:, 3],
        alpha_s=heads[:, 5],
    )

"""Read generator particles that other programs wrote: HepMC3 text, or flat HDF5 columns."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import InputFileError
from hh4b.core.table_file import TableFile, open_table
from hh4b.detector.particles import Floats, Integers, Particles, Partons, offsets_of, select_partons

_FLAT = ("pid", "status", "px", "py", "pz", "energy", "x", "y", "z")
_GEV = {"GEV": 1.0, "MEV": 1e-3}
_MM = {"MM": 1.0, "CM": 10.0}
# What HepMC2 has where HepMC3 text has "Asciiv3"; one writer puts version 3 above it.
_OLD = ("HepMC::IO_GenEvent", "HepMC::IO_Ascii")
_LINE_MAX = 1 << 22
_CODE_MAX = 2**31 - 1


@dataclass(frozen=True)
class GeneratorEvents:
    """Particle records; those of event i are rows ``offsets[i]:offsets[i+1]``.

    Attributes:
        offsets: shape (event + 1,).
        pid: PDG numbers, shape (particle,).
        status: HepMC status.
        momenta: px, py, pz, energy in GeV, shape (4, particle).
        vertices: production points x, y, z in mm, shape (3, particle).
    """

    offsets: Integers
    pid: NDArray[np.int32]
    status: NDArray[np.int32]
    momenta: Floats
    vertices: Floats

    @property
    def n_events(self) -> int:
        """Return the number of events."""
        return len(self.offsets) - 1

    def particles(self) -> Particles:
        """Return the final particles."""
        final = self.status == 1
        return Particles(
            offsets_of(final, self.offsets),
            self.pid[final],
            *self.momenta[:, final],
            *self.vertices[:, final],
        )

    def partons(self) -> Partons:
        """Return the quarks and gluons of the record."""
        px, py, pz, _ = self.momenta
        return select_partons(self.offsets, self.pid, self.status, (px, py, pz))


def read_generator_events(path: Path | str) -> GeneratorEvents:
    """Read ``.h5`` (see `read_flat`) or HepMC3 text, plain or gzipped, by the file's content.

    Raises:
        InputFileError: if the file is missing, cut or of another kind.
    """
    try:
        with Path(path).open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    return read_flat(path) if start.startswith(b"\x89HDF") else read_hepmc3(path)


def read_flat(path: Path | str) -> GeneratorEvents:
    """Read HDF5 columns ``particles/{pid,status,px,py,pz,energy,x,y,z}`` and ``offsets``.

    Raises:
        InputFileError: if the file cannot be read or lacks a column.
    """
    with open_table(path) as file:
        columns = {name: _flat_column(file, f"particles/{name}") for name in _FLAT}
        offsets = _flat_column(file, "offsets").astype(np.int64)
    sizes = {len(column) for column in columns.values()}
    if len(sizes) > 1:
        raise InputFileError(f"{path}: columns of particles/ have {sorted(sizes)} rows; make the"
                             " file again")  # fmt: skip
    (rows,) = sizes
    ordered = len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == rows
    if not ordered or (np.diff(offsets) < 0).any():
        raise InputFileError(
            f"{path}: 'offsets' must rise from 0 to the {rows} rows of particles/; make the file"
            " again"
        )
    return _checked(
        GeneratorEvents(
            offsets=offsets,
            pid=columns["pid"].astype(np.int32),
            status=columns["status"].astype(np.int32),
            momenta=np.stack([columns[k].astype(float) for k in ("px", "py", "pz", "energy")]),
            vertices=np.stack([columns[k].astype(float) for k in ("x", "y", "z")]),
        ),
        path,
    )


def _flat_column(file: TableFile, name: str) -> NDArray[Any]:
    if name not in file:
        raise InputFileError(f"{file.path}: {name!r} is missing; wanted particles/… and offsets")
    column = file[name]
    if column.dtype.kind not in "iuf" or len(column.shape) != 1:
        raise InputFileError(
            f"{file.path}: {name!r} is {column.dtype} of shape {column.shape}, expected one number"
            " by row"
        )
    return column[()]


def _checked(events: GeneratorEvents, path: Path | str) -> GeneratorEvents:
    """Refuse numbers that are none, and final particles of negative energy."""
    good = np.isfinite(events.momenta).all(axis=0) & np.isfinite(events.vertices).all(axis=0)
    good &= (events.status != 1) | (events.momenta[3] >= 0)
    if not good.all():
        row = int(np.argmin(good))
        event = int(np.searchsorted(events.offsets, row, side="right")) - 1
        raise InputFileError(
            f"{path}: a particle of event {event} has the momentum and energy"
            f" {events.momenta[:, row].tolist()}, or a vertex that is no number; make it again"
        )
    return events


def read_hepmc3(path: Path | str) -> GeneratorEvents:
    """Read HepMC3 text (arXiv:1912.08005).

    A particle line names its production vertex, or its mother where the vertex has one incoming
    particle and no position; a vertex without position lies where its incoming particle was born.

    Raises:
        InputFileError: if the file is missing, cut in the middle or no HepMC3 text.
    """
    events: list[Floats] = []
    try:
        with Path(path).open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
        opener = gzip.open if zipped else Path.open
        with opener(Path(path), "rt", encoding="utf-8-sig") as text:
            lines = iter(partial(text.readline, _LINE_MAX), "")
            events.extend(_parse_event(block) for block in _event_blocks(lines, path))
    except (EOFError, zlib.error) as error:
        raise InputFileError(f"{path} is cut in the middle; make it again") from error
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise InputFileError(f"{path}: event {len(events)} is not HepMC3 text: {error}") from error
    if not events:
        raise InputFileError(f"{path} holds no event")
    table = np.concatenate(events)
    read = GeneratorEvents(
        offsets=np.cumsum([0, *map(len, events)]),
        pid=table[:, 0].astype(np.int32),
        status=table[:, 1].astype(np.int32),
        momenta=np.ascontiguousarray(table[:, 2:6].T),
        vertices=np.ascontiguousarray(table[:, 6:9].T),
    )
    return _checked(read, path)


def _event_blocks(lines: Iterator[str], path: Path | str) -> Iterator[list[str]]:
    """Yield the lines of each event."""
    block: list[str] = []
    started = False
    for line in lines:
        if not started and line.strip():
            started = True
            _require_version(line, path)
        if line.startswith(_OLD):
            raise InputFileError(f"{path} is HepMC2, which is not read; write HepMC3 (Asciiv3)")
        if len(line) == _LINE_MAX:
            raise ValueError(f"a line has more than {_LINE_MAX} characters")
        if line.startswith(("E ", "HepMC::Asciiv3-END")):
            if block:
                yield block
            block = []
            if line[0] == "H":
                return
        if block or line.startswith("E "):
            block.append(line)
    raise InputFileError(f"{path} is cut in the middle: no end of the event listing")


def _require_version(line: str, path: Path | str) -> None:
    if line.startswith("HepMC::Version 2"):
        raise InputFileError(f"{path} is HepMC2, which is not read; write HepMC3 (Asciiv3)")
    if not line.startswith("HepMC::Version 3"):
        raise InputFileError(f"{path} is not HepMC3 text: it starts with {line[:40]!r}")


def _parse_event(block: list[str]) -> Floats:
    """Return rows (pid, status, px, py, pz, energy, x, y, z)."""
    n_particles = int(block[0].split()[3])
    gev = mm = 1.0
    rows: list[list[float]] = []
    parents: list[int] = []
    # By vertex: its position, or the particle (counted from 1) that was born where it lies.
    vertices: dict[int, list[float] | int] = {0: [0.0, 0.0, 0.0]}
    for line in block[1:]:
        words = line.split()
        if not words:
            continue
        if "_" in line and words[0] in ("P", "V"):  # which Python allows in numbers
            raise ValueError(f"a number with '_' in {line[:60]!r}")
        if words[0] == "U":
            gev, mm = _GEV[words[1]], _MM[words[2]]
        elif words[0] == "V":
            incoming = [int(i) for i in words[3].strip("[]").split(",") if i]
            if len(words) > 5 and words[4] == "@":
                vertices[int(words[1])] = [float(word) * mm for word in words[5:8]]
            else:
                vertices[int(words[1])] = incoming[0] if incoming else [0.0, 0.0, 0.0]
        elif words[0] == "P":
            parents.append(int(words[2]))
            momentum = [float(word) * gev for word in words[4:8]]
            rows.append([_code(words[3]), _code(words[9]), *momentum])
    if len(rows) != n_particles:
        raise ValueError(f"{len(rows)} particles, but the event says {n_particles}")
    born = [_birthplace(i, parents, vertices) for i in range(n_particles)]
    table = [row + place for row, place in zip(rows, born, strict=True)]
    return np.array(table, dtype=np.float64).reshape(-1, 9)


def _code(word: str) -> int:
    """Return a PDG number or status."""
    value = int(word)
    if abs(value) > _CODE_MAX:
        raise ValueError(f"{word} as PDG number or status")
    return value


def _birthplace(
    row: int, parents: list[int], vertices: dict[int, list[float] | int]
) -> list[float]:
    """Follow mothers until a vertex has a position; a line may refer to later ones."""
    for _ in range(len(parents) + 1):
        place = vertices[parents[row]] if parents[row] <= 0 else parents[row]
        if isinstance(place, list):
            return place
        row = place - 1
    raise ValueError(f"particle {row + 1} is its own ancestor")

"""Read generator particles that other programs wrote: HepMC text, or flat HDF5 columns."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import InputFileError
from hh4b.core.table_file import TableFile, open_table
from hh4b.detector.particles import Floats, Integers, Particles, Partons, offsets_of, select_partons
from hh4b.simulation.hepmc_event import read_hepmc_events

_FLAT = ("pid", "status", "px", "py", "pz", "energy", "x", "y", "z")


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
    """Read ``.h5`` (see `read_flat`) or HepMC text, plain or packed, by the file's content.

    Raises:
        InputFileError: if the file is missing, cut or of another kind.
    """
    try:
        with Path(path).open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputFileError(f"cannot read {path}: {error.strerror or error}") from error
    return read_flat(path) if start.startswith(b"\x89HDF") else read_hepmc(path)


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


def read_hepmc(path: Path | str) -> GeneratorEvents:
    """Read HepMC text of version 2 or 3, plain or packed by gzip or zstd.

    Raises:
        InputFileError: if the file is missing, cut in the middle or no HepMC text.
    """
    events = list(read_hepmc_events(path))
    return GeneratorEvents(
        offsets=np.cumsum([0, *(len(event.pid) for event in events)]),
        pid=np.concatenate([event.pid for event in events]),
        status=np.concatenate([event.status for event in events]),
        momenta=np.concatenate([event.momenta for event in events], axis=1),
        vertices=np.concatenate([event.vertices for event in events], axis=1),
    )

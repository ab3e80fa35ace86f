"""Parton shower, underlying event, hadronisation and decays by Pythia 8."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import GeneratorFailed
from hh4b.core.seeds import derive_seed
from hh4b.detector.particles import (
    Floats,
    Integers,
    Particles,
    Partons,
    offsets_of,
    select_partons,
)
from hh4b.detector.truth import Record

log = logging.getLogger(__name__)

#: Events that share a random stream; chunks that start at a multiple of it give the same events
#: whatever their length.
BLOCK_EVENTS = 250
_FAILED_SHARE_MAX = 0.01
#: Pythia takes seeds from 1 to 900 000 000.
_SEED_BITS = 29

_COMMANDS = (
    "Print:quiet = on",
    "Beams:frameType = 4",
    "Random:setSeed = on",
    # Abort by our own count of failures, never by Pythia's.
    "Main:timesAllowErrors = 1000000",
)


@dataclass(frozen=True)
class ShowerBlock:
    """Events after the shower.

    Attributes:
        index: number of each event in the Les Houches file, shape (event,).
        record: the full record.
        vertices: production vertices x, y, z in mm, shape (3, particle).
        n_failed: events of the block that Pythia gave up.
    """

    index: Integers
    record: Record
    vertices: Floats
    n_failed: int

    def particles(self) -> Particles:
        """Return the final particles, as the detector sees them."""
        final = self.record.status == 1
        px, py, pz, energy = (component[final] for component in self.record.momenta)
        x, y, z = (component[final] for component in self.vertices)
        return Particles(
            offsets_of(final, self.record.offsets), self.record.pid[final],
            px, py, pz, energy, x, y, z,
        )  # fmt: skip

    def partons(self) -> Partons:
        """Return the quarks and gluons that give jets their flavour."""
        record = self.record
        px, py, pz, _ = record.momenta
        return select_partons(record.offsets, record.pid, record.status, (px, py, pz))


@dataclass(frozen=True)
class Part:
    """A file with some events of another.

    Attributes:
        path: of the file.
        first: number that its first event has in the other.
    """

    path: Path
    first: int


def start_pythia(
    path: Path | str, *, first: int, commands: tuple[str, ...] = (), part: Part | None = None
) -> Any:
    """Return a Pythia that reads a Les Houches file, or a part of it, from event ``first`` on.

    H decays given in the file are kept, as Pythia leaves decayed particles alone.

    Raises:
        GeneratorFailed: if Pythia is not installed, or refuses a setting or the file.
    """
    try:  # Takes a second; only the shower needs it.
        import pythia8mc
    except ImportError as error:
        raise GeneratorFailed(
            f"the package pythia8mc is not installed, without which nothing is showered ({error}):"
            " pip install pythia8mc, or start from Delphes files or datasets (docs/platforms.md)"
        ) from error
    pythia = pythia8mc.Pythia("", False)
    skipped = first if part is None else first - part.first
    for line in (*_COMMANDS, f"Beams:nSkipLHEFatInit = {skipped}", *commands):
        if not pythia.readString(line):
            raise GeneratorFailed(f"Pythia does not understand {line!r}; see its manual")
    # A line of settings ends at the first space of a name.
    pythia.settings.word("Beams:LHEF", str(path if part is None else part.path))
    if not pythia.init():
        raise GeneratorFailed(f"Pythia cannot start on {path}; is it a whole LHE file?")
    return pythia


def shower(
    path: Path | str,
    *,
    first: int,
    count: int,
    seed: int,
    labels: tuple[str | int, ...],
    commands: tuple[str, ...] = (),
    text: bytes = b"",
) -> Iterator[ShowerBlock]:
    """Shower events ``first`` to ``first + count`` of a Les Houches file, block by block.

    Args:
        path: the file, plain or gzipped.
        first: first event.
        count: number of events; they must be there.
        seed: seed of the study.
        labels: name of the work, for the random streams.
        commands: further Pythia settings.
        text: of a file with these events alone, which Pythia reads then: it parses all that stands
            before them in ``path``.

    Raises:
        GeneratorFailed: if Pythia cannot start, or gives up more than 1 % of the events.
    """
    with _part(text, first) as part:
        pythia = start_pythia(path, first=first, commands=commands, part=part)
        n_failed, n_done = 0, 0
        for start, stop in blocks(first, count):
            stream = 1 + derive_seed(seed, *labels, "shower", start, bits=_SEED_BITS)
            pythia.rndm.init(stream)
            try:
                block = _convert(pythia.nextBatch(stop - start, "none"), pythia, start)
            except (TypeError, _VerticesLost):
                # What hands over batches fails where no particle of one has a production vertex,
                # as without hadrons: the events are made once more.
                pythia = start_pythia(path, first=start, commands=commands, part=part)
                pythia.rndm.init(stream)
                block = one_by_one(pythia, start, stop - start)
            n_failed += block.n_failed
            n_done += stop - start
            # Of few events that are whole, none or one fails: more is damage.
            few = 1.0 if count < BLOCK_EVENTS else 3.0
            allowed = max(few, _FAILED_SHARE_MAX * max(n_done, min(count, BLOCK_EVENTS)))
            if n_failed > allowed:
                raise GeneratorFailed(
                    f"Pythia gave up {n_failed} of {n_done} events of {path};"
                    " check momenta and colour flow of the file"
                )
            yield block
        if n_failed:
            log.warning("Pythia gave up %d of %d events; they are left out", n_failed, n_done)


@contextmanager
def _part(text: bytes, first: int) -> Iterator[Part | None]:
    """Write the text of a file, for a while; None without a text."""
    if not text:
        yield None
        return
    with TemporaryDirectory(prefix="hh4b-") as folder:
        path = Path(folder) / "partons.lhe"
        path.write_bytes(text)
        yield Part(path, first)


def blocks(first: int, count: int) -> list[tuple[int, int]]:
    """Cut a range of events at multiples of `BLOCK_EVENTS`.

    >>> blocks(200, 350)
    [(200, 250), (250, 500), (500, 550)]
    """
    end = first + count
    inner = range((first // BLOCK_EVENTS + 1) * BLOCK_EVENTS, end, BLOCK_EVENTS)
    edges = [first, *inner, end]
    return [(a, b) for a, b in pairwise(edges) if b > a]


class _VerticesLost(Exception):
    """A batch does not say which particle a vertex belongs to."""


def _convert(batch: Any, pythia: Any, start: int) -> ShowerBlock:
    """Turn Pythia's batch into flat arrays.

    Args:
        batch: of `nextBatch`.
        pythia: that made it, and holds its last event.
        start: number of the first event.

    Raises:
        _VerticesLost: if vertices cannot be given to their particles.
    """
    alive = ~np.asarray(ak.is_none(batch))
    if not alive.any():  # without any event the batch has no columns either
        return _empty_block(len(alive))
    particles = ak.drop_none(batch).prt
    offsets = np.concatenate([[0], np.cumsum(np.asarray(ak.num(particles)))]).astype(np.int64)
    flat = ak.flatten(particles)
    status = np.asarray(flat.status)
    if not alive[-1]:
        # Pythia holds the event that failed, which cannot tell.
        raise _VerticesLost
    return ShowerBlock(
        index=start + np.flatnonzero(alive),
        record=Record(
            offsets=offsets,
            pid=np.asarray(flat.id),
            status=hepmc_status(np.asarray(flat.id), status),
            mothers=_links(flat.mother1, flat.mother2),
            daughters=_links(flat.daughter1, flat.daughter2),
            momenta=np.stack([np.asarray(getattr(flat.p, name)) for name in _MOMENTUM]),
            mass=np.asarray(flat.m),
        ),
        vertices=_vertices(flat.vProd, offsets, pythia.event),
        n_failed=int((~alive).sum()),
    )  # fmt: skip


def _vertices(column: Any, offsets: NDArray[np.int64], last: Any) -> Floats:
    """Return production vertices, shape (3, particle).

    The column of a batch has an entry too many before each event (Pythia 8.317), so that the
    vertices of event n stand n + 1 places behind their particles, and the last ones of the batch
    are cut off. Those are taken from the last event, which also tells whether the rest is right.

    Raises:
        _VerticesLost: if the last event has other vertices.
    """
    stored = np.stack([
        np.asarray(ak.fill_none(getattr(column, name), 0.0)) for name in _MOMENTUM[:3]
    ])  # fmt: skip
    first = int(offsets[-2])
    truth = np.array([[p.xProd(), p.yProd(), p.zProd()] for p in last]).T
    if truth.shape[1] != stored.shape[1] - first:
        raise _VerticesLost
    if np.array_equal(stored[:, first:], truth):
        return stored
    events = len(offsets) - 1
    place = np.arange(stored.shape[1]) + np.repeat(np.arange(1, events + 1), np.diff(offsets))
    known = place < stored.shape[1]
    moved = stored[:, np.where(known, place, 0)]
    if not np.array_equal(moved[:, first:][:, known[first:]], truth[:, known[first:]]):
        raise _VerticesLost
    moved[:, first:] = truth
    return moved


def one_by_one(pythia: Any, start: int, count: int) -> ShowerBlock:
    """Generate events singly, which is slow, and where no vertex is known put it at the origin.

    Args:
        pythia: ready to go.
        start: number of the first event.
        count: how many.
    """
    index, sizes, rows = [], [], []
    for event in range(start, start + count):
        if not pythia.next():
            continue
        particles = [pythia.event[place] for place in range(pythia.event.size())]
        index.append(event)
        sizes.append(len(particles))
        rows += [_numbers(particle) for particle in particles]
    if not rows:
        return _empty_block(count)
    table = np.array(rows).T
    pid, status, *links = table[:6].astype(np.int32)
    return ShowerBlock(
        index=np.array(index, np.int64),
        record=Record(
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            pid=pid,
            status=hepmc_status(pid, status),
            mothers=_links(*links[:2]),
            daughters=_links(*links[2:]),
            momenta=table[6:10],
            mass=table[10],
        ),
        vertices=table[11:],
        n_failed=count - len(index),
    )


def _numbers(particle: Any) -> tuple[float, ...]:
    return (
        particle.id(), particle.status(),
        particle.mother1(), particle.mother2(), particle.daughter1(), particle.daughter2(),
        particle.px(), particle.py(), particle.pz(), particle.e(), particle.m(),
        particle.xProd(), particle.yProd(), particle.zProd(),
    )  # fmt: skip


_MOMENTUM = ("px", "py", "pz", "e")


def _empty_block(n_failed: int) -> ShowerBlock:
    whole, links = np.zeros(0, np.int32), np.zeros((2, 0), np.int32)
    offsets = np.zeros(1, np.int64)
    record = Record(offsets, whole, whole, links, links, np.zeros((4, 0)), np.zeros(0))
    return ShowerBlock(np.zeros(0, np.int64), record, np.zeros((3, 0)), n_failed)


def _links(first: Any, last: Any) -> NDArray[np.int32]:
    """Return Pythia's 0 = none as -1."""
    links = np.stack([np.asarray(first), np.asarray(last)]).astype(np.int32)
    return np.where(links == 0, -1, links).astype(np.int32)


def hepmc_status(pid: NDArray[np.int32], status: NDArray[np.int32]) -> NDArray[np.int32]:
    """Translate Pythia's status codes into those of HepMC, as Pythia's own converter does.

    1 = final, 2 = decayed hadron, muon or tau, 4 = beam, else Pythia's code without sign.
    """
    code = np.abs(pid)
    absolute = np.abs(status)
    decayed = (status <= 0) & (((code > 100) | (code == 13) | (code == 15)) & (absolute > 80))
    result = np.where(decayed, 2, absolute)
    result = np.where(absolute == 12, 4, result)
    return np.where(status > 0, 1, result).astype(np.int32)

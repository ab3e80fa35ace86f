"""One event of a HepMC file: its particles, where they come from and what they weigh."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hh4b.core.compiled import numba
from hh4b.core.errors import InputFileError
from hh4b.detector.particles import Floats
from hh4b.simulation.hepmc_text import EventLines, event_lines
from hh4b.simulation.hepmc_weights import weights_of

Integers32 = NDArray[np.int32]
Rows = NDArray[np.int64]
_GEV = {"GEV": 1.0, "MEV": 1e-3}
_MM = {"MM": 1.0, "CM": 10.0}
_CODE_MAX = 2**31 - 1
#: No particle of any collider has more, in GeV.
_ENERGY_MAX = 1e6
_FINAL, _INCOMING, _HARD = 1, 21, 22
#: Copies of H and b quarks are followed by the analysis.
_FOLLOWED = (5, 25)


@dataclass(frozen=True)
class HepmcEvent:
    """An event of n particles.

    Attributes:
        pid: PDG numbers, shape (n,).
        status: 1 = final, 4 = beam; 21 and 22 for what enters and leaves the hard process where
            the file names its vertex and has no such status itself; shape (n,).
        momenta: px, py, pz, energy in GeV, shape (4, n).
        mass: in GeV, shape (n,).
        vertices: production points x, y, z in mm, shape (3, n).
        born: vertex that each particle comes from, -1 = none, shape (n,).
        ends: vertex that each particle ends in, -1 = none, shape (n,).
        weights: of the event.
    """

    pid: Integers32
    status: Integers32
    momenta: Floats
    mass: Floats
    vertices: Floats
    born: Rows
    ends: Rows
    weights: list[float]

    def mothers(self) -> Integers32:
        """Return first and last mother, shape (2, n), -1 = none.

        A vertex may have many incoming particles, as that of a whole shower. The first mother of a
        b quark or an H is then the one of its kind, if there is one only.
        """
        first, last, number = _ranges(self.ends)
        found = _of_vertex(first, self.born), _of_vertex(last, self.born)
        several = _of_vertex(number, self.born) > 1
        for row in np.flatnonzero(several & np.isin(np.abs(self.pid), _FOLLOWED)):
            same = np.flatnonzero((self.ends == self.born[row]) & (self.pid == self.pid[row]))
            if len(same) == 1:
                found[0][row] = same[0]
        return np.stack(found).astype(np.int32)

    def daughters(self) -> Integers32:
        """Return first and last daughter, shape (2, n), -1 = none, or they are no range of rows."""
        first, last, number = _ranges(self.born)
        whole = last - first + 1 == number
        return np.stack([
            _of_vertex(np.where(whole, place, -1), self.ends) for place in (first, last)
        ]).astype(np.int32)  # fmt: skip


def _ranges(vertex: Rows) -> tuple[Rows, Rows, Rows]:
    """Return the first and the last particle of each vertex, and their number."""
    rows = np.flatnonzero(vertex >= 0)
    size = int(vertex.max(initial=-1)) + 1
    first, last = np.full(size, len(vertex)), np.full(size, -1)
    np.minimum.at(first, vertex[rows], rows)
    np.maximum.at(last, vertex[rows], rows)
    return np.where(last < 0, -1, first), last, np.bincount(vertex[rows], minlength=size)


def _of_vertex(values: Rows, vertex: Rows) -> Rows:
    """Return the value of each particle's vertex; -1 where there is none."""
    known = (vertex >= 0) & (vertex < len(values))
    return np.where(known, np.append(values, -1)[np.where(known, vertex, -1)], -1)


def read_hepmc_events(
    path: Path | str, first: int = 0, stop: int | None = None
) -> Iterator[HepmcEvent]:
    """Yield events of a file, from ``first`` on and before ``stop``.

    Raises:
        InputFileError: naming the event, if the file is missing, cut or damaged.
    """
    for number, lines in enumerate(event_lines(path)):
        if number == stop:
            return
        if number < first:
            continue
        try:
            yield parse_event(lines)
        except (ValueError, IndexError, OverflowError) as error:
            raise InputFileError(
                f"{path}: event {number} is not HepMC text: {error}; make it again"
            ) from error


def parse_event(event: EventLines) -> HepmcEvent:
    """Return what the text of an event says.

    Raises:
        ValueError: if it is no event, a number is none, or the particles are no history.
        IndexError: if a line is too short.
    """
    units = [line.split() for line in event.lines if line.startswith("U ")]
    if not units or units[-1][1] not in _GEV or units[-1][2] not in _MM:
        said = " ".join(units[-1][1:]) if units else "nothing"
        raise ValueError(f"its units (U) are {said}, expected GEV or MEV, and MM or CM")
    graph = _graph_of_3(event.lines) if event.version == 3 else _graph_of_2(event.lines)
    table, scale = graph.table, _GEV[units[-1][1]]
    codes = table[:, :2]
    if (codes != np.rint(codes)).any() or (np.abs(codes) > _CODE_MAX).any():
        raise ValueError("a PDG number or status is no whole number")
    pid, status = (column.astype(np.int32) for column in codes.T)
    momenta = np.ascontiguousarray(table[:, 2:6].T) * scale
    vertices = _places(graph, _MM[units[-1][2]])
    good = np.isfinite(momenta).all(axis=0) & np.isfinite(vertices).all(axis=0)
    good &= np.isfinite(table[:, 6]) & (np.abs(momenta) < _ENERGY_MAX).all(axis=0)
    good &= (status != _FINAL) | (momenta[3] >= 0)
    if not good.all():
        row = int(np.argmin(good))
        raise ValueError(
            f"particle {row + 1} has the momentum and energy {momenta[:, row].tolist()} GeV, or a"
            " vertex that is no number"
        )
    _require_finals(graph, status)
    status = _hard_process(graph, status)
    return HepmcEvent(
        pid, status, momenta, table[:, 6] * scale, vertices, graph.born, graph.ends,
        weights_of(event),
    )  # fmt: skip


@dataclass(frozen=True)
class _Graph:
    """Particles and vertices as they are written.

    Attributes:
        table: pid, status, px, py, pz, energy, mass of each particle, shape (n, 7).
        born: vertex of production, -1 = none.
        ends: vertex of decay, -1 = none.
        places: position of each vertex, not a number where it has none, shape (vertex, 3).
        signal: vertex of the hard process, -1 = not known.
        origin: position of what has no vertex.
    """

    table: Floats
    born: Rows
    ends: Rows
    places: Floats
    signal: int
    origin: Sequence[float]


def _graph_of_3(lines: list[str]) -> _Graph:
    head = lines[0].split()
    n_particles = _count(head[3])
    numbers = _numbers([line[2:] for line in lines if line.startswith("P ")], 9)
    _require_number(len(numbers), n_particles, "particles")
    if (numbers[:, 0] != np.arange(1, n_particles + 1)).any():
        raise ValueError("particles are not numbered 1, 2, 3, ...")
    parents = _whole(numbers[:, 1])
    ends = np.full(n_particles, -1)
    known: dict[int, int] = {}
    places: list[list[float]] = []
    signal = 0
    for line in lines:
        if line.startswith("V "):
            words = line.split()
            for mother in filter(None, words[3].strip("[]").split(",")):
                row = _row(int(mother), n_particles)
                if ends[row] >= 0:
                    raise ValueError(f"particle {mother} ends in two vertices")
                ends[row] = len(places)
            if known.setdefault(int(words[1]), len(places)) != len(places):
                raise ValueError(f"vertex {words[1]} stands twice")
            places.append(_position(words[5:8]) if words[4:5] == ["@"] else [np.nan] * 3)
        elif line.startswith("A 0 signal_process_vertex "):
            signal = int(line.split()[3])
    born = np.full(n_particles, -1)
    below = parents < 0
    missing = set(parents[below].tolist()) - known.keys()
    if missing:
        raise ValueError(f"vertex {max(missing)} of a particle is not there")
    born[below] = [known[number] for number in parents[below].tolist()]
    # A mother stands for the vertex it ends in, which may have no line.
    _row(int(parents.max(initial=1)), n_particles)
    alone = np.unique(parents[parents > 0]) - 1
    alone = alone[ends[alone] < 0]
    ends[alone] = len(places) + np.arange(len(alone))
    born[parents > 0] = ends[parents[parents > 0] - 1]
    everywhere = np.array([*places, *[[np.nan] * 3] * len(alone)]).reshape(-1, 3)
    at = head.index("@") if "@" in head else len(head)
    origin = _position(head[at + 1 : at + 4]) if at < len(head) else [0.0] * 3
    table = numbers[:, [3 - 1, 8, 3, 4, 5, 6, 7]]
    return _Graph(table, born, ends, everywhere, known.get(signal, -1), origin)


def _graph_of_2(lines: list[str]) -> _Graph:
    head = lines[0].split()
    n_vertices, signal = _count(head[8]), int(head[7])
    texts: list[str] = []
    born: list[int] = []
    end_codes: list[int] = []
    known: dict[int, int] = {}
    places: list[list[float]] = []
    orphans = outgoing = 0
    for line in lines:
        if line.startswith("V "):
            if orphans or outgoing:
                raise ValueError(f"vertex {len(places)} has too few particles")
            words = line.split()
            if known.setdefault(int(words[1]), len(places)) != len(places):
                raise ValueError(f"vertex {words[1]} stands twice")
            place = _position(words[3:7])
            # Version 2 cannot say that a vertex has no position.
            places.append(place[:3] if any(place) else [np.nan] * 3)
            orphans, outgoing = _count(words[7]), _count(words[8])
        elif line.startswith("P "):
            # Behind the eleventh word stands the flow of colour.
            words = line.split(maxsplit=12)
            if orphans:
                orphans -= 1
                born.append(-1)
            elif outgoing:
                outgoing -= 1
                born.append(len(places) - 1)
            else:
                raise ValueError(f"vertex {len(places)} has too many particles")
            texts.append(" ".join(words[2:9]))
            end_codes.append(int(words[11]))
    if orphans or outgoing:
        raise ValueError(f"vertex {len(places)} has too few particles")
    _require_number(len(places), n_vertices, "vertices")
    missing = set(end_codes) - known.keys() - {0}
    if missing:
        raise ValueError(f"vertex {max(missing)} of a particle is not there")
    ends = np.array([known.get(code, -1) if code else -1 for code in end_codes], dtype=np.int64)
    table = _numbers(texts, 7)[:, [0, 6, 1, 2, 3, 4, 5]]
    where = np.array(places, dtype=np.float64).reshape(-1, 3)
    return _Graph(
        table, np.array(born, dtype=np.int64), ends, where, known.get(signal, -1), [0.0] * 3
    )


def _numbers(texts: list[str], width: int) -> Floats:
    """Return the numbers of lines of equal length, shape (line, width)."""
    text = " ".join(texts)
    if "_" in text:  # which Python allows in numbers
        raise ValueError("a number with '_'")
    found = np.array(list(map(float, text.split())), dtype=np.float64)
    if len(found) != width * len(texts):
        raise ValueError(f"a particle has not {width} numbers")
    return found.reshape(-1, width)


def _position(words: list[str]) -> list[float]:
    if any("_" in word for word in words):
        raise ValueError("a number with '_'")
    place = [float(word) for word in words]
    if len(place) < 3 or not np.isfinite(place).all():
        raise ValueError("a vertex that is no number")
    return place


def _whole(column: Floats) -> Rows:
    if not (np.abs(column) < _CODE_MAX).all() or (column != np.rint(column)).any():
        raise ValueError("the number of a vertex or mother is no whole number")
    return column.astype(np.int64)


def _count(word: str) -> int:
    number = int(word)
    if not 0 <= number <= _CODE_MAX:
        raise ValueError(f"{word[:20]} as a number of particles or vertices")
    return number


def _row(number: int, n_particles: int) -> int:
    if not 1 <= number <= n_particles:
        raise ValueError(f"mother {number} is none of {n_particles} particles")
    return number - 1


def _require_number(found: int, said: int, what: str) -> None:
    if found != said:
        raise ValueError(f"{found} {what}, but the event says {said}")


def _places(graph: _Graph, mm: float) -> Floats:
    """Return where each particle was born, in mm, shape (3, n).

    A vertex without position lies where its incoming particle was born.

    Raises:
        ValueError: if a particle is its own ancestor.
    """
    n_vertices = len(graph.places)
    _require_history(graph.born, graph.ends, n_vertices)
    incoming = np.append(_ranges(graph.ends)[0], np.full(n_vertices, -1))
    # Of each vertex, the one in which its first incoming particle was born; the last stands for
    # none, and is its own.
    before = np.full(n_vertices + 1, n_vertices)
    mothers = incoming[:n_vertices]
    known = np.flatnonzero(mothers >= 0)
    above = graph.born[mothers[known]]
    before[known] = np.where(above < 0, n_vertices, above)
    places = np.vstack([graph.places, np.asarray(graph.origin)[None]])
    here = np.arange(n_vertices + 1)
    for _ in range(n_vertices + 1):
        lacking = np.isnan(places[here, 0])
        if not lacking.any():
            break
        here = np.where(lacking, before[here], here)
    born = np.where(graph.born < 0, n_vertices, graph.born)
    return np.ascontiguousarray(places[here][born].T) * mm


def _require_history(born: Rows, ends: Rows, n_vertices: int) -> None:
    """Check that nothing comes from what it becomes."""
    if not _is_history(born, ends, n_vertices):
        raise ValueError("a particle is its own ancestor")


@numba.njit(cache=True)
def _is_history(born, ends, n_vertices):  # type: ignore[no-untyped-def]
    """Take away vertices that nothing enters any more until none is left, or all have mothers."""
    entering = np.zeros(n_vertices, np.int64)
    first = np.zeros(n_vertices + 1, np.int64)
    for row in range(len(born)):
        if born[row] >= 0 and ends[row] >= 0:
            entering[ends[row]] += 1
            first[born[row] + 1] += 1
    first = np.cumsum(first)
    place = first[:-1].copy()
    following = np.empty(first[-1], np.int64)
    for row in range(len(born)):
        if born[row] >= 0 and ends[row] >= 0:
            following[place[born[row]]] = ends[row]
            place[born[row]] += 1
    waiting = np.empty(n_vertices, np.int64)
    known, done = 0, 0
    for vertex in range(n_vertices):
        if entering[vertex] == 0:
            waiting[known] = vertex
            known += 1
    while done < known:
        vertex = waiting[done]
        done += 1
        for step in range(first[vertex], first[vertex + 1]):
            entering[following[step]] -= 1
            if entering[following[step]] == 0:
                waiting[known] = following[step]
                known += 1
    return done == n_vertices


def _require_finals(graph: _Graph, status: Integers32) -> None:
    """Check that final particles end nowhere, and that there are some."""
    final = status == _FINAL
    if not final.any():
        raise ValueError("no particle is final (status 1)")
    if (wrong := final & (graph.ends >= 0)).any():
        raise ValueError(f"particle {int(np.argmax(wrong)) + 1} is final and decays")


def _hard_process(graph: _Graph, status: Integers32) -> Integers32:
    """Mark the hard process as Pythia does, where the file knows its vertex."""
    if graph.signal < 0 or (status == _INCOMING).any():
        return status
    status = np.where((graph.ends == graph.signal) & (status != 4), _INCOMING, status)
    out = (graph.born == graph.signal) & (status != _FINAL)
    return np.where(out, _HARD, status).astype(np.int32)

"""Write showered events as other programs write them: HepMC text of versions 2 and 3.

    python tests/reference/write_hepmc.py EVENTS.lhe.gz N SEED OUTPUT.hepmc.gz [--2]

Vertices are made of mothers as converters of Pythia do: a particle comes from the vertex in which
its mother ends.
"""

import gzip
import sys

import numpy as np

from hh4b.simulation.shower import shower


def events_of(block):
    """Yield (pid, status, momenta, mass, vertices, mothers) of the events of a block."""
    record = block.record
    for first, last in zip(record.offsets[:-1], record.offsets[1:], strict=True):
        rows = slice(first + 1, last)  # Pythia's first row is the whole event
        yield (
            record.pid[rows], record.status[rows], record.momenta[:, rows], record.mass[rows],
            block.vertices[:, rows], record.mothers[:, rows] - 1,
        )  # fmt: skip


def graph(status, mothers):
    """Return the vertex each particle is born in, and the one it ends in; -1 = none."""
    n = len(status)
    born, ends = np.full(n, -1), np.full(n, -1)
    vertices = 0
    for row in range(n):
        first, last = (int(mother) for mother in mothers[:, row])
        if first < 0:
            continue
        # Hadrons come from all partons of a string, other particles from one or two.
        whole = last > first and abs(int(status[row])) > 80
        incoming = range(first, last + 1) if whole else {first, last if last >= 0 else first}
        known = [int(ends[i]) for i in incoming if ends[i] >= 0]
        vertex = known[0] if known else vertices
        vertices += not known
        for i in incoming:
            if ends[i] < 0:
                ends[i] = vertex
        born[row] = vertex
    return born, ends, vertices


def _number(value):
    return repr(float(value))


def event_3(number, event, weights, cross_section_pb):
    """Return the lines of an event of version 3."""
    pid, status, momenta, mass, places, mothers = event
    born, ends, n_vertices = graph(status, mothers)
    lines = [
        f"E {number} {n_vertices} {len(pid)}",
        "U GEV MM",
        f"W {' '.join(map(_number, weights))}",
    ]
    lines.append(f"A 0 GenCrossSection {_number(cross_section_pb)} 0.1 -1 -1")
    written = set()
    for row in range(len(pid)):
        vertex = born[row]
        if vertex >= 0 and vertex not in written:
            written.add(vertex)
            incoming = ",".join(str(i + 1) for i in np.flatnonzero(ends == vertex))
            place = " ".join(_number(x) for x in places[:, row])
            lines.append(f"V {-1 - vertex} 0 [{incoming}] @ {place} 0")
        values = " ".join(map(_number, (*momenta[:, row], mass[row])))
        lines.append(
            f"P {row + 1} {-1 - vertex if vertex >= 0 else 0} {pid[row]} {values} {status[row]}"
        )
    return lines


def event_2(number, event, weights, cross_section_pb):
    """Return the lines of an event of version 2: particles stand behind their vertices."""
    pid, status, momenta, mass, places, mothers = event
    born, ends, n_vertices = graph(status, mothers)
    lines = [
        f"E {number} -1 -1.0 0.1 0.007 9999 0 {n_vertices} 1 2 0 {len(weights)}"
        f" {' '.join(map(_number, weights))}",
        "U MEV CM",
        f"C {_number(cross_section_pb)} 0.1",
    ]

    def particle(row):
        end = -1 - ends[row] if ends[row] >= 0 else 0
        values = " ".join(_number(1e3 * x) for x in (*momenta[:, row], mass[row]))
        return f"P {10001 + row} {pid[row]} {values} {status[row]} 0 0 {end} 1 1 501"

    for vertex in range(n_vertices):
        out = np.flatnonzero(born == vertex)
        orphans = np.flatnonzero((ends == vertex) & (born < 0))
        place = " ".join(_number(0.1 * x) for x in places[:, out[0]])
        lines.append(f"V {-1 - vertex} 0 {place} 0 {len(orphans)} {len(out)} 0")
        lines += [particle(row) for row in (*orphans, *out)]
    return lines


def hepmc_text(blocks, weights, *, version=3, names=("Weight",), cross_section_pb=1.0):
    """Return the text of a file.

    Args:
        blocks: showered events.
        weights: of each event of the Les Houches file, shape (N, weight).
        version: 2 or 3.
        names: of the weights.
        cross_section_pb: stated in every event.
    """
    listing = {2: "IO_GenEvent", 3: "Asciiv3"}[version]
    lines = ["", "HepMC::Version 3.02.07", f"HepMC::{listing}-START_EVENT_LISTING"]
    if version == 3:
        lines.append("W " + "\\|".join(names))
    for block in blocks:
        for index, event in zip(block.index, events_of(block), strict=True):
            write = {2: event_2, 3: event_3}[version]
            text = write(int(index), event, weights[index], cross_section_pb)
            if version == 2:
                text.insert(1, f"N {len(names)} " + " ".join(f'"{name}"' for name in names))
            lines += text
    return "\n".join([*lines, f"HepMC::{listing}-END_EVENT_LISTING", "", ""])


def main(source, count, seed, output, *more):
    """Shower a Les Houches file and write what comes out."""
    blocks = shower(source, first=0, count=int(count), seed=int(seed), labels=("hepmc",))
    text = hepmc_text(blocks, np.ones((int(count), 1)), version=2 if "--2" in more else 3)
    with gzip.open(output, "wt") as stream:
        stream.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])

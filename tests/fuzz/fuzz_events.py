"""Kinds of event files: Les Houches, HepMC and Delphes."""

import gzip
from typing import Any

import fuzz_changes as change
import numpy as np
from fuzz_base import TESTS, Kind

# Les Houches: place of a word in an event (line, word), and what it may not be.
_LHE_BEYOND = (
    *((line, word, value) for line, word in ((0, 2), (0, 3), (0, 5), (2, 6), (3, 9), (4, 10))
      for value in ("nan", "inf", "-inf", "1e999", "x", "1_0")),
    (3, 9, "-7.0"), (3, 2, "99"), (3, 3, "-2"), (2, 1, "17"), (3, 0, "5.5"), (4, 4, "1e300"),
    (0, 0, "1"), (0, 0, "0"), (0, 0, "-4"), (0, 0, "1" + "0" * 20), (0, 0, "7"),
)  # fmt: skip


def lhe(_folder):
    """Les Houches events, plain and gzipped."""
    from hh4b.generation.lhe import read_lhe

    data = gzip.decompress((TESTS / "data/hh_toy.lhe.gz").read_bytes())

    def damage(rng, path):
        kind = int(rng.integers(6))
        if kind <= 2:
            path.write_bytes(
                (change.damage_text, change.damage_text, change.damage_zipped)[kind](rng, data)
            )
            return False
        events = data.split(b"<event>\n")
        place = 1 + int(rng.integers(len(events) - 1))
        if kind == 3:  # two events become one
            events[place] = events[place].replace(b"</event>\n", b"")
        elif kind == 4:  # a line of a particle is lost
            lines = events[place].split(b"\n")
            del lines[1 + int(rng.integers(4))]
            events[place] = b"\n".join(lines)
        else:
            line, word, value = _LHE_BEYOND[int(rng.integers(len(_LHE_BEYOND)))]
            lines = events[place].split(b"\n")
            words = lines[line].split()
            words[word] = value.encode()
            lines[line] = b" ".join(words)
            events[place] = b"\n".join(lines)
        path.write_bytes(b"<event>\n".join(events))
        return True

    return Kind(".lhe", data, damage, read_lhe)


HEPMC = (
    """HepMC::Version 3.02.05
HepMC::Asciiv3-START_EVENT_LISTING
W Weight
"""
    + "".join(
        f"""E {number} 2 6
U GEV MM
W 1.0
A 0 alphaQED 0.0075
P 1 0 2212 0 0 6500 6500 0.938 4
V -1 0 [1] @ 0.1 0.2 -0.3 0.4
P 2 -1 5 3.0 4.0 -1.0 5.1 4.7 23
P 3 4 21 1 2 3 4 0 51
P 4 2 511 1.0 0 0 5.3 5.279 2
V -2 0 [4]
P 5 -2 211 0.05 0.06 0.07 0.18 0.14 2
P 6 5 -13 1.0 0 0 1.006 0.106 1
"""
        for number in range(4)
    )
    + "HepMC::Asciiv3-END_EVENT_LISTING\n"
)


HEPMC2 = (
    """HepMC::Version 2.06.09
HepMC::IO_GenEvent-START_EVENT_LISTING
"""
    + "".join(
        f"""E {number} -1 -1 0.1 0.0075 9999 0 3 1 0 0 2 1.0 0.5
N 2 "nominal" "scale up"
U MEV CM
C 12.5 0.1
V -1 0 0.1 0.2 -0.3 0.4 1 2 0
P 1 2212 0 0 6500e3 6500e3 938 4 0 0 -1 0
P 2 5 3000 4000 -1000 5100 4700 23 0 0 0 1 1 501
P 3 511 100 0 0 5300 5279 2 0 0 -2 0
V -2 0 0 0 0 0 0 1 0
P 4 211 50 60 70 180 140 2 0 0 -3 0
V -3 0 0 0 0 0 0 1 0
P 5 -13 1000 0 0 1006 106 1 0 0 0 0
"""
        for number in range(4)
    )
    + "HepMC::IO_GenEvent-END_EVENT_LISTING\n"
)


def hepmc(_folder):
    """Text of HepMC3, plain and packed, particles and weights."""
    return _hepmc(HEPMC, 4)


def hepmc2(_folder):
    """Text of HepMC2, plain and packed, particles and weights."""
    return _hepmc(HEPMC2, 3)


def _hepmc(text, momentum):
    """Return a kind of HepMC; the momentum begins at this word of a particle."""
    import zstandard

    from hh4b.simulation.generator_input import read_generator_events
    from hh4b.simulation.hepmc_weights import survey

    data = text.encode()

    def damage(rng, path):
        kind = int(rng.integers(5))
        if kind <= 1:
            path.write_bytes((change.damage_text, change.damage_zipped)[kind](rng, data))
            return False
        if kind == 2:
            path.write_bytes(change.damage_bytes(rng, zstandard.compress(data)))
            return False
        lines = data.split(b"\n")
        particles = [i for i, line in enumerate(lines) if line.startswith(b"P ")]
        place = particles[int(rng.integers(len(particles)))]
        if kind == 3:
            del lines[place]
        else:
            words = lines[place].split()
            wrong = (b"nan", b"inf", b"1e999", b"x", b"1_0")
            words[int(rng.integers(momentum, momentum + 4))] = wrong[int(rng.integers(len(wrong)))]
            lines[place] = b" ".join(words)
        path.write_bytes(b"\n".join(lines))
        return True

    def read(path):
        survey(path, None, None)
        read_generator_events(path)

    return Kind(".hepmc", data, damage, read)


def delphes(folder):
    """Delphes trees: bytes, and branches that are missing, misshapen or beyond meaning."""
    import awkward as ak
    import uproot

    from hh4b.events.ingest_stage import ingest
    from hh4b.events.settings import IngestSettings

    source = TESTS / "data/delphes_slice.root"
    data = source.read_bytes()
    branches: dict[str, dict[str, Any]] = {}
    with uproot.open(source) as file:
        tree = file["Delphes"]
        for name in (n for n in tree.keys(full_paths=False) if "." in n):
            branch, leaf = name.split(".")
            branches.setdefault(branch, {})[leaf] = tree[name].array()[:20]
    settings = IngestSettings(sample="hh", kappa_lambda=1.0, min_tags=0)

    def rebuilt(rng, path):
        chosen = {branch: dict(leaves) for branch, leaves in branches.items()}
        needed = [("Jet", leaf) for leaf in ("PT", "Eta", "Phi", "Mass", "BTag")]
        needed += [("Particle", leaf) for leaf in ("PID", "Status", "M1", "M2", "PT")]
        branch, leaf = needed[int(rng.integers(len(needed)))]
        kind = int(rng.integers(4))
        if kind == 0:
            del chosen[branch][leaf]
        elif kind == 1:
            leaf = ("PT", "Eta", "Phi", "Mass")[int(rng.integers(4))]
            counts = ak.num(chosen["Jet"][leaf])
            flat = ak.to_numpy(ak.flatten(chosen["Jet"][leaf])).copy()
            flat[int(rng.integers(len(flat)))] = (np.nan, np.inf, 2.0**40)[int(rng.integers(3))]
            chosen["Jet"][leaf] = ak.unflatten(flat, counts)
        elif kind == 2:
            value = np.array([np.nan, np.inf, -1.0])[int(rng.integers(3))]
            chosen["Event"]["Weight"] = ak.full_like(chosen["Event"]["Weight"], value)
        else:
            chosen[branch][leaf] = chosen[branch][leaf] * 0 + 1e30
            if leaf in ("BTag", "PID", "Status", "M1", "M2"):
                del chosen[branch][leaf]
            elif branch == "Particle":
                del chosen["Particle"]["M1"]
        zipped = {name: ak.zip(leaves) for name, leaves in chosen.items()}
        with uproot.recreate(path) as file:
            file.mktree(
                "Delphes",
                {name: array.type.content for name, array in zipped.items()},
                field_name=lambda outer, inner: f"{outer}.{inner}" if outer else inner,
                counter_name=lambda counted: f"{counted}_size",
            )
            file["Delphes"].extend(zipped)

    def damage(rng, path):
        if rng.random() < 0.12:  # writing trees takes long
            rebuilt(rng, path)
            return True
        path.write_bytes(change.damage_bytes(rng, data))
        return False

    return Kind(
        ".root", data, damage, lambda path: ingest([str(path)], folder / "out.h5", settings)
    )

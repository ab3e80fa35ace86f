import gzip
from pathlib import Path

import numpy as np
import pytest

from hh4b.core.errors import InputFileError
from hh4b.simulation.generator_input import read_generator_events
from hh4b.simulation.hepmc_event import read_hepmc_events
from hh4b.simulation.hepmc_weights import survey
from hh4b.simulation.particle_records import decays_to_bottom, require_leading_order

# One event in MeV and cm. Particle 3 refers to the later particle 4; vertex -2 has no position and
# lies where its incoming particle was born; particle 6 hangs on its mother without a vertex line.
EVENT = """E {number} 3 6
U MEV CM
W 1.0
A 0 alphaQED 0.0075
P 1 0 2212 0 0 6500e3 6500e3 938 4
V -1 0 [1] @ 0.1 0.2 -0.3 0.4
P 2 -1 5 3000 4000 -1000 5100 4700 23
P 3 4 21 1 2 3 4 0 51
P 4 2 511 100 0 0 5300 5279 2
V -2 0 [4]
P 5 -2 211 50 60 70 180 140 2
P 6 5 -13 1000 0 0 1006 106 1
"""
HEAD = "HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\nW Weight\n"
END = "HepMC::Asciiv3-END_EVENT_LISTING\n"


@pytest.fixture
def text():
    return HEAD + EVENT.format(number=0) + EVENT.format(number=1) + END


def test_events_by_hand(tmp_path, text):
    path = tmp_path / "events.hepmc3.gz"
    path.write_bytes(gzip.compress(text.encode()))
    events = read_generator_events(path)
    assert events.n_events == 2
    assert events.offsets.tolist() == [0, 6, 12]
    assert events.pid[:6].tolist() == [2212, 5, 21, 511, 211, -13]
    assert events.status[6:].tolist() == [4, 23, 51, 2, 2, 1]
    assert events.momenta[:, 1] == pytest.approx([3.0, 4.0, -1.0, 5.1])
    assert events.vertices[:, 0].tolist() == [0, 0, 0]
    for row in (1, 2, 3, 4, 5):
        assert events.vertices[:, row].tolist() == [1, 2, -3]
    final = events.particles()
    assert final.pid.tolist() == [-13] * 2
    assert events.partons().pid.tolist() == [5, 21] * 2
    assert events.partons().pt[0] == 5.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[: len(t) // 2], "is cut in the middle"),
        (lambda t: t.replace(END, ""), "no end of the event listing"),
        (lambda t: "hello", "not HepMC text"),
        (lambda t: HEAD + END, "holds no event"),
        (lambda t: t.replace("P 6 5", "P 6 77"), "event 0 is not HepMC text"),
        (lambda t: t.replace("E 1 3 6", "E 1 3 7"), "event 1 .* but the event says 7"),
        (lambda t: t.replace("U MEV", "U TEV"), "TEV"),
        (lambda t: t.replace("P 4 2 ", "P 4 3 "), "its own ancestor"),
        (lambda t: t.replace("5300 ", "nan "), "momentum and energy"),
        (lambda t: t.replace("-1000 5100", "-1000 inf"), "momentum and energy"),
        (lambda t: t.replace("1006 106", "-1006 106"), "momentum and energy"),
        (lambda t: t.replace("0.2 -0.3", "nan -0.3"), "vertex that is no number"),
        (lambda t: t.replace("5300 ", "5_300 "), "event 0 is not HepMC text"),
        (lambda t: t.replace("-2 211", "-2 21.1"), "event 0 is not HepMC text"),
        (lambda t: t.replace("-2 211", "-2 1" + "0" * 30), "event 0 is not HepMC text"),
        (lambda t: t.replace("E 0 3 6", "E 0 3 " + "9" * 20), "event 0 is not HepMC text"),
        (lambda t: t.replace("Asciiv3-START", "IO_Ascii-START"), "IO_Ascii is not read; write"),
        (lambda t: t.replace("U MEV CM\n", ""), "units .* nothing, expected GEV or MEV"),
        (lambda t: t.replace("Asciiv3-END", "IO_GenEvent-END"), "ends that has not begun"),
        (lambda t: t.replace("180 140 2", "180 140 1"), "particle 5 is final and decays"),
        (lambda t: t.replace("V -2 0 [4]", "V -2 0 [7]"), "mother 7 is none of 6"),
        (lambda t: t.replace("V -2 0 [4]", "V -2 0 [1]"), "particle 1 ends in two vertices"),
        (lambda t: t.replace("V -2 0 [4]", "V -1 0 [4]"), "vertex -1 stands twice"),
        (lambda t: t.replace("P 5 -2", "P 5 -3"), "vertex -3 of a particle is not there"),
        (lambda t: t.replace("P 6 5", "P 7 5"), "are not numbered"),
        (lambda t: t.replace("5100 4700 23", "5100 4700"), "has not 9 numbers"),
        (lambda t: t.replace("106 1\n", "106 2\n"), "no particle is"),
        (lambda t: t + "more", "outside of the listing"),
        (lambda t: t.replace("W Weight\n", "W" + " " * (1 << 23)), "is not HepMC text"),
    ],
)
def test_broken_text_names_the_file(tmp_path, text, change, message):
    path = tmp_path / "events.hepmc3"
    path.write_text(change(text))
    with pytest.raises(InputFileError, match=message) as error:
        read_generator_events(path)
    assert "events.hepmc3" in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: "\n" + t,
        lambda t: "\ufeff" + t,
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("V -1", "\nV -1"),
    ],
)
def test_what_programs_write_is_read(tmp_path, text, change):
    path = tmp_path / "events.hepmc3"
    path.write_bytes(change(text).encode())
    assert read_generator_events(path).pid[:6].tolist() == [2212, 5, 21, 511, 211, -13]


def test_cut_gzip_and_missing_files(tmp_path, text):
    path = tmp_path / "events.hepmc3.gz"
    whole = gzip.compress((text * 50).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputFileError, match="cut in the middle"):
        read_generator_events(path)
    with pytest.raises(InputFileError, match="absent"):
        read_generator_events(tmp_path / "absent.h5")
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"0" * 50)
    with pytest.raises(InputFileError, match="truncated"):
        read_generator_events(path)


def test_flat_files(slice_path, tmp_path):
    import h5py

    events = read_generator_events(slice_path)
    assert events.n_events == 3
    assert np.abs(events.momenta[3]).max() < 6500
    assert events.particles().n_events == 3
    path = tmp_path / "part.h5"
    with h5py.File(path, "w") as file:
        file["particles/pid"] = [1]
        file["offsets"] = [0, 1]
    with pytest.raises(InputFileError, match="status"):
        read_generator_events(path)
    names = ("pid", "status", "px", "py", "pz", "energy", "x", "y", "z")
    for change, message in (
        ({"offsets": [0, 3]}, "must rise from 0 to the 1 rows"),
        ({"particles/px": [np.nan]}, "momentum and energy"),
        ({"particles/px": [1.0, 2.0]}, r"\[1, 2\] rows"),
        ({"particles/px": ["a"]}, "expected one number by row"),
    ):
        with h5py.File(path, "w") as file:
            columns = {f"particles/{name}": [1] for name in names} | {"offsets": [0, 1]}
            for name, values in (columns | change).items():
                file[name] = values
        with pytest.raises(InputFileError, match=message):
            read_generator_events(path)


#: Three events of g g -> H H from Pythia 8 with all particles, digits cut: as the library HepMC3
#: wrote them, and as it wrote them in version 2.
DATA = Path(__file__).parents[1] / "data/hepmc"


def test_files_of_the_library_hold_the_same_events_in_both_versions():
    files = [DATA / "pythia_hh.hepmc3.gz", DATA / "pythia_hh.hepmc2.zst"]
    events = [list(read_hepmc_events(file)) for file in files]
    assert [[len(event.pid) for event in one] for one in events] == [[482, 502, 565]] * 2
    for three, two in zip(*events, strict=True):
        order = [np.lexsort((event.momenta[2], event.status, event.pid)) for event in (three, two)]
        for name in ("pid", "status", "mass"):
            both = [getattr(e, name)[o] for e, o in zip((three, two), order, strict=True)]
            np.testing.assert_array_equal(*both)
        for name in ("momenta", "vertices"):
            both = [getattr(e, name)[:, o] for e, o in zip((three, two), order, strict=True)]
            np.testing.assert_array_equal(*both)
        for event in (three, two):
            assert decays_to_bottom(event, "")
            require_leading_order(event, "")
            # Momentum is kept: that of the beams is in the final particles.
            final = event.momenta[:, event.status == 1].sum(axis=1)
            np.testing.assert_allclose(final, [0, 0, 0, 13000], atol=0.2)
            quarks = np.flatnonzero((np.abs(event.pid) == 5) & (event.status == 23))
            assert (event.pid[event.mothers()[0][quarks]] == 25).all()
    assert [survey(file, None, None).cross_section_pb for file in files] == [1.0, 1.0]


HEPMC2 = """HepMC::Version 2.06.09
HepMC::IO_GenEvent-START_EVENT_LISTING
E 7 -1 -1 0.1 0.0075 9999 0 2 1 0 1 33 2 1.0 0.5
N 2 "nominal" "scale up"
U MEV CM
C 12.5 0.1
V -1 0 0.1 0.2 -0.3 0.4 1 2 0
P 1 2212 0 0 6500e3 6500e3 938 4 0 0 -1 0
P 2 5 3000 4000 -1000 5100 4700 23 0 0 0 1 1 501
P 3 511 100 0 0 5300 5279 2 0 0 -2 0
V -2 0 0 0 0 0 0 1 0
P 5 -13 1000 0 0 1006 106 1 0 0 0 0
HepMC::IO_GenEvent-END_EVENT_LISTING
"""


def test_version_2_by_hand(tmp_path):
    path = tmp_path / "events.hepmc"
    path.write_text(HEPMC2)
    (event,) = read_hepmc_events(path)
    assert event.pid.tolist() == [2212, 5, 511, -13]
    assert event.status.tolist() == [4, 23, 2, 1]
    np.testing.assert_allclose(event.momenta[:, 1], [3.0, 4.0, -1.0, 5.1])
    assert event.mothers()[0].tolist() == [-1, 0, 0, 2]
    assert event.daughters().tolist() == [[1, -1, 3, -1], [2, -1, 3, -1]]
    # A vertex at nothing but zeros has no position: it lies where its mother was born.
    np.testing.assert_allclose(event.vertices.T[1:], [[1, 2, -3]] * 3)
    assert event.weights == [1.0, 0.5]
    weights = survey(path, "scale up", None)
    assert (weights.names, weights.counts) == (("nominal", "scale up"), 1)
    assert (weights.nominal.tolist(), weights.cross_section_pb) == ([0.5], 12.5)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("V -1 0 0.1 0.2 -0.3 0.4 1 2 0", "V -1 0 0.1 0.2 -0.3 0.4 1 3 0", "too few particles"),
        ("V -1 0 0.1 0.2 -0.3 0.4 1 2 0", "V -1 0 0.1 0.2 -0.3 0.4 1 1 0", "too many particles"),
        ("0 2 1 0 1 33", "0 3 1 0 1 33", "2 vertices, but the event says 3"),
        ("4 0 0 -1 0", "4 0 0 -5 0", "vertex -5 of a particle is not there"),
        ("2 0 0 -2 0", "2 0 0 -1 0", "is its own ancestor"),
        ("33 2 1.0 0.5", "33 3 1.0 0.5", "2 weights, but the event says 3"),
        ("5100 4700", "nan 4700", "momentum and energy"),
        ("V -2 0", "V -1 0", "vertex -1 stands twice"),
    ],
)
def test_broken_version_2_names_the_file(tmp_path, old, new, message):
    path = tmp_path / "events.hepmc"
    assert old in HEPMC2
    path.write_text(HEPMC2.replace(old, new))
    with pytest.raises(InputFileError, match=f"event 0 is not HepMC text.*{message}"):
        list(read_hepmc_events(path))

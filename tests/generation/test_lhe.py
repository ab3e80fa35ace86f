"""Les Houches files: round trip, Pythia reads them, broken files are told."""

import errno
import gzip
import json
from dataclasses import fields

import numpy as np
import pytest

from hh4b.core.errors import ContractError, InputFileError
from hh4b.core.files import Provenance
from hh4b.generation.lhe import LheEvents, read_lhe, write_lhe

PROVENANCE = Provenance("test", {"text": "<b> & ünïcode"}, seed=3, counts={"n_events": 11})


def make_events(n=11, seed=0):
    """Events of two kinds: three and four particles."""
    rng = np.random.default_rng(seed)
    short = np.arange(n) % 3 == 0
    pid = np.where(short[:, None], [21, 21, 25, 0], [1, -1, 5, -5])
    filled = pid != 0
    status = np.where(filled, [-1, -1, 1, 1], 0)
    mothers = np.where(filled[..., None], [[0, 0], [0, 0], [1, 2], [1, 2]], 0)
    colours = np.where(filled[..., None], [[501, 502], [502, 501], [7, 0], [0, 7]], 0)
    momenta = rng.normal(size=(n, 4, 4)) * 10 ** rng.uniform(-5, 4, size=(n, 4, 4))
    momenta[..., 0] = np.abs(momenta[..., 0])
    masses = rng.uniform(size=(n, 4))
    return LheEvents(
        pid, status, mothers, colours,
        np.where(filled[..., None], momenta, 0.0), np.where(filled, masses, 0.0),
        rng.uniform(size=n), rng.uniform(100, 200, size=n), rng.uniform(0.1, 0.2, size=n),
    )  # fmt: skip


def write(path, events=None):
    write_lhe(
        path, make_events() if events is None else events,
        sqrt_s_gev=13e3, cross_section_error_pb=0.25, provenance=PROVENANCE,
    )  # fmt: skip
    return path


def test_round_trip(tmp_path):
    events = make_events()
    file = read_lhe(write(tmp_path / "events.lhe.gz", events))
    for name in ("pid", "status", "mothers", "colours"):
        np.testing.assert_array_equal(getattr(file.events, name), getattr(events, name))
    for name in ("momenta", "masses", "weights", "scales", "alpha_s"):
        np.testing.assert_allclose(getattr(file.events, name), getattr(events, name), rtol=1e-8)
    assert file.cross_section_pb == pytest.approx(events.weights.mean())
    assert file.cross_section_error_pb == 0.25
    assert file.provenance == json.loads(PROVENANCE.as_json())


def test_part_of_a_file_and_more_than_one_write_block(tmp_path):
    events = make_events(9001)
    path = write(tmp_path / "events.lhe.gz", events)
    part = read_lhe(path, first=4090, count=13)
    assert part.n_events_file == 9001
    np.testing.assert_allclose(part.events.weights, events.weights[4090:4103], rtol=1e-9)
    assert len(read_lhe(path, first=8999).events) == 2
    with pytest.raises(InputFileError, match="9001 events, but events 9000 to 9002"):
        read_lhe(path, first=9000, count=2)


@pytest.mark.parametrize(
    ("first", "count"), [(0, None), (0, 3), (0, 0), (700, 1100), (1999, None), (2000, None)]
)
def test_events_are_counted_as_they_are_read(tmp_path, monkeypatch, first, count):
    """Own files are not looked into but at the events asked for; all others line by line."""
    text = gzip.decompress(write(tmp_path / "own.lhe.gz", make_events(2000)).read_bytes())
    (tmp_path / "other.lhe").write_bytes(b"<!-- other -->\n" + text)
    other = read_lhe(tmp_path / "other.lhe", first, count)
    monkeypatch.setattr("hh4b.generation.lhe.event_blocks", None)
    own = read_lhe(tmp_path / "own.lhe.gz", first, count)
    assert own.n_events_file == other.n_events_file == 2000
    for name in (field.name for field in fields(LheEvents)):
        np.testing.assert_array_equal(getattr(own.events, name), getattr(other.events, name))


def test_events_as_a_file_of_their_own(tmp_path):
    path = write(tmp_path / "own.lhe.gz", make_events(50))
    part = read_lhe(path, 20, 7, with_text=True)
    (tmp_path / "part.lhe").write_bytes(part.text)
    alone = read_lhe(tmp_path / "part.lhe")
    assert alone.n_events_file == 7
    for field in fields(LheEvents):
        np.testing.assert_array_equal(
            getattr(alone.events, field.name), getattr(part.events, field.name)
        )
    for name in ("cross_section_pb", "provenance", "sqrt_s_gev", "lhapdf_ids"):
        assert getattr(alone, name) == getattr(part, name)
    assert read_lhe(path, 20, 7).text == b""
    text = gzip.decompress(path.read_bytes()).replace(b"</event>", b"<rwgt>\n</rwgt>\n</event>")
    (tmp_path / "tags.lhe").write_bytes(text)
    assert read_lhe(tmp_path / "tags.lhe", 20, 7, with_text=True).text == b""


def test_equal_events_make_equal_files(tmp_path):
    one, two = write(tmp_path / "one.lhe.gz"), write(tmp_path / "two.lhe.gz")
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.6, 0.99])
@pytest.mark.parametrize("zipped", [True, False])
def test_cut_file_is_told(tmp_path, fraction, zipped):
    whole = write(tmp_path / "whole.lhe.gz").read_bytes()
    if not zipped:
        whole = gzip.decompress(whole)
    cut = tmp_path / "cut.lhe.gz"
    cut.write_bytes(whole[: int(fraction * len(whole))])
    with pytest.raises(InputFileError, match=r"cut.lhe.gz .*(cut in the middle|not a)"):
        read_lhe(cut, count=1)


def test_other_bad_files(tmp_path):
    path = tmp_path / "bad.lhe"
    with pytest.raises(InputFileError, match=r"cannot read .*bad.lhe: No such file"):
        read_lhe(path)
    path.write_text("HepMC::Version 3\n")
    with pytest.raises(InputFileError, match="is not an LHE file: it starts with"):
        read_lhe(path)
    text = gzip.decompress(write(tmp_path / "whole.lhe.gz").read_bytes()).decode()
    path.write_text(text.replace("4 1 ", "5 1 ", 1))
    with pytest.raises(InputFileError, match="not a valid LHE file"):
        read_lhe(path)
    path.write_text(text.replace("<event>\n4 1", "<event>\nfour 1", 1))
    with pytest.raises(InputFileError, match="not a valid LHE file"):
        read_lhe(path)


def test_other_programs_files(tmp_path):
    """Comments, weights and attributes as MadGraph writes them are skipped."""
    text = gzip.decompress(write(tmp_path / "whole.lhe.gz").read_bytes()).decode()
    text = (
        '<?xml version="1.0"?>\n'
        + text.split("<header>", maxsplit=1)[0]
        + text.partition("</header>\n")[2]
    )
    text = text.replace("<event>", '<event npNLO="0">').replace(
        "</event>", "# 1 2 3\n<rwgt>\n<wgt id='1'> 3 </wgt>\n</rwgt>\n</event>"
    )
    path = tmp_path / "other.lhe"
    path.write_text(text)
    file = read_lhe(path)
    assert file.provenance == {}
    np.testing.assert_array_equal(file.events.pid, make_events().pid)


def test_broken_events_are_not_written(tmp_path):
    events = make_events()
    events.momenta[7, 2, 1] = np.nan
    path = tmp_path / "events.lhe.gz"
    with pytest.raises(ContractError, match="momenta of event 7 is not finite"):
        write(path, events)
    with pytest.raises(ContractError, match="no event"):
        write(path, make_events(0))
    with pytest.raises(ContractError, match=r"masses has shape \(3, 4\)"):
        LheEvents(*[getattr(events, n) for n in ("pid", "status", "mothers", "colours", "momenta")],
                  events.masses[:3], events.weights, events.scales, events.alpha_s)  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "events.lhe.gz"
    path.write_text("what was there before")
    monkeypatch.setattr("hh4b.generation.lhe._format", full)
    with pytest.raises(InputFileError, match=r"cannot write .*events.lhe.gz: No space left"):
        write(path)
    assert path.read_text() == "what was there before"
    assert list(tmp_path.iterdir()) == [path]

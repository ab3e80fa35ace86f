import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from hh4b.core.errors import GeneratorFailed
from hh4b.generation.lhe import read_lhe
from hh4b.simulation import shower as module
from hh4b.simulation.shower import blocks, hepmc_status, shower

TOY = Path(__file__).parents[1] / "data/hh_toy.lhe.gz"


@pytest.fixture(scope="module")
def events():
    """Return twelve showered events in blocks of five."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_EVENTS", 5)
        return list(shower(TOY, first=3, count=9, seed=1, labels=("toy",)))


def test_blocks_start_at_multiples():
    assert blocks(0, 250) == [(0, 250)]
    assert blocks(0, 251) == [(0, 250), (250, 251)]
    assert blocks(499, 2) == [(499, 500), (500, 501)]


def test_events_keep_their_number_and_energy(events):
    assert [block.index.tolist() for block in events] == [[3, 4], [5, 6, 7, 8, 9], [10, 11]]
    for block in events:
        final = block.particles()
        assert final.n_events == len(block.index)
        for i in range(final.n_events):
            rows = slice(final.offsets[i], final.offsets[i + 1])
            assert final.energy[rows].sum() == pytest.approx(13_000, rel=1e-5)
            assert final.px[rows].sum() == pytest.approx(0, abs=1e-3)


def test_higgs_decays_are_those_of_the_file(events):
    """Both H decay to b quarks, and the hard process is the file's."""
    text = gzip.decompress(TOY.read_bytes()).decode()
    lines = re.findall(r"<event>\n.*?</event>", text, flags=re.S)[3].splitlines()
    higgs = np.array(
        [list(map(float, line.split()))[6:9] for line in lines if line.startswith(" 25")]
    )
    record = events[0].record
    rows = slice(0, record.offsets[1])
    born = (record.pid[rows] == 25) & (record.status[rows] == 22)
    # Pythia adds primordial kT only to later copies
    assert pytest.approx(higgs, rel=1e-6) == record.momenta[:3, rows][:, born].T
    for i in np.flatnonzero((record.pid[rows] == 25) & (record.status[rows] == 62)):
        first, last = record.daughters[:, i]
        assert sorted(record.pid[first : last + 1].tolist()) == [-5, 5]


def test_partons_and_status_follow_hepmc(events):
    record = events[1].record
    assert set(np.unique(record.status)) - set(range(11, 100)) <= {1, 2, 4}
    partons = events[1].partons()
    assert partons.offsets[-1] == len(partons.pt) > 100
    assert (np.abs(partons.pid) == 5).sum() >= 4 * 5
    assert hepmc_status(
        np.array([2212, 25, 5, 511, 211, -15, 22, 90]),
        np.array([-12, -22, -71, -83, 84, -91, 62, -11]),
    ).tolist() == [4, 22, 71, 2, 1, 2, 1, 11]


def test_events_do_not_depend_on_the_chunk(events, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_EVENTS", 5)
    (again,) = shower(TOY, first=5, count=5, seed=1, labels=("toy",))
    assert again.index.tolist() == events[1].index.tolist()
    assert again.record.pid.tolist() == events[1].record.pid.tolist()
    assert (again.record.momenta == events[1].record.momenta).all()
    (other,) = shower(TOY, first=5, count=5, seed=2, labels=("toy",))
    assert other.record.pid.tolist() != again.record.pid.tolist()


def test_a_file_with_the_events_alone_gives_the_same(events, monkeypatch):
    """Pythia parses all events before the first one that it is asked for."""
    monkeypatch.setattr(module, "BLOCK_EVENTS", 5)
    text = read_lhe(TOY, 3, 9, with_text=True).text
    asked = []
    start = module.start_pythia

    def watched(path, **kwargs):
        asked.append(kwargs["part"].path)
        return start(path, **kwargs)

    monkeypatch.setattr(module, "start_pythia", watched)
    again = list(shower(TOY, first=3, count=9, seed=1, labels=("toy",), text=text))
    assert [block.index.tolist() for block in again] == [block.index.tolist() for block in events]
    for one, other in zip(again, events, strict=True):
        np.testing.assert_array_equal(one.record.momenta, other.record.momenta)
        np.testing.assert_array_equal(one.vertices, other.vertices)
    (part,) = asked
    assert part != TOY
    assert not part.parent.exists()


def test_a_batch_that_fails_is_begun_again_in_the_part(monkeypatch):
    text = read_lhe(TOY, 2, 2, with_text=True).text
    no_hadrons = {"seed": 1, "labels": ("toy",), "commands": ("HadronLevel:all = off",)}
    (whole,) = shower(TOY, first=2, count=2, **no_hadrons)
    (part,) = shower(TOY, first=2, count=2, text=text, **no_hadrons)
    np.testing.assert_array_equal(whole.record.momenta, part.record.momenta)


def test_unknown_setting(events):
    with pytest.raises(GeneratorFailed, match="PartonLevel:MPP"):
        next(shower(TOY, first=0, count=1, seed=1, labels=(), commands=("PartonLevel:MPP = off",)))


def test_too_many_failures_stop_the_run(tmp_path):
    # Colour lines that end nowhere: Pythia gives up every event.
    text = gzip.decompress(TOY.read_bytes()).decode().replace(" 503 0 ", " 777 0 ")
    broken = tmp_path / "broken.lhe"
    broken.write_text(text)
    with pytest.raises(GeneratorFailed, match=r"gave up \d+ of 24 events .*broken\.lhe"):
        list(shower(broken, first=0, count=24, seed=1, labels=()))


def test_events_without_any_vertex(monkeypatch):
    """Without hadrons no particle has a production vertex, and Pythia hands over no batches."""
    no_hadrons = ("HadronLevel:all = off",)
    (block,) = shower(TOY, first=0, count=3, seed=1, labels=("toy",), commands=no_hadrons)
    assert block.index.tolist() == [0, 1, 2]
    assert block.n_failed == 0
    assert not block.vertices.any()
    final = block.particles()
    rows = slice(final.offsets[1], final.offsets[2])
    assert final.energy[rows].sum() == pytest.approx(13_000, rel=1e-5)


def test_single_events_are_those_of_a_batch():
    (block,) = shower(TOY, first=2, count=2, seed=1, labels=("toy",))
    pythia = module.start_pythia(TOY, first=2)
    pythia.rndm.init(1 + module.derive_seed(1, "toy", "shower", 2, bits=29))
    single = module.one_by_one(pythia, 2, 2)
    assert single.index.tolist() == block.index.tolist()
    for name in ("offsets", "pid", "status", "mothers", "daughters", "momenta", "mass"):
        np.testing.assert_array_equal(getattr(single.record, name), getattr(block.record, name))
    assert np.isfinite(single.vertices).all()
    assert single.vertices.any()


def test_few_events_may_not_vanish(monkeypatch):
    """Two of three events that fail are damage, not chance."""

    class Failing:
        rndm = type("Random", (), {"init": staticmethod(lambda _: None)})

        @staticmethod
        def nextBatch(number, _):  # noqa: N802
            return [None] * number

    monkeypatch.setattr(module, "start_pythia", lambda *_, **__: Failing())
    with pytest.raises(GeneratorFailed, match="gave up 3 of 3"):
        list(shower(TOY, first=0, count=3, seed=1, labels=("toy",)))


def test_vertices_are_those_of_their_particles(monkeypatch):
    """The batches of Pythia have them beside the particles, further with each event."""
    with monkeypatch.context() as patch:
        patch.delattr(module, "one_by_one")  # the slow way is not taken
        (block,) = shower(TOY, first=3, count=9, seed=1, labels=("toy",))
    pythia = module.start_pythia(TOY, first=3)
    pythia.rndm.init(1 + module.derive_seed(1, "toy", "shower", 3, bits=module._SEED_BITS))
    single = module.one_by_one(pythia, 3, 9)
    assert np.array_equal(block.record.pid, single.record.pid)
    assert np.array_equal(block.vertices, single.vertices)
    # Neutral strange hadrons fly; the beams and the hard process start at the origin.
    away = np.hypot(*block.vertices[:2]) > 1.0
    assert away.any()
    assert not away[block.record.status == 4].any()


def test_an_event_that_fails_last_leaves_no_vertex_behind(monkeypatch):
    """What Pythia holds then tells nothing of the batch: its events are made one by one."""
    plain = list(shower(TOY, first=3, count=4, seed=1, labels=("toy",)))
    asked = []

    def refuse(batch, pythia, start):
        asked.append(start)
        raise module._VerticesLost

    monkeypatch.setattr(module, "_convert", refuse)
    again = list(shower(TOY, first=3, count=4, seed=1, labels=("toy",)))
    assert asked == [3]
    assert np.array_equal(plain[0].record.momenta, again[0].record.momenta)
    assert np.array_equal(plain[0].vertices, again[0].vertices)

"""Digests of code that an earlier run computed: only where the sources are the same."""

import errno
import json
import os

import pytest

from hh4b.core import digest, kept_digests
from hh4b.core.kept_digests import KeptDigests


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A package of one module, and how to write it."""
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setattr(digest, "ROOT", folder)

    def write(text):
        (folder / "one.py").write_text(text)
        digest._source.cache_clear()

    write("X = 1\n")
    yield write
    digest._source.cache_clear()


@pytest.fixture
def computed(monkeypatch):
    """The targets whose digests were computed."""
    found, compute = [], digest.code_digest
    monkeypatch.setattr(
        digest, "code_digest", lambda *targets: found.append(targets) or compute(*targets)
    )
    return found


def kept(folder):
    """Do what a run does, and return its digest."""
    digests = KeptDigests(folder)
    value = digests.of("hh4b.one")
    digests.write()
    return value


def test_the_same_sources_are_read_once(tmp_path, sources, computed):
    first = kept(tmp_path / "cache")
    assert first == digest.code_digest("hh4b.one")
    computed.clear()
    assert kept(tmp_path / "cache") == first
    assert computed == []


@pytest.mark.parametrize("change", ["X = 2\n", "X = 1\ndef f(): pass\n"])
def test_changed_sources_have_digests_of_their_own(tmp_path, sources, change):
    first = kept(tmp_path)
    sources(change)
    assert kept(tmp_path) == digest.code_digest("hh4b.one") != first
    sources("X = 1\n")
    assert kept(tmp_path) == first


def test_a_new_module_is_a_change(tmp_path, sources, computed):
    kept(tmp_path)
    (digest.ROOT / "two.py").write_text("")
    kept(tmp_path)
    assert len(computed) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"hh4b.one": 3}', b"\xff"])
def test_a_damaged_file_is_as_one_missing(tmp_path, sources, content):
    first = kept(tmp_path)
    (path,) = tmp_path.glob("code-*.json")
    path.write_bytes(content)
    assert kept(tmp_path) == first
    assert json.loads(path.read_text()) == {"hh4b.one": first}


def test_where_nothing_can_be_kept_it_is_computed(tmp_path, sources, computed, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert kept(tmp_path) == kept(tmp_path)
    assert len(computed) == 2
    monkeypatch.setattr(kept_digests, "user_cache", lambda: None)
    kept_digests._of_this_program.cache_clear()
    assert kept_digests.kept_digest("hh4b.one") == digest.code_digest("hh4b.one")
    kept_digests._of_this_program.cache_clear()


def test_old_states_go(tmp_path, sources):
    for number in range(kept_digests._STATES + 3):
        sources(f"X = {number}\n")
        kept(tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == kept_digests._STATES

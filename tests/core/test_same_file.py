import os

import pytest

from hh4b.core.same_file import file_identity, same_file


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.root").write_bytes(b"root")
    (tmp_path / "inner").mkdir()
    (tmp_path / "link.root").symlink_to("a.root")
    os.link(tmp_path / "a.root", tmp_path / "hard.root")
    (tmp_path / "folder").symlink_to("inner")
    return tmp_path


@pytest.mark.parametrize(
    "spelling", ["a.root", "./a.root", "inner/../a.root", "link.root", "hard.root", "ABSOLUTE"]
)
def test_spellings_of_a_file_are_one_file(folder, spelling):
    spelling = str(folder / "a.root") if spelling == "ABSOLUTE" else spelling
    assert same_file("a.root", spelling)
    assert hash(file_identity(spelling)) == hash(file_identity("a.root"))


def test_spellings_of_a_file_to_come_are_one_file(folder):
    for spelling in ("inner/new", "./inner/new", "folder/new", folder / "inner/../inner/new"):
        assert same_file("inner/new", spelling)


def test_other_files_are_others(folder):
    (folder / "b.root").write_bytes(b"root")
    assert not same_file("a.root", "b.root")
    assert not same_file("inner/new", "new")
    assert not same_file("a.root", "nothing")


def test_addresses_are_known_by_their_spelling():
    assert same_file("root://host//a.root", "root://host//a.root")
    assert not same_file("root://host//a.root", "root://host//b.root")
    assert not same_file("root://host/a.root", "root:/host/a.root")

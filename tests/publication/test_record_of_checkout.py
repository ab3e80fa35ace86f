"""What a record asks of the checkout changes nothing in it."""

import os
import shutil
import subprocess

import pytest

from hh4b.publication.record import run


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_index_of_git_stays_as_it_is(tmp_path, monkeypatch):
    def git(*words):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    (tmp_path / "a").write_text("x")
    git("add", "a")
    # Git would write down that the file is the same in spite of its new time.
    os.utime(tmp_path / "a", (1, 1))
    index = tmp_path / ".git/index"
    before = index.read_bytes()
    monkeypatch.setattr(run, "_PACKAGE", tmp_path)
    assert run._git("status", "--porcelain") == "A  a"
    assert index.read_bytes() == before

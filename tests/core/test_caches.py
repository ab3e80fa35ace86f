"""Where nothing can be written, neither source nor home, and the user has no name."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hh4b.core import caches


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """No variable set, nothing writable but the folder of temporary files."""
    for name in ("NUMBA_CACHE_DIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setattr(caches.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(caches.tempfile, "tempdir", str(tmp_path))
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: str(path).startswith(str(tmp_path)) and access(path, mode)
    )
    return tmp_path


def test_caches_go_to_a_folder_of_the_user_alone(bare):
    caches.prepare_caches()
    folder = bare / f"hh4b-caches-{os.getuid()}"
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder / "numba")
    assert os.environ["MPLCONFIGDIR"] == str(folder / "matplotlib")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert caches.user_cache() is None


def test_a_folder_that_others_can_write_to_is_not_used(bare):
    folder = bare / f"hh4b-caches-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    caches.prepare_caches()
    assert not Path(os.environ["NUMBA_CACHE_DIR"]).is_relative_to(folder)
    assert Path(os.environ["NUMBA_CACHE_DIR"]).is_relative_to(bare)


def test_what_was_told_stays(bare, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/told")
    caches.prepare_caches()
    assert os.environ["NUMBA_CACHE_DIR"] == "/told"


def test_nothing_changes_where_home_can_be_written(bare, monkeypatch):
    monkeypatch.setenv("HOME", str(bare))
    caches.prepare_caches()
    assert "NUMBA_CACHE_DIR" not in os.environ
    assert caches.user_cache() == bare / ".cache"


def test_no_home_is_no_folder_called_tilde(bare, monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert caches.user_cache() is None


#: Somebody without a name, who may read everything and write nothing.
SOMEBODY = [
    "setpriv", "--reuid=54321", "--regid=54321", "--clear-groups",
    "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
]  # fmt: skip


@pytest.mark.skipif(
    os.getuid() != 0 or subprocess.run([*SOMEBODY, "true"], capture_output=True).returncode != 0,
    reason="only root, with setpriv, can become somebody without a name",
)
def test_somebody_without_name_and_home_can_pair_and_draw():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        check_somebody(folder)


def check_somebody(folder):
    code = (
        "import os, hh4b\n"
        "from hh4b.pairing import min_dr\n"
        "import matplotlib.pyplot, torch, optuna\n"
        "from hh4b.spanet import native; native.library()\n"
        "print(os.environ.get('NUMBA_CACHE_DIR'), os.environ.get('MPLCONFIGDIR'))\n"
    )
    kept = ("PATH", "PYTHONPATH", "LANG")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"TMPDIR": str(folder), "PYTHONPATH": str(Path(caches.__file__).parents[2])}
    done = subprocess.run(
        [*SOMEBODY, sys.executable, "-c", code], check=False, capture_output=True, text=True,
        env=environment, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        str(folder / f"hh4b-caches-54321/{name}") for name in ("numba", "matplotlib")
    ]
    assert done.stderr == ""

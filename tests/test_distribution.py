"""What is built of the project and installed elsewhere: its version and its files."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytest.importorskip("setuptools_scm")


def run(*words, cwd, **environment):
    """Run a command; the versions of other tests, and of this checkout, are not its own."""
    inherited = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "GIT_DIR"}}
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, env={**inherited, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def copy_of_sources(folder):
    """Copy what makes the distribution, without the outputs of builds."""
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".git_archival.txt", ".gitattributes"):
        shutil.copy(ROOT / name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    return folder


def commit(folder, *, tag=None):
    name = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    run("git", "init", "-q", cwd=folder)
    run("git", "add", "-A", cwd=folder)
    run("git", *name, "commit", "-q", "--allow-empty", "-m", "x", cwd=folder)
    if tag:
        run("git", *name, "tag", tag, cwd=folder)


def version_of(folder):
    code = (
        "import tomllib, setuptools_scm, pathlib;"
        "table = tomllib.loads(pathlib.Path('pyproject.toml').read_text())['tool']"
        "['setuptools_scm'];"
        "print(setuptools_scm.get_version(**table))"
    )
    return run(sys.executable, "-c", code, cwd=folder)


@pytest.fixture
def sources(tmp_path):
    return copy_of_sources(tmp_path / "hh4b")


def test_the_version_comes_from_the_tags(sources):
    assert version_of(sources) == "0.1.dev0"  # neither git nor sdist
    commit(sources)
    assert version_of(sources) == "0.1.dev1"  # no tag yet
    commit(sources, tag="v1.2.0")
    assert version_of(sources) == "1.2.0"
    commit(sources)
    assert version_of(sources) == "1.2.1.dev1"


@pytest.mark.slow
def test_sdist_and_wheel_are_whole(sources, tmp_path):
    """The wheel of the sdist, installed alone, has the version, the data files and the command."""
    commit(sources, tag="v1.2.0")
    code = "from setuptools import build_meta as b; b.build_sdist('dist')"
    run(sys.executable, "-c", code, cwd=sources)
    (packed,) = (sources / "dist").iterdir()
    assert packed.name == "hh4b-1.2.0.tar.gz"
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / "hh4b-1.2.0"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    run(*pip, "wheel", *offline, "-w", tmp_path / "wheels", unpacked, cwd=tmp_path)
    (wheel,) = (tmp_path / "wheels").iterdir()
    assert wheel.name == "hh4b-1.2.0-py3-none-any.whl"
    packaged = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "egg-info" not in str(path)
    }
    with zipfile.ZipFile(wheel) as archive:
        assert packaged <= set(archive.namelist())
    target = tmp_path / "installed"
    run(*pip, "install", *offline, "--target", target, wheel, cwd=tmp_path)
    here = {"PYTHONPATH": str(target)}
    code = "import hh4b; print(hh4b.__version__, hh4b.__file__)"
    version, place = run(sys.executable, "-c", code, cwd=tmp_path, **here).split(maxsplit=1)
    assert version == "1.2.0"
    assert Path(place).is_relative_to(target)
    assert run(target / "bin/hh4b", "--version", cwd=tmp_path, **here) == "hh4b 1.2.0"

"""What docs/platforms.md promises to machines for which pythia8mc has no wheel."""

import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data"
#: A Python in which the package cannot be imported, and has no files.
WITHOUT = """
import importlib.metadata, sys
sys.modules["pythia8mc"] = None
files = importlib.metadata.files
importlib.metadata.files = lambda name: None if name == "pythia8mc" else files(name)
"""


def python(code, folder, *words):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code, *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def hh4b(folder, *words):
    return python("from hh4b.cli import main\nmain()", folder, *words)


def test_delphes_files_go_on_to_pairings(tmp_path):
    events = str(DATA / "delphes_slice.root")
    for words in (
        ("ingest", events, "-o", "d.h5", "--kappa-lambda", "1"),
        ("pair", "min-dr", "d.h5", "-o", "p.h5"),
        ("features", "d.h5", "p.h5", "-o", "f.h5"),
    ):
        done = hh4b(tmp_path, *words)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "f.h5").exists()


@pytest.mark.slow
def test_every_module_is_imported(tmp_path):
    code = (
        "import pkgutil, importlib, hh4b\n"
        "for info in pkgutil.walk_packages(hh4b.__path__, 'hh4b.'):\n"
        "    importlib.import_module(info.name)\n"
    )
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr


def test_showering_says_what_is_missing(tmp_path):
    card = Path(__file__).parents[2] / "config/detector/atlas.yaml"
    done = hh4b(
        tmp_path, "simulate", str(DATA / "hh_toy.lhe.gz"), "-o", "e.root", "--sample", "hh",
        "--detector", str(card), "--events", "2",
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()[-1:]
    assert line.startswith("hh4b: GeneratorFailed: the package pythia8mc")
    assert "docs/platforms.md" in line
    assert not (tmp_path / "e.root").exists()

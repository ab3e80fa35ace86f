"""What docs/platforms.md promises to machines for which pythia8mc has no wheel."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hh4b.core.errors import InputFileError
from hh4b.generation import reweight
from hh4b.generation.pdf import DensitiesMissing, find_grid_file
from hh4b.statistics.amplitude import computed_before_fb, own_cross_section_fb

ROOT = Path(__file__).parents[2]
#: As where the package has no wheel: neither its module nor what it says of itself is there.
WITHOUT = """
import importlib.metadata, sys
sys.modules["pythia8mc"] = None
files = importlib.metadata.files
def without(name):
    if name == "pythia8mc":
        raise importlib.metadata.PackageNotFoundError(name)
    return files(name)
importlib.metadata.files = without
"""


def python(code, folder, *words):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code, *map(str, words)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def hh4b(folder, *words):
    return python("from hh4b.cli import main\nmain()", folder, *words)


@pytest.mark.slow
def test_every_module_is_imported(tmp_path):
    code = (
        "import pkgutil, importlib, hh4b\n"
        "for info in pkgutil.walk_packages(hh4b.__path__, 'hh4b.'):\n"
        "    importlib.import_module(info.name)\n"
    )
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr


def test_delphes_files_go_on_to_features(tmp_path):
    for words in (
        ("ingest", ROOT / "tests/data/delphes_slice.root", "-o", "d.h5", "--kappa-lambda", "1"),
        ("pair", "min-dr", "d.h5", "-o", "p.h5"),
        ("features", "d.h5", "p.h5", "-o", "f.h5"),
    ):
        done = hh4b(tmp_path, *words)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "f.h5").exists()


@pytest.mark.slow
def test_datasets_go_on_to_intervals(tmp_path):
    """As the example does."""
    code = "import runpy\nrunpy.run_path(sys.argv[1], run_name='__main__')"
    done = python(code, tmp_path, ROOT / "docs/examples/interval.py")
    assert done.returncode == 0, done.stderr
    assert "kappa_lambda in (" in done.stdout


def test_showering_says_what_is_missing(tmp_path):
    done = hh4b(
        tmp_path, "simulate", ROOT / "tests/data/hh_toy.lhe.gz", "-o", "e.root", "--sample", "hh",
        "--detector", ROOT / "config/detector/atlas.yaml", "--events", "2",
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("hh4b: ")]
    assert line == done.stderr.strip().splitlines()[-1]
    assert line.startswith("hh4b: GeneratorFailed: the package pythia8mc is not installed")
    assert "docs/platforms.md" in line
    assert not (tmp_path / "e.root").exists()


def test_a_package_without_a_list_of_its_files_is_told(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "files", lambda _: None)
    with pytest.raises(InputFileError, match="is not among the files of pythia8mc; reinstall"):
        find_grid_file()


def test_cross_sections_kept_for_machines_without_densities_are_the_computed_ones():
    known = computed_before_fb()
    m_higgs, m_top = known.masses
    assert set(known.coefficients_fb) == {13.0, 13.6, 14.0}
    for energy, kept in known.coefficients_fb.items():
        found = reweight.cross_section_coefficients_fb(energy, m_higgs_gev=m_higgs, m_top_gev=m_top)
        np.testing.assert_allclose(kept, found, rtol=1e-12)


def test_without_densities_only_what_was_computed_before_is_known(monkeypatch):
    def missing(*_, **__):
        raise DensitiesMissing("not installed")

    monkeypatch.setattr(reweight, "cross_section_coefficients_fb", missing)
    found = own_cross_section_fb(13.0, m_higgs_gev=125.0, m_top_gev=173.0)
    np.testing.assert_array_equal(found, computed_before_fb().coefficients_fb[13.0])
    for energy, m_top in ((8.0, 173.0), (13.0, 172.5)):
        with pytest.raises(DensitiesMissing, match=r"is known for .* at \[13.0, 13.6, 14.0\] TeV"):
            own_cross_section_fb(energy, m_higgs_gev=125.0, m_top_gev=m_top)

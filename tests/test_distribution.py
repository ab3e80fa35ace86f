"""What is built of the project and installed elsewhere: version, files, and life without Pythia."""

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


#: As where the package has no wheel: neither its module nor what it says of itself is there.
WITHOUT_PYTHIA = """
import importlib.metadata, runpy, sys
sys.modules["pythia8mc"] = None
files = importlib.metadata.files
def without(name):
    if name == "pythia8mc":
        raise importlib.metadata.PackageNotFoundError(name)
    return files(name)
importlib.metadata.files = without
sys.argv = sys.argv[1:]
if sys.argv[0] == "hh4b":
    from hh4b.cli import main
    main()
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def without_pythia(*words, cwd):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_PYTHIA, *map(str, words)], cwd=cwd,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_all_from_delphes_files_on_works_without_pythia(tmp_path):
    """Delphes files to pairings and features; datasets to intervals, as the example does."""
    tree = ROOT / "tests/data/delphes_slice.root"
    for words in (
        ("ingest", tree, "-o", "hh.h5", "--kappa-lambda", "1"),
        ("pair", "min-dr", "hh.h5", "-o", "pairing.h5"),
        ("features", "hh.h5", "pairing.h5", "-o", "features.h5"),
    ):
        done = without_pythia("hh4b", *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    done = without_pythia(ROOT / "docs/examples/interval.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "kappa_lambda in (" in done.stdout


def test_a_shower_without_pythia_is_one_line(tmp_path):
    partons = ROOT / "tests/data/hh_toy.lhe.gz"
    card = ROOT / "config/detector/atlas.yaml"
    words = ("simulate", partons, "-o", "events.root", "--sample", "x", "--detector", card)
    done = without_pythia("hh4b", *words, cwd=tmp_path)
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("hh4b: ")]
    assert len(said) == 1
    assert "the package pythia8mc is not installed" in said[0]


def test_cross_sections_kept_for_machines_without_densities_are_the_computed_ones():
    import numpy as np

    from hh4b.generation.reweight import cross_section_coefficients_fb
    from hh4b.statistics.amplitude import computed_before_fb

    known = computed_before_fb()
    m_higgs, m_top = known.masses
    assert set(known.coefficients_fb) == {13.0, 13.6, 14.0}
    for energy, kept in known.coefficients_fb.items():
        found = cross_section_coefficients_fb(energy, m_higgs_gev=m_higgs, m_top_gev=m_top)
        np.testing.assert_allclose(kept, found, rtol=1e-12)


def test_without_densities_only_what_was_computed_before_is_known(monkeypatch):
    import numpy as np

    from hh4b.generation import reweight
    from hh4b.generation.pdf import DensitiesMissing
    from hh4b.statistics.amplitude import computed_before_fb, own_cross_section_fb

    def missing(*_, **__):
        raise DensitiesMissing("not installed")

    monkeypatch.setattr(reweight, "cross_section_coefficients_fb", missing)
    found = own_cross_section_fb(13.0, m_higgs_gev=125.0, m_top_gev=173.0)
    np.testing.assert_array_equal(found, computed_before_fb().coefficients_fb[13.0])
    for energy, m_top in ((8.0, 173.0), (13.0, 172.5)):
        with pytest.raises(DensitiesMissing, match=r"is known for .* at \[13.0, 13.6, 14.0\] TeV"):
            own_cross_section_fb(energy, m_higgs_gev=125.0, m_top_gev=m_top)

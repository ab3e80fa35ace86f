"""`make clean` deletes the default study, and others only after a yes."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path):
    if shutil.which("make") is None:
        pytest.skip("no make here")
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("datasets", "variations/jes_up/datasets", ".hidden"):
        (tmp_path / "results" / name).mkdir(parents=True)
    for name in ("logs", ".snakemake/metadata", "data of mine"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("README.md", "config.yaml"):
        (tmp_path / "results" / name).write_text("x")
    return tmp_path


def clean(folder, answer=""):
    done = subprocess.run(
        ["make", "--no-print-directory", "clean"],
        cwd=folder,
        input=answer,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_one_study_goes_without_a_question(folder):
    assert "yes" not in clean(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["Makefile", "data of mine"]
    assert clean(folder) == ""  # nothing is there any more


@pytest.mark.parametrize("answer", ["", "no\n", "\n", "y\n"])
def test_other_studies_stay_unless_yes(folder, answer):
    (folder / "results/smoke/datasets").mkdir(parents=True)
    (folder / "results/mine").mkdir()
    (folder / "results/mine/config.yaml").write_text("x")
    said = clean(folder, answer)
    assert "other studies: results/mine/ results/smoke/" in said
    assert sorted(path.name for path in (folder / "results").iterdir()) == ["mine", "smoke"]
    assert (folder / "results/mine/config.yaml").exists()
    assert (folder / ".snakemake/metadata").exists()
    assert not (folder / "logs").exists()


def test_other_studies_go_after_a_yes(folder):
    (folder / "results/smoke/datasets").mkdir(parents=True)
    clean(folder, "yes\n")
    assert sorted(path.name for path in folder.iterdir()) == ["Makefile", "data of mine"]

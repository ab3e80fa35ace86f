import re
import resource
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def bare(requirement):
    return re.split(r"[<>=!~\[ ]", requirement)[0].lower().replace("_", "-")


def test_conda_environment_is_in_step_with_pyproject():
    content = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(item["pip"] for item in content if isinstance(item, dict))
    conda = {item for item in content if isinstance(item, str)}
    named = {r for r in conda | set(pip) if bare(r) not in {"python", "pip", "-e"}}
    assert named == set(PROJECT["dependencies"])


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0"])
def test_locked_versions_take_the_first_release_of_every_python(python):
    """Systems keep a Python for years: Debian 12 has 3.11.2."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    for name in (bare(line) for line in lines if line and not line.startswith("#")):
        try:
            found = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        wanted = found.get("Requires-Python")
        assert wanted is None or python in SpecifierSet(wanted), f"{name} {found['Version']}"


def test_lock_names_every_requirement():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    locked = {bare(line) for line in lines if line and not line.startswith("#")}
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    wanted = [requirement for group in groups for requirement in group]
    assert {bare(r) for r in wanted} <= locked
    assert all("==" in line for line in lines if line and not line.startswith("#"))


def test_help_is_fast_and_loads_no_heavy_library():
    heavy = "{'numpy', 'torch', 'pyhf', 'pythia8mc', 'awkward', 'h5py', 'matplotlib'}"
    check = f"import sys; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    # Some four times what its two libraries take, on any machine.
    assert seconds(f"import hh4b.cli; {check}") < 10 * seconds("import typer, pydantic")


def seconds(code):
    """Run a program, and return its CPU time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def test_library_does_not_know_snakemake():
    for path in (ROOT / "src").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) snakemake", path.read_text(), re.M), path


def test_the_citation_is_whole():
    content = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "title", "message", "abstract", "authors", "license", "keywords"} <= set(
        content
    )
    assert content["license"] == PROJECT["license"]
    for reference in content["references"]:
        assert all({"family-names", "given-names"} <= set(one) for one in reference["authors"])
        assert reference["identifiers"][0]["value"].startswith("arXiv:")
    assert content["references"][0]["identifiers"][0]["value"] == "arXiv:2401.14198"

"""What a maintainer takes over: checks before a commit, at the host, in a container."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
#: Instructions of a Containerfile, and whether the first must be FROM.
INSTRUCTIONS = {
    "FROM", "RUN", "CMD", "LABEL", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT", "VOLUME", "USER",
    "WORKDIR", "ARG", "SHELL",
}  # fmt: skip


def targets():
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_gate_runs_lint_docs_and_tests():
    text = (ROOT / ".ci/run").read_text()
    called = " ".join(re.findall(r"^make (.+)$", text, re.MULTILINE)).split()
    assert called == ["slurm", "browser", "lint", "docs", "test"]
    assert set(called) <= targets()
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_the_host_calls_the_gate_on_every_python():
    content = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    job = content["jobs"]["gate"]
    assert ".ci/run" in [step.get("run") for step in job["steps"]]
    versions = job["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.12", "3.13"]
    assert PROJECT["requires-python"].startswith(f">={versions[0]}")
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert f"python>={versions[0]},<3.{int(versions[-1].split('.')[1]) + 1}" in conda
    # `on` is read as a truth value by YAML 1.1.
    assert "pull_request" in content.get("on", content.get(True))
    assert content["permissions"] == {"contents": "read"}


def test_hooks_call_programs_that_are_installed():
    hooks = [
        hook
        for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
        for hook in repository["hooks"]
    ]
    assert {"ruff-check", "ruff-format", "mypy", "snakefmt"} <= {hook["id"] for hook in hooks}
    for hook in hooks:
        assert {"id", "name", "entry", "language"} <= set(hook)
        for pattern in (hook.get("files", ""), hook.get("exclude", "")):
            re.compile(pattern)
        program = shlex.split(hook["entry"])[0]
        beside = Path(sys.executable).parent / program
        assert shutil.which(program) or beside.exists(), f"{hook['id']}: no program {program}"


@pytest.mark.parametrize(("size", "code"), [(100_000, 0), (100_001, 1)])
def test_the_hook_for_large_files_refuses_them(tmp_path, size, code):
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    (hook,) = (h for r in repositories for h in r["hooks"] if h["id"] == "large-files")
    (tmp_path / "a file").write_bytes(b"0" * size)
    done = subprocess.run(
        [*shlex.split(hook["entry"]), "a file"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == code


def instructions(text):
    """Return the instructions of a Containerfile, continued lines joined, comments left out.

    Raises:
        AssertionError: for what is no instruction.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    assert not joined.rstrip().endswith("\\"), "the last line is continued"
    found = []
    for line in filter(str.strip, joined.splitlines()):
        word, _, rest = line.partition(" ")
        assert word in INSTRUCTIONS, f"{word!r} is no instruction"
        assert rest.strip(), f"{word} of nothing"
        found.append((word, rest.strip()))
    return found


def test_the_containerfile_is_one():
    found = instructions((ROOT / "Containerfile").read_text())
    assert found[0][0] == "FROM"
    version = re.search(r"python:(3\.\d+)", found[0][1])
    assert version
    assert version[1] in ("3.11", "3.12", "3.13")
    for word, rest in found:
        if word == "RUN":
            done = subprocess.run(
                ["bash", "-n"], input=rest, text=True, capture_output=True, check=False
            )
            assert done.returncode == 0, rest
        elif word == "COPY":
            *sources, _ = rest.split()
            assert all((ROOT / source).exists() for source in sources), rest
    assert any("requirements.lock" in rest for word, rest in found if word == "RUN")


@pytest.mark.parametrize("text", ["FORM python", "RUN", "FROM a\nRUN b \\\n", "FROM a\nand b"])
def test_what_is_no_containerfile_is_noticed(text):
    with pytest.raises(AssertionError):
        instructions(text)


def test_the_catalogue_of_workflows_finds_its_files():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    assert "software-stack-deployment" in usage
    # What the catalogue asks of a repository.
    for name in ("Snakefile", "workflow", "config/README.md", "config/config.yaml", "README.md"):
        assert (ROOT / name).exists()


def test_templates_have_what_the_host_reads():
    templates = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.md"))
    assert len(templates) == 2
    for template in templates:
        head = yaml.safe_load(template.read_text().split("---")[1])
        assert {"name", "about"} <= set(head)
    assert "CHANGELOG.md" in (ROOT / ".github/pull_request_template.md").read_text()


def test_contributing_names_targets_that_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`?make ([a-z-]+)", text))
    assert {"install", "lint", "docs", "test", "quick"} <= named <= targets()
    for path in re.findall(r"`((?:tests|docs|config|src)/[\w/.]+\.\w+)`", text):
        assert (ROOT / path).exists(), path
    for heading in ("Set up", "Checks", "Write a test", "Commits", "Release"):
        assert f"\n## {heading}\n" in text

"""Every value on a shell line is quoted, whatever the names of folders and files hold."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.workflow
ROOT = Path(__file__).parents[2]
#: What a shell would cut, run, expand or join.
NASTY = "my 'own'; \"$(touch RUN)\" `x` * [κλ] & > #"
#: Parameters that are options already, written by `hh4b.study.job_inputs.option` and its like.
OPTIONS = {
    "files", "energies", "weights", "replicas", "inputs", "scores", "search", "candidates", "folds",
    "reach", "pairs", "nominal", "testing", "varied", "tables", "figures", "redrawn",
    "reference",
}  # fmt: skip


def shell_lines():
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for match in re.finditer(r'shell:\n((?:\s+".*"\n)+)', path.read_text()):
            yield match[1]


def test_what_is_no_option_is_quoted_in_every_rule():
    lines = list(shell_lines())
    assert len(lines) > 40
    for line in lines:
        for field in re.findall(r"\{([^}]*)\}", line):
            bare = field == "threads" or field in {f"params.{name}" for name in OPTIONS}
            assert bare or field.endswith(":q"), f"{{{field}}} in {line}"


@pytest.fixture
def nasty(tmp_path):
    """A checkout, a folder of results and files of the user with such names."""
    folder = tmp_path / NASTY.replace("/", "")
    folder.mkdir()
    shutil.copy(ROOT / "Snakefile", folder)
    for name in ("workflow", "config", "profiles"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "tests/studies/small.yaml", folder / "config/config.yaml")
    (folder / f"{NASTY}.root").write_text("no tree")
    overlay = {
        "results": NASTY,
        "event_selection": {"jet_collection": NASTY},
        "samples": {
            # Brackets are globs in names of files.
            "mine": {"process": "four_b", "source": "files", "files": [f"{NASTY[:20]}*.root"]}
        },
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(overlay, allow_unicode=True))
    return folder


def test_every_job_is_told_names_whole(nasty, workflow):
    workflow.folder = nasty
    done = workflow.run("--dry-run", "--printshellcmds", "--configfile", "mine.yaml")
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    commands = re.findall(r"^Shell command: (?!None$)(.*)$", text, re.MULTILINE)
    assert len(commands) > 50
    for command in commands:
        words = shlex.split(command)
        assert "hh4b" in words
        # The log of every job, and every file of the results.
        assert words[-3] == ">"
        assert words[-2].startswith(f"{NASTY}/logs/")
        for word in words:
            assert not word.startswith(("'own'", "$(touch", "[κλ]")), command
        assert any(word.startswith(f"{NASTY}/") for word in words[:-3]), command


def test_jobs_run_there_and_say_what_fails(nasty, workflow):
    """A file without a tree: the last line of the job's log is on the terminal."""
    workflow.folder = nasty
    target = f"{NASTY}/datasets/mine.h5"
    done = workflow.run(target, "--configfile", "mine.yaml")
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if line.startswith("hh4b: ingest failed: ")]
    assert len(said) == 1, done.stdout + done.stderr
    assert f"{NASTY}.root" in said[0]
    assert (nasty / NASTY / "logs/ingest/mine.log").is_file()
    assert not list(nasty.rglob("RUN"))
    assert {path.name for path in nasty.iterdir()} == {
        "Snakefile", "workflow", "config", "profiles", ".snakemake", NASTY, f"{NASTY}.root",
        "mine.yaml",
    }  # fmt: skip

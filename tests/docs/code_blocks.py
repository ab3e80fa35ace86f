"""Code blocks of pages, and what the comment before each says is to be done with it.

A block has one of these marks in the line before it:

* ``<!-- run -->``: typed in a copy of the project.
* ``<!-- dry run -->``: the same, but `snakemake` and `make` only plan.
* ``<!-- file: NAME -->``: written to a file of the copy.
* ``<!-- overlay -->``: a valid study, laid over the default one.
* ``<!-- not run: REASON -->``.

``<!-- given: NAME = FILE -->`` in lines before the mark copies a file of the project to where the
page supposes one of the reader.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted({*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md"), ROOT / "config/README.md"})
_FENCE = re.compile(r"^(\s*)```([^`]*)$")
_MARK = re.compile(r"^\s*<!-- (run|dry run|overlay|file: \S+|not run: .+) -->$")
_GIVEN = re.compile(r"^\s*<!-- given: (\S+) = (\S+) -->$")
#: Commands that only say what they would do.
_DRY = 'snakemake() { command snakemake --dry-run "$@"; }; make() { command make --dry-run "$@"; }'
_COPIED = ("workflow", "config", "profiles", "tests/studies", "tests/data", "docs", "benchmarks")


@dataclass(frozen=True)
class Block:
    """A code block of a page.

    Attributes:
        place: page and line, for messages.
        section: heading of the second level above it.
        language: word behind the fence.
        text: what stands in it, without the indentation of the fence.
        mark: what the comment before it says; empty without one.
        given: files to copy, new name and name in the project.
    """

    place: str
    section: str
    language: str
    text: str
    mark: str
    given: list[tuple[str, str]] = field(default_factory=list)


def blocks_of(text, name=""):
    """Return the code blocks of a page in their order."""
    found, section, lines = [], "", text.split("\n")
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            section = (
                lines[number].removeprefix("## ") if lines[number].startswith("## ") else section
            )
            number += 1
            continue
        indent, language = opening.groups()
        end = next(k for k in range(number + 1, len(lines)) if lines[k].rstrip() == f"{indent}```")
        inner = "\n".join(line.removeprefix(indent) for line in lines[number + 1 : end]) + "\n"
        mark, given = _marks_before(lines, number)
        place = f"{name}:{number + 1}"
        if not language.startswith("{"):  # a directive of the site, e.g. its table of contents
            found.append(Block(place, section, language.strip(), inner, mark, given))
        number = end + 1
    return found


def _marks_before(lines, number):
    mark = _MARK.match(lines[number - 1]) if number else None
    given, line = [], number - 2
    while mark and line >= 0 and (match := _GIVEN.match(lines[line])):
        given.insert(0, match.groups())
        line -= 1
    return (mark[1] if mark else ""), given


def copy_project(folder):
    """Copy what commands of the pages need; results and environments stay behind."""
    for name in ("Snakefile", "Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("reference"))
    shutil.copytree(ROOT / "config/reference", folder / "config/reference")


def follow(block, folder):
    """Do in ``folder`` what the mark of a block says.

    Raises:
        AssertionError: if a command fails, with what it printed.
    """
    for new, of_project in block.given:
        target = folder / new
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / of_project, target)
    if block.mark.startswith("file: "):
        target = folder / block.mark.removeprefix("file: ")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text)
    elif block.mark in ("run", "dry run"):
        type_in(block, folder)


def type_in(block, folder):
    """Type a block, and fail with what it printed."""
    beginning = _DRY if block.mark == "dry run" else ""
    words = (
        [sys.executable, "-c", block.text]
        if block.language == "python"
        else ["bash", "-euo", "pipefail", "-c", f"{beginning}\n{block.text}"]
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{block.place}\n{block.text}\n{done.stdout}\n{done.stderr}"

"""Every code block of the pages is run, or says why not."""

import re
import subprocess
from itertools import groupby

import pytest
import yaml
from code_blocks import PAGES, ROOT, Block, blocks_of, copy_project, follow

from hh4b.study.reading import read_study


def all_blocks():
    return [
        block
        for page in PAGES
        for block in blocks_of(page.read_text(), str(page.relative_to(ROOT)))
    ]


BLOCKS = all_blocks()
#: Blocks of one section of a page build on each other; sections do not.
SECTIONS = {
    f"{page}, {section}": list(blocks)
    for (page, section), blocks in groupby(
        BLOCKS, key=lambda block: (block.place.split(":")[0], block.section)
    )
}
FOLLOWED = {
    name: blocks
    for name, blocks in SECTIONS.items()
    if any(block.mark in ("run", "dry run") for block in blocks)
}
#: What the issue of adding things has to show; a recipe that went missing is no recipe that passes.
RECIPES = ("sample", "process", "pairing", "classifier", "feature", "figure", "systematic")


def test_no_block_is_unmarked():
    unmarked = [block.place for block in BLOCKS if not block.mark]
    assert unmarked == [], "see tests/docs/code_blocks.py for the marks"
    assert len(BLOCKS) > 40


def test_there_is_a_recipe_for_each():
    for thing in RECIPES:
        blocks = FOLLOWED[f"docs/adding.md, A {thing}"]
        assert any(block.mark == "file: mine.yaml" for block in blocks), thing
        assert "snakemake " in blocks[-1].text, thing


@pytest.mark.slow
@pytest.mark.workflow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FOLLOWED)
def test_a_section_is_followed_word_by_word(tmp_path, name):
    copy_project(tmp_path)
    for block in FOLLOWED[name]:
        follow(block, tmp_path)


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.mark == "overlay"], ids=lambda block: block.place
)
def test_an_overlay_is_valid(tmp_path, block):
    path = tmp_path / "overlay.yaml"
    path.write_text(block.text)
    read_study(ROOT / "config/config.yaml", path)


@pytest.mark.parametrize(
    "block",
    [block for block in BLOCKS if block.mark.startswith("file: own/")],
    ids=lambda block: block.place,
)
def test_files_of_recipes_are_those_that_are_built_with(block):
    """`tests/studies/own_code.yaml` takes the same files from events to limits and figures."""
    assert block.text == (ROOT / "tests/studies" / block.mark.removeprefix("file: ")).read_text()


def test_files_of_pages_are_written_where_something_uses_them():
    """A file that no command follows would be shown, but not tested."""
    for name, blocks in SECTIONS.items():
        if any(block.mark.startswith("file: ") for block in blocks):
            assert blocks[-1].mark in ("run", "dry run"), name


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("<!-- run -->\n```\necho\n```\n", ["run"]),
        ("<!-- run -->\n\n```\necho\n```\n", [""]),
        ("```\necho\n```\n<!-- not run: days -->\n```yaml\na: 1\n```\n", ["", "not run: days"]),
        ("<!-- not run: -->\n```\necho\n```\n", [""]),
        ("* a\n\n  <!-- file: a.py -->\n  ```python\n  b = 1\n  ```\n", ["file: a.py"]),
    ],
)  # fmt: skip
def test_marks_are_read(text, marks):
    assert [block.mark for block in blocks_of(text)] == marks


def test_what_a_block_says_is_done(tmp_path):
    text = (
        "<!-- given: a/b.root = tests/data/hh_toy.lhe.gz -->\n"
        "<!-- file: c/d.txt -->\n```\nfirst\n```\n"
        "<!-- run -->\n```\ntest -s a/b.root\ngrep first c/d.txt > found\n```\n"
    )
    for block in blocks_of(text):
        follow(block, tmp_path)
    assert (tmp_path / "found").read_text() == "first\n"


@pytest.mark.parametrize("line", ["false", "grep nothing /dev/null | sort", "echo $NOT_SET_BY_ANY"])
def test_a_block_that_fails_is_noticed(tmp_path, line):
    with pytest.raises(AssertionError, match=r"page.md:7"):
        follow(Block("page.md:7", "", "", f"{line}\necho later", "run"), tmp_path)


def test_a_dry_run_plans_only(tmp_path):
    (tmp_path / "Makefile").write_text("made:\n\ttouch made\n")
    follow(Block("page.md:1", "", "", "make made\n", "dry run"), tmp_path)
    assert not (tmp_path / "made").exists()


def test_shell_blocks_are_shell():
    """Also those that are not run: a missing quotation mark is seen here."""
    for block in BLOCKS:
        if (
            block.language == ""
            and block.mark.startswith("not run: ")
            and "output" not in block.mark
        ):
            done = subprocess.run(
                ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{block.place}\n{done.stderr}"
        elif block.language == "yaml":
            assert yaml.safe_load(block.text), block.place
        elif block.language == "python":
            compile(block.text, block.place, "exec")


def test_no_command_hides_in_an_indented_block():
    """Indented lines are formulas; a command stands in a fence, with its mark."""
    command = re.compile(r"^    (hh4b|pyhf|snakemake|python|make|git|pip) ", re.MULTILINE)
    for page in PAGES:
        outside = re.sub(r"^\s*```.*?^\s*```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        assert not command.search(outside), page.name

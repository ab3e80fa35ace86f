"""The site is built, without a warning, and holds what it promises."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from code_blocks import PAGES, ROOT

pytest.importorskip("sphinx", reason="the extra `docs` is not installed")

import reference_pages
from intervals_picture import PICTURE, picture

from hh4b.publication.key_numbers import Numbers
from hh4b.study.documentation import markdown


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    reference_pages.write_pages(folder)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_site_is_built_without_a_warning():
    # Where `make docs` builds: after it only what has changed is built again.
    site = ROOT / "build/docs"
    done = subprocess.run(
        [
            sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going",
            "-b", "html", str(ROOT / "docs"), str(site),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("index", "tutorial", "reference/configuration", "reference/library/core"):
        assert (site / f"{name}.html").stat().st_size > 3000
    page = (site / "reference/library/core.html").read_text()
    assert 'id="hh4b.core.kinematics.delta_phi"' in page
    # No page asks another machine for anything.
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]* src="(https?:[^"]+)|<link[^>]* href="(https?:[^"]+)'
    )
    for html in site.rglob("*.html"):
        assert not loaded.search(html.read_text()), html.name


def test_references_cover_commands_rooms_and_configuration(references):
    commands = (references / "commands.md").read_text()
    for name in ("hh4b limits", "hh4b pair min-dr", "hh4b spanet train", "hh4b config new"):
        assert f"\n## {name}\n" in commands
    assert "--replicas-file" in commands
    rooms = {path.name for path in (ROOT / "src/hh4b").iterdir() if (path / "__init__.py").exists()}
    assert {path.stem for path in (references / "library").glob("*.md")} == rooms - {"commands"}
    assert (references / "configuration.md").read_text() == markdown()


def test_every_module_is_in_the_reference(references):
    text = "\n".join(path.read_text() for path in (references / "library").glob("*.md"))
    source = ROOT / "src/hh4b"
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        if len(parts) > 1 and parts[0] != "commands" and path.stem != "__init__":
            assert f"automodule:: hh4b.{'.'.join(parts)}\n" in text


def test_pages_of_an_archive_need_no_menu(tmp_path):
    pages = ("guide.md", "night/README.md", "night/tables/table_01.md")
    for name in (*pages, "night/provenance.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    names = [name.removesuffix(".md") for name in pages]
    environment = SimpleNamespace(srcdir=tmp_path, found_docs=names, metadata=defaultdict(dict))
    reference_pages._pages_of_archives(None, environment)
    assert [name for name in names if environment.metadata[name].get("orphan")] == names[1:]


def test_a_page_that_is_as_it_was_is_not_written_again(references):
    path = references / "commands.md"
    before = path.stat().st_mtime_ns
    reference_pages.write_pages(references)
    assert path.stat().st_mtime_ns == before
    path.write_text("other")
    reference_pages.write_pages(references)
    assert path.read_text().startswith("# Commands")


def test_every_page_is_in_the_table_of_contents():
    listed = set(re.findall(r"^(\w+)$", (ROOT / "docs/index.md").read_text(), re.MULTILINE))
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"} <= listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page):
    """Also those of README and CONTRIBUTING, which the site does not hold."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        file = page.parent / name if name else page
        if "reference/" in name and not file.exists():
            assert name in ("reference/commands.md", "reference/configuration.md")
            continue
        assert file.exists(), f"{page.name}: {target}"
        if heading:
            assert heading in anchors(file.read_text()), f"{page.name}: {target}"


def without_code(text):
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(text):
    """Return the anchors of all headings, as the pages of repositories and the site have them."""
    titles = re.findall(r"^#+ (.*)$", without_code(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def test_picture_shows_the_numbers_of_both_runs():
    assert PICTURE.read_text() == picture(Numbers.read([ROOT / "docs/numbers"])), (
        "run: python docs/extensions/intervals_picture.py"
    )


def test_picture_has_the_bounds_where_they_belong():
    side = {"value": 1.0, "error": 0.5, "note": -6.0}
    interval = {"profile": {"lower": side, "upper": {**side, "value": 13.0, "note": 1.0}}}
    rows = ("min_dr_dnn_tuned", "mixing_spanet_dnn_tuned", "mixing_spanet_tuned")
    run = {"tables": {"26": dict.fromkeys(rows, interval)}}
    text = picture(Numbers({"default": run, "night": run}))
    # 560 px for 19 units of κλ, from 140 px on.
    for kind in ("ours", "night"):
        assert text.count(f'class="{kind}" x1="346.3" x2="700.0"') == 3
    assert text.count('class="note" x1="140.0" x2="346.3"') == 3
    assert text.count('class="error" x1="331.6" x2="361.1"') == 2 * 3


def test_readme_begins_with_the_note_and_fits_on_a_screen():
    text = (ROOT / "README.md").read_text()
    first = text.split("\n\n")[1].split(". ")[0]
    assert "arXiv:2401.14198" in first
    assert len(text.splitlines()) <= 60
    assert "](docs/figures/intervals.svg)" in text


def test_pages_of_the_folder_are_not_of_a_machine():
    for page in PAGES:
        assert not re.search(r"/home/\w|/work/|/tmp/\w", page.read_text()), page
    assert Path(ROOT / "docs/conf.py").exists()

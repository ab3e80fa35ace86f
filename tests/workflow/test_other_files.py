"""Files that an earlier study left are not read; files behind a list are followed."""

import os
import re
import shlex
import shutil
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow
STUDIES = Path(__file__).parents[1] / "studies"


@pytest.fixture
def small(workflow):
    """A checkout whose default study is the small one."""
    shutil.copy(STUDIES / "small.yaml", workflow.folder / "config/config.yaml")
    return workflow


def commands(study, *arguments):
    done = study.run("--dry-run", "--printshellcmds", *arguments)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    return sorted(re.findall(r"^Shell command: (.*)$", text, re.MULTILINE))


def test_no_job_is_told_a_folder_of_inputs_or_a_glob(small):
    """What is told whole names cannot take what lies beside them."""
    for name in ("tables", "figures", "events/hh_kl1", "datasets", "limits"):
        (small.folder / "results/small" / name).mkdir(parents=True)
    found = commands(small, "hepdata", "all")
    assert len(found) > 50
    for command in found:
        words = shlex.split(command)
        written = {words[words.index(o) + 1] for o in ("-o", "-p") if o in words}
        for word in {part for w in words for part in re.split("[=:]", w)} - written:
            assert not re.search(r"^results/.*[*?]", word), command
            assert not (word.startswith("results/") and (small.folder / word).is_dir()), command
    pages = [command for command in found if re.match("hh4b (summary|hepdata)", command)]
    for page in pages:
        assert "--tables results/small/tables/table_13.csv" in page
    assert len(pages) == 2


LARGE = {"events": 600, "chunk": 250}
SMALL = {"events": 300, "chunk": 250}
OTHER = {"events": 600, "chunk": 1500}


def build(study, size):
    (study.folder / "size.yaml").write_text(
        f"samples: {{hh: {{events: {size['events']}}}}}\n"
        f"simulation: {{chunk_events: {size['chunk']}}}\n"
    )
    target = "results/small/datasets/hh_kl1.h5"
    done = study.run(target, "--configfile", "size.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return (study.folder / target).read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_smaller_study_in_the_place_of_a_larger_is_as_in_a_clean_one(small):
    clean = {}
    for name, size in (("small", SMALL), ("other", OTHER)):
        clean[name] = build(small, size)
        shutil.rmtree(small.folder / "results")
        shutil.rmtree(small.folder / ".snakemake")
    build(small, LARGE)
    assert build(small, SMALL) == clean["small"]
    assert (small.folder / "results/small/events/hh_kl1/0002.root").exists()
    assert build(small, OTHER) == clean["other"]


def test_a_changed_list_and_a_changed_file_of_it_are_followed(small):
    folder = small.folder
    (folder / "mine.yaml").write_text(
        "samples:\n  mine: {process: four_b, source: files, files: ['@list']}\n"
    )
    for name in ("a.root", "b.root"):
        (folder / name).touch()
    (folder / "list").write_text("a.root\nb.root\n")
    dataset = folder / "results/small/datasets/mine.h5"
    dataset.parent.mkdir(parents=True)
    dataset.touch()
    arguments = (str(dataset.relative_to(folder)), "--configfile", "mine.yaml")

    def begin(changed=None):
        past = time.time() - 1000
        for name in ("a.root", "b.root", "list"):
            os.utime(folder / name, (past, past))
        if changed is not None:
            later = time.time() + 10
            os.utime(folder / changed, (later, later))
        return small.planned(*arguments)

    assert begin() == {}
    assert begin("b.root") == {"ingest": 1}
    assert begin("list") == {"ingest": 1}


def test_a_file_that_is_missing_stops_the_plan(small):
    (small.folder / "mine.yaml").write_text(
        "samples:\n  mine: {process: four_b, source: files, files: ['gone/*.root']}\n"
    )
    done = small.run("--dry-run", "--configfile", "mine.yaml")
    assert done.returncode != 0
    wanted = "ConfigError: samples.mine.files: gone/*.root: matches no file; check the pattern"
    assert wanted in done.stdout + done.stderr

"""The archive of a run: complete, small, the same bytes from the same run, whole or not at all."""

import csv
import gzip
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.publication.pages import finished, written

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.publication import archive_stage
from hh4b.publication.archive import contents as kept
from hh4b.publication.archive.recount import recount
from hh4b.publication.archive_stage import write_archive
from hh4b.publication.record.run import write_record
from hh4b.study.layout import Layout

MACHINE = "a processor"
ROOT = Path(__file__).parents[2]
CAUSES = ROOT / "config/reference/causes.yaml"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished study with everything that an archive takes."""
    folder = tmp_path_factory.mktemp("archive") / "results"
    study = finished(folder)
    write_record(study, folder / "provenance.json", folder / "config.yaml")
    for one in kept.kept_files(Layout(study), workspaces=True):
        if not one.source.exists() and one.source.suffix == ".json":
            written(one.source, {"of": one.what})
        elif not one.source.exists():
            one.source.parent.mkdir(parents=True, exist_ok=True)
            one.source.write_text("epoch,loss\n1,0.5\n")
    generated = folder / "benchmarks/generate_hh/hh_kl1.tsv"
    generated.parent.mkdir(parents=True)
    generated.write_text("s\th:m:s\tmax_rss\tcpu_time\n7.0\t0:00:07\t300\t2.4\n")
    # Its own log knows better than Snakemake, which looked long before the end.
    log = folder / "logs/generate_hh/hh_kl1.log"
    log.parent.mkdir(parents=True)
    log.write_text("16:57:34 INFO begin\n16:57:41 INFO CPU time: 3.60 s\n")
    varied = folder / "variations/scale_up/benchmarks/spanet_score/all.tsv"
    varied.parent.mkdir(parents=True)
    varied.write_text("s\th:m:s\tmax_rss\tcpu_time\n9.0\t0:00:09\t200\t7.2\n")
    return folder


@pytest.fixture(scope="module")
def archive(run):
    folder = run.parent / "docs/night"
    write_archive(run, folder, machine=MACHINE)
    return folder


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes()
            for p in folder.rglob("*") if p.is_file()}  # fmt: skip


def test_what_is_in_it(archive, run):
    names = set(content(archive))
    assert {
        "README.md", "conclusions.md", "job_times.csv", "estimate.csv", "config.yaml",
        "provenance.json", "note_comparison.csv", "limits/min_dr_dnn_13tev_139ifb.json",
        "workspaces/min_dr_dnn_13tev_139ifb.json.gz", "models/min_dr_dnn/repeat_0/metrics.csv",
        "tables/table_13.csv", "tables/table_13.md", "figures/figure_01.pdf",
        "figures/figure_01.png",
    } <= names  # fmt: skip
    assert not {n for n in names if n.endswith((".svg", ".tex", ".h5", ".pt"))}
    packed = gzip.decompress((archive / "workspaces/min_dr_dnn_13tev_139ifb.json.gz").read_bytes())
    assert packed == (run / "workspaces/min_dr_dnn_13tev_139ifb.json").read_bytes()


def test_limits_are_the_same_numbers_without_blanks(archive, run):
    name = "limits/min_dr_dnn_13tev_139ifb.json"
    short, made = (folder / name for folder in (archive, run))
    assert json.loads(short.read_text()) == json.loads(made.read_text())
    assert short.read_text().count("\n") == 1
    assert short.stat().st_size < made.stat().st_size


def test_small_pictures_keep_the_colour_of_a_thin_bar(tmp_path):
    # Noise around the colours of other bars, as their smoothed edges are.
    noise = np.random.default_rng(1).integers(-60, 61, (400, 640, 3))
    bars = np.where(np.arange(640)[:, None] % 40 < 20, (60, 130, 178), (190, 94, 60))
    picture = Image.fromarray((bars + noise).astype(np.uint8))
    green = (0, 158, 115)
    picture.paste(green, (400, 100, 440, 104))
    picture.save(tmp_path / "figure.png")
    kept.made_small(tmp_path / "figure.png", tmp_path / "small.png")
    with Image.open(tmp_path / "small.png") as small:
        found = small.convert("RGB").getpixel((420, 102))
    assert max(abs(a - b) for a, b in zip(found, green, strict=True)) < 16


def test_its_first_page_names_everything_by_links_that_lead_somewhere(archive):
    for page in ("README.md", "conclusions.md"):
        links = re.findall(r"\]\(([^)#]+)\)", (archive / page).read_text())
        assert links
        for link in links:
            assert (archive / link).is_file(), f"{page}: {link}"
    text = (archive / "README.md").read_text()
    named = set(re.findall(r"\]\(([^)]+)\)|`(\w+/)`:", text))
    named = {link or folder for link, folder in named}
    for name in content(archive):
        folder = f"{name.split('/')[0]}/"
        assert name == "README.md" or name in named or folder in named, name
    assert f"* Machine: {MACHINE}" in text
    assert "not complete" not in text


def test_conclusions_say_what_the_result_page_says(archive):
    text = (archive / "conclusions.md").read_text()
    assert "### No measured cause" in text
    assert "| other &lt;b> | auc | 0.8 ± 0.01 | 0.88 | −8.0 | " in text


def test_what_jobs_took_stands_beside_the_estimate(archive):
    with (archive / "job_times.csv").open() as file:
        lines = list(csv.DictReader(file))
    jobs = {row["job"]: row for row in lines}
    assert jobs["generate_hh/hh_kl1"]["cpu_s"] == "3.6"
    assert jobs["generate_hh/hh_kl1"]["memory_mb"] == "300"
    assert jobs["scale_up/spanet_score/all"]["rule"] == "spanet_score"
    with (archive / "estimate.csv").open() as file:
        rows = list(csv.DictReader(file))
    events = next(row for row in rows if "generate_hh" in row["rules"].split())
    assert float(events["measured_cpu_h"]) == pytest.approx(0.001)
    assert float(events["estimated_cpu_h"]) > 0
    assert rows[-1]["rules"] == "limits"
    assert float(rows[-1]["estimated_cpu_h"]) > 0
    measured = sum(float(row["measured_cpu_h"]) for row in rows)
    taken = sum(float(one["cpu_s"]) for one in lines) / 3600
    assert measured == pytest.approx(taken, abs=1e-6)
    assert "| together | " in (archive / "README.md").read_text()


def test_equal_runs_give_equal_bytes(archive, run, tmp_path):
    write_archive(run, tmp_path / "other/place", machine=MACHINE)
    assert content(tmp_path / "other/place") == content(archive)
    first = content(archive)
    write_archive(run, archive, machine=MACHINE)
    assert content(archive) == first


def test_an_archive_without_workspaces(run, tmp_path):
    write_archive(run, tmp_path / "small", machine=MACHINE, workspaces=False)
    names = set(content(tmp_path / "small"))
    assert not {name for name in names if name.endswith(".gz")}
    assert "limits/min_dr_dnn_13tev_139ifb.json" in names


def test_a_run_that_is_not_complete(run, tmp_path):
    gone = [run / "tables/table_13.json", run / "limits/min_dr_dnn_13tev_139ifb.json"]
    before = [path.read_bytes() for path in gone]
    for path in gone:
        path.unlink()
    try:
        with pytest.raises(InputFileError) as caught:
            write_archive(run, tmp_path / "open", machine=MACHINE)
        assert not (tmp_path / "open").exists()
        write_archive(run, tmp_path / "open", machine=MACHINE, incomplete=True)
    finally:
        for path, text in zip(gone, before, strict=True):
            path.write_bytes(text)
    first, *lines, last = str(caught.value).splitlines()
    assert first == f"{run} is not complete, 2 things are missing:"
    assert sorted(lines) == [f"  limits of min_dr_dnn: {gone[1]}", f"  table 13: {gone[0]}"]
    assert "--incomplete" in last
    text = (tmp_path / "open/README.md").read_text()
    assert f"* table 13: {gone[0]}" in text


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(ConfigError, match=r"no config\.yaml in .*finish it"):
        write_archive(tmp_path, tmp_path / "new")


def test_too_large(run, archive, monkeypatch):
    before = content(archive)
    monkeypatch.setattr(archive_stage, "MOST_MEGABYTES", 0.01)
    with pytest.raises(ConfigError) as caught:
        write_archive(run, archive, machine=MACHINE)
    assert "\n" not in str(caught.value)
    assert re.search(r"more than 0\.01; largest files: \S+ \(\d\.\d MB\)", str(caught.value))
    assert "--no-workspaces" in str(caught.value)
    assert content(archive) == before
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


def test_a_write_that_fails_leaves_the_earlier_archive(run, archive, monkeypatch):
    def fails(source, target):
        target.write_text("half")
        raise OSError(28, "No space left on device")

    before = content(archive)
    monkeypatch.setattr(kept, "copied", fails)
    with pytest.raises(InputFileError, match="cannot write .*No space left"):
        write_archive(run, archive, machine=MACHINE)
    assert content(archive) == before
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_other_things_are_not_replaced(run, tmp_path, kind):
    target = tmp_path / "mine"
    if kind == "file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "thesis.tex").write_text("mine")
    with pytest.raises(ConfigError, match="choose a new folder"):
        write_archive(run, target)
    assert (target if kind == "file" else target / "thesis.tex").read_text() == "mine"


def test_a_figure_that_is_no_picture(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(InputFileError, match="make the figure again"):
        kept.made_small(tmp_path / "a.png", tmp_path / "b.png")


def test_the_run_kept_in_docs_is_counted_by_the_causes_as_they_are(tmp_path):
    """And by nothing that the archive has not: its own tables give the same bytes."""
    copy = tmp_path / "night"
    shutil.copytree(ROOT / "docs/night", copy)
    far, unexplained = recount(copy, CAUSES)
    assert 0 <= unexplained < far
    assert content(copy) == content(ROOT / "docs/night")


def test_a_cause_that_is_measured_later_counts(archive, tmp_path):
    copy, causes = tmp_path / "copy", tmp_path / "causes.yaml"
    shutil.copytree(archive, copy)
    causes.write_text(
        "other:\n  title: Another reason\n  text: 'by {size}'\n"
        "  numbers: {size: {value: 0.08, error: 0.01, where: here}}\n"
        "  covers: [{quantities: [auc]}]\n"
    )
    before = content(copy)
    far, unexplained = recount(copy, causes)
    assert far > unexplained == 0
    after = content(copy)
    assert {name for name in before if before[name] != after[name]} == {
        "conclusions.md", "note_comparison.csv"
    }  # fmt: skip
    text = after["conclusions.md"].decode()
    assert "### Another reason\n\nby 0.08 ± 0.01\n" in text
    assert "No measured cause" not in text
    assert text.partition("## This run")[0] in before["conclusions.md"].decode()
    causes.write_text("{}")
    assert recount(copy, causes) == (far, far)


def test_what_cannot_be_counted(run, archive, tmp_path):
    with pytest.raises(ConfigError, match="is no archive of a run that is compared with the note"):
        recount(run, CAUSES)
    with pytest.raises(ConfigError, match="No such file"):
        recount(archive, tmp_path / "none.yaml")

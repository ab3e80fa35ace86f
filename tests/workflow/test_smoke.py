"""The whole study at the smallest scale, and what a change of it rebuilds."""

import csv
import json

import pytest

from hh4b.publication.result_page.sections import SECTIONS

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.timeout(3000)]
SMOKE = ("--configfile", "config/scale/smoke.yaml")


def test_every_output_is_there(smoke):
    results = smoke.folder / "results/smoke"
    for number in range(1, 29):
        text = (results / f"tables/table_{number:02d}.csv").read_text()
        assert list(csv.reader(text.splitlines()))[1:], number
    numbers = [f"{number:02d}" for number in range(1, 15)]
    extras = ["cutflow", "embedding", "jets", "kappa", "learning", "likelihood", "limits", "roc"]
    extras += ["couplings", "coverage", "kappa_mu", "likelihood_scan", "pulls", "scores"]
    extras += ["calibration", "event_display", "importance", "mass_planes", "sample_size"]
    for name in [*numbers, *extras]:
        for kind in ("pdf", "png"):
            assert (results / f"figures/figure_{name}.{kind}").stat().st_size > 1000
    limits = json.loads((results / "limits/min_dr_dnn_13tev_139ifb.json").read_text())
    assert len(limits["kappa_lambda"]) == 26


def test_every_number_of_a_table_comes_from_a_file_of_the_run(smoke):
    results = smoke.folder / "results/smoke"
    for path in sorted((results / "tables").glob("table_*.csv")):
        for row in csv.DictReader(path.read_text().splitlines()):
            if row["this_run"]:
                source = row["source"].split(" and ")[0]
                assert list(results.rglob(source)), f"{path.name}: {source}"


def test_second_run_has_nothing_to_do(smoke):
    done = smoke.run(*SMOKE)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_the_report_of_snakemake_has_every_output_in_its_section(smoke):
    done = smoke.run(*SMOKE, "--report", "report.html")
    assert done.returncode == 0, done.stdout + done.stderr
    text = (smoke.folder / "report.html").read_text()
    for section, outputs in SECTIONS.items():
        assert section in text, section
        assert outputs
    for name in ("table 26", "figure 4", "figure likelihood_scan"):
        assert f'"{name}"' in text, name


def test_style_of_a_figure_rebuilds_that_figure_only(smoke):
    style = "publication={figure_style: {figure_4: {font_size: 12}}}"
    assert smoke.planned("figure_4", *SMOKE, "--config", style) == {"figure_4": 1}
    # The whole study adds nothing but the page that embeds the figures.
    assert smoke.planned(*SMOKE, "--config", style) == {
        "all": 1, "figure_4": 1, "summary": 1, "provenance": 1, "page": 1,
    }  # fmt: skip


def test_one_kappa_rebuilds_that_sample_and_what_reads_it(smoke):
    smoke_file = smoke.folder / "config/scale/smoke.yaml"
    other = smoke.folder / "config/scale/other.yaml"
    other.write_text(smoke_file.read_text().replace("[-5, 1, 5]", "[7, 1, 5]"))
    jobs = smoke.planned("--configfile", str(other))
    assert jobs["generate_hh"] == jobs["ingest"] == 1
    assert jobs["pair"] == 2  # two pairings by functions of the jets
    assert "generate_four_b" not in jobs
    assert "comparison_four_b" not in jobs
    assert "spanet_evaluate_folds" in jobs
    # Of six trainings two have one fold, and one is a point of a learning curve; of the events left
    # out, each but that one has one that is drawn, and two are evaluated on those of both folds.
    assert jobs["datasets_merge"] == (2 * 1 + 4 * 2) + (5 + 1 + 2)


def test_luminosity_rebuilds_no_events(smoke):
    jobs = smoke.planned(*SMOKE, "--config", "statistics={luminosities_ifb: [139, 500]}")
    selections = 15  # points of learning curves have limits at the headline's luminosity alone
    assert jobs.pop("limits") == jobs.pop("workspace") == selections
    jobs.pop("equivalent_luminosity", None)
    shown = ("all", "summary", "provenance", "page", "figure_", "table_", "likelihood_")
    assert all(name.startswith(shown) for name in jobs), jobs


# The last ones, as they make tables newer than the page that shows them.
def test_table_follows_an_upstream_file(smoke):
    results = smoke.folder / "results/smoke"
    table, upstream = results / "tables/table_07.csv", results / "metrics/spanet/mixing_joint.json"
    before, content = table.read_text(), json.loads(upstream.read_text())
    content["groups"]["total"]["event_efficiency"] = 0.123456
    kept = upstream.read_text()
    upstream.write_text(json.dumps(content))
    try:
        assert smoke.planned("table_7", *SMOKE)["table_7"] == 1
        done = smoke.run("table_7", *SMOKE, "--rerun-triggers", "mtime")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "0.123456" not in before
        assert "0.123456" in table.read_text()
    finally:
        upstream.write_text(kept)
        assert smoke.run("table_7", *SMOKE, "--rerun-triggers", "mtime").returncode == 0


def test_a_table_is_made_again_by_its_own_job_alone(smoke):
    """Every one from the files of the run; the same to the byte."""
    results = smoke.folder / "results/smoke"
    keys = [path.stem.removeprefix("table_") for path in (results / "tables").glob("table_*.csv")]
    outputs = {f"table_{int(key) if key.isdecimal() else key}": 1 for key in keys}
    assert len(outputs) > 28
    assert smoke.planned(*outputs, *SMOKE, "--force") == outputs
    gone = results / "tables/table_26.csv"
    before = gone.read_bytes()
    gone.unlink()
    assert smoke.planned("table_26", *SMOKE) == {"table_26": 1}
    done = smoke.run("table_26", *SMOKE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert gone.read_bytes() == before

"""The whole study at the smallest scale, and what a change of it rebuilds."""

import csv
import json

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.timeout(1500)]
SMOKE = ("--configfile", "config/scale/smoke.yaml")


def test_every_output_is_there(smoke):
    results = smoke.folder / "results/smoke"
    for name in ("table_24", "table_26", "table_pass_rates"):
        assert list(csv.reader((results / f"tables/{name}.csv").read_text().splitlines()))[1:]
    for number in ("01", "03", "04", "11", "12", "13", "jets", "limits"):
        for kind in ("pdf", "png"):
            assert (results / f"figures/figure_{number}.{kind}").stat().st_size > 1000
    limits = json.loads((results / "limits/min_dr_dnn_13tev_139ifb.json").read_text())
    assert len(limits["kappa_lambda"]) == 26


def test_second_run_has_nothing_to_do(smoke):
    done = smoke.run(*SMOKE)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_style_of_a_figure_rebuilds_that_figure_only(smoke):
    style = "publication={figure_style: {figure_4: {font_size: 12}}}"
    assert smoke.planned("figure_4", *SMOKE, "--config", style) == {"figure_4": 1}
    # The whole study adds nothing but the page that embeds the figures.
    assert smoke.planned(*SMOKE, "--config", style) == {"all": 1, "figure_4": 1, "summary": 1}


def test_one_kappa_rebuilds_that_sample_and_what_reads_it(smoke):
    jobs = smoke.planned(*SMOKE, "--config", "samples={hh: {kappa_lambda: [-5, 1, 7]}}")
    assert jobs["generate_hh"] == jobs["ingest"] == jobs["pair_min_dr"] == 1
    assert "generate_four_b" not in jobs
    assert "comparison_four_b" not in jobs


def test_luminosity_rebuilds_no_events(smoke):
    jobs = smoke.planned(*SMOKE, "--config", "statistics={luminosities_ifb: [139, 500]}")
    # By energy and selection.
    assert jobs.pop("limits") == jobs.pop("workspace") == 2 * 3
    assert set(jobs) == {"all", "summary", "figure_5", "figure_14", "table_27"}

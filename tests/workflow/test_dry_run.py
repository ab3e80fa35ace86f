import pytest

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("scale", [None, "smoke", "note"])
def test_every_scale_plans_the_same_rules(workflow, scale):
    overlay = ["--configfile", f"config/scale/{scale}.yaml"] if scale else []
    jobs = workflow.planned(*overlay)
    assert {"generate_hh", "generate_four_b", "simulate", "ingest", "limits", "summary"} <= set(
        jobs
    )


@pytest.mark.parametrize(
    ("override", "wanted"),
    [
        ("seeed=1", "seeed: unknown key, value 1"),
        ("physics={sqrt_s_tev: 13000}", "13 or 14"),
        ("event_selection={jet_pt_min_gev: -40}", "greater than 0"),
        ("statistics={luminosities_ifb: [0]}", "greater than 0"),
    ],
)
def test_wrong_configuration_stops_before_any_job(workflow, override, wanted):
    done = workflow.run("--config", override)
    assert done.returncode != 0
    assert wanted in done.stdout + done.stderr
    assert not (workflow.folder / "results").exists()


def test_other_sources_of_events_are_lines_of_the_configuration(workflow):
    (workflow.folder / "card.tcl").touch()
    (workflow.folder / "other.yaml").write_text(
        "samples:\n"
        "  hh: {kappa_lambda: [1, 5]}\n"
        "  mg: {source: madgraph, process: hh, kappa_lambda: 3, events: 9,"
        " delphes_card: card.tcl}\n"
        '  mine: {source: files, files: ["data/*.root"]}\n'
        "  published: {source: spanet_dataset, file: card.tcl, events: signal, kappa_lambda: 9}\n"
    )
    jobs = workflow.planned("--configfile", "other.yaml")
    assert (jobs["generate_hh"], jobs["generate_madgraph"], jobs["datasets_import"]) == (2, 1, 1)
    assert jobs["ingest"] == 2 + 1 + 1 + 1

import re

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.plan]


@pytest.mark.parametrize("scale", [None, "smoke", "evening", "note"])
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
        ("samples={hh: {kappa_lambda: [5], events_at: {5: 9}}}", "kappa_lambda"),
        ("spanet_trainings={sm: {changes: {depth: 3}}}", "unknown option 'depth'"),
    ],
)
def test_wrong_configuration_stops_before_any_job(workflow, override, wanted):
    done = workflow.run("--config", override)
    assert done.returncode != 0
    assert wanted in done.stdout + done.stderr
    assert not (workflow.folder / "results").exists()


EVERY_OUTPUT = {f"table_{k}" for k in range(1, 29)} | {f"figure_{k}" for k in range(1, 15)}


def test_every_table_and_figure_of_the_note_is_planned(workflow):
    jobs = workflow.planned()
    assert set(jobs) >= EVERY_OUTPUT
    extras = {"embedding", "jets", "likelihood", "limits", "roc", "scores", "learning", "cutflow"}
    extras |= {"calibration", "event_display", "importance", "mass_planes"}
    assert set(jobs) >= {f"figure_{name}" for name in extras}
    alone = workflow.planned("report")
    assert alone.pop("report") == jobs.pop("all") == 1
    assert alone == jobs


def test_one_table_needs_no_more_than_its_training(workflow):
    jobs = workflow.planned("table_3")
    assert jobs["spanet_train"] == jobs["generate_resonance"] == 1
    assert not {"generate_hh", "generate_four_b", "dnn_train"} & set(jobs)


def test_dry_run_says_what_the_study_costs(workflow):
    done = workflow.run("--dry-run", "--configfile", "config/scale/note.yaml")
    assert done.returncode == 0
    assert "CPU h on one core" in done.stdout + done.stderr


SMALL_STUDY = """
processes:
  hh: {kind: signal, label: gg → HH}
  four_b: {kind: background, label: pp → 4b, cross_section_pb: {13: 628.6, 14: 628.6}}
samples:
  hh: {process: hh, source: gg_hh, kappa_lambda: [1, 5], events: 10}
  four_b: {process: four_b, source: four_b, events: 10}
pairings:
  min_dr: {method: min_dr}
classifiers:
  min_dr_dnn: {kind: dnn, pairing: min_dr}
selections:
  min_dr_dnn: {pairing: min_dr, classifier: min_dr_dnn}
"""


def write_study(workflow, text=""):
    (workflow.folder / "config/config.yaml").write_text(SMALL_STUDY + text)


def test_a_hepdata_submission_is_a_target_of_its_own(workflow):
    everything, jobs = workflow.planned("all_tables"), workflow.planned("hepdata")
    assert set(jobs) > set(everything) - {"all_tables"}
    assert jobs["hepdata"] == 1
    # Two selections at two energies and three luminosities.
    assert jobs["likelihood_fit"] == jobs["likelihood_workspace"] == 12
    assert jobs["limits"] == 15
    assert "hepdata" not in workflow.planned()
    done = workflow.run("--dry-run", "--printshellcmds", "hepdata")
    shell = re.search(r"hh4b hepdata -o .*", done.stdout + done.stderr)[0]
    start = "hh4b hepdata -o results/hepdata --tables results/tables/table_"
    assert shell.startswith(start)
    assert " --tables results/tables/table_26.csv " in shell
    for path in ("limits/min_dr_cuts_14tev_3000ifb", "likelihood/min_dr_dnn/hs3_13tev_139ifb"):
        assert f" results/{path}.json" in shell
    assert " --cutflow results/cutflows/min_dr_cuts/hh_kl-5.json " in shell


def test_target_without_its_training_is_explained(workflow):
    write_study(workflow)
    jobs = workflow.planned("all_tables", "all_figures")
    assert {"table_13", "table_26", "figure_1"} - {"table_26"} <= set(jobs)
    for target in ("table_1", "table_20", "figure_7"):
        done = workflow.run("--dry-run", target)
        assert done.returncode != 0
        assert f"{target} needs " in done.stdout + done.stderr


def test_storage_of_another_search_stops_before_any_job(workflow):
    search = "searches:\n  mine: {kind: dnn, classifier: min_dr_dnn, trials: 2}\n"
    write_study(workflow, search)
    storage = workflow.folder / "results/searches/mine/trials.journal"
    storage.parent.mkdir(parents=True)
    storage.write_text('{"op_code": 0, "study_name": "spanet search 1a2b", "directions": [2]}\n')
    done = workflow.run("--dry-run")
    assert done.returncode != 0
    text = done.stdout + done.stderr
    assert "trials.journal holds the study 'spanet search 1a2b', not one of 'dnn search'" in text


def test_other_sources_of_events_are_lines_of_the_configuration(workflow):
    (workflow.folder / "card.tcl").touch()
    (workflow.folder / "data").mkdir()
    (workflow.folder / "data/a.root").touch()
    write_study(workflow)
    (workflow.folder / "other.yaml").write_text(
        "samples:\n"
        "  mg: {process: hh, source: madgraph, generate: hh, kappa_lambda: 3, events: 9,"
        " delphes_card: card.tcl}\n"
        '  mine: {process: four_b, source: files, files: ["data/*.root"]}\n'
        "  published: {process: hh, source: spanet_dataset, file: card.tcl, events: signal,"
        " kappa_lambda: 9}\n"
    )
    done = workflow.run("--dry-run", "--configfile", "other.yaml")
    assert done.returncode != 0
    assert "sample 'mg' (source madgraph) has no parton events" in done.stdout + done.stderr
    with (workflow.folder / "other.yaml").open("a") as file:
        file.write("statistics: {other_energies: unchanged}\n")
    jobs = workflow.planned("--configfile", "other.yaml")
    assert (jobs["generate_hh"], jobs["generate_madgraph"], jobs["datasets_import"]) == (2, 1, 1)
    assert jobs["ingest"] == 2 + 1 + 1 + 1


def test_one_detector_plans_the_jobs_of_the_default(workflow):
    smoke = "config/scale/smoke.yaml"
    wanted = workflow.planned("--configfile", smoke)
    assert workflow.planned("--configfile", smoke, "config/one_detector.yaml") == wanted


def test_the_notes_way_trains_the_repeats_of_one_split(workflow):
    jobs = workflow.planned("--configfile", "config/scale/smoke.yaml", "config/note_way.yaml")
    # Four trainings with a background, three of them repeated; five dense networks three times.
    # One of each learns again from half of the events.
    assert jobs["spanet_train"] == 9 + 3 * 2 + 2
    assert jobs["dnn_train"] == 5 * 3 + 3


def test_tags_that_the_card_lacks_stop_before_any_job(workflow):
    done = workflow.run("--dry-run", "--config", "samples={four_b: {b_tagging: dl1r_60}}")
    assert done.returncode != 0
    assert "samples.four_b.b_tagging: value 'dl1r_60'" in done.stdout + done.stderr

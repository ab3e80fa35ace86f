"""Studies of all kinds are planned without an error, and what they leave out is left out."""

import shutil
from pathlib import Path

import pytest
import yaml

pytestmark = [pytest.mark.workflow, pytest.mark.plan]
ROOT = Path(__file__).parents[2]
STUDIES = ROOT / "tests/studies"
#: The part that a chain of any study has; limits and features are counted beside.
CHAIN = {"ingest", "limits", "summary", "templates", "workspace"}


@pytest.fixture
def planned(workflow):
    """Return a function that plans studies of `tests/studies` over each other."""
    folder = workflow.folder
    shutil.copytree(STUDIES, folder / "tests/studies")
    shutil.copytree(STUDIES / "own", folder / "own")
    # Stand-ins of files that a dry run asks for and does not read.
    (folder / "ttbar").mkdir()
    for name in (
        "ttbar/a.root",
        "ttbar/b.root",
        "published.h5",
        "mine.root",
        "card.tcl",
        "taken.lhe",
        "particles.hepmc.gz",
    ):
        (folder / name).touch()

    def plan(*names, changes=None):
        first, *others = [f"tests/studies/{name}.yaml" for name in names]
        shutil.copy(folder / first, folder / "config/config.yaml")
        if changes is not None:
            (folder / "changes.yaml").write_text(yaml.safe_dump(changes))
            others.append("changes.yaml")
        overlays = [word for name in others for word in ("--configfile", name)]
        # Snakemake takes several files behind one flag.
        return workflow.planned(*(["--configfile", *others] if overlays else []))

    return plan


def test_small(planned):
    jobs = planned("small")
    assert set(jobs) >= {*CHAIN, "generate_hh", "generate_four_b", "table_13", "figure_cutflow"}
    assert (jobs["generate_hh"], jobs["ingest"], jobs["limits"]) == (3, 4, 2)
    assert not any(name.startswith("spanet") for name in jobs)


def test_everything_at_14_tev(planned):
    jobs = planned("small", "energy_14")
    assert set(jobs) >= {*CHAIN, "figure_4", "table_luminosities"}


def test_limits_at_another_energy(planned):
    """One job for the factors of all samples; templates of both energies are of one job, too."""
    jobs = planned("small", "two_energies")
    assert (jobs["energy_weights"], jobs["templates"], jobs["workspace"]) == (1, 2, 2)
    changes = {"statistics": {"other_energies": "unchanged"}}
    unchanged = planned("small", "two_energies", changes=changes)
    assert unchanged == {name: number for name, number in jobs.items() if name != "energy_weights"}
    assert "energy_weights" not in planned("small")


def test_every_variation(planned):
    jobs = planned("small", "every_variation")
    chunks, sides = 3 + 2, 2
    shower = 3 * sides
    # Detectors share the nominal showers.
    assert (jobs["simulate_variations"], jobs["simulate_shower"]) == (chunks, shower)
    assert "simulate" not in jobs
    assert jobs["ingest"] == 4 + sides * 4 + shower
    # Partons are those of the nominal events, and so are trainings.
    assert (jobs["generate_hh"], jobs["dnn_train"]) == (3, 1)


def test_two_backgrounds(planned):
    jobs = planned("small", "two_backgrounds")
    assert jobs["ingest"] == 3 + 2
    assert jobs["generate_four_b"] == 1


def test_code_of_the_user(planned):
    jobs = planned("small", "own_code")
    assert set(jobs) >= {*CHAIN, "table_own_intervals", "figure_own_counts", "baseline_train"}
    assert (jobs["pair"], jobs["limits"]) == (2 * 4, 3)


def test_folds(planned):
    """Trainings are repeated once without each fold, and none of them is chosen."""
    jobs = planned("small", "folds")
    assert set(jobs) >= {*CHAIN, "figure_6", "figure_embedding", "figure_learning", "table_13"}
    trainings, dnns, folds = 2, 3, 3
    # And one training that measures only, on one fold.
    assert jobs["spanet_train"] == trainings * folds + 1
    assert jobs["datasets_merge"] == 2 * trainings * folds
    assert jobs["spanet_evaluate_some_folds"] == 1
    assert jobs["dnn_train"] == dnns * folds
    assert (jobs["spanet_evaluate_folds"], jobs["dnn_predict"]) == (1, dnns)
    assert jobs["spanet_predict_fixed"] == 4
    assert (jobs["spanet_search_worker"], jobs["dnn_search_worker"]) == (1, 1)
    assert not {"spanet_choose", "spanet_evaluate", "dnn_choose"} & set(jobs)


def test_a_published_dataset(planned):
    jobs = planned("published_dataset")
    assert jobs["datasets_import"] == 2
    assert not {"generate_hh", "simulate", "ingest", "limits"} & set(jobs)
    assert {"dnn_train", "evaluate_classifier", "summary"} <= set(jobs)


def test_one_entry_of_every_kind(workflow, planned):
    shutil.copy(ROOT / "config/config.yaml", workflow.folder / "tests/studies/default.yaml")
    jobs = planned("default", "every_kind")
    assert set(jobs) >= {*CHAIN, "generate_madgraph", "datasets_import", "table_my_intervals"}


def test_note_scale_over_smoke_scale(workflow):
    scales = ["config/scale/smoke.yaml", "config/scale/note.yaml"]
    # Eight measure on one of ten folds; four pair or score, and have a network for each, as has the
    # one that learns from half of the events.
    assert workflow.planned("--configfile", *scales)["spanet_train"] == 8 + 5 * 10


def test_without_a_resonance(workflow):
    """The trainings on it go, and table 3 with them."""
    (workflow.folder / "mine.yaml").write_text(
        "processes: {resonance: null}\nsamples: {resonant: null}\n"
        "spanet_trainings: {resonant: null, resonant_version1: null}\n"
    )
    jobs = workflow.planned("--configfile", "mine.yaml")
    assert not {"generate_resonance", "table_3"} & set(jobs)
    assert {"table_2", "table_5", "figure_4"} <= set(jobs)


def test_a_single_selection(planned):
    changes = {"classifiers": {"min_dr_dnn": None}, "selections": {"min_dr_dnn": None}}
    changes["selections"]["min_dr_cuts"] = None
    changes["selections"]["window"] = {
        "pairing": "min_dr", "classifier": "min_dr_cuts", "threshold": 0.5, "label": "window",
        "min_background_events": 1,
    }  # fmt: skip
    jobs = planned("small", changes=changes)
    assert set(jobs) >= {*CHAIN, "select_cuts"}
    assert "dnn_train" not in jobs


def test_own_files_alone(planned):
    """No generator, no shower: Delphes files of the user on both sides."""
    signal = {"process": "hh", "source": "files", "files": ["mine.root"], "kappa_lambda": 1}
    background = {"process": "four_b", "source": "files", "files": ["ttbar/*.root"]}
    taken_away = dict.fromkeys(["events"])
    changes = {
        "samples": {
            "hh": None, "hh_sm": signal, "four_b": {**background, **taken_away},
        },
    }  # fmt: skip
    jobs = planned("small", changes=changes)
    assert set(jobs) >= CHAIN
    assert not {"generate_hh", "simulate", "generate_four_b"} & set(jobs)

"""What a configuration alone can add, run to limits and figures."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

STUDIES = Path(__file__).parents[1] / "studies"
pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def small(small_study, tmp_path_factory):
    """The small study, built."""
    study = small_study(tmp_path_factory.mktemp("small"))
    study.build()
    return study


def read(folder, name):
    return json.loads((folder / name).read_text())


def test_second_background_from_files(small, small_study, tmp_path):
    study = small_study(tmp_path)
    (study.folder / "ttbar").mkdir()
    for path in sorted((small.results("small") / "events/four_b").glob("*.root")):
        shutil.copy(path, study.folder / "ttbar")
    study.build("two_backgrounds")
    results = study.results("two_backgrounds")

    alone = read(small.results("small"), "templates/min_dr_cuts.json")["backgrounds"]
    both = read(results, "templates/min_dr_cuts.json")["backgrounds"]
    assert set(both) == {"four_b", "ttbar"}
    # Cuts are not trained: the second background leaves the first as it was.
    assert both["four_b"] == alone["four_b"]
    counts = read(results, "limits/min_dr_cuts_13tev_139ifb.json")
    shares = counts["n_background_by_process"]
    expected = {
        name: sum(both[name][0]["sum_weights"]) * cross_section * 1e3 * 139
        for name, cross_section in (("four_b", 628.6), ("ttbar", 831.8 * 1.1))
    }
    assert shares == pytest.approx(expected)
    assert counts["n_background"] == pytest.approx(sum(expected.values()))
    for output in (
        "figures/figure_04.png",
        "figures/figure_03.png",
        "tables/table_luminosities.csv",
    ):
        assert (results / output).stat().st_size > 0
    assert "tt̄" in (results / "tables/table_pass_rates.csv").read_text()


def test_every_kind_of_uncertainty(small, small_study, tmp_path):
    study = small_study(tmp_path)
    study.build("every_variation", targets=["table_luminosities", "figure_likelihood"])
    results = study.results("every_variation")

    templates = read(results, "templates/min_dr_cuts.json")
    varied = templates["variations"]
    assert set(varied) == {"signal_scale", "jet_energy_scale", "initial_state_radiation"}
    nominal = np.array(templates["backgrounds"]["four_b"][0]["sum_weights"])
    up, down = (
        np.array(varied["jet_energy_scale"][side]["four_b"][0]["sum_weights"])
        for side in ("up", "down")
    )
    # Harder jets pass a cut on pT more often.
    assert down.sum() < nominal.sum() < up.sum()
    workspace = read(results, "workspaces/min_dr_cuts_13tev_139ifb.json")
    modifiers = {
        sample["name"]: {m["name"]: m["type"] for m in sample["modifiers"]}
        for sample in workspace["channels"][0]["samples"]
    }
    assert modifiers["four_b"]["jet_energy_scale"] == "histosys"
    assert modifiers["four_b"]["four_b_normalisation"] == "normsys"
    assert modifiers["signal_kappa_lambda_5"]["signal_scale"] == "histosys"
    assert "initial_state_radiation" not in modifiers["four_b"]
    limits = read(results, "limits/min_dr_cuts_13tev_139ifb.json")
    assert (limits["model"], limits["engine"]) == ("complete", "pyhf")
    # The same events without uncertainties exclude more.
    certain = read(small.results("small"), "limits/min_dr_cuts_13tev_139ifb.json")
    assert np.median(np.array(limits["cls"]["mu_upper_expected"])[:, 2]) > np.median(
        np.array(certain["cls"]["mu_upper_expected"])[:, 2]
    )


def test_code_of_the_user(small_study, tmp_path):
    study = small_study(tmp_path)
    shutil.copytree(STUDIES / "own", study.folder / "own")
    study.build("own_code")
    results = study.results("own_code")
    assert "closest masses" in (results / "tables/table_24.csv").read_text()
    assert (results / "figures/figure_own_counts.pdf").stat().st_size > 1000
    table = (results / "tables/table_own_intervals.csv").read_text()
    assert "nearest mean" in table
    assert "500" in (results / "tables/table_own_intervals.md").read_text()
    # A change of the user's file rebuilds what it made, and no events.
    (study.folder / "own/own_figure.py").open("a").write("\n")
    assert set(study.planned(*study.options("own_code"))) <= {"all", "figure_own_counts", "summary"}

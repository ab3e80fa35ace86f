"""What a configuration alone can add, run to limits and figures."""

import json
import shutil
import warnings
from pathlib import Path

import h5py
import pyhf
import pytest

STUDIES = Path(__file__).parents[1] / "studies"
pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.timeout(1800)]


def read(folder, name):
    return json.loads((folder / name).read_text())


def test_second_background_from_files(small, small_study, tmp_path):
    study = small_study(tmp_path)
    (study.folder / "ttbar").mkdir()
    for path in sorted((small.results("small") / "events/four_b").glob("*.root")):
        shutil.copy(path, study.folder / "ttbar")
    study.take_events(small, "two_backgrounds")
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
    study.take_events(small, "every_variation")
    workspace_file = "workspaces/min_dr_dnn_13tev_139ifb.json"
    study.build("every_variation", targets=[f"results/every_variation/{workspace_file}"])
    results = study.results("every_variation")

    # Harder jets pass a cut on pT more often; the showers are the same.
    sums = []
    for folder in ("variations/jet_energy_scale_down/", "", "variations/jet_energy_scale_up/"):
        with h5py.File(results / f"{folder}datasets/four_b.h5") as file:
            sums.append(file["HH4B/weight"][()].sum())
    assert sums[0] < sums[1] < sums[2]
    templates = read(results, "templates/min_dr_dnn.json")
    varied = templates["variations"]
    assert set(varied) == {"signal_scale", "jet_energy_scale", "initial_state_radiation"}
    assert set(varied["jet_energy_scale"]["up"]) == {"hh", "four_b"}
    assert set(varied["signal_scale"]["up"]) == {"hh"}
    workspace = read(results, workspace_file)
    modifiers = {
        sample["name"]: {m["name"]: m for m in sample["modifiers"]}
        for sample in workspace["channels"][0]["samples"]
    }
    assert modifiers["four_b"]["jet_energy_scale"]["type"] == "histosys"
    assert modifiers["four_b"]["four_b_normalisation"]["type"] == "normsys"
    scale = modifiers["signal_kappa_lambda_5"]["signal_scale"]
    assert scale["type"] == "histosys"
    # alpha_s at half the scale is larger.
    assert sum(scale["data"]["hi_data"]) > sum(scale["data"]["lo_data"])
    assert "initial_state_radiation" not in modifiers["four_b"]
    # Stock pyhf reads it: the profiled fit of background-only data is a perfect one.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        stock = pyhf.Workspace(workspace)
        model = stock.model(measurement_name="kappa_lambda=1")
    data = stock.data(model)
    best = pyhf.infer.mle.fixed_poi_fit(0.0, data, model)
    assert model.expected_data(best, include_auxdata=False) == pytest.approx(
        data[: model.config.nmaindata], rel=1e-3
    )


def test_code_of_the_user(small, small_study, tmp_path):
    study = small_study(tmp_path)
    study.take_events(small, "own_code")
    shutil.copytree(STUDIES / "own", study.folder / "own")
    study.build("own_code")
    results = study.results("own_code")
    assert "closest masses" in (results / "tables/table_24.csv").read_text()
    assert (results / "figures/figure_own_counts.pdf").stat().st_size > 1000
    table = (results / "tables/table_own_intervals.csv").read_text()
    assert "NearestMean" in table
    assert "500" in (results / "tables/table_own_intervals.md").read_text()
    # A change of the user's file rebuilds what it made, and no events.
    with (study.folder / "own/own_figure.py").open("a") as file:
        file.write("\n")
    assert set(study.planned(*study.options("own_code"))) <= {
        "all", "figure_own_counts", "summary", "provenance", "page",
    }  # fmt: skip

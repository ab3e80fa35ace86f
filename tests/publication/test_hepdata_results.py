"""Limits, fits, templates, cutflows and likelihoods in a HEPData submission."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

sys.path.append(str(Path(__file__).parents[1] / "likelihood"))
from category_samples import CategoryStudy, SmallAmplitude, patch
from small_models import small_model

from hh4b import cli
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.likelihood.fit_stage import make_fit
from hh4b.likelihood.model_file import write_model
from hh4b.likelihood.settings import LikelihoodFitSettings, LikelihoodWorkspaceSettings
from hh4b.likelihood.workspace_stage import make_exchange_files
from hh4b.publication.hepdata_results import limit_tables
from hh4b.publication.hepdata_stage import HepdataFiles, write_submission
from hh4b.publication.hepdata_tables import DataTable, column, points

LIMITS = {
    "luminosity_ifb": 139.0, "sqrt_s_tev": 13.0, "status": "ok", "kappa_lambda": [0.0, 1.0],
    "cross_section_fb": [42.0, 20.3],
    "profile": {"minus_2_delta_log_l": [0.5, 0.0], "threshold": 3.92},
    "cls": {
        "confidence_level": 0.95,
        "mu_upper_expected": [[1.0, 1.5, 2.0, 3.0, 5.0], [2.0, 3.0, 4.0, 6.0, 10.0]],
        "cross_section_upper_fb": [[42.0, 63.0, 84.0, 126.0, 210.0], [40.0, 60.0, 80.0, 120, 200]],
    },
}  # fmt: skip


def cutflow(*efficiencies):
    steps = [
        {"name": f"step_{n}", "efficiency": one, "efficiency_error": one / 10}
        for n, one in enumerate(efficiencies)
    ]
    return {"steps": steps}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    written = Provenance("test", {})
    write_json(folder / "limits.json", LIMITS, written)
    write_model(folder / "model.json", small_model(), written)
    settings = LikelihoodFitSettings(scan_step=1.0, impact_step=1.0, contour_points=5)
    make_fit(folder / "model.json", folder / "fit.json", settings)
    make_exchange_files(
        folder / "model.json", LikelihoodWorkspaceSettings(),
        hs3=folder / "hs3.json", histfactory=folder / "hf.json", model_output=None,
    )  # fmt: skip
    for sample, numbers in (("hh", (0.1, 0.05)), ("four_b", (0.01, 0.0))):
        write_json(folder / f"cuts/{sample}.json", cutflow(*numbers), written)
    with pytest.MonkeyPatch.context() as monkeypatch:
        toy = SmallAmplitude()
        patch(monkeypatch, toy)
        study = CategoryStudy(folder, toy)
        study.categories()
        study.make()
    return folder


def files_of(results):
    return HepdataFiles(
        limits=[results / "limits.json"],
        fits=[results / "fit.json"],
        templates=[results / "categories.json", results / "templates.json"],
        cutflows=[results / "cuts/hh.json", results / "cuts/four_b.json"],
        workspaces=[results / "hs3.json", results / "hf.json"],
    )


def table_of(folder, stem):
    return yaml.safe_load((folder / f"{stem}.yaml").read_text())


# The validator leaves the files open that it reads.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_validator_of_hepdata_accepts_everything(results, tmp_path):
    validator = pytest.importorskip("hepdata_validator.full_submission_validator")
    write_submission(files_of(results), tmp_path / "hepdata")
    full = validator.FullSubmissionValidator()
    valid = full.validate(directory=str(tmp_path / "hepdata"))
    assert valid, {name: list(map(str, all_)) for name, all_ in full.get_messages().items()}


def test_tables_hold_the_results(results, tmp_path):
    write_submission(files_of(results), tmp_path)
    upper = table_of(tmp_path, "limits_upper")
    median = upper["dependent_variables"][0]["values"][0]
    assert median["value"] == 2.0
    assert [one["asymerror"] for one in median["errors"]] == [
        {"minus": -0.5, "plus": 1.0}, {"minus": -1.0, "plus": 3.0}
    ]  # fmt: skip
    assert {one["name"]: one["value"] for one in upper["dependent_variables"][0]["qualifiers"]} == {
        "SQRT(S)": 13000.0, "LUMINOSITY": 139.0
    }  # fmt: skip
    fit = read_json(results / "fit.json")
    curve = table_of(tmp_path, "fit_curve")["dependent_variables"][0]["values"]
    assert [one["value"] for one in curve] == fit["curve"]["minus_2_delta_log_l"]
    contour = table_of(tmp_path, "fit_contour")
    assert len(contour["dependent_variables"][0]["values"]) == 25
    assert contour["independent_variables"][1]["values"][1]["value"] == fit["contour"]["mu"][1]
    pulls = table_of(tmp_path, "fit_pulls")
    errors = [one["errors"][0]["symerror"] for one in pulls["dependent_variables"][0]["values"]]
    assert errors == pytest.approx([one["error"] for one in fit["pulls"].values()])
    # A free parameter has no pull.
    free = list(fit["pulls"].values()).index(
        next(one for one in fit["pulls"].values() if one["pull"] is None)
    )
    assert pulls["dependent_variables"][1]["values"][free]["value"] == "-"
    impacts = table_of(tmp_path, "fit_impacts_95")
    assert len(impacts["dependent_variables"]) == 4
    correlation = table_of(tmp_path, "fit_correlation")["dependent_variables"][0]["values"]
    assert [one["value"] for one in correlation] == np.ravel(fit["correlation"]["matrix"]).tolist()


def test_templates_and_cutflows(results, tmp_path):
    write_submission(files_of(results), tmp_path)
    content = read_json(results / "categories.json")["energies"][0]
    first = table_of(tmp_path, "categories_category_1_13tev")
    n_bins = len(content["categories"][0]["bin_edges_gev"]) - 1
    signal = first["dependent_variables"][0]["values"]
    assert len(signal) == n_bins
    own = np.array(content["amplitude_cross_section_fb"])
    components = np.array(content["signal"]["components"])[:, :n_bins]
    expected = own @ components / own.sum()
    assert [one["value"] for one in signal] == pytest.approx(expected)
    assert all(one["errors"][0]["symerror"] > 0 for one in signal)
    names = [one["header"]["name"] for one in first["dependent_variables"]]
    assert names[:3] == ["hh", "four_b, events", "four_b, polynomial"]
    plain = table_of(tmp_path, "templates_templates")
    rows = read_json(results / "templates.json")["signal"]
    standard = next(row for row in rows if row["kappa_lambda"] == 1.0)["sum_weights"]
    found = [one["value"] for one in plain["dependent_variables"][0]["values"]]
    assert found == pytest.approx(standard)
    cuts = table_of(tmp_path, "cutflow_cuts")
    samples = [one["qualifiers"][0]["value"] for one in cuts["dependent_variables"]]
    assert samples == ["hh", "four_b"]
    # No error of zero.
    assert cuts["dependent_variables"][1]["values"][1] == {"value": 0.0}


def test_command_takes_many_files_and_leaves_no_old_ones(results, tmp_path, monkeypatch):
    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["hh4b", "hepdata", "-o", str(tmp_path), *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code

    cuts = [str(results / f"cuts/{one}.json") for one in ("hh", "four_b")]
    workspaces = [str(results / one) for one in ("hs3.json", "hf.json")]
    assert call("--cutflow", *cuts, "--workspace", *workspaces) == 0
    first = next(yaml.safe_load_all((tmp_path / "submission.yaml").read_text()))
    assert [(one["location"], one["type"]) for one in first["additional_resources"]] == [
        ("hs3.json", "HS3"), ("hf.json", "HistFactory")
    ]  # fmt: skip
    assert json.loads((tmp_path / "hs3.json").read_text()) == read_json(results / "hs3.json")
    (tmp_path / "notes.txt").write_text("mine")
    assert call("--limits", str(results / "limits.json")) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "submission.yaml", "limits_curve.yaml", "limits_upper.yaml", "notes.txt"
    }  # fmt: skip


def test_files_of_one_name_get_that_of_their_folder(results, tmp_path):
    fits, exchanged = [], []
    for selection in ("cuts", "dnn"):
        (tmp_path / selection).mkdir()
        for found, name in ((fits, "fit.json"), (exchanged, "hs3.json")):
            found.append(tmp_path / selection / name)
            shutil.copy(results / name, found[-1])
    write_submission(HepdataFiles(fits=fits, workspaces=exchanged), tmp_path / "hepdata")
    first, *tables = yaml.safe_load_all((tmp_path / "hepdata/submission.yaml").read_text())
    assert [one["location"] for one in first["additional_resources"]] == [
        "cuts_hs3.json", "dnn_hs3.json"
    ]  # fmt: skip
    named = {one["name"]: one["data_file"] for one in tables}
    assert len(named) == len(tables)
    assert named["dnn_fit curve"] == "dnn_fit_curve.yaml"
    assert (tmp_path / "hepdata/cuts_fit_correlation.yaml").exists()


def test_refusals(results, tmp_path, caplog):
    with pytest.raises(ConfigError, match="no table for the submission"):
        write_submission(HepdataFiles(), tmp_path)
    with pytest.raises(ConfigError, match="two tables would be '.*_limits_upper'"):
        write_submission(HepdataFiles(limits=[results / "limits.json"] * 2), tmp_path)
    limits = [results / "limits.json"]
    with pytest.raises(ConfigError, match="neither HS3 nor HistFactory"):
        write_submission(HepdataFiles(limits=limits, workspaces=limits), tmp_path)
    with pytest.raises(ContractError, match="no whole result of hh4b likelihood fit"):
        write_submission(HepdataFiles(fits=limits), tmp_path)
    with pytest.raises(ContractError, match="no whole cutflow"):
        write_submission(HepdataFiles(cutflows=limits), tmp_path)
    other = tmp_path / "cuts/other.json"
    write_json(other, cutflow(0.1), Provenance("test", {}))
    write_json(tmp_path / "cuts/one.json", cutflow(0.1, 0.2), Provenance("test", {}))
    with pytest.raises(ContractError, match="steps"):
        write_submission(HepdataFiles(cutflows=[other, tmp_path / "cuts/one.json"]), tmp_path)
    with pytest.raises(ContractError, match="same number"):
        DataTable("a", "a", "a", [points("x", [1])], [column("y", [1, 2])])
    withheld = {**LIMITS, "status": "withheld", "reason": "too few events"}
    write_json(tmp_path / "withheld.json", withheld, Provenance("test", {}))
    assert limit_tables(tmp_path / "withheld.json") == []
    assert "too few events" in caplog.text
    assert not (tmp_path / "submission.yaml").exists()

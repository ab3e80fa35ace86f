"""Too few background events, merged bins, and intervals under other cross sections."""

import json

import numpy as np
import pytest

from hh4b.core.errors import ConfigError
from hh4b.publication.inputs import RunFile
from hh4b.publication.limit_cells import bound_of, gap_remarks, merged_remarks, width_of
from hh4b.statistics.limits_stage import make_limits
from hh4b.statistics.luminosity_stage import make_luminosity_scan
from hh4b.statistics.processes import default_processes
from hh4b.statistics.settings import LimitSettings, LuminosityScanSettings, WorkspaceSettings
from hh4b.statistics.workspace_stage import make_workspaces

NORM = {"background_normalisation": {"effect": "norm", "processes": ["four_b"], "size": 0.001}}


@pytest.fixture
def limits_of(template_path, tmp_path):
    def find(workspace=None, **changes):
        path = tmp_path / "workspace.json"
        one = {"sqrt_s_tev": [13], "luminosities_ifb": [139], **(workspace or {})}
        make_workspaces([template_path], str(path), WorkspaceSettings.checked(one))
        output = tmp_path / "limits.json"
        make_limits(path, output, LimitSettings.checked({"replicas": 0, **changes}))
        return RunFile.read(output)

    return find


def test_too_few_background_events_give_no_interval(limits_of, caplog):
    enough = limits_of({"needed_effective_events": 300.0})
    assert enough.get("status") == "ok"
    assert gap_remarks(enough, "x") == []
    limits = limits_of({"needed_effective_events": 1000.0})
    assert "no interval" in caplog.text
    assert limits.get("status") == "too_few_background_events"
    assert limits.get("needed_effective_events") == 1000
    for method in ("profile", "cls"):
        assert limits.get(method, "interval") == [None, None]
        assert bound_of(limits, method, 0).text == limits.get("reason")
        assert width_of(limits, method).text == limits.get("reason")
    assert limits.get("reason").endswith("effective background events, 1000 needed")
    assert gap_remarks(limits, "x") == [f"x: no interval, {limits.get('reason')}."]


def test_a_background_of_nothing_is_too_few(template_content, template_path, limits_of):
    entry = template_content["backgrounds"]["four_b"][0]
    entry["sum_weights"] = entry["sum_weights_squared"] = [0.0] * 10
    template_path.write_text(json.dumps(template_content))
    limits = limits_of({"needed_effective_events": 10.0})
    assert limits.get("reason") == "0 effective background events, 10 needed"


def test_correlated_bins_count_by_the_variance_of_their_sum(
    template_content, template_path, limits_of
):
    entry = template_content["backgrounds"]["four_b"][0]
    entry["total_variance"] = sum(entry["sum_weights"]) ** 2 / 40
    template_path.write_text(json.dumps(template_content))
    reason = limits_of({"needed_effective_events": 41.0}).get("reason")
    assert reason == "40 effective background events, 41 needed"
    assert limits_of({"needed_effective_events": 39.0}).get("status") == "ok"


def test_points_of_a_scan_say_it_too(template_path, tmp_path):
    output = tmp_path / "scan.json"
    settings = {
        "scan_luminosities_ifb": [100, 300], "needed_effective_events": 1e4, "sqrt_s_tev": [13],
    }  # fmt: skip
    make_luminosity_scan([template_path], output, LuminosityScanSettings.checked(settings))
    for point in json.loads(output.read_text())["points"]:
        assert point["status"] == "too_few_background_events"
        assert width_of(RunFile(output, point), "cls").text == point["reason"]


def test_merged_bins_are_reported(template_content, template_path, limits_of):
    entry = template_content["backgrounds"]["four_b"][0]
    entry["sum_weights_squared"][9] = entry["sum_weights"][9] ** 2 / 4
    template_path.write_text(json.dumps(template_content))
    limits = limits_of({"minimum_effective_events": 10.0})
    (merged,) = limits.get("merged_bins")
    assert (merged["low_gev"], merged["high_gev"]) == (920, 1000)
    assert merged["effective_events"] == pytest.approx(4)
    assert limits.get("bin_edges_gev")[-2:] == [840, 1000]
    assert "[920, 1000] (4)" in merged_remarks(limits, "x")[0]
    assert merged_remarks(limits_of(), "x") == []


def test_background_is_quoted_at_the_standard_model(template_content, template_path, limits_of):
    background = template_content["backgrounds"]["four_b"][0]
    template_content["backgrounds"]["four_b"] = [
        {
            "kappa_lambda": row["kappa_lambda"],
            "sum_weights": (np.array(background["sum_weights"]) * (20 + row["kappa_lambda"]))
            .tolist(),
            "sum_weights_squared": background["sum_weights_squared"],
        }
        for row in template_content["signal"]
    ]  # fmt: skip
    template_path.write_text(json.dumps(template_content))
    limits = limits_of()
    # 61 fb at 139 fb^-1, times 20 + 1.
    assert limits.number("n_background") == pytest.approx(61 * 139 * 21)
    assert limits.get("n_background_by_process")["four_b"] == limits.number("n_background")


@pytest.mark.parametrize(
    "workspace", [{}, {"model": "complete", "systematics": NORM}], ids=["note", "complete"]
)
def test_intervals_under_other_cross_sections(limits_of, template_path, tmp_path, workspace):
    bands = {"same": {"hh": 1.0}, "both": {"hh": 1.1, "four_b": 1.6}}
    limits = limits_of(workspace, cross_section_bands=bands)
    assert limits.get("cross_section_bands") == bands
    # The same by processes with K-factors.
    processes = {
        name: one.model_copy(update={"k_factor": one.k_factor * bands["both"][name]})
        for name, one in default_processes().items()
        if name in bands["both"]
    }
    with_k = limits_of({**workspace, "processes": processes})
    for method in ("profile", "cls"):
        found = limits.get(method, "bands_by_cross_section")
        assert found["same"]["interval"] == pytest.approx(limits.get(method, "interval"))
        assert found["both"]["interval"] == pytest.approx(with_k.get(method, "interval"))
        assert found["both"]["width"] == pytest.approx(with_k.get(method, "width"))


def test_a_band_of_an_unknown_process_is_refused(limits_of):
    with pytest.raises(ConfigError, match=r"cross_section_bands: 'ttbar' is not among"):
        limits_of(cross_section_bands={"up": {"ttbar": 2.0}})


def test_the_bootstrap_needs_its_file(limits_of):
    with pytest.raises(ConfigError, match="--replicas-file go together"):
        limits_of(errors="bootstrap", replicas=10)

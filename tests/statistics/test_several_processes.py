"""Several backgrounds, several systematics: from templates to limits and scans."""

import copy
import json

import numpy as np
import pyhf
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics.binning import merge_empty_bins
from hh4b.statistics.engines import find_limits, own_uncertainty
from hh4b.statistics.limits_stage import make_limits
from hh4b.statistics.luminosity_stage import make_luminosity_scan
from hh4b.statistics.pyhf_limits import scan_with_pyhf
from hh4b.statistics.settings import LimitSettings, LuminosityScanSettings, WorkspaceSettings
from hh4b.statistics.template_format import read_templates
from hh4b.statistics.workspace_format import read_workspace
from hh4b.statistics.workspace_stage import make_workspaces

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")
PROCESSES = {
    "hh": {"kind": "signal"},
    "four_b": {"kind": "background", "cross_section_pb": {13: 628.6, 14: 628.6}},
    "ttbar": {"kind": "background", "cross_section_pb": {13: 100, 14: 120}, "k_factor": 1.5},
}
FAST = {"replicas": 0}
SUMS = ("sum_weights", "sum_weights_squared")
FEW = (-10.0, 1.0, 2.0, 15.0)


@pytest.fixture
def content(template_content):
    """Five bins, a second background, and variations of shape for signal and ttbar."""
    template_content["bin_edges_gev"] = template_content["bin_edges_gev"][::2]
    for row in [*template_content["signal"], *template_content["backgrounds"]["four_b"]]:
        for key in SUMS:
            row[key] = np.add.reduceat(row[key], range(0, 10, 2)).tolist()
    # Few hypotheses and bins: pyhf fits each of them. The templates are of different precision.
    template_content["signal"] = [
        {**row, "sum_weights_squared": [v * (1 + 10 * i) for v in row["sum_weights_squared"]]}
        for i, row in enumerate(r for r in template_content["signal"] if r["kappa_lambda"] in FEW)
    ]
    four_b = template_content["backgrounds"]["four_b"][0]
    ttbar = {
        "kappa_lambda": None,
        "sum_weights": (0.3 * np.array(four_b["sum_weights"])[::-1]).tolist(),
        "sum_weights_squared": (np.array(four_b["sum_weights_squared"])[::-1] / 10).tolist(),
    }
    template_content["backgrounds"]["ttbar"] = [ttbar]

    def tilted(rows, slope):
        factor = 1 + slope * np.linspace(-1, 1, 5)
        return [
            {**row, "sum_weights": (np.array(row["sum_weights"]) * factor).tolist()} for row in rows
        ]

    template_content["variations"] = {
        "jes": {
            way: {
                "hh": tilted(template_content["signal"], slope),
                "ttbar": tilted([ttbar], 2 * slope),
            }
            for way, slope in (("up", 0.05), ("down", -0.04))
        }
    }
    return template_content


JES = {"effect": "detector", "processes": ["hh", "ttbar"], "up": {"a": 1}, "down": {"a": 2}}
COMMON = {"effect": "norm", "processes": ["four_b", "ttbar"], "size": 0.02}


@pytest.fixture
def path(content, tmp_path):
    file = tmp_path / "templates.json"
    file.write_text(json.dumps(content))
    return file


def workspace_of(path, **changes):
    output = path.with_name("workspace.json")
    one = {"sqrt_s_tev": [13], "luminosities_ifb": [139], "processes": PROCESSES}
    make_workspaces([path], str(output), WorkspaceSettings.checked({**one, **changes}))
    return output


def content_of(path, **changes):
    return read_workspace(json.loads(workspace_of(path, **changes).read_text()), where="w.json")


def limits_of(workspace_path, **changes):
    return json.loads(make_limits(workspace_path, None, LimitSettings.checked({**FAST, **changes})))


def test_each_process_has_its_own_cross_section_and_the_total_is_the_sum(content, path):
    alone = copy.deepcopy(content)
    del alone["backgrounds"]["ttbar"]
    alone["variations"] = {}
    alone_path = path.with_name("alone.json")
    alone_path.write_text(json.dumps(alone))
    first = limits_of(workspace_of(alone_path))
    both = limits_of(workspace_of(path))
    four_b = 628.6e3 * 139 * sum(content["backgrounds"]["four_b"][0]["sum_weights"])
    ttbar = 150e3 * 139 * sum(content["backgrounds"]["ttbar"][0]["sum_weights"])
    assert first["n_background"] == pytest.approx(four_b)
    assert both["n_background_by_process"]["four_b"] == first["n_background"]
    assert both["n_background_by_process"]["ttbar"] == pytest.approx(ttbar)
    assert both["n_background"] == pytest.approx(four_b + ttbar)
    assert both["engine"] == "own"
    workspace = json.loads(workspace_of(path).read_text())
    names = [sample["name"] for sample in workspace["channels"][0]["samples"]]
    assert names[:3] == ["four_b", "ttbar", "signal_kappa_lambda_-10"]


def test_a_process_without_cross_section_at_the_energy_is_named(path):
    processes = copy.deepcopy(PROCESSES)
    del processes["ttbar"]["cross_section_pb"][14]
    with pytest.raises(ConfigError, match=r"processes.ttbar.cross_section_pb has no value at 14 T"):
        workspace_of(path, processes=processes, sqrt_s_tev=[14], other_energies="unchanged")
    del processes["ttbar"]
    with pytest.raises(ConfigError, match=r"process 'ttbar' is not in processes \['four_b', 'hh'"):
        workspace_of(path, processes=processes)
    processes["ttbar"] = {"kind": "resonance"}
    with pytest.raises(ConfigError, match=r"processes.ttbar.kind is resonance, but the templates"):
        workspace_of(path, processes=processes)


@pytest.mark.parametrize(("asimov", "systematics"), [("background", {}), ("sm", {"rate": COMMON})])
def test_the_engines_agree_on_several_backgrounds(path, systematics, asimov):
    workspace = content_of(path, model="complete", systematics=systematics, asimov=asimov)
    assert own_uncertainty(workspace) == pytest.approx(0.02 if systematics else 0.0)
    own, other = (
        find_limits(workspace, LimitSettings.checked({**FAST, "engine": engine}), None)
        for engine in ("auto", "pyhf")
    )
    pyhf.set_backend("numpy", "scipy")
    assert (own["engine"], other["engine"]) == ("own", "pyhf")
    for method, key in (("profile", "minus_2_delta_log_l"), ("cls", "mu_upper_expected")):
        np.testing.assert_allclose(own[method][key], other[method][key], rtol=5e-4, atol=1e-4)


def test_the_engines_agree_on_standard_model_data_with_a_background_of_each_hypothesis(
    content, path
):
    """pyhf got data without the signal there."""
    for rows in content["backgrounds"].values():
        (one,) = rows
        rows[:] = [
            {
                **one,
                "kappa_lambda": row["kappa_lambda"],
                "sum_weights": [w * (1 + 0.01 * i) for w in one["sum_weights"]],
            }
            for i, row in enumerate(content["signal"])
        ]
    content["variations"] = {}
    path.write_text(json.dumps(content))
    workspace = content_of(path, asimov="sm")
    assert workspace.asimov == "sm"
    own, other = (
        find_limits(workspace, LimitSettings.checked({**FAST, "engine": engine}), None)
        for engine in ("own", "pyhf")
    )
    np.testing.assert_allclose(
        own["profile"]["minus_2_delta_log_l"], other["profile"]["minus_2_delta_log_l"], atol=1e-6
    )
    names = {s["name"] for s in workspace.specification["channels"][0]["samples"]}
    assert {"four_b_kappa_lambda_1", "ttbar_kappa_lambda_15"} <= names


def test_systematics_become_modifiers_of_one_name(path):
    systematics = {
        "luminosity": {"effect": "norm", "processes": ["hh", "ttbar"], "up": 1.01, "down": 0.98},
        "jes": JES,
    }
    workspace = content_of(path, model="complete", systematics=systematics)
    samples = {s["name"]: s for s in workspace.specification["channels"][0]["samples"]}

    def modifiers(name):
        return {m["name"]: m for m in samples[name]["modifiers"]}

    assert set(modifiers("four_b")) == {"staterror_background"}
    assert set(modifiers("ttbar")) == {"luminosity", "jes", "staterror_background"}
    signal = modifiers("signal_kappa_lambda_2")
    assert signal["luminosity"]["data"] == {"hi": 1.01, "lo": 0.98}
    assert signal["jes"]["type"] == "histosys"
    factor = np.array(signal["jes"]["data"]["hi_data"]) / samples["signal_kappa_lambda_2"]["data"]
    np.testing.assert_allclose(factor, 1 + 0.05 * np.linspace(-1, 1, 5), rtol=1e-9)
    assert workspace.statement.systematics["jes"].up == {"a": 1}
    assert workspace.statement.backgrounds == ["four_b", "ttbar"]
    model = pyhf.Workspace(workspace.specification).model(measurement_name="kappa_lambda=2")
    assert model.config.par_order.count("jes") == 1


def test_models_the_own_engine_does_not_know_go_to_pyhf(path, caplog):
    """Nothing of another model is given for what the own engine cannot do."""
    workspace_path = workspace_of(path, model="complete", systematics={"jes": JES})
    with caplog.at_level("INFO"):
        limits = limits_of(workspace_path, replicas=20)
    pyhf.set_backend("numpy", "scipy")
    assert limits["engine"] == "pyhf"
    assert limits["cls"]["interval_error"] == [None, None]
    assert limits["profile"]["width_error"] is None
    assert "engine pyhf: modifier 'jes' (histosys) of sample 'ttbar'" in caplog.text
    assert "no statistical errors of the intervals" in caplog.text
    with pytest.raises(ContractError, match=r"engine own does not know this model: modifier 'jes'"):
        limits_of(workspace_path, engine="own")
    without = limits_of(workspace_of(path, model="complete"))
    assert np.all(
        np.array(limits["cls"]["mu_upper_expected"])[:, 2]
        > 0.999 * np.array(without["cls"]["mu_upper_expected"])[:, 2]
    )


@pytest.mark.parametrize(
    ("systematics", "message"),
    [
        (
            {"rate": {**COMMON, "processes": ["four_b"]}},
            r"\['rate'\] do not act on all",
        ),
        ({"rate": {**COMMON, "processes": ["four_b", "ttbar", "hh"]}}, "sample 'signal_kappa_lamb"),
        ({"a": COMMON, "b": COMMON}, "modifier 'b' .*one norm on all backgrounds"),
        (
            {"rate": {"effect": "norm", "processes": ["four_b", "ttbar"], "up": 1.1, "down": 0.8}},
            "'rate' has factors 1.1 and 0.8",
        ),
    ],
)
def test_what_the_own_engine_does_not_know_is_named(path, systematics, message):
    workspace = content_of(path, model="complete", systematics=systematics)
    with pytest.raises(ContractError, match=message):
        own_uncertainty(workspace)


def test_a_norm_added_by_hand_does_not_change_what_the_workspace_says(path):
    """It read back as complete, and was then refused."""
    workspace_path = workspace_of(path)
    specification = json.loads(workspace_path.read_text())
    for sample in specification["channels"][0]["samples"][:2]:
        sample["modifiers"].append(
            {"name": "by_hand", "type": "normsys", "data": {"hi": 1.02, "lo": 1 / 1.02}}
        )
    workspace_path.write_text(json.dumps(specification))
    limits = limits_of(workspace_path, profile_threshold=3.84)
    pyhf.set_backend("numpy", "scipy")
    assert (limits["model"], limits["engine"]) == ("note", "pyhf")
    with pytest.raises(ContractError, match="'by_hand' .* in a workspace that says model: note"):
        limits_of(workspace_path, engine="own")
    own = limits_of(workspace_of(path))
    assert np.all(
        np.array(limits["cls"]["mu_upper_expected"]) > np.array(own["cls"]["mu_upper_expected"])
    )


def test_the_configured_model_reaches_the_luminosity_scan(path):
    """It was the note's whatever was configured."""
    output = path.with_name("scan.json")
    systematics = {"rate": COMMON}
    for model in ({"model": "complete", "systematics": systematics, "asimov": "sm"}, {}):
        settings = {"processes": PROCESSES, "sqrt_s_tev": [13], "replicas": 10, **model}
        make_luminosity_scan(
            [path],
            output,
            LuminosityScanSettings.checked({**settings, "scan_luminosities_ifb": [139, 300]}),
        )
        points = json.loads(output.read_text())["points"]
        limits = limits_of(workspace_of(path, **model), replicas=10)
        assert points[0]["model"] == limits["model"] == model.get("model", "note")
        for method in ("profile", "cls"):
            for key in ("interval", "width", "interval_error", "width_error"):
                assert points[0][method][key] == limits[method][key]


def test_a_systematic_without_its_templates_is_named(path, content):
    content["variations"] = {}
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match=r"systematics.jes: the templates have no variation of"):
        workspace_of(path, model="complete", systematics={"jes": JES})
    with pytest.raises(ConfigError, match=r"model: note has no uncertainties"):
        workspace_of(path, systematics={"jes": JES})
    del content["backgrounds"]["ttbar"]
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match=r"rate.processes: 'ttbar' is not among the templates"):
        workspace_of(path, model="complete", systematics={"rate": COMMON})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda v: v["up"]["ttbar"][0].update(dict.fromkeys(SUMS, [1.0] * 4)),
            r"variation jes.up.ttbar: expected 1 rows of 5 finite",
        ),
        (lambda v: v["up"]["hh"].pop(), r"variation jes.up.hh: expected 4 rows of 5"),
        (lambda v: v["down"].pop("hh"), r"jes has up for \['hh', 'ttbar'\] but down for \['ttbar'"),
        (lambda v: v.pop("down"), "is no template file"),
        (lambda v: [v[way].update(x=v[way]["hh"]) for way in v], "jes.up.x: no such process"),
    ],
)
def test_damaged_variations_are_named(path, content, damage, message):
    damage(content["variations"]["jes"])
    path.write_text(json.dumps(content))
    with pytest.raises(ContractError, match=message) as error:
        read_templates(path)
    assert "\n" not in str(error.value)


def test_a_small_background_does_not_fill_a_bin_for_the_leading_one(path, content):
    """What ttbar leaves in a bin without simulated four_b is not the background there."""
    content["backgrounds"]["four_b"][0]["sum_weights"][4] = 0.0
    content["backgrounds"]["four_b"][0]["sum_weights_squared"][4] = 0.0
    path.write_text(json.dumps(content))
    templates = read_templates(path)
    merged = merge_empty_bins(templates, {"four_b": 628.6, "ttbar": 150.0}, policy="merge")
    assert merged.bin_edges_gev[-2:].tolist() == [680, 1000]
    assert merged.variations["jes"]["up"]["ttbar"].values.shape == (1, 4)
    # The other way round ttbar leads, and fills it.
    merged = merge_empty_bins(templates, {"four_b": 1.0, "ttbar": 150.0}, policy="merge")
    assert len(merged.bin_edges_gev) == 6


def test_limits_beyond_the_bounds_of_the_workspace_are_found(path):
    """pyhf refused mu above 1000, which a weak signal needs."""
    processes = {**PROCESSES, "hh": {"kind": "signal", "k_factor": 1e-4}}
    workspace = content_of(path, processes=processes)
    own, other = (
        find_limits(workspace, LimitSettings.checked({**FAST, "engine": engine}), None)
        for engine in ("own", "pyhf")
    )
    assert own["cls"]["mu_upper_expected"][1][2] > 1000
    np.testing.assert_allclose(
        own["cls"]["mu_upper_expected"], other["cls"]["mu_upper_expected"], rtol=1e-4
    )


def test_foreign_samples_are_not_ignored(path):
    workspace_path = workspace_of(path)
    specification = json.loads(workspace_path.read_text())
    extra = {"name": "z_bb", "data": [1.0] * 5, "modifiers": []}
    specification["channels"][0]["samples"].append(extra)
    content = read_workspace(specification, where="w.json")
    with pytest.raises(ContractError, match="sample 'z_bb' is none of `hh4b workspace`"):
        own_uncertainty(content)
    likelihood, _ = scan_with_pyhf(content, optimizer="minuit")
    pyhf.set_backend("numpy", "scipy")
    assert np.isfinite(likelihood).all()

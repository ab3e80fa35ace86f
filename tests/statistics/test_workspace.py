"""Workspaces: yields by hand, accepted by pyhf, bad input named."""

import copy
import dataclasses
import json

import numpy as np
import pyhf
import pytest
from pyhf.cli import cli as pyhf_cli
from scipy.stats import norm

from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics.binning import filled_bins, merge_empty_bins
from hh4b.statistics.cross_sections import note_signal_fb
from hh4b.statistics.engines import own_uncertainty
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.limits import curves_of, scan_model
from hh4b.statistics.note_model import Yields, expected_cls
from hh4b.statistics.scaling import Normalisation, scale
from hh4b.statistics.settings import WorkspaceSettings
from hh4b.statistics.template_format import read_templates
from hh4b.statistics.workspace import build_workspace
from hh4b.statistics.workspace_format import read_workspace
from hh4b.statistics.workspace_stage import make_workspaces

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")
NOTE = Normalisation(139.0, 13.0, np.array([41.99, -27.24, 5.506]), {"four_b": 628.6}, 0.582)
NORM = {"background_normalisation": {"effect": "norm", "processes": ["four_b"], "size": 0.05}}
ARRAYS = ("kappa_lambda", "signal", "signal_variance", "cross_section_fb", "luminosity_ifb")


def settings(**changes):
    one = {"sqrt_s_tev": [13], "luminosities_ifb": [139]}
    return WorkspaceSettings.checked({**one, **changes})


def make_workspace(template_path, path, **changes):
    make_workspaces([template_path], str(path), settings(**changes))


def merged(templates, **options):
    return merge_empty_bins(templates, {"four_b": 628.6}, **options)


def with_background(templates, values=None, variance=None):
    old = templates.backgrounds["four_b"]
    rows = BinnedRows(
        old.values if values is None else values, old.variance if variance is None else variance
    )
    return dataclasses.replace(templates, backgrounds={"four_b": rows})


@pytest.fixture
def templates(template_path):
    return read_templates(template_path)


@pytest.fixture
def workspace_path(template_path, tmp_path):
    path = tmp_path / "workspace.json"
    make_workspace(template_path, path)
    return path


def test_yields_are_cross_section_times_luminosity(templates):
    scaled = scale(templates, NOTE)
    row = int(np.flatnonzero(templates.kappa_lambda == 5)[0])
    # sigma(5) = 41.99 - 136.2 + 137.65 = 43.44 fb
    expected = 43.44 * 0.582**2 * 139 * templates.signal.values[row]
    np.testing.assert_allclose(scaled.signal[row], expected, rtol=1e-12)
    np.testing.assert_allclose(scaled.background[0].sum(), 61 * 139, rtol=1e-12)
    assert scaled.cross_section_fb[row] == pytest.approx(43.44)
    # A variance scales with the square.
    np.testing.assert_allclose(
        scaled.background_variance / scaled.background**2, 1 / 100, rtol=1e-12
    )


def test_what_is_written_is_read_back(templates):
    scaled = scale(templates, NOTE)
    for model in ("note", "complete"):
        content = read_workspace(build_workspace(scaled, model=model), where="test")
        assert content.model == model
        assert content.asimov == "background"
        for name in (*ARRAYS, "background", "background_variance"):
            np.testing.assert_array_equal(getattr(content.yields, name), getattr(scaled, name))
        assert own_uncertainty(content) == (None if model == "note" else 0.0)
    sm = read_workspace(build_workspace(scaled, asimov="sm"), where="test")
    assert sm.asimov == "sm"
    assert sm.data.sum() > content.data.sum()


@pytest.mark.parametrize("model", ["note", "complete"])
def test_the_command_line_of_pyhf_takes_every_measurement(model, template_path, tmp_path):
    path, output = tmp_path / "workspace.json", tmp_path / "cls.json"
    make_workspace(
        template_path, path, model=model, systematics=NORM if model == "complete" else {}
    )
    specification = json.loads(path.read_text())
    pyhf.schema.validate(specification, "workspace.json")
    assert [m["name"] for m in specification["measurements"]][15] == "kappa_lambda=5"
    for kappa in ("-10", "5"):
        pyhf_cli.main(
            ["cls", "--measurement", f"kappa_lambda={kappa}", "--output-file", str(output),
             str(path)],
            standalone_mode=False,
        )  # fmt: skip
        result = json.loads(output.read_text())
        yields = read_workspace(specification, where="test").yields
        nominal = Yields(yields.kappa_lambda, yields.signal, yields.background)
        index = int(kappa) + 10
        own = expected_cls(nominal, np.ones(26))[index]
        if model == "note":
            np.testing.assert_allclose(result["CLs_exp"], own, atol=2e-6)
        else:  # pyhf's default optimizer: good to a few per mille
            likelihood, _ = curves_of(yields, nominal, 0.05, bands=(0,))
            root = np.sqrt(likelihood[index])
            assert result["CLs_exp"][2] == pytest.approx(2 * norm.sf(root), rel=0.01)
            assert result["CLs_exp"][2] > own[2]
    # Only the point of interest is free in the model of the note.
    pyhf_model = pyhf.Workspace(specification).model(measurement_name="kappa_lambda=5")
    free = [n for n, fixed in zip(pyhf_model.config.par_names, pyhf_model.config.suggested_fixed(),
                                  strict=True) if not fixed]  # fmt: skip
    assert "mu_kappa_lambda_5" in free
    assert len(free) == (1 if model == "note" else 22)


def test_kappa_dependent_background_enters_its_own_measurement(template_content, tmp_path):
    content = copy.deepcopy(template_content)
    background = np.array(content["backgrounds"]["four_b"][0]["sum_weights"])
    content["backgrounds"]["four_b"] = [
        {
            "kappa_lambda": row["kappa_lambda"],
            "sum_weights": (background * (1 + 0.01 * row["kappa_lambda"])).tolist(),
            "sum_weights_squared": (background**2 / 100).tolist(),
        }
        for row in content["signal"]
    ]
    path = tmp_path / "templates.json"
    path.write_text(json.dumps(content))
    scaled = scale(read_templates(path), NOTE)
    specification = build_workspace(scaled)
    read = read_workspace(specification, where="test")
    assert read.asimov == "background"
    np.testing.assert_array_equal(read.yields.background, scaled.background)
    model = pyhf.Workspace(specification).model(measurement_name="kappa_lambda=7")
    values = model.config.suggested_init()
    values[model.config.poi_index] = 0.0
    np.testing.assert_allclose(
        model.expected_data(values, include_auxdata=False), scaled.background[17], rtol=1e-12
    )
    assert scan_model(scaled, None, threshold=3.92).profile.width > 0


def test_empty_bins_are_merged_downwards_or_refused(templates, template_content, tmp_path):
    for bins in ([9], [0], [4, 5], [0, 9]):
        content = copy.deepcopy(template_content)
        for b in bins:
            content["backgrounds"]["four_b"][0]["sum_weights"][b] = 0.0
            content["backgrounds"]["four_b"][0]["sum_weights_squared"][b] = 0.0
        path = tmp_path / "templates.json"
        path.write_text(json.dumps(content))
        holed = read_templates(path)
        joined = merged(holed, policy="merge")
        assert len(joined.bin_edges_gev) == 11 - len(bins)
        assert joined.bin_edges_gev[[0, -1]].tolist() == [200, 1000]
        for process, rows in joined.nominal.items():
            for name in ("values", "variance"):
                np.testing.assert_allclose(
                    getattr(rows, name).sum(axis=1),
                    getattr(holed.nominal[process], name).sum(axis=1),
                    rtol=1e-12,
                )
        assert (joined.backgrounds["four_b"].values > 0).all()
        with pytest.raises(ContractError, match="too few background events for m_HH in"):
            merged(holed, policy="error")
        if bins == [4, 5]:
            assert joined.bin_edges_gev.tolist() == [200, 280, 360, 440, 680, 760, 840, 920, 1000]
    assert merged(templates, policy="error") is templates


def test_merging_weakens_the_limit(templates):
    fine = scan_model(scale(templates, NOTE), None, threshold=3.92).cls.width
    coarse = dataclasses.replace(
        templates,
        bin_edges_gev=templates.bin_edges_gev[::5],
        signal=templates.signal.joined([0, 5]),
        backgrounds={"four_b": templates.backgrounds["four_b"].joined([0, 5])},
    )
    assert scan_model(scale(coarse, NOTE), None, threshold=3.92).cls.width > fine


def test_bins_of_few_effective_events_count_as_empty(templates):
    rows = templates.backgrounds["four_b"]
    squared = rows.variance.copy()
    squared[0, 9] = rows.values[0, 9] ** 2 / 1.5
    few = with_background(templates, variance=squared)
    assert len(merged(few, policy="merge").bin_edges_gev) == 11
    joined = merged(few, policy="merge", minimum_effective_events=2.0)
    assert joined.bin_edges_gev[-2:].tolist() == [840, 1000]


def test_no_background_at_all_is_refused(templates):
    zero = 0 * templates.backgrounds["four_b"].values
    none = with_background(templates, zero, zero)
    for policy in ("merge", "error"):
        with pytest.raises(ContractError, match="together have too few background events"):
            merged(none, policy=policy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"luminosities_ifb": [0.0]}, r"luminosities_ifb.0: value 0.0: .* greater than 0"),
        ({"luminosities_ifb": [float("nan")]}, r"luminosities_ifb.0"),
        (
            {"sqrt_s_tev": [7.0], "other_energies": "unchanged"},
            r"processes.hh.cross_section has no value at 7 TeV \(has: 13, 14\); add it there",
        ),
        ({"model": "best"}, r"model: value 'best': .* 'note' or 'complete'"),
        ({"asimov": "data"}, r"asimov: value 'data'"),
        ({"systematics": NORM}, r"model: note has no uncertainties, but systematics \['backgr"),
        ({"empty_background_bins": "ignore"}, r"empty_background_bins: value 'ignore'"),
        ({"background_uncertainty": 0.1}, r"background_uncertainty: unknown key, value 0.1"),
    ],
)
def test_options_that_cannot_be_meant_are_named(template_path, tmp_path, changes, message):
    output = tmp_path / "workspace.json"
    with pytest.raises(ConfigError, match=message) as error:
        make_workspace(template_path, output, **changes)
    assert "\n" not in str(error.value)
    assert not output.exists()


def test_a_scan_without_the_standard_model_is_named(template_content, template_path, tmp_path):
    template_content["signal"] = [r for r in template_content["signal"] if r["kappa_lambda"] != 1]
    template_path.write_text(json.dumps(template_content))
    with pytest.raises(ConfigError, match=r"lack kappa_lambda = 1"):
        make_workspace(template_path, tmp_path / "workspace.json")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: c.pop("backgrounds"), "is no template file"),
        (lambda c: c["signal"][3].pop("sum_weights"), "is no template file"),
        (lambda c: c["signal"][3]["sum_weights"].pop(), "is no template file"),
        (
            lambda c: c["backgrounds"]["four_b"][0]["sum_weights"].__setitem__(2, float("nan")),
            "four_b: expected 1 or 26 rows of 10 finite",
        ),
        (lambda c: c["backgrounds"].clear(), "backgrounds is empty"),
        (lambda c: c["signal"].reverse(), "kappa_lambda must rise"),
    ],
)
def test_damaged_templates_are_named(template_content, template_path, damage, message):
    damage(template_content)
    template_path.write_text(json.dumps(template_content))
    with pytest.raises(ContractError, match=message):
        read_templates(template_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda w: w.pop("channels"), "is no valid pyhf workspace"),
        (lambda w: w.update(extra=1), "is no valid pyhf workspace"),
        (lambda w: w["channels"][0]["samples"].pop(0), "the sample four_b"),
        (lambda w: w["channels"][0]["samples"].pop(7), "signal_kappa_lambda_-4"),
        (lambda w: w["channels"][0].update(name="other"), "one channel m_hh"),
        (
            lambda w: w["measurements"][0]["config"].update(parameters=[]),
            "statistical model",
        ),
        (lambda w: w["measurements"][1]["config"].update(parameters=[]), "monte_carlo_variance"),
        (lambda w: w.update(measurements=[{**w["measurements"][0], "name": "m"}]), "a measurement"),
    ],
)
def test_damaged_workspaces_are_named(workspace_path, damage, message):
    specification = json.loads(workspace_path.read_text())
    damage(specification)
    with pytest.raises(ContractError, match=message) as error:
        read_workspace(specification, where="w.json")
    assert "\n" not in str(error.value)
    assert "w.json" in str(error.value)


def test_foreign_modifiers_need_the_engine_pyhf(workspace_path):
    specification = json.loads(workspace_path.read_text())
    specification["channels"][0]["samples"][3]["modifiers"].append(
        {"name": "jes", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}}
    )
    content = read_workspace(specification, where="w.json")
    assert content.model == "note"
    with pytest.raises(ContractError, match=r"'jes' \(normsys\) of sample .* model: note"):
        own_uncertainty(content)


def test_cross_section_of_the_note():
    published = {-1: 74.62, 0: 41.96, 1: 20.27, 2: 9.56, 2.4: 8.33, 3: 9.81, 5: 43.55}
    c0, c1, c2 = note_signal_fb()[13.0]
    for kappa, value in published.items():
        assert c0 + c1 * kappa + c2 * kappa**2 == pytest.approx(value, rel=0.005, abs=0.15)


def test_thin_neighbours_that_have_enough_together_stay_a_bin():
    """By hand: from the last bin downwards, groups of at least ten effective events."""
    events = np.array([3.0, 4.0, 20.0, 12.0, 0.0, 6.0, 2.0, 3.0])
    args = events[None], events[None], events[None]
    # 3 + 2 + 6 = 11; 0 + 12; 20; the first two belong to the bin of 20.
    expected = [False, False, True, True, False, True, False, False]
    assert filled_bins(*args, 10.0).tolist() == expected
    # Without a minimum, only bins without events move.
    assert filled_bins(*args, 0.0).tolist() == (events > 0).tolist()
    # Every hypothesis must have enough.
    two = np.stack([events, np.where(np.arange(8) == 5, 1.0, events)])
    assert filled_bins(two, two, two, 10.0).tolist() == [
        False, False, True, True, False, False, False, False,
    ]  # fmt: skip

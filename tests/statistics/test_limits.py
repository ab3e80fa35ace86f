"""Limit files, replicas, luminosity scans: from templates to numbers."""

import dataclasses
import json

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError, InputFileError
from hh4b.statistics.histograms import BinnedRows
from hh4b.statistics.limits import curves_of, make_scan, scan_model
from hh4b.statistics.limits_stage import make_limits
from hh4b.statistics.luminosity import (
    equivalent_luminosities,
    interpolate_luminosity,
    scan_point,
)
from hh4b.statistics.luminosity_stage import make_luminosity_scan
from hh4b.statistics.note_model import Yields
from hh4b.statistics.replicas import interval_errors, outermost_bounds, replicate
from hh4b.statistics.scaling import Normalisation, scale
from hh4b.statistics.settings import (
    LimitSettings,
    LuminosityScanSettings,
    WorkspaceSettings,
)
from hh4b.statistics.template_format import read_templates
from hh4b.statistics.workspace_stage import make_workspaces

NOTE = Normalisation(139.0, 13.0, np.array([41.99, -27.24, 5.506]), {"four_b": 628.6}, 0.582)


def norm(size):
    return {"background_normalisation": {"effect": "norm", "processes": ["four_b"], "size": size}}


def make_workspace(template_path, path, **changes):
    one = {"sqrt_s_tev": [13], "luminosities_ifb": [139]}
    make_workspaces([template_path], str(path), WorkspaceSettings.checked({**one, **changes}))


def limits_of(workspace_path, output=None, **changes):
    return json.loads(make_limits(workspace_path, output, LimitSettings.checked(changes)))


def scan_settings(**changes):
    # One set of templates for all energies.
    return LuminosityScanSettings.checked({"other_energies": "unchanged", **changes})


@pytest.fixture
def templates(template_path):
    return read_templates(template_path)


@pytest.fixture
def scaled(templates):
    return scale(templates, NOTE)


@pytest.fixture
def workspace_path(template_path, tmp_path):
    path = tmp_path / "workspace.json"
    make_workspace(template_path, path)
    return path


def test_the_limit_file_holds_what_its_contract_says(workspace_path, tmp_path):
    output = tmp_path / "limits.json"
    printed = limits_of(workspace_path, output)
    content = json.loads(output.read_text())
    assert printed == content
    assert content["engine"] == "own"
    assert content["n_background_by_process"] == {"four_b": content["n_background"]}
    assert (content["luminosity_ifb"], content["sqrt_s_tev"]) == (139, 13)
    assert content["model"] == "note"
    assert content["kappa_lambda"] == list(range(-10, 16))
    assert content["profile"]["threshold"] == 3.92
    curve = np.array(content["profile"]["minus_2_delta_log_l"])
    assert curve.shape == (26,)
    assert curve.min() >= 0
    limits = np.array(content["cls"]["mu_upper_expected"])
    assert limits.shape == (26, 5)
    sigma = 41.99 - 27.24 * 5 + 5.506 * 25
    assert content["cls"]["cross_section_upper_fb"][15] == pytest.approx(limits[15] * sigma)
    for method in ("profile", "cls"):
        lower, upper = content[method]["interval"]
        assert -10 < lower < 1 < upper < 15
        assert content[method]["width"] == pytest.approx(upper - lower)
        assert all(0 < error < 1 for error in content[method]["interval_error"])
        assert content[method]["width_error"] > 0
    bands = [content["cls"]["bands"][str(band)]["interval"] for band in (-2, -1, 1, 2)]
    assert np.all(np.diff([band[1] for band in bands]) > 0)  # weaker limits, wider intervals
    assert content["provenance"]["settings"]["workspace"] != "unknown"


def test_bounds_are_where_the_conditions_hold(scaled):
    """Independent of the splines: templates at the bound itself give the threshold."""
    scan = scan_model(scaled, None, threshold=3.92)
    # Signal is close to quadratic in kappa, so interpolating yields is a second way.
    from scipy.interpolate import CubicSpline

    yields = CubicSpline(scaled.kappa_lambda, scaled.signal)
    for bound in (scan.cls.lower, scan.cls.upper):
        signal = yields(bound)
        q = 2 * np.sum(signal - scaled.background[0] * np.log1p(signal / scaled.background[0]))
        assert np.sqrt(q) == pytest.approx(1.95996, rel=2e-3)


def test_the_engines_agree(workspace_path):
    own = limits_of(workspace_path, replicas=0)
    other = limits_of(workspace_path, replicas=0, engine="pyhf")
    for method, key in (("profile", "minus_2_delta_log_l"), ("cls", "mu_upper_expected")):
        np.testing.assert_allclose(own[method][key], other[method][key], rtol=2e-5, atol=1e-8)
        np.testing.assert_allclose(own[method]["interval"], other[method]["interval"], rtol=1e-5)


def test_the_complete_model_is_wider_and_has_its_own_threshold(template_path, tmp_path):
    path = tmp_path / "workspace.json"
    make_workspace(template_path, path, model="complete", systematics=norm(0.01))
    complete = limits_of(path, replicas=20)
    assert complete["model"] == "complete"
    assert complete["profile"]["threshold"] == 3.84
    make_workspace(template_path, path)
    note = limits_of(path, replicas=0, profile_threshold=3.84)
    limits = np.array(complete["cls"]["mu_upper_expected"])
    assert (limits > np.array(note["cls"]["mu_upper_expected"])).all()
    assert (
        np.array(complete["profile"]["minus_2_delta_log_l"])
        <= np.array(note["profile"]["minus_2_delta_log_l"]) + 0.05
    ).all()


def test_standard_model_data_move_the_likelihood_and_not_the_expected_limits(scaled):
    background = scan_model(scaled, None, threshold=3.92)
    sm = scan_model(scaled, None, threshold=3.92, asimov="sm")
    # kappa_lambda = 1; the spline may dip below between the points, not by more than this.
    assert sm.minus_2_delta_log_l[11] == pytest.approx(0.0, abs=2e-3)
    assert sm.profile.width > background.profile.width
    np.testing.assert_array_equal(sm.mu_upper, background.mu_upper)
    with pytest.raises(ContractError, match="no Asimov data"):
        scan_model(scaled, None, threshold=3.92, asimov="other")


def test_replicas_have_the_mean_and_variance_of_the_templates(scaled):
    drawn = replicate(scaled, 20_000, np.random.default_rng(4))
    for name, values, mean, variance in (
        ("signal", drawn.signal, scaled.signal, scaled.signal_variance),
        ("background", drawn.background, scaled.background, scaled.background_variance),
    ):
        spread = np.sqrt(variance)
        assert np.all(np.abs(values.mean(0) - mean) < 5 * spread / np.sqrt(20_000)), name
        np.testing.assert_allclose(values.std(0), spread, rtol=0.05)
    assert (drawn.background > 0).all()
    correlation = np.corrcoef(drawn.signal[:, 0, 4], drawn.signal[:, 20, 4])[0, 1]
    assert correlation > 0.999


def test_interval_errors_are_the_spread_of_scans_of_replicas(scaled):
    """All replicas at once against one scan each."""
    errors = interval_errors(
        scaled, None, threshold=3.92, replicas=60, rng=np.random.default_rng(8)
    )
    drawn = replicate(scaled, 60, np.random.default_rng(8))
    bounds = {"profile": [], "cls": []}
    for row in range(60):
        yields = Yields(scaled.kappa_lambda, drawn.signal[row], drawn.background[row])
        scan = make_scan(scaled.kappa_lambda, *curves_of(scaled, yields, None), 3.92)
        for method in bounds:
            interval = getattr(scan, method)
            bounds[method].append([interval.lower, interval.upper])
    for method, values in bounds.items():
        np.testing.assert_allclose(
            errors[method]["interval_error"], np.std(values, axis=0, ddof=1), rtol=1e-6
        )
        assert errors[method]["width_error"] == pytest.approx(
            np.std(np.diff(values, axis=1), ddof=1), rel=1e-6
        )


def test_four_times_the_events_halve_the_error(scaled):
    more = dataclasses.replace(
        scaled,
        signal_variance=scaled.signal_variance / 4,
        backgrounds={
            name: BinnedRows(rows.values, rows.variance / 4)
            for name, rows in scaled.backgrounds.items()
        },
    )
    few, many = (
        interval_errors(s, None, threshold=3.92, replicas=400, rng=np.random.default_rng(2))
        for s in (scaled, more)
    )
    ratio = np.array(many["cls"]["interval_error"]) / few["cls"]["interval_error"]
    np.testing.assert_allclose(ratio, 0.5, atol=0.06)


def test_no_bound_has_no_error(scaled):
    weak = dataclasses.replace(
        scaled, signal=scaled.signal * 1e-3, signal_variance=0 * scaled.signal
    )
    errors = interval_errors(weak, None, threshold=3.92, replicas=20, rng=np.random.default_rng(1))
    assert errors["cls"] == {"interval_error": [None, None], "width_error": None}
    assert scan_model(weak, None, threshold=3.92).cls.reasons.keys() == {"lower", "upper"}


def test_outermost_bounds_of_known_curves():
    kappa = np.arange(-10.0, 16.0)
    curves = np.stack([(kappa - 2) ** 2 - 9, (kappa - 14) ** 2 - 9, 0 * kappa - 1], axis=1)
    bounds = outermost_bounds(kappa, curves)
    np.testing.assert_allclose(bounds[0], [-1, 5], atol=1e-9)
    assert bounds[1, 0] == pytest.approx(11)
    assert np.isnan(bounds[1, 1])
    assert np.isnan(bounds[2]).all()


def test_the_seed_decides_the_errors(workspace_path):
    first, same, other = (limits_of(workspace_path, replicas=30, seed=seed) for seed in (1, 1, 2))
    assert first == same
    assert first["cls"]["interval_error"] != other["cls"]["interval_error"]
    assert first["cls"]["interval"] == other["cls"]["interval"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile_threshold": 0.0}, "profile_threshold: value 0.0: .* greater than 0"),
        ({"replicas": -1}, "replicas: value -1"),
        ({"engine": "root"}, "engine: value 'root': .* 'auto', 'own' or 'pyhf'"),
        ({"optimizer": "adam"}, "optimizer: value 'adam'"),
    ],
)
def test_bad_options_are_named(workspace_path, options, message):
    with pytest.raises(ConfigError, match=message):
        limits_of(workspace_path, **options)


def test_files_that_are_no_workspace_are_named(tmp_path, template_path):
    with pytest.raises(InputFileError, match="cannot read"):
        limits_of(tmp_path / "none.json")
    broken = tmp_path / "broken.json"
    broken.write_text('{"channels": [')
    with pytest.raises(InputFileError, match=r"broken\.json is not JSON"):
        limits_of(broken)
    with pytest.raises(ContractError, match=r"templates\.json is no valid pyhf workspace"):
        limits_of(template_path)


def test_more_luminosity_narrows_both_intervals(templates):
    points = [
        scan_point(
            scale(templates, dataclasses.replace(NOTE, luminosity_ifb=luminosity)),
            scan_settings(replicas=0),
            rng=np.random.default_rng(1),
        )
        for luminosity in (100.0, 300.0, 1000.0)
    ]
    for method in ("profile", "cls"):
        assert np.all(np.diff([point[method]["width"] for point in points]) < 0)


def test_equivalent_luminosity_of_a_selection_to_itself_is_its_own(template_path, tmp_path):
    workspace, limits, scan = (tmp_path / f"{name}.json" for name in ("w", "l", "s"))
    make_workspace(template_path, workspace, luminosities_ifb=[250])
    limits_of(workspace, limits, replicas=30)
    settings = scan_settings(scan_luminosities_ifb=[100, 200, 300, 400], replicas=30)
    make_luminosity_scan([template_path], scan, settings, reach=[limits])
    content = json.loads(scan.read_text())
    assert len(content["points"]) == 8
    for method in ("profile", "cls"):
        for quantity in ("lower", "upper", "width"):
            found = content["equivalent"][0][method][quantity]
            assert found["luminosity_ifb"] == pytest.approx(250, rel=0.01)
            assert found["error"] > 0


def test_interpolation_in_luminosity():
    luminosities = np.array([10.0, 100.0, 1000.0])
    widths = np.array([8.0, 6.0, 5.0])
    assert interpolate_luminosity(luminosities, widths, 7.0) == pytest.approx(10**1.5)
    assert interpolate_luminosity(luminosities, widths, 5.0) == pytest.approx(1000)
    assert interpolate_luminosity(luminosities, widths, 9.0) is None
    missing = np.array([np.nan, 6.0, 5.0])
    assert interpolate_luminosity(luminosities, missing, 7.0) is None
    assert interpolate_luminosity(luminosities, missing, 5.5) == pytest.approx(10**2.5)


def test_a_bound_out_of_reach_has_no_equivalent():
    point = {
        "luminosity_ifb": 100.0,
        **{m: {"interval": [-3.0, None], "width": None} for m in ("profile", "cls")},
    }
    far = {**point, "luminosity_ifb": 200.0}
    target = {m: {"interval": [-1.0, 5.0], "width": 6.0} for m in ("profile", "cls")}
    result = equivalent_luminosities([point, far], target)
    assert result["cls"]["lower"] == {"luminosity_ifb": None, "error": None}
    assert result["cls"]["width"] == {"luminosity_ifb": None, "error": None}


def test_bad_luminosity_scans_are_named(template_path, tmp_path):
    scan = tmp_path / "scan.json"
    for bad in ([0.0, 100.0], [-1.0]):
        with pytest.raises(ConfigError, match="scan_luminosities_ifb.0: value"):
            scan_settings(scan_luminosities_ifb=bad)
    with pytest.raises(ContractError, match="is no limit file"):
        make_luminosity_scan(
            [template_path],
            scan,
            scan_settings(scan_luminosities_ifb=[100], replicas=0),
            reach=[template_path],
        )
    assert not scan.exists()

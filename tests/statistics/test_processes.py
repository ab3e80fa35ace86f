"""Processes, systematics and settings: what they mean, and bad input named in one line."""

import json

import numpy as np
import pytest

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.settings import Settings
from hh4b.generation.alpha_s import AlphaS
from hh4b.statistics.processes import Process
from hh4b.statistics.settings import (
    LuminosityScanSettings,
    Statistics,
    TemplateSettings,
    WorkspaceSettings,
)
from hh4b.statistics.systematics import NormSystematic
from hh4b.statistics.weights import alpha_s, evaluate_weight, find_weight, needs

MASSES = {"m_higgs_gev": 125.0, "m_top_gev": 173.0}


class Physics(Settings):
    """Stands for the section of the configuration."""

    sqrt_s_tev: float = 14.0
    m_higgs_gev: float = 120.0
    m_top_gev: float = 173.0


def test_keys_are_energies_however_they_are_written():
    for key in (13, 13.0, "13", "13.0"):
        background = Process.checked({"kind": "background", "cross_section_pb": {key: 2}})
        assert background.other_pb("b", 13) == 2
        signal = Process.checked({"kind": "signal", "cross_section": {key: [42, -27, 5.5]}})
        assert signal.signal_fb("hh", 13, **MASSES) == (42, -27, 5.5)
    again = Process.checked(json.loads(background.as_json()))
    assert again == background


def test_the_k_factor_multiplies_every_cross_section(monkeypatch):
    background = {"kind": "background", "cross_section_pb": {13: 100}, "k_factor": 1.6}
    assert Process.checked(background).other_pb("b", 13.0) == pytest.approx(160)
    note = Process.checked({"kind": "signal", "k_factor": 2})
    np.testing.assert_allclose(note.signal_fb("hh", 14, **MASSES), [99.08, -63.94, 12.876])
    assert note.branching_ratio == 0.582
    from hh4b.statistics import amplitude

    monkeypatch.setattr(amplitude, "own_cross_section_fb", lambda s, **m: np.array([s, 0, 1]))
    own = Process.checked({"kind": "signal", "cross_section": "own", "k_factor": 2})
    assert own.signal_fb("hh", 13.6, **MASSES) == (27.2, 0, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "kind: is missing"),
        ({"kind": "noise"}, "kind: value 'noise'"),
        ({"kind": "signal", "cross_section": "nlo"}, "cross_section: value 'nlo': expected note"),
        ({"kind": "signal", "cross_section": {13: [1, 2]}}, "expected three coefficients"),
        ({"kind": "signal", "cross_section": {13: [1, -4, 1]}}, "not positive at every kappa"),
        ({"kind": "signal", "cross_section": {"lhc": [1, 0, 1]}}, "the key 'lhc' is no energy"),
        (
            {"kind": "signal", "cross_section_pb": {13: 1}},
            "cross_section_pb: .* give cross_se",
        ),
        ({"kind": "signal", "branching_ratio": 1.5}, "branching_ratio: value 1.5"),
        (
            {"kind": "background", "cross_section": "note"},
            "cross_section: .* give cross_sect",
        ),
        ({"kind": "background", "cross_section_pb": 628.6}, "expected numbers in pb by energy"),
        ({"kind": "background", "cross_section_pb": {13: -1}}, "cross_section_pb.13.0: value -1"),
        ({"kind": "background", "branching_ratio": 0.5}, "branching_ratio: .* belongs to a signal"),
        ({"kind": "background", "k_factor": 0}, "k_factor: value 0"),
        ({"kind": "resonance", "cross_section": "own"}, "belongs to a signal"),
        ({"kind": "resonance", "sigma": 1}, "sigma: unknown key"),
    ],
)
def test_bad_processes_are_named(content, message):
    with pytest.raises(ConfigError, match=message) as error:
        Process.checked(content)
    assert "\n" not in str(error.value)


def test_a_missing_cross_section_names_process_energy_and_key():
    process = Process.checked({"kind": "background", "cross_section_pb": {13: 1, 14: 2}})
    with pytest.raises(ConfigError) as error:
        process.other_pb("ttbar", 13.6)
    assert str(error.value) == (
        "processes.ttbar.cross_section_pb has no value at 13.6 TeV (has: 13, 14); add it there"
    )
    none = Process.checked({"kind": "background"})
    with pytest.raises(ConfigError, match=r"at 13 TeV \(has: none\)"):
        none.other_pb("ttbar", 13)


def test_factors_of_normalisations():
    assert NormSystematic(effect="norm", processes=["a"], size=0.25).factors() == (1.25, 0.8)
    assert NormSystematic(effect="norm", processes=["a"], up=1.1, down=0.7).factors() == (1.1, 0.7)


@pytest.mark.parametrize(
    ("systematic", "message"),
    [
        ({"effect": "norm", "processes": ["four_b"]}, "give size, or both up and down"),
        ({"effect": "norm", "processes": ["four_b"], "up": 1.1}, "give size, or both up and down"),
        (
            {"effect": "norm", "processes": ["four_b"], "size": 0.1, "down": 0.9},
            "give either size, or up and down",
        ),
        ({"effect": "norm", "processes": ["four_b"], "size": 1.5}, "size: value 1.5"),
        ({"effect": "norm", "processes": [], "size": 0.1}, r"processes: value \[\]"),
        ({"effect": "norm", "processes": ["hh", "hh"], "size": 0.1}, "stands there twice"),
        (
            {"effect": "norm", "processes": ["z_bb"], "size": 0.1},
            "x.processes: 'z_bb' is no p",
        ),
        ({"effect": "shape", "processes": ["hh"]}, "'shape'"),
        ({"effect": "weights", "processes": ["hh"], "up": {}, "down": {}}, "weight: is missing"),
        ({"effect": "detector", "processes": ["hh"], "up": {"a": 1}}, "down: is missing"),
        ({"effect": "shower", "processes": ["hh"], "up": ["a = 1"], "down": []}, "down: value"),
    ],
)
def test_bad_systematics_are_named(systematic, message):
    with pytest.raises(ConfigError, match=message) as error:
        WorkspaceSettings.checked({"systematics": {"x": systematic}})
    assert "\n" not in str(error.value)


def test_names_the_workspace_needs_itself_are_refused():
    norm = {"effect": "norm", "processes": ["hh"], "size": 0.1}
    for name in ("luminosity_ifb", "staterror_signal", "mu_kappa_lambda_1"):
        with pytest.raises(ConfigError, match=f"{name}: the name is taken"):
            WorkspaceSettings.checked({"systematics": {name: norm}})
    with pytest.raises(ConfigError, match="must not contain 'kappa_lambda'"):
        WorkspaceSettings.checked({"processes": {"signal_kappa_lambda_1": {"kind": "signal"}}})


def test_the_sections_carry_everything_to_the_stages():
    class Study(Settings):
        processes: dict[str, Process]
        systematics: dict[str, NormSystematic]

    processes = {"hh": {"kind": "signal"}, "b": {"kind": "background"}}
    study = Study.checked(
        {
            "processes": processes,
            "systematics": {"rate": {"effect": "norm", "processes": ["b"], "size": 0.1}},
        }
    )
    section = Statistics.checked(
        {
            "bins": 7,
            "model": "complete",
            "asimov": "sm",
            "engine": "pyhf",
            "sqrt_s_tev": [13],
            "scan_luminosities_ifb": [1, 2],
            "replicas": 3,
            "profile_threshold": 1.5,
            "background_kappa": "drawn",
        }
    )
    templates = TemplateSettings.of(study, section, Physics(), kappa_values=section.scan())
    assert (templates.bins, templates.background_kappa) == (7, "drawn")
    assert (templates.sqrt_s_tev, templates.m_higgs_gev) == (14.0, 120.0)
    assert templates.systematics == {}  # normalisations need no templates
    scan = LuminosityScanSettings.of(study, Physics(), section)
    assert (scan.model, scan.asimov, scan.engine, scan.replicas) == ("complete", "sm", "pyhf", 3)
    assert (scan.sqrt_s_tev, scan.scan_luminosities_ifb) == ([13.0], [1.0, 2.0])
    assert (scan.m_higgs_gev, scan.profile_threshold) == (120.0, 1.5)
    assert scan.systematics["rate"].factors() == (1.1, 1 / 1.1)
    for settings in (templates, scan):
        assert type(settings).from_json(settings.as_json()) == settings


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"headline": {"luminosity_ifb": 140}}, "headline: 140 is not in luminosities_ifb"),
        ({"sqrt_s_tev": [14]}, "headline: .* 13 is not in sqrt_s_tev"),
        ({"kappa_lambda_min": 20}, "kappa_lambda_min 20 is not below kappa_lambda_max 15"),
        ({"kappa_lambda_step": 4}, "does not hold kappa_lambda = 1"),
        ({"kappa_lambda_step": 1e-9}, "step 1e-09 makes 2.5e\\+10 hypotheses; at most 1000"),
        ({"kappa_lambda_min": float("-inf")}, "kappa_lambda_min"),
        ({"m_hh_min_gev": 1200}, "m_hh_max_gev: value 1000.0: must be above m_hh_min_gev = 1200"),
        ({"scan_luminosities_ifb": [3]}, "at least two luminosities"),
    ],
)
def test_bad_sections_are_named(content, message):
    with pytest.raises(ConfigError, match=message):
        Statistics.checked(content)


def test_scale_weight_by_hand():
    events = {"HH4B/m_hh_truth": np.array([2 * 91.188, 600.0])}
    coupling = AlphaS()
    weight = alpha_s(events, mu_factor=2.0)
    # b0 = 23 / (12 pi) = 0.6101; alpha_s(2 m_Z) / alpha_s(m_Z) = 1 / (1 + 0.13 b0 ln 4)
    assert weight[0] == pytest.approx((1 / (1 + 0.13 * 23 / (12 * np.pi) * np.log(4))) ** 2)
    assert weight[1] == pytest.approx(float(coupling(600.0) / coupling(300.0)) ** 2)
    assert alpha_s(events, mu_factor=1.0).tolist() == [1, 1]
    with pytest.raises(ConfigError, match="mu_factor 0 must be positive"):
        alpha_s(events, mu_factor=0)


@pytest.mark.parametrize(
    ("body", "arguments", "kind", "message"),
    [
        (
            "return events['HH4B/weight'][:2]",
            {},
            ContractError,
            r"shape \(2,\) for s, expected",
        ),
        ("return 1.0", {}, ContractError, r"shape \(\) for s, expected \(3,\)"),
        ("return events['HH4B/weight'] * float('nan')", {}, ContractError, "gives nan in event 0"),
        ("return events['HH4B/weight'] - 2", {}, ContractError, "gives -1 in event 0 of s"),
        ("return events['HH4B/split']", {}, ContractError, "fails for s: KeyError"),
        (
            "return events['HH4B/weight']",
            {"by": 2},
            ConfigError,
            "unexpected keyword argument",
        ),
    ],
)
def test_weights_that_are_no_weights_are_named(tmp_path, body, arguments, kind, message):
    path = tmp_path / "mine.py"
    path.write_text(
        "from hh4b.statistics.weights import needs\n"
        f"@needs('HH4B/weight')\ndef weight(events):\n    {body}\n"
    )
    events = {"HH4B/weight": np.ones(3)}
    with pytest.raises(kind, match=message) as error:
        evaluate_weight(f"{path}:weight", events, arguments, where="s")
    assert "\n" not in str(error.value)


def test_weights_must_say_what_they_need(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "def plain(events):\n    return 1\n\ndef wrong(events):\n    return 1\n"
        "wrong.columns = ('HH4B/mass',)\n"
    )
    with pytest.raises(ConfigError, match="expected a function marked by @hh4b.statistics.weights"):
        find_weight(f"{path}:plain")
    with pytest.raises(ConfigError, match="needs 'HH4B/mass', which is no column of a dataset"):
        find_weight(f"{path}:wrong")
    assert needs("a", "b")(lambda events: events).columns == ("a", "b")

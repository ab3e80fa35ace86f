"""At one kappa input the signal is a parabola in kappa_lambda, whatever the cross section."""

import dataclasses
import json

import numpy as np
import pytest
from template_files import COLUMNS, Study

from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics import amplitude
from hh4b.statistics.kappa_components import components_of, mixing, powers
from hh4b.statistics.replica_yields import yields_of_replicas
from hh4b.statistics.scaling import Normalisation, scale
from hh4b.statistics.settings import WorkspaceSettings
from hh4b.statistics.template_format import read_templates
from hh4b.statistics.template_replicas import TemplateReplicas
from hh4b.statistics.workspace import build_workspace
from hh4b.statistics.workspace_format import read_workspace

FIXED = {
    "kappa_input": "fixed", "background_kappa": "fixed", "fixed_kappa_input": 2.4,
    "background_kappa_values": [1.0, 2.4],
}  # fmt: skip


@pytest.fixture
def study(tmp_path, toy, monkeypatch):
    monkeypatch.setattr(amplitude, "polynomial", lambda m, c, **masses: toy.polynomial(m, c))
    monkeypatch.setattr(amplitude, "own_cross_section_fb", lambda s, **masses: toy.cross_section)
    return Study(tmp_path, toy)


def normalisation(toy, ratios=(1.0, 1.02, 0.97)):
    """A cross section that is not the amplitude's."""
    values = toy.cross_section * ratios
    return Normalisation(139.0, 13.0, tuple(values), {"four_b": 628.6}, 0.582)


def parabolas(kappa, values):
    return powers(kappa) @ components_of(kappa, values)


def test_expected_events_are_parabolas_of_the_study(study, toy, tmp_path):
    content = study.make(**FIXED)
    assert content["amplitude_cross_section_fb"] == toy.cross_section.tolist()
    templates = read_templates(tmp_path / "templates.json")
    scaled = scale(templates, normalisation(toy))
    np.testing.assert_allclose(scaled.signal, parabolas(COLUMNS, scaled.signal), rtol=1e-11)
    plain = scale(dataclasses.replace(templates, own_fb=None), normalisation(toy))
    missed = np.abs(plain.signal - parabolas(COLUMNS, plain.signal))
    assert missed.max() > 1e-5 * plain.signal.max()
    # Component by component, with what the efficiencies times the amplitude's cross section hold.
    own = templates.signal.values * (powers(COLUMNS) @ toy.cross_section)[:, None]
    expected = components_of(COLUMNS, own) * np.array([1.0, 1.02, 0.97])[:, None]
    found = components_of(COLUMNS, scaled.signal) / (139.0 * 0.582**2)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-15)
    relative = [
        np.divide(v, s**2, out=0 * s, where=s > 0)
        for s, v in (
            (scaled.signal, scaled.signal_variance),
            (templates.signal.values, templates.signal.variance),
        )
    ]
    np.testing.assert_allclose(*relative, rtol=1e-10)


def test_the_amplitudes_cross_section_changes_nothing(study, toy, tmp_path):
    study.make(**FIXED)
    templates = read_templates(tmp_path / "templates.json")
    one = scale(templates, normalisation(toy, 2.0))
    other = scale(dataclasses.replace(templates, own_fb=None), normalisation(toy, 2.0))
    np.testing.assert_allclose(one.signal, other.signal, rtol=1e-11)


def test_other_inputs_stay_as_they_are(study):
    assert study.make()["amplitude_cross_section_fb"] is None
    assert study.make(kappa_input="own")["amplitude_cross_section_fb"] is None
    direct = study.make(**FIXED, signal_method="direct", kappa_values=[1.0, 5.0])
    assert direct["amplitude_cross_section_fb"] is None


def test_a_workspace_and_replicas_go_the_same_way(study, toy, tmp_path):
    study.make(**FIXED)
    templates = read_templates(tmp_path / "templates.json")
    scaled = scale(templates, normalisation(toy))
    read = read_workspace(build_workspace(scaled), where="test").yields
    assert read.own_fb == scaled.own_fb
    np.testing.assert_allclose(read.mixing, scaled.mixing, rtol=1e-10)
    rows = [templates.signal, templates.backgrounds["four_b"]]
    shape = templates.signal.values.shape
    nominal, variance = (
        np.stack([np.broadcast_to(getattr(one, key), shape) for one in rows])
        for key in ("values", "variance")
    )
    # A replica with every event once, and one with the signal doubled where the first half passes.
    doubled = nominal.copy()
    doubled[0, :, :5] *= 2
    replicas = TemplateReplicas(
        templates.kappa_lambda, templates.bin_edges_gev, ("hh", "four_b"), nominal,
        np.full(2, 0.5), np.stack([nominal, doubled]), np.stack([variance, variance]), 1, ("a",),
        13.0,
    )  # fmt: skip
    made = yields_of_replicas(read, replicas, 0.0)
    np.testing.assert_allclose(made.yields.signal[0], scaled.signal, rtol=1e-10)
    np.testing.assert_allclose(made.yields.signal[1, :, :5], 2 * scaled.signal[:, :5], rtol=1e-10)
    other = dataclasses.replace(read, own_fb=None)
    with pytest.raises(ContractError, match="another nominal template of hh"):
        yields_of_replicas(other, replicas, 0.0)


def test_bad_components_are_refused(study, toy, tmp_path):
    content = study.make(**FIXED)
    path = tmp_path / "templates.json"
    with pytest.raises(ConfigError, match="three values or more"):
        mixing(np.array([1.0, 2.0]), np.ones(2), toy.cross_section)
    with pytest.raises(ContractError, match="do not correspond"):
        mixing(COLUMNS, np.ones(4), (1.0, 0.0, np.nan))
    with pytest.raises(ContractError, match=r"bin \d is negative at kappa_lambda = "):
        scale(read_templates(path), normalisation(toy, (1.0, 1.4, 1.0)))
    del content["amplitude_cross_section_fb"]
    path.write_text(json.dumps(content))
    with pytest.raises(ContractError, match=r"amplitude_cross_section_fb.*make it again"):
        read_templates(path)
    assert "own_fb" not in WorkspaceSettings.model_fields

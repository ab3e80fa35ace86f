"""Couplings beside kappa_lambda from files of toy samples."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))
from category_samples import CategoryStudy, SmallAmplitude, patch

from hh4b import cli
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import read_json
from hh4b.generation.couplings import HiggsPairCouplings
from hh4b.likelihood.build import build_model
from hh4b.likelihood.category_templates import read_categories
from hh4b.likelihood.coupling_contours import CouplingTemplates, asimov
from hh4b.likelihood.coupling_likelihood import CouplingLikelihood, parabola, with_signal
from hh4b.likelihood.coupling_stage import make_couplings, scale_factors
from hh4b.likelihood.expectation import CompiledModel
from hh4b.likelihood.fits import fit_fixed
from hh4b.likelihood.settings import LikelihoodCouplingSettings, LikelihoodModelSettings
from hh4b.statistics import amplitude

ALPHA_S = {
    "effect": "weights", "processes": ["hh"], "weight": "alpha_s",
    "up": {"mu_factor": 0.5}, "down": {"mu_factor": 2.0},
}  # fmt: skip
SMALL = {
    "fixed_kappa_input": 2.4, "coupling_points": 7, "coupling_benchmarks": ["cluster_8", "shape_1"],
    "kappa_lambda_min": -5, "kappa_lambda_max": 10,
}  # fmt: skip


class FiveMonomials(SmallAmplitude):
    """The toy parabola, and more products of amplitudes like its two."""

    @classmethod
    def form(cls, m_hh_gev, cos_theta_star=None, **masses):
        constant, linear, square = cls.polynomial(np.asarray(m_hh_gev, dtype=np.float64)).T
        box, triangle = np.sqrt(constant), linear / (2 * np.sqrt(constant))
        contact = 0.3 + 0 * box
        vectors = np.stack([box, triangle, 2 * triangle, contact / 2, contact], axis=-1)
        form = vectors[:, :, None] * vectors[:, None, :]
        # What does not interfere with the box.
        form[:, 1, 1] = square
        return form

    def coupling_cross_section(self, sqrt_s_tev, m_hh_max_gev=None, **masses):
        inside = self.grid <= (m_hh_max_gev or np.inf)
        table = self.form(self.grid) * (np.exp(-self.grid / 300) * inside)[:, None, None]
        return np.trapezoid(table, self.grid, axis=0)


@pytest.fixture
def study(tmp_path, monkeypatch):
    toy = FiveMonomials()
    patch(monkeypatch, toy)
    monkeypatch.setattr(amplitude, "coupling_polynomial", toy.form)
    monkeypatch.setattr(amplitude, "own_coupling_cross_section_fb", toy.coupling_cross_section)
    return CategoryStudy(tmp_path, toy)


def settings_of(study, **changes):
    processes = study.options()["processes"]
    return LikelihoodCouplingSettings.checked({"processes": processes, **SMALL, **changes})


def couplings_of(study, **changes):
    output = study.folder / "couplings.json"
    make_couplings(
        study.folder / "categories.json", study.samples(), output, settings_of(study, **changes)
    )
    return read_json(output)


def model_of(study, templates, **changes):
    chosen = LikelihoodModelSettings.checked({"processes": study.options()["processes"], **changes})
    return build_model(templates, chosen.processes, chosen, sqrt_s_tev=13.0, luminosity_ifb=139.0)


def test_kappa_alone_is_the_signal_of_the_category_templates(study):
    templates = study.categories()
    forms = np.array(couplings_of(study)["templates"]["signal"])
    model = model_of(study, templates)
    for kappa in (-3.0, 1.0, 6.0):
        values = HiggsPairCouplings(kappa_lambda=kappa).monomials()
        found = np.einsum("a,b,abi->i", values, values, forms)
        expected = np.array([1, kappa, kappa**2]) @ model.signal
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_allclose(parabola(forms, HiggsPairCouplings()), model.signal, rtol=1e-9)


def test_result_of_the_command(study, monkeypatch):
    templates = study.categories()
    arguments = ["hh4b", "likelihood", "couplings", str(study.folder / "categories.json")]
    arguments += [word for one in study.samples() for word in ("--sample", one)]
    settings = {"processes": study.options()["processes"], **SMALL, "asimov": "sm"}
    output = study.folder / "out.json"
    arguments += ["--settings", json.dumps(settings), "-o", str(output)]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    content = read_json(output)
    assert list(content["points"]) == ["sm", "cluster_8", "shape_1"]
    standard = content["points"]["sm"]
    assert standard["yield"] == pytest.approx(sum(standard["signal"]))
    parts = [one["yield"] for one in standard["by_category"].values()]
    assert sum(parts) == pytest.approx(standard["yield"])
    assert len(parts) == len(templates.categories)
    # Efficiencies of thousands of events: a few per cent.
    assert 0 < standard["yield_error"] < 0.05 * standard["yield"]
    assert standard["minus_2_log_l"]["profiled"] == pytest.approx(0, abs=1e-9)
    study_fb = np.sum(study.toy.cross_section * [1.0, 1.005, 1.01])
    assert standard["cross_section_fb"] == pytest.approx(study_fb, rel=1e-6)
    assert [one["y_name"] for one in content["contours"]] == ["kappa_t", "c2"]
    for contour in content["contours"]:
        plain, profiled = (
            np.array(contour[key]["minus_2_delta_log_l"]) for key in ("unprofiled", "profiled")
        )
        assert plain.shape == (7, 7)
        # The data are those of a point in the range: the minimum is perfect.
        assert contour["profiled"]["minus_2_log_l"] == pytest.approx(0, abs=1e-5)
        assert (profiled <= plain + 1e-6).all()
        assert (profiled >= 0).all()


def test_profiled_is_the_fit_of_a_model_with_that_signal(study):
    study.categories(systematics={"alpha_s": ALPHA_S})
    systematics = {"alpha_s": ALPHA_S, "rate": {"effect": "norm", "processes": ["hh"], "size": 0.1}}
    content = couplings_of(study, systematics=systematics)
    (templates,) = read_categories(study.folder / "categories.json")
    model = model_of(study, templates, systematics=systematics)
    data = np.array(content["data"]["counts"])
    np.testing.assert_allclose(data, CompiledModel.of(model).asimov())
    contour = content["contours"][1]
    signal = parabola(np.array(content["templates"]["signal"]), HiggsPairCouplings(c2=0.5))
    # At one point, all of the signal in the first component.
    fixed = np.stack([np.array([1, 2.5, 6.25]) @ signal, 0 * signal[0], 0 * signal[0]])
    by_hand = fit_fixed(CompiledModel.of(with_signal(model, fixed)), 7.0, 1.0, data)
    assert (contour["x"][3], contour["y"][3]) == (2.5, 0.5)
    surface = contour["profiled"]
    found = surface["minus_2_delta_log_l"][3][3] + surface["minus_2_log_l"]
    assert found == pytest.approx(float(by_hand.minus_2_log_l[0]), abs=1e-7)
    # Of kappa_lambda alone, the model is as it was.
    same = with_signal(model, model.signal)
    kappas = np.array([-2.0, 1.0, 4.0])
    values = [fit_fixed(CompiledModel.of(m), kappas, 1.0, data) for m in (model, same)]
    assert values[1].minus_2_log_l[1] == pytest.approx(values[0].minus_2_log_l[1], abs=1e-9)


def test_without_nuisances_both_surfaces_agree(study):
    study.categories()
    content = couplings_of(study, uncertainties=[], background_normalisation="fixed")
    for contour in content["contours"]:
        plain, profiled = (
            np.array(contour[key]["minus_2_delta_log_l"]) for key in ("unprofiled", "profiled")
        )
        np.testing.assert_allclose(profiled, plain, atol=1e-6)


def test_lowest_point_lies_between_those_of_the_grid(study):
    study.categories()
    content = couplings_of(study, asimov="sm")
    (templates,) = read_categories(study.folder / "categories.json")
    model = model_of(study, templates)
    forms = np.array(content["templates"]["signal"])
    background = np.sum(list(model.backgrounds.values()), axis=0)
    plain = CouplingLikelihood(CouplingTemplates(forms, background))
    truth = HiggsPairCouplings(kappa_lambda=2.3, c2=0.17)
    data = asimov(plain.templates, truth)
    grid = np.linspace(-4, 8, 9), np.linspace(-1, 1, 9)
    found = plain.contour(data, grid[0], ("c2", grid[1]))
    assert found.minimum == pytest.approx((2.3, 0.17), abs=0.02)
    assert found.lowest == pytest.approx(0, abs=1e-4)
    assert found.contour.surface.min() > found.lowest


def test_cut_takes_events_and_cross_section_away(study):
    study.categories()
    whole = couplings_of(study)
    cut = couplings_of(study, m_hh_truth_max_gev=500.0)
    for key in ("yield", "cross_section_fb"):
        assert cut["points"]["sm"][key] < 0.95 * whole["points"]["sm"][key]
    edges = whole["categories"][0]["bin_edges_gev"]
    above = [place for place, low in enumerate(edges[:-1]) if low >= 500.0]
    # The toy's reconstructed mass is the true one.
    assert above
    assert max(cut["points"]["sm"]["signal"][place] for place in above) == 0.0
    below = [place for place, high in enumerate(edges[1:]) if high <= 500.0]
    for place in below:
        assert cut["points"]["sm"]["signal"][place] == whole["points"]["sm"]["signal"][place]


def test_factors_keep_cancellations():
    own = (40.0, -26.0, 5.5)
    assert scale_factors([2 * one for one in own], own) == pytest.approx(np.full((5, 5), 2.0))
    factors = scale_factors((44.0, -27.0, 5.5), own)
    assert factors[0, 0] == pytest.approx(1.1)
    assert factors[0, 1] == factors[1, 0] == pytest.approx(27 / 26)
    assert factors[1:, 1:] == pytest.approx(np.ones((4, 4)))
    assert factors[0, 2:] == pytest.approx(np.full(3, np.sqrt(1.1)))
    with pytest.raises(ContractError, match="differ in sign"):
        scale_factors((-1.0, -27.0, 5.5), own)


def test_refusals(study):
    study.categories()
    with pytest.raises(ContractError, match="not that of the category templates"):
        couplings_of(study, part="all")
    with pytest.raises(ConfigError, match="energy-weights"):
        couplings_of(study, sqrt_s_from_tev=14.0)
    with pytest.raises(ConfigError, match="coupling point 'nowhere'"):
        couplings_of(study, coupling_benchmarks=["nowhere"])
    with pytest.raises(ConfigError, match="is no range"):
        settings_of(study, coupling_ranges={"c2": [1, 1]})
    with pytest.raises(ConfigError, match="coupling_ranges"):
        settings_of(study, coupling_ranges={"kappa_lambda": [0, 1]})
    path, settings = study.folder / "categories.json", settings_of(study)
    backgrounds = [one for one in study.samples() if one.startswith("four_b")]
    with pytest.raises(ConfigError, match="none is of the signal"):
        make_couplings(path, backgrounds, study.folder / "x.json", settings)
    plain = CouplingLikelihood(CouplingTemplates(np.zeros((5, 5, 3)), np.ones(3)))
    with pytest.raises(ConfigError, match="expected one of"):
        plain.contour(np.ones(3), np.arange(3.0), ("kappa_lambda", np.arange(3.0)))

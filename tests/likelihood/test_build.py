"""From files to the likelihood: categories, variations, and the note's yields as a special case."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))
from category_samples import CategoryStudy, SmallAmplitude, patch

from hh4b import cli
from hh4b.core.errors import ConfigError, ContractError
from hh4b.likelihood.build import SharedFactors, build_model
from hh4b.likelihood.category_templates import read_categories
from hh4b.likelihood.fits import CompiledModel, fit_fixed
from hh4b.likelihood.model import SIGNAL, NormEffect
from hh4b.likelihood.model_file import read_model
from hh4b.likelihood.settings import CategoryTemplateSettings, LikelihoodModelSettings
from hh4b.statistics.scaling import choose_normalisation, scale
from hh4b.statistics.template_format import read_templates

ALPHA_S = {
    "effect": "weights", "processes": ["hh"], "weight": "alpha_s",
    "up": {"mu_factor": 0.5}, "down": {"mu_factor": 2.0},
}  # fmt: skip
JES = {"effect": "detector", "processes": ["hh", "four_b"], "up": {"a": 1.1}, "down": {"a": 0.9}}
NORM = {"effect": "norm", "processes": ["four_b"], "size": 0.07}


@pytest.fixture
def study(tmp_path, monkeypatch):
    toy = SmallAmplitude()
    patch(monkeypatch, toy)
    return CategoryStudy(tmp_path, toy)


def model_settings(study, **changes):
    return LikelihoodModelSettings.checked({"processes": study.options()["processes"], **changes})


def built(study, templates, **changes):
    settings = model_settings(study, **changes)
    return build_model(
        templates, settings.processes, settings, sqrt_s_tev=13.0, luminosity_ifb=139.0
    )


def test_one_category_without_uncertainties_is_the_note(study, tmp_path):
    options = study.options(threshold=0.8, background_shape="direct")
    study.make(**options)
    templates = read_templates(tmp_path / "templates.json")
    settings = model_settings(study)
    normalisation = choose_normalisation(
        templates, settings.processes, settings, sqrt_s_tev=13.0, luminosity_ifb=139.0
    )
    note = scale(templates, normalisation)
    found = study.categories(category_edges=[0.8], minimum_effective_events=0.0)
    model = built(study, found, uncertainties=[], background_family="direct")
    assert model.parameters == ()
    used = note.background[0] > 0
    assert model.n_bins == used.sum() > 6
    starts = np.flatnonzero(used)
    starts[0] = 0
    expected = np.add.reduceat(note.signal, starts, axis=1)
    found_signal = np.vander(note.kappa_lambda, 3, increasing=True) @ model.signal
    np.testing.assert_allclose(found_signal, expected, rtol=1e-9, atol=1e-12 * expected.max())
    np.testing.assert_allclose(model.backgrounds["four_b"], note.background[0][used], rtol=1e-9)


def test_categories_share_out_the_events(study):
    edges = [0.5, 0.8, 0.9]
    templates = study.categories(category_edges=edges)
    assert [one.score_range for one in templates.channels] == [(0.5, 0.8), (0.8, 0.9), (0.9, 1.0)]
    whole = study.categories(category_edges=[0.5], minimum_effective_events=0.0)
    np.testing.assert_allclose(
        templates.signal.components.sum(axis=1), whole.signal.components.sum(axis=1), rtol=1e-12
    )
    background = templates.backgrounds["four_b"]
    sums = templates.by_category(background.families["direct"])
    for values in background.families.values():
        np.testing.assert_allclose(templates.by_category(values), sums, rtol=1e-9)
    assert (background.effective_events >= 10).all()
    lost = [one for category in templates.categories for one in category.joined]
    assert lost
    assert all(one.effective_events < 10 for one in lost)
    # High scores of the toy background prefer low masses.
    assert (np.diff(background.tilt[:, 0]) < 0.5).all()
    # Each power has an error of a size that its events make: of the order of 1 / sqrt(N var).
    errors = np.sqrt(np.diagonal(background.tilt_covariance, axis1=1, axis2=2))
    assert ((errors[:, 0] > 0.02) & (errors[:, 0] < 5)).all()
    one = study.categories(category_edges=edges, tilt_order=1).backgrounds["four_b"]
    assert one.tilt.shape == (3, 1)
    assert (one.degrees == background.degrees + 1).all()
    for family in ("polynomial", "kernel"):
        assert one.chi2[family].sum() > background.chi2[family].sum()
    for family, chi2 in background.chi2.items():
        assert (chi2 < background.degrees + 5 * np.sqrt(2 * background.degrees + 1)).all(), family


def test_the_full_model_means_something(study):
    templates = study.categories(systematics={"scale": ALPHA_S})
    model = built(study, templates, systematics={"scale": ALPHA_S})
    names = [one.name for one in model.parameters]
    wanted = {
        "scale", "norm_four_b", "shape_kernel", "shape_histogram", "shape_slope",
        "shape_curvature", "shape_mc_1", "transfer_category_1", "tilt_category_4",
        "bend_category_1",
    }  # fmt: skip
    assert wanted <= set(names)
    assert {one.group for one in model.parameters} == {
        "theory", "background_norm", "background_shape", "monte_carlo",
    }  # fmt: skip
    # Shapes leave the sums of the categories.
    nominal = templates.by_category(model.backgrounds["four_b"])
    for shape in model.shapes:
        if shape.process == "four_b" and not shape.parameter.startswith("shape_hist"):
            np.testing.assert_allclose(templates.by_category(shape.up), nominal, rtol=0.02)
    # alpha_s at half the scale is larger: events of the signal go up by 15 to 40 per cent.
    (scale_,) = (one for one in model.shapes if one.parameter == "scale")
    ratio = scale_.up[0] / model.signal[0]
    assert ((ratio > 1.1) & (ratio < 1.5)).all()
    assert scale_.process == SIGNAL
    free = built(study, templates, background_normalisation="free", uncertainties=["normalisation"])
    assert [one.name for one in free.parameters] == [
        f"norm_four_b_category_{n}" for n in (1, 2, 3, 4)
    ]


def test_what_a_free_normalisation_does_is_left_to_it(study, caplog):
    """The same factor twice, one of them free, is one: profiled fits do not know the difference."""
    templates, both = study.categories(), {**NORM, "processes": ["hh", "four_b"]}
    fixed = built(study, templates, systematics={"xsec": both}, background_normalisation="fixed")
    assert {one.process for one in fixed.norms if one.parameter == "xsec"} == {SIGNAL, "four_b"}
    for way in ("tied", "free"):
        model = built(study, templates, systematics={"xsec": both}, background_normalisation=way)
        assert {one.process for one in model.norms if one.parameter == "xsec"} == {SIGNAL}
        names = [one.name for one in model.channels]
        moved = NormEffect(
            "xsec", "four_b", dict.fromkeys(names, 1.07), dict.fromkeys(names, 1 / 1.07)
        )
        twice = CompiledModel.of(dataclasses.replace(model, norms=(*model.norms, moved)))
        once, kappa = CompiledModel.of(model), np.array([-3.0, 1.0, 8.0])
        data = np.random.default_rng(3).poisson(once.asimov(1.0)).astype(float)
        values = [fit_fixed(one, kappa, 1.0, data).minus_2_log_l for one in (once, twice)]
        np.testing.assert_allclose(*values, atol=1e-6)
    assert not caplog.records
    built(study, templates, systematics={"xsec": NORM})
    assert "systematics.xsec moves nothing that data do not decide" in caplog.text


def test_a_variation_of_a_free_background_moves_its_shares(study):
    """Factors of the categories are over their mean, by expected events."""
    templates = study.categories()
    nominal = templates.backgrounds["four_b"].families["polynomial"]
    factors = np.array([1.5, 1.6, 1.7, 1.8])
    shares = SharedFactors(templates, ["four_b"], "tied").without("four_b", factors, nominal)
    np.testing.assert_allclose(shares / shares[0], factors / factors[0], rtol=1e-12)
    events = templates.by_category(nominal)
    assert (shares * events).sum() == pytest.approx(events.sum(), rel=1e-12)
    other = SharedFactors(templates, ["ttbar"], "tied").without("four_b", factors, nominal)
    assert other is factors


def test_a_detector_variation_is_smooth_and_paired(study, tmp_path):
    import h5py

    def scaled(text, name, factor):
        dataset, features, scores = map(Path, text.split(":"))
        copy = tmp_path / f"{features.stem}_{name}.h5"
        copy.write_bytes(features.read_bytes())
        with h5py.File(copy, "r+") as file:
            file["features"][:, 1] *= factor
        return f"{dataset}:{copy}:{scores}"

    varied = [
        f"jes.{way}.{process}={scaled(text, way, factor)}"
        for way, factor in (("up", 1.02), ("down", 1 / 1.02))
        for process, texts in (("hh", study.signal), ("four_b", study.background))
        for text in texts
    ]
    templates = study.categories(varied=varied, systematics={"jes": JES})
    up = templates.variations["jes"]["up"]
    # Masses moved up: more at high mass, by one smooth curve, where the rows tell it from noise.
    tail = up["hh"].shape[: templates.channels[0].n_bins]
    assert (np.diff(tail) > 0).all()
    assert 0 < up["hh"].noise < 0.3
    down = templates.variations["jes"]["down"]["hh"].shape[: templates.channels[0].n_bins]
    assert (np.diff(down) < 0).all()
    model = built(study, templates, systematics={"jes": JES})
    assert {one.process for one in model.shapes if one.parameter == "jes"} == {SIGNAL, "four_b"}
    assert [one.group for one in model.parameters if one.name == "jes"] == ["detector"]
    with pytest.raises(ConfigError, match=r"--varied jes.down.four_b=… is missing"):
        study.categories(varied=varied[:-1], systematics={"jes": JES})
    with pytest.raises(ConfigError, match="no variation of 'four_b'"):
        built(study, templates, systematics={"other": {**JES, "processes": ["four_b"]}})


def test_commands_write_and_read_back(study, tmp_path, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["hh4b", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code, capsys.readouterr().err

    options = json.dumps(study.options())
    samples = [item for text in study.samples() for item in ("--sample", text)]
    categories = tmp_path / "c.json"
    code, error = run("likelihood", "templates", *samples, "-o", categories, "--settings", options)
    assert code in (0, None), error
    settings = json.dumps({
        "processes": study.options()["processes"], "sqrt_s_tev": [13.0],
        "luminosities_ifb": [139.0, 3000.0],
    })  # fmt: skip
    place = tmp_path / "m_{energy}_{luminosity}.json"
    code, error = run("likelihood", "model", categories, "-o", place, "--settings", settings)
    assert code in (0, None), error
    one, other = (read_model(tmp_path / f"m_13_{lumi}.json") for lumi in (139, 3000))
    np.testing.assert_allclose(other.signal, one.signal * (3000 / 139), rtol=1e-12)
    templates = read_categories(categories)[0]
    direct = built(study, templates)
    for mine, theirs in zip(direct.shapes, one.shapes, strict=True):
        np.testing.assert_array_equal(mine.up, theirs.up)
    assert one.norms == direct.norms
    assert one.parameters == direct.parameters
    code, error = run(
        "likelihood", "model", categories, "-o", tmp_path / "m", "--settings", settings
    )
    assert code == 1
    assert "2 values of luminosity would write one file" in error


def test_bad_files_and_settings_are_named(study, tmp_path):
    with pytest.raises(ConfigError, match="must be fixed"):
        CategoryTemplateSettings.checked(study.options(kappa_input="own"))
    with pytest.raises(ConfigError, match="expected rising scores"):
        CategoryTemplateSettings.checked(study.options(category_edges=[0.9, 0.5]))
    with pytest.raises(ContractError, match=r"scores from 0.9999 to 1 have .* effective"):
        study.categories(category_edges=[0.5, 0.9999])
    templates = study.categories()
    path = tmp_path / "categories.json"
    content = json.loads(path.read_text())
    content["energies"][0]["backgrounds"]["four_b"]["families"]["kernel"][0] = -1.0
    path.write_text(json.dumps(content))
    with pytest.raises(ContractError, match=r"four_b.kernel: expected finite numbers from 0"):
        read_categories(path)
    with pytest.raises(ConfigError, match="free_backgrounds: 'ttbar'"):
        built(study, templates, free_backgrounds=["ttbar"])
    other = dataclasses.replace(templates, sqrt_s_tev=14.0)
    assert built(study, other).sqrt_s_tev == 13.0

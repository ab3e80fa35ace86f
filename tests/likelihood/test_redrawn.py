from dataclasses import replace

import numpy as np
import pytest
from category_samples import CategoryStudy, SmallAmplitude, patch

from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json, write_json
from hh4b.likelihood.category_edges import even_showers
from hh4b.likelihood.category_rows import CategoryChoice, category_rows, cell_sums
from hh4b.likelihood.category_stage import CategoryInputs
from hh4b.likelihood.category_templates import read_categories
from hh4b.likelihood.model_file import read_model
from hh4b.likelihood.model_stage import make_models
from hh4b.likelihood.redrawn import Redrawn, make_redrawn
from hh4b.likelihood.settings import (
    CategoryTemplateSettings,
    LikelihoodModelSettings,
    LikelihoodRedrawSettings,
)


@pytest.fixture
def study(tmp_path, monkeypatch):
    toy = SmallAmplitude()
    patch(monkeypatch, toy)
    return CategoryStudy(tmp_path, toy)


def redrawn(study, samples, output, **changes):
    options = study.options(category_edges=[0.3, 0.7])
    model = {
        "processes": options["processes"], "luminosities_ifb": [139.0], "sqrt_s_tev": [13.0],
        "transfer_norm": 0.05, "transfer_tilt": 0.1,
    }  # fmt: skip
    settings = LikelihoodRedrawSettings.checked(
        {
            "templates": options, "likelihood": model, "sqrt_s_tev": 13.0, "luminosity_ifb": 139.0,
            "redrawn_templates": 30, "seed": 3, **changes,
        }
    )  # fmt: skip
    make_redrawn(study.folder / "categories.json", samples, output, settings)
    nominal = study.folder / "model.json"
    make_models(
        study.folder / "categories.json", str(nominal), LikelihoodModelSettings.checked(model)
    )
    return read_model(nominal), Redrawn.read(output)


def test_replicas_scatter_as_the_monte_carlo_errors_say(study, tmp_path):
    samples = study.samples()
    templates = study.categories(samples, category_edges=[0.3, 0.7])
    model, found = redrawn(study, samples, tmp_path / "redrawn.json")
    assert all(one.parameters == model.parameters for one in found.models)
    background = templates.backgrounds["four_b"]
    sums = np.array([templates.by_category(one.backgrounds["four_b"]) for one in found.models])
    spread = sums.std(axis=0, ddof=1) / sums.mean(axis=0)
    # The spread of 30 replicas is known to 13 %.
    assert spread == pytest.approx(background.total_error, rel=0.5)
    signal = np.array([one.signal @ np.ones(model.n_bins) for one in found.models])
    assert (signal.std(axis=0) > 0).all()


def test_an_event_that_is_taken_twice_is_two_events(study):
    """Rows of one shower: three samples of it, nominal and varied alike."""
    settings = CategoryTemplateSettings.checked(study.options(category_edges=[0.3, 0.7]))
    inputs = CategoryInputs.read(study.samples(), settings)
    (sample,) = inputs.loaded["four_b"]
    choice = CategoryChoice((0.3, 0.7), np.linspace(200, 1200, 11), "include", 2.4)
    once = category_rows([sample], choice)
    number = len(sample.events.m_hh_gev)
    copies = np.arange(number) % 3
    taken = category_rows([replace(sample, copies=copies)], choice)
    place = sample.shower[sample.rows].numbers
    times = dict(zip(place.tolist(), copies.tolist(), strict=True))
    expected = [times[one] for one in once.shower[1].tolist()]
    assert len(taken.weight) == sum(expected)
    assert len(set(taken.event.tolist())) == len(set(taken.shower[1].tolist())) == sum(expected)
    assert taken.weight.sum() == pytest.approx(once.weight @ np.array(expected))
    cells = [one.cells(choice.n_bins) for one in (once, taken)]
    _, variance = cell_sums(cells[1], taken.weight[:, None], taken.event, 2 * choice.n_bins)
    by_hand = np.bincount(cells[0], once.weight**2 * np.array(expected), 2 * choice.n_bins)
    assert variance[0, 0] == pytest.approx(by_hand)


def test_edges_are_chosen_on_half_of_the_showers(study):
    settings = CategoryTemplateSettings.checked(study.options(category_edges=[0.3, 0.7]))
    inputs = CategoryInputs.read(study.samples(), settings)
    choice = CategoryChoice((0.3, 0.7), np.linspace(200, 1200, 11), "include", 2.4)
    rows = category_rows(inputs.loaded["four_b"], choice)
    half = even_showers(rows)
    assert (half.shower[1] % 2 == 0).all()
    assert len(half.weight) == pytest.approx(len(rows.weight) / 2, rel=0.1)


def test_replicas_depend_on_the_seed_only(study, tmp_path):
    samples = study.samples()
    study.categories(samples, category_edges=[0.3, 0.7])
    few = {"redrawn_templates": 2}
    _, one = redrawn(study, samples, tmp_path / "a.json", **few)
    _, same = redrawn(study, samples, tmp_path / "b.json", **few)
    _, other = redrawn(study, samples, tmp_path / "c.json", **few, seed=4)
    assert (one.models[1].signal == same.models[1].signal).all()
    assert not (one.models[1].signal == other.models[1].signal).all()


def test_centres_keep_the_noise_that_is_not_of_simulated_events(study, tmp_path):
    samples = study.samples()
    templates = study.categories(samples, category_edges=[0.3, 0.7])
    model, found = redrawn(study, samples, tmp_path / "r.json", redrawn_templates=1)
    names = [one.name for one in model.parameters]
    left = found.noise @ found.noise.T
    assert left[names.index("shape_mc_1"), names.index("shape_mc_1")] == 0
    background = templates.backgrounds["four_b"]
    place = names.index("transfer_category_1")
    share = background.share_error[0]
    assert left[place, place] == pytest.approx(0.05**2 / (0.05**2 + share**2))
    # In the powers themselves the noise of a tilt is transfer_tilt, of the first power alone.
    covariance = background.tilt_covariance[1] + np.diag([0.1**2, 0])
    root = np.linalg.cholesky(covariance)
    rows = [names.index(f"{one}_category_2") for one in ("tilt", "bend")]
    assert root @ left[np.ix_(rows, rows)] @ root.T == pytest.approx(np.diag([0.1**2, 0]), abs=1e-9)
    assert left[names.index("shape_slope"), names.index("shape_slope")] == 1


def test_there_is_a_replica_without_each_fold(study, tmp_path):
    samples = study.samples()
    study.categories(samples, category_edges=[0.3, 0.7])
    few = {"redrawn_templates": 1}
    model, found = redrawn(study, samples, tmp_path / "r.json", **few, folds=4, fold_seed=2)
    assert len(found.fold_models) == 4
    # The mean of all folds is the whole, but for the shape that is fitted to each.
    for one in (lambda m: m.signal, lambda m: m.backgrounds["four_b"]):
        total = np.array([one(without).sum(axis=-1) for without in found.fold_models])
        assert total.mean(axis=0) == pytest.approx(one(model).sum(axis=-1), rel=0.02)
        assert total.std() > 0
    _, other = redrawn(study, samples, tmp_path / "o.json", **few, folds=4, fold_seed=3)
    assert not (found.fold_models[0].signal == other.fold_models[0].signal).all()
    assert (found.models[0].signal == other.models[0].signal).all()
    _, without = redrawn(study, samples, tmp_path / "w.json", **few)
    assert without.fold_models == ()


def test_templates_of_other_samples_are_refused(study, tmp_path):
    samples = study.samples()
    study.categories(samples, category_edges=[0.3, 0.7])
    with pytest.raises(ContractError, match="made of other samples"):
        redrawn(study, samples[1:], tmp_path / "r.json")
    with pytest.raises(ConfigError, match="at least 1 replica"):
        redrawn(study, samples, tmp_path / "r.json", redrawn_templates=0)
    content = read_json(study.folder / "categories.json")
    write_json(tmp_path / "other.json", {**content, "models": []}, Provenance("t", {}))
    with pytest.raises(ContractError, match="no file of `hh4b likelihood redraw`"):
        Redrawn.read(tmp_path / "other.json")
    assert read_categories(study.folder / "categories.json")

"""Variations of categories: parton weights, mirrored sides, and part of the signal samples."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))
from category_samples import CategoryStudy, SmallAmplitude, patch
from parton_files import SCALE, PartonEvents

from hh4b.core.errors import ConfigError
from hh4b.likelihood.build import build_model, group_of
from hh4b.likelihood.category_templates import VariedProcess
from hh4b.likelihood.category_variations import mirrored
from hh4b.likelihood.model import SIGNAL
from hh4b.likelihood.settings import LikelihoodModelSettings
from hh4b.statistics.systematics import PartonSystematic

JES = {"effect": "detector", "processes": ["hh"], "up": {"a": 1.1}, "down": "mirror"}
SAMPLES = ("hh_1", "hh_5", "4b")


class PartonCategories(PartonEvents, CategoryStudy):
    """Samples with categories whose parton events have factors."""


@pytest.fixture
def study(tmp_path, monkeypatch):
    toy = SmallAmplitude()
    patch(monkeypatch, toy)
    return PartonCategories(tmp_path, toy)


def at(study, kappa, components):
    return (np.array([1, kappa, kappa**2]) * study.toy.cross_section) @ components


def moved(text, factor, folder):
    """Return the files of a sample with other masses."""
    dataset, features, scores = map(Path, text.split(":"))
    copy = folder / f"{features.stem}_moved.h5"
    copy.write_bytes(features.read_bytes())
    with h5py.File(copy, "r+") as file:
        file["features"][:, 1] *= factor
    return f"{dataset}:{copy}:{scores}"


def test_parton_weights_move_signal_and_background(study):
    weights = [study.factors(name, lambda m: 1.2 * (m / 400) ** 0.3) for name in SAMPLES]
    templates = study.categories(parton_weights=weights, systematics={"scale": SCALE})
    up, down = (templates.variations["scale"][side] for side in ("up", "down"))
    background, mass = templates.backgrounds["four_b"], None
    mass = background.mean_log_mass
    found = templates.to_bins(up["four_b"].norm) * up["four_b"].shape
    np.testing.assert_allclose(found, 1.2 * (np.exp(mass) / 400) ** 0.3, rtol=0.03)
    assert up["four_b"].noise < 0.1
    np.testing.assert_allclose(down["four_b"].norm, 1 / up["four_b"].norm, rtol=1e-12)
    np.testing.assert_allclose(down["four_b"].shape, 2 - up["four_b"].shape, rtol=1e-12)
    for kappa in (-3.0, 1.0, 5.0):
        nominal, high, low = (
            at(study, kappa, one)
            for one in (templates.signal.components, up["hh"].components, down["hh"].components)
        )
        assert ((high / nominal > 1.0) & (high / nominal < 1.7)).all()
        np.testing.assert_allclose(low, 2 * nominal - high, rtol=1e-9)
    settings = LikelihoodModelSettings.checked({
        "processes": study.options()["processes"], "systematics": {"scale": SCALE},
    })  # fmt: skip
    model = build_model(
        templates, settings.processes, settings, sqrt_s_tev=13.0, luminosity_ifb=139.0
    )
    assert [one.group for one in model.parameters if one.name == "scale"] == ["theory"]
    assert {one.process for one in model.shapes if one.parameter == "scale"} == {SIGNAL, "four_b"}
    with pytest.raises(ConfigError, match="scale.up of sample hh_1 are missing"):
        study.categories(parton_weights=weights[1:], systematics={"scale": SCALE})


def test_variations_of_theory_are_quoted_as_theory():
    assert group_of("pdf", PartonSystematic.checked(SCALE)) == "theory"


def test_part_of_the_signal_samples_pairs_with_itself(study, tmp_path):
    varied = [f"jes.up.hh={moved(study.signal[0], 1.02, tmp_path)}"]
    part = study.categories(varied=varied, systematics={"jes": {**JES, "kappa_lambda": [1]}})
    alone = study.categories(
        [f"hh={study.signal[0]}", f"four_b={study.background[0]}"],
        varied=varied,
        systematics={"jes": JES},
        category_edges=[0.5, 0.8, 0.9, 0.95],
    )
    one, other = (found.variations["jes"]["up"]["hh"] for found in (part, alone))
    np.testing.assert_allclose(one.norm, other.norm, rtol=1e-9)
    assert part.n_bins == alone.n_bins
    np.testing.assert_allclose(one.shape, other.shape, rtol=0.02)
    assert one.noise == pytest.approx(other.noise, rel=0.1)
    down = part.variations["jes"]["down"]["hh"]
    np.testing.assert_allclose(down.norm * one.norm, 1.0, rtol=1e-12)
    assert down.components is None


def test_nothing_moves_where_part_of_the_samples_is_simulated_as_before(study):
    varied = [f"jes.up.hh={study.signal[1]}"]
    part = study.categories(varied=varied, systematics={"jes": {**JES, "kappa_lambda": [5]}})
    found = part.variations["jes"]["up"]["hh"]
    np.testing.assert_allclose(found.norm, 1.0, rtol=1e-12)
    np.testing.assert_allclose(found.shape, 1.0, rtol=1e-9)


@pytest.mark.parametrize(
    ("samples", "changes", "message"),
    [
        ([0], {}, r"--varied jes.up.hh=…: sample 'hh_5' is missing; give all samples of 'hh'"),
        ([0, 1], {"kappa_lambda": [1]}, r"hh_5_dataset.h5 is of sample 'hh_5', .* \['hh_1'\]"),
        ([0], {"kappa_lambda": [5]}, r"is of sample 'hh_1', expected are \['hh_5'\]"),
        ([0], {"kappa_lambda": [1, 5]}, "sample 'hh_5' is missing"),
        (["other"], {}, "other_dataset.h5 is of sample 'other', expected are"),
    ],
)
def test_samples_without_a_partner_are_named(study, samples, changes, message):
    files = [
        study.signal[one]
        if isinstance(one, int)
        else study.sample(one, 1.0, study.toy.draw(1, 901, study.rng))
        for one in samples
    ]
    with pytest.raises(ConfigError, match=message) as error:
        study.categories(
            varied=[f"jes.up.hh={text}" for text in files], systematics={"jes": {**JES, **changes}}
        )
    assert "\n" not in str(error.value)


def test_a_mirror_stays_positive_at_every_kappa_lambda():
    own = np.array([70.0, -50.0, 10.0])
    nominal = np.array([[1.0, 1.0, 1.0]] * 3)
    up = nominal * [1.3, 1.0, 2.4]
    up[1, 1] = 0.6  # Less interference: its mirror has more, and is negative somewhere.
    found = mirrored(VariedProcess(np.array([1.5, 0.5]), np.array([1.4, 2.3, 0.9]), up, 0.1),
                     nominal, own)  # fmt: skip
    np.testing.assert_allclose(found.norm, [1 / 1.5, 2.0])
    np.testing.assert_allclose(found.shape, [0.6, 0.05, 1.1])
    assert found.components is not None
    np.testing.assert_allclose(found.components[:, 0], 0.7)
    # By the factor of the Standard Model where the reflection is negative.
    np.testing.assert_allclose(found.components[:, 1], 1 / ((70 - 30 + 10) / 30))
    np.testing.assert_allclose(found.components[:, 2], 1 / 2.4)
    kappa = np.linspace(-20, 20, 401)
    signal = np.vander(kappa, 3, increasing=True) * own @ found.components
    assert (signal > 0).all()


def test_symmetric_sides_are_equally_far_and_less_noisy(study, tmp_path):
    jes = {**JES, "down": {"a": 0.9}}
    nominal = study.signal[0]
    folders = [tmp_path / side for side in ("up", "down")]
    for folder in folders:
        folder.mkdir()
    up, down = (moved(nominal, one, to) for one, to in zip((1.06, 0.96), folders, strict=True))
    varied = [f"jes.up.hh={up}", f"jes.down.hh={down}"]
    made = [
        study.categories(
            [f"hh={nominal}", f"four_b={study.background[0]}"], varied=varied,
            systematics={"jes": jes}, symmetric_variations=chosen,
        ).variations["jes"]
        for chosen in (False, True)
    ]  # fmt: skip
    apart, even = ([one[side]["hh"] for side in ("up", "down")] for one in made)
    np.testing.assert_allclose(even[0].norm * even[1].norm, 1.0, rtol=1e-12)
    assert even[0].noise < min(one.noise for one in apart)
    ratio = apart[0].norm / apart[1].norm
    np.testing.assert_allclose(even[0].norm, np.sqrt(ratio), rtol=0.05)
    assert np.abs(even[0].shape - 1).max() > 0.1
    # But for the factor that keeps the sum of a category, one side is the other's inverse.
    product = np.round(even[0].shape * even[1].shape, 9)
    assert len(np.unique(product)) == 4

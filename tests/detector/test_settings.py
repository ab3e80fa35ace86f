import pytest
import yaml

from hh4b.core.errors import ConfigError
from hh4b.detector.settings import DetectorSettings, read_detector_settings, with_changes


def changed(path, tmp_path, *keys, value):
    content = yaml.safe_load(path.read_text())
    part = content
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    out = tmp_path / "detector.yaml"
    out.write_text(yaml.safe_dump(content))
    return out


def test_settings_survive_their_own_dump(atlas):
    assert DetectorSettings.model_validate(atlas.model_dump(mode="json")) == atlas


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("jets", "radus"), 0.4, r"jets\.radus = 0\.4"),
        (("jets", "radius"), -0.4, r"jets\.radius = -0\.4"),
        (("field", "radius_m"), "1.15 m", r"field\.radius_m = '1\.15 m'"),
        (("muon", "efficiency", "efficiencies"), [[0.95]], "2 rows of 1"),
        (("muon", "efficiency", "efficiencies"), [[0.95], [1.85]], "less than or equal to 1"),
        (("muon", "efficiency", "abs_eta_edges"), [0.0, 2.7, 1.5], "must increase"),
        (("b_tagging", "use"), "mv2", "'mv2'"),
        (("b_tagging", "parametrisations", "dl1r_77", "c"), "0.2*eta", "'eta' is not understood"),
        (("b_tagging", "parametrisations", "dl1r_77", "b"), "0.01*pt", r"leaves \[0, 1\]"),
        (("ecal", "segments", 0, "eta_edges"), [1.0], "either eta_edges or"),
        (("tracking", "muon", "resolution", "constant"), [0.01], "must have 3 numbers"),
        (("tag_weights", "roulette_probability"), 0, "greater than 0"),
    ],
)
def test_bad_values_name_their_key(atlas_path, tmp_path, keys, value, message):
    with pytest.raises(ConfigError, match=message):
        read_detector_settings(changed(atlas_path, tmp_path, *keys, value=value))


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        read_detector_settings(tmp_path / "absent.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("jets: {radius: 0.4")
    with pytest.raises(ConfigError, match="is not YAML"):
        read_detector_settings(broken)
    broken.write_text("")
    with pytest.raises(ConfigError, match="holds no mapping.*b_tagging"):
        read_detector_settings(broken)


def test_other_tagging_is_chosen_by_name(atlas):
    assert atlas.with_tagging("delphes_card").b_tagging.active.light == "0.002+7.3e-6*pt"
    with pytest.raises(ConfigError, match="'deepcsv'"):
        atlas.with_tagging("deepcsv")


def test_changes_by_dotted_key(atlas):
    changed_card = with_changes(
        atlas, {"jets.energy_scale": 1.02, "ecal.resolution.0.noise_gev": 0.5}
    )
    assert changed_card.jets.energy_scale == 1.02
    assert changed_card.ecal.resolution[0].noise_gev == 0.5
    assert changed_card.ecal.resolution[1:] == atlas.ecal.resolution[1:]
    assert with_changes(changed_card, {"jets.energy_scale": 1}).jets == atlas.jets
    assert atlas.jets.energy_scale == 1.0
    assert with_changes(atlas, {}) == atlas


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"jets.energy_scal": 1.02}, r"'jets\.energy_scal': 'energy_scal' is none of .*radius"),
        ({"jet.energy_scale": 1.02}, "'jet' is none of"),
        ({"ecal.resolution.9.noise_gev": 1.0}, "there is no '9'"),
        ({"jets.radius.x": 1.0}, "there is no 'x' in 0.4"),
        ({"jets.energy_scale": -1.0}, r"jets\.energy_scale = -1\.0: .*greater than 0"),
        ({"jets.energy_scale": "much"}, r"jets\.energy_scale = 'much'"),
    ],
)
def test_impossible_changes_are_one_line(atlas, changes, message):
    with pytest.raises(ConfigError, match=message) as caught:
        with_changes(atlas, changes)
    assert "\n" not in str(caught.value)

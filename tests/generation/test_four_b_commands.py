import json

import numpy as np
import pytest
from typer.testing import CliRunner

from hh4b.commands import background  # noqa: F401
from hh4b.commands.groups import app
from hh4b.core.errors import ConfigError
from hh4b.generation.four_b import generator
from hh4b.generation.four_b.sampler import Adaptation
from hh4b.generation.lhe import read_lhe
from hh4b.generation.settings import FourBSettings, Physics

QUICK = Adaptation(
    n_components=4, n_bins=16, n_iterations=5, n_points=2000, n_survey=6000, n_batch=2000
)
BIAS = (
    "pt_gev: 45\npt_width_gev: 10\nabs_eta: 2.5\nabs_eta_width: 0.1\ndelta_r: 0.4\n"
    "delta_r_width: 0.2\nreplacement: 0.1\nexponent: 0.5\nfloor: 0.05\n"
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(generator, "Adaptation", lambda: QUICK)


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_cross_section_prints_json():
    result = run(
        "cross-section",
        "4b",
        "--sqrt-s",
        14,
        "--scale",
        "ht_half",
        "--relative-error",
        0.02,
        "--json",
    )
    (row,) = json.loads(result.stdout)
    assert row["cross_section_fb"] == pytest.approx(1000 * row["cross_section_pb"])
    assert 0 < row["error_pb"] <= 0.02 * row["cross_section_pb"]
    low, high = row["scale_band_pb"]
    assert low < row["cross_section_pb"] < high
    assert row["cuts"] == {"pt_min_gev": 25.0, "abs_eta_max": 2.5}


def test_generate_writes_a_file_with_provenance(tmp_path):
    bias = tmp_path / "bias.yaml"
    bias.write_text(BIAS)
    path = tmp_path / "partons.lhe.gz"
    words = ["--events", 40, "--seed", 3, "--scale", "ht_half", "--acceptance-bias", bias]
    run("generate", "4b", *words, "-o", path)
    file = read_lhe(path)
    assert file.n_events_file == 40
    assert file.provenance["stage"] == "generate 4b"
    assert file.provenance["seed"] == 3
    assert file.provenance["settings"]["acceptance_bias"]["pt_gev"] == 45.0
    assert file.provenance["settings"]["sqrt_s_tev"] == 13.0
    assert file.provenance["settings"]["four_b_scale"] == "ht_half"
    assert file.cross_section_pb == pytest.approx(file.events.weights.mean(), rel=1e-6)
    # the error of 40 events, not of the integral
    assert file.provenance["counts"]["cross_section_pb"] == pytest.approx(510, rel=0.1)


def test_same_seed_same_file(tmp_path):
    for name in ("one", "two"):
        run("generate", "4b", "--events", 20, "--seed", 3, "-o", tmp_path / f"{name}.lhe.gz")
    one, two = ((tmp_path / f"{name}.lhe.gz").read_bytes() for name in ("one", "two"))
    assert one == two


def test_missing_bias_file_is_named(tmp_path):
    path = tmp_path / "x.lhe.gz"
    with pytest.raises(ConfigError, match="nowhere.yaml"):
        run("generate", "4b", "--events", 5, "-o", path, "--acceptance-bias", "nowhere.yaml")
    assert not path.exists()


def test_default_scale_is_that_of_the_configuration():
    assert FourBSettings(events=1).four_b_scale == Physics.of().four_b_scale == "kt_clustered"


def test_flags_go_over_the_settings(tmp_path):
    path = tmp_path / "x.lhe.gz"
    whole = FourBSettings(events=7, four_b_scale="ht", seed=3).as_json()
    run("generate", "4b", "--settings", whole, "--events", 5, "-o", path)
    file = read_lhe(path)
    assert file.n_events_file == 5
    assert file.provenance["settings"]["four_b_scale"] == "ht"


def test_unknown_scale_is_named(tmp_path):
    with pytest.raises(ConfigError, match="'pt'.*ht_half"):
        run("generate", "4b", "--events", 5, "-o", tmp_path / "x.lhe.gz", "--scale", "pt")


def test_pythia_takes_the_events(tmp_path):
    pythia8mc = pytest.importorskip("pythia8mc")
    path = tmp_path / "partons.lhe.gz"
    run("generate", "4b", "--events", 20, "--seed", 3, "-o", path)
    weights = read_lhe(path).events.weights
    pythia = pythia8mc.Pythia("", False)
    for line in ("Print:quiet = on", "Beams:frameType = 4", f"Beams:LHEF = {path}"):
        assert pythia.readString(line)
    assert pythia.init()
    got = []
    while pythia.next():
        got.append(pythia.infoPython().weight())
        assert sum(abs(particle.id()) == 5 for particle in pythia.process) == 4
    np.testing.assert_allclose(got, weights, rtol=1e-6)

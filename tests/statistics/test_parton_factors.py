"""Templates under variations of scales and densities, mirrored sides, and part of the samples."""

import json
import sys

import numpy as np
import pytest
from parton_files import SCALE, PartonEvents
from template_files import COLUMNS, FOUR_B, HH, JES, Study

from hh4b import cli
from hh4b.core.errors import ConfigError, ContractError
from hh4b.statistics import amplitude
from hh4b.statistics.settings import TemplateSettings, WorkspaceSettings
from hh4b.statistics.systematics import (
    DetectorSystematic,
    NormSystematic,
    PartonSystematic,
    ShowerSystematic,
    WeightSystematic,
)
from hh4b.statistics.template_stage import make_templates
from hh4b.statistics.workspace_stage import make_workspaces

TWO = {**SCALE, "down": {"mu_factor": 2.0}}
SAMPLES = ("hh_1", "hh_5", "4b")


def rise(m_hh):
    return 0.9 + m_hh / 2000


class PartonStudy(PartonEvents, Study):
    """Toy samples whose parton events have factors."""

    def make(self, weights=(), varied=(), samples=None, **changes):
        settings = {
            "processes": {"hh": HH, "four_b": FOUR_B}, "threshold": 0.5,
            "kappa_values": COLUMNS.tolist(), "background_kappa": "average",
            "background_kappa_values": [1.0, 5.0], "part": "all",
        }  # fmt: skip
        make_templates(
            self.samples() if samples is None else samples,
            self.folder / "t.json",
            TemplateSettings.checked({**settings, **changes}),
            varied=varied,
            parton_weights=weights,
        )
        return json.loads((self.folder / "t.json").read_text())


@pytest.fixture
def study(tmp_path, toy, monkeypatch):
    monkeypatch.setattr(amplitude, "polynomial", lambda m, c, **masses: toy.polynomial(m, c))
    monkeypatch.setattr(amplitude, "own_cross_section_fb", lambda s, **masses: toy.cross_section)
    return PartonStudy(tmp_path, toy)


def values(content, *keys):
    for key in keys:
        content = content[key]
    return np.array([row["sum_weights"] for row in content])


def test_rows_have_the_factor_of_their_parton_event(study):
    up = [study.factors(name, rise) for name in SAMPLES]
    down = [
        study.factors(name, lambda m: 1 / rise(m), side="down", mu_factor=2.0) for name in SAMPLES
    ]
    content = study.make([*up, *down], systematics={"scale": TWO})
    centres = 0.5 * np.add(content["bin_edges_gev"][1:], content["bin_edges_gev"][:-1])
    for process, keys in (("hh", ("signal",)), ("four_b", ("backgrounds", "four_b"))):
        nominal = values(content, *keys)
        for side, factor in (("up", rise(centres)), ("down", 1 / rise(centres))):
            ratio = values(content, "variations", "scale", side, process)
            used = nominal > 0
            ratio = ratio[used] / nominal[used]
            # Events lie anywhere in a bin of 80 GeV.
            assert (np.abs(ratio / np.broadcast_to(factor, nominal.shape)[used] - 1) < 0.035).all()
    assert len(content["provenance"]["settings"]["parton_weights"]) == 6


def test_a_factor_for_all_events_changes_the_cross_section(study):
    weights = [study.factors(name, lambda m: 1.5 + 0 * m) for name in SAMPLES]
    content = study.make(weights, systematics={"scale": SCALE})
    for process, keys in (("hh", ("signal",)), ("four_b", ("backgrounds", "four_b"))):
        nominal = values(content, *keys)
        up, down = (
            values(content, "variations", "scale", side, process) for side in ("up", "down")
        )
        np.testing.assert_allclose(up, 1.5 * nominal, rtol=1e-12)
        np.testing.assert_allclose(down, 0.5 * nominal, rtol=1e-12)


@pytest.mark.parametrize(
    ("left_out", "extra", "systematics", "message"),
    [
        (1, [], {"scale": SCALE}, r"the factors of scale.up of sample 4b are missing; make them"),
        (1, [], {"scale": {**SCALE, "processes": ["hh"]}}, None),
        (
            0,
            [],
            {"scale": {**SCALE, "processes": ["hh"]}},
            r"4b_up_weights.h5: nothing asks for scale.up of sample 4b; .* are \['hh_1', 'hh_5'\]",
        ),
        (0, [], {}, r"hh_1_up_weights.h5: nothing asks for scale.up; .* partons have \[\]"),
        (0, [("hh_1", "down")], {"scale": SCALE}, r"nothing asks for scale.down; .*'scale.up'\]"),
        (0, [("hh_1", "up")], {"scale": SCALE}, r"scale.up of sample hh_1 is there already by"),
    ],
)
def test_files_that_are_missing_or_too_many_are_named(study, left_out, extra, systematics, message):
    weights = [study.factors(name, rise) for name in SAMPLES][: 3 - left_out]
    weights += [study.factors(name, rise, side=side) for name, side in extra]
    if message is None:
        assert study.make(weights, systematics=systematics)["variations"]["scale"]["down"]["hh"]
        return
    with pytest.raises(ConfigError, match=message) as error:
        study.make(weights, systematics=systematics)
    assert "\n" not in str(error.value)
    assert not (study.folder / "t.json").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mu_factor": 0.25}, r"made with mu_factor 0.25 .* not up of systematics.scale; make it"),
        ({"pdf_set": "NNPDF31_lo_as_0130"}, "made with mu_factor 0.5 and NNPDF31_lo_as_0130"),
        ({"sqrt_s_tev": 14.0}, "its events are of 14 TeV, those of the templates of 13 TeV"),
        ({"sum_weights": 3.0}, "the weights generated sum up to .* and to 3 with the factors"),
    ],
)
def test_factors_of_something_else_are_named(study, changes, message):
    weights = [study.factors(name, rise, **changes) for name in SAMPLES]
    with pytest.raises(ContractError, match=message):
        study.make(weights, systematics={"scale": SCALE})
    with pytest.raises(ContractError, match="hh_1_up_weights.h5: column 'factor' is -"):
        study.factors("hh_1", lambda m: -rise(m))


def test_mirrored_sides_of_weights_and_of_events(study):
    weight = {
        "effect": "weights", "processes": ["hh"], "weight": "alpha_s", "up": {"mu_factor": 0.5},
        "down": "mirror",
    }  # fmt: skip
    jes = {**JES, "down": "mirror"}
    varied = [f"jes.up.four_b={study.falling('flatter', 9_001, slope=600)}"]
    content = study.make(varied=varied, systematics={"rate": weight, "jes": jes})
    nominal, up, down = values(content, "signal"), *(
        values(content, "variations", "rate", side, "hh") for side in ("up", "down")
    )  # fmt: skip
    np.testing.assert_allclose(down, 2 * nominal - up, rtol=1e-12)
    nominal, up, down = values(content, "backgrounds", "four_b"), *(
        values(content, "variations", "jes", side, "four_b") for side in ("up", "down")
    )  # fmt: skip
    # Where the variation more than doubles a bin, something is left of it.
    assert (up > 2 * nominal).any()
    np.testing.assert_allclose(down, np.maximum(2 * nominal - up, 0.05 * nominal), rtol=1e-12)
    with pytest.raises(
        ConfigError, match=r"--varied jes.down.four_b=…: expected .* one of \['jes.u"
    ):
        study.make(varied=[varied[0], varied[0].replace("up", "down", 1)], systematics={"jes": jes})
    settings = WorkspaceSettings.checked({
        "processes": {"hh": HH, "four_b": FOUR_B}, "model": "complete", "sqrt_s_tev": [13.0],
        "systematics": {"rate": weight, "jes": jes},
    })  # fmt: skip
    make_workspaces([study.folder / "t.json"], str(study.folder / "w_{luminosity}.json"), settings)


def test_part_of_the_signal_is_not_enough_for_templates_of_all_samples(study):
    jes = {**JES, "processes": ["hh"], "kappa_lambda": [1.0]}
    varied = [f"jes.{side}.hh={study.signal[0]}" for side in ("up", "down")]
    with pytest.raises(ConfigError, match=r"jes.kappa_lambda: .* lacks sample 'hh_5'") as error:
        study.make(varied=varied, systematics={"jes": jes})
    assert "\n" not in str(error.value)


def test_sides_that_need_events_of_their_own():
    common = {"processes": ["hh"], "down": "mirror"}
    one_sided = [
        WeightSystematic(effect="weights", weight="alpha_s", up={"mu_factor": 2}, **common),
        DetectorSystematic(effect="detector", up={"a": 1}, **common),
        ShowerSystematic(effect="shower", up=["a = 1"], **common),
        PartonSystematic(effect="partons", up={"mu_factor": 2}, **common),
    ]
    assert {one.sides() for one in one_sided} == {("up",)}
    assert ShowerSystematic(
        effect="shower", processes=["hh"], up=["a = 1"], down=["a = 2"]
    ).sides() == ("up", "down")
    assert NormSystematic(effect="norm", processes=["hh"], size=0.1).sides() == ()


@pytest.mark.parametrize(
    ("systematic", "message"),
    [
        ({**JES, "kappa_lambda": [1.0]}, "jes.kappa_lambda: none of its processes is a sig"),
        ({**JES, "processes": ["hh"], "kappa_lambda": []}, "kappa_lambda: value"),
        ({**JES, "down": "other"}, "down: value 'other'"),
        ({**SCALE, "up": {}}, "up: changes nothing"),
        ({**SCALE, "kappa_lambda": [1.0]}, "kappa_lambda: unknown key"),
        ({**SCALE, "alpha_s_power": -1}, "alpha_s_power: value -1"),
        ({**SCALE, "processes": ["z_bb"]}, "jes.processes: 'z_bb' is no process"),
    ],
)
def test_bad_systematics_are_named(systematic, message):
    with pytest.raises(ConfigError, match=message) as error:
        TemplateSettings.checked({"systematics": {"jes": systematic}})
    assert "\n" not in str(error.value)


def test_the_command_takes_factors(study, monkeypatch):
    weights = [study.factors(name, rise) for name in SAMPLES]
    settings = {
        "processes": {"hh": HH, "four_b": FOUR_B}, "kappa_values": [1.0], "threshold": 0.5,
        "systematics": {"scale": SCALE},
    }  # fmt: skip
    words = ["templates", "-o", study.folder / "c.json", "--settings", json.dumps(settings)]
    for text in study.samples():
        words += ["--sample", text]
    for path in weights:
        words += ["--parton-weights", path]
    monkeypatch.setattr(sys, "argv", ["hh4b", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code in (0, None)
    content = json.loads((study.folder / "c.json").read_text())
    assert set(content["variations"]["scale"]["down"]) == {"hh", "four_b"}
